#include <bloodcell/predict/judge.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

namespace bloodcell::predict {

namespace {

std::optional<PictureMeasure> measure_named(std::string_view name) {
  for (std::size_t i = 0; i < kPictureMeasures; ++i) {
    const auto measure = static_cast<PictureMeasure>(i);
    if (name_of(measure) == name) return measure;
  }
  return std::nullopt;
}

metrics::ConformalRule rule_of(const model_file::ClassSet& set) {
  metrics::ConformalRule rule{.coverage = set.coverage,
                              .threshold = set.threshold,
                              .penalty = set.penalty,
                              .free_places = set.free_places,
                              .units = set.units};
  for (const auto score : {metrics::ConformalScore::lac, metrics::ConformalScore::aps,
                           metrics::ConformalScore::raps}) {
    if (metrics::name_of(score) == set.score) rule.score = score;
  }
  return rule;
}

}  // namespace

double distance_from_known(std::span<const float> embedding,
                           const model_file::Familiarity& familiarity) {
  // Several classes side by side: one sum alone waits for each of its additions.
  constexpr std::size_t kAtOnce = 8;
  using Lanes = std::array<double, kAtOnce>;
  const std::size_t values = embedding.size();
  const std::size_t classes = familiarity.means.size() / values;
  std::vector<Lanes> apart(values);  // [value][class]
  double nearest = std::numeric_limits<double>::infinity();
  for (std::size_t first = 0; first < classes; first += kAtOnce) {
    const std::size_t here = std::min(kAtOnce, classes - first);
    for (std::size_t c = 0; c < here; ++c) {
      const float* mean = &familiarity.means[(first + c) * values];
      for (std::size_t v = 0; v < values; ++v) apart[v][c] = embedding[v] - mean[v];
    }
    Lanes squares{};
    const float* factor = familiarity.whitening.data();  // a triangle, row by row
    for (std::size_t row = 0; row < values; ++row) {
      Lanes sums{};
      for (std::size_t column = 0; column <= row; ++column, ++factor) {
        for (std::size_t c = 0; c < kAtOnce; ++c) {
          sums[c] += static_cast<double>(*factor) * apart[column][c];
        }
      }
      for (std::size_t c = 0; c < kAtOnce; ++c) squares[c] += sums[c] * sums[c];
    }
    for (std::size_t c = 0; c < here; ++c) nearest = std::min(nearest, squares[c]);
  }
  return std::sqrt(nearest);
}

double other_thing_log_odds(std::span<const float> embedding,
                            const model_file::OtherThings& others) {
  return std::transform_reduce(embedding.begin(), embedding.end(), others.weights.begin(),
                               others.bias, std::plus<>(),
                               [](double value, double weight) { return value * weight; });
}

Result<void> Judge::restrict_to(const std::vector<std::string>& classes) {
  for (const auto& name : classes) {
    const auto found = std::find(labels_.begin(), labels_.end(), name);
    if (found == labels_.end()) {
      return fail(ErrorCode::usage, fmt::format("the model has no class `{}`", name), {},
                  fmt::format("it has {}", fmt::join(labels_, ", ")));
    }
    const auto place = static_cast<std::size_t>(found - labels_.begin());
    if (std::find(places_.begin(), places_.end(), place) != places_.end()) {
      return fail(ErrorCode::usage, fmt::format("the class `{}` is named twice", name));
    }
    places_.push_back(place);
  }
  if (classes.size() == 1) {
    return fail(ErrorCode::usage, fmt::format("`{}` alone leaves no choice", classes.front()), {},
                "name two classes or more");
  }
  if (!classes.empty()) labels_ = classes;
  return {};
}

std::vector<double> Judge::possible(const std::vector<double>& probabilities) const {
  if (places_.empty()) return probabilities;
  std::vector<double> left;
  double sum = 0;
  for (const std::size_t place : places_) {
    left.push_back(std::max(probabilities[place], std::numeric_limits<double>::min()));
    sum += left.back();
  }
  for (double& one : left) one /= sum;
  return left;
}

Result<Judge> Judge::make(const model_file::Description& description, const JudgeOptions& options) {
  Judge judge;
  judge.labels_ = description.labels;
  BC_CHECK(judge.restrict_to(options.classes));
  judge.preprocessing_ = description.preprocessing;
  judge.min_confidence_ =
      options.min_confidence < 0 ? description.min_confidence : options.min_confidence;
  judge.scaling_.temperature = description.temperature;
  if (!description.trust) return judge;
  judge.trust_ = *description.trust;
  if (judge.trust_.calibration) {
    judge.scaling_.matrix = judge.trust_.calibration->matrix;
    judge.scaling_.bias = judge.trust_.calibration->bias;
  }
  if (!judge.trust_.sets.empty()) judge.rule_ = rule_of(judge.trust_.sets.front());
  for (const auto& range : judge.trust_.ranges) {
    const auto measure = measure_named(range.measure);
    if (!measure) {
      return fail(ErrorCode::unsupported,
                  fmt::format("the model file asks for the measure '{}', which this program does "
                              "not know",
                              range.measure),
                  {}, "use a newer BloodCell");
    }
    judge.ranges_.push_back({*measure, range.low, range.high});
  }
  return judge;
}

std::string Judge::doubt_of_picture(std::span<const float> input) const {
  if (ranges_.empty()) return {};
  const auto measures = measures_of(image::seen_picture(input, preprocessing_));
  for (const auto& range : ranges_) {
    const double value = measures[static_cast<std::size_t>(range.measure)];
    if (value < range.low) return std::string(reason_when_low(range.measure));
    if (value > range.high) return std::string(reason_when_high(range.measure));
  }
  return {};
}

std::vector<double> Judge::probabilities(std::span<const float> logits) const {
  return metrics::probabilities_of(logits, scaling_);
}

double Judge::confidence_of(const std::vector<double>& probabilities) const {
  const auto left = possible(probabilities);
  return *std::max_element(left.begin(), left.end());
}

Verdict Judge::verdict(const std::vector<double>& probabilities, std::span<const float> embedding,
                       std::span<const float> input) const {
  Verdict verdict;
  verdict.probabilities = possible(probabilities);
  const auto best = std::max_element(verdict.probabilities.begin(), verdict.probabilities.end());
  verdict.class_index = static_cast<int>(best - verdict.probabilities.begin());
  verdict.confidence = *best;
  if (rule_) verdict.set = metrics::prediction_set(verdict.probabilities, *rule_);
  verdict.doubt = doubt_of_picture(input);
  if (trust_.other_things) {
    const double log_odds = other_thing_log_odds(embedding, *trust_.other_things);
    verdict.other_thing = 1 / (1 + std::exp(-log_odds));
    if (verdict.doubt.empty() && log_odds > trust_.other_things->threshold) {
      verdict.doubt = "not a picture of a blood cell";
    }
  }
  if (trust_.familiarity) {
    verdict.unfamiliarity =
        distance_from_known(embedding, *trust_.familiarity) / trust_.familiarity->threshold;
    if (verdict.doubt.empty() && verdict.unfamiliarity > 1) {
      verdict.doubt = "not like any cell it learnt from";
    }
  }
  if (verdict.doubt.empty() && verdict.confidence < min_confidence_) {
    verdict.doubt =
        fmt::format("confidence {:.2f} is under {:.2f}", verdict.confidence, min_confidence_);
  }
  return verdict;
}

}  // namespace bloodcell::predict
