#include "trust.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <bloodcell/metrics/conformal.hpp>
#include <bloodcell/metrics/scaling.hpp>
#include <bloodcell/predict/calibrate.hpp>
#include <bloodcell/predict/picture_measures.hpp>

namespace bloodcell::adapt {

namespace {

constexpr double kRefused = 0.01;  // of cells like these, as bloodcell calibrate has it
const double kMostLogOdds = std::log(99);
constexpr std::size_t kFewestFamilies = 20;

// The outer fences of Tukey (1977), or all of the cells given where these reach farther.
std::vector<model_file::MeasureRange> ranges_of(const std::vector<predict::PictureMeasures>& all) {
  std::vector<model_file::MeasureRange> ranges;
  for (std::size_t m = 0; m < predict::kPictureMeasures; ++m) {
    std::vector<double> values;
    for (const auto& measures : all) values.push_back(measures[m]);
    std::sort(values.begin(), values.end());
    const auto at = [&](double share) {
      return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
    };
    const double fence = 3 * (at(0.75) - at(0.25));
    ranges.push_back({std::string(predict::name_of(static_cast<predict::PictureMeasure>(m))),
                      std::min(at(0.25) - fence, values.front()),
                      std::max(at(0.75) + fence, values.back())});
  }
  return ranges;
}

// One cell more, whose first class is wrong and which leads as cells usually do: of n that are all
// right the next is so with odds of n + 1 to 1 (Laplace's rule of succession), where a temperature
// fitted to them alone would promise 100 %.
metrics::LogitTable with_a_doubt(metrics::LogitTable table) {
  struct Lead {
    double value;
    std::size_t row;
    int runner_up;
  };
  std::vector<Lead> leads;
  const auto classes = static_cast<std::size_t>(table.classes);
  for (std::size_t row = 0; row < table.truths.size(); ++row) {
    const auto logits = std::span(table.logits).subspan(row * classes, classes);
    std::vector<int> order(classes);
    std::iota(order.begin(), order.end(), 0);
    std::partial_sort(order.begin(), order.begin() + 2, order.end(), [&](int a, int b) {
      return logits[static_cast<std::size_t>(a)] > logits[static_cast<std::size_t>(b)];
    });
    const double lead =
        logits[static_cast<std::size_t>(order[0])] - logits[static_cast<std::size_t>(order[1])];
    leads.push_back({lead, row, order[1]});
  }
  const auto usual = leads.begin() + static_cast<std::ptrdiff_t>(leads.size() / 2);
  std::nth_element(leads.begin(), usual, leads.end(),
                   [](const Lead& a, const Lead& b) { return a.value < b.value; });
  for (std::size_t k = 0; k < classes; ++k) {
    table.logits.push_back(table.logits[usual->row * classes + k]);
  }
  table.truths.push_back(usual->runner_up);
  table.families.emplace_back();
  return table;
}

void refit_probabilities(model_file::Description& description, model_file::Trust& trust,
                         const TrustEvidence& evidence) {
  metrics::LogitTable table;
  table.classes = static_cast<int>(description.labels.size());
  for (std::size_t i = 0; i < evidence.left_out.size(); ++i) {
    if (evidence.left_out[i].empty()) continue;
    table.logits.insert(table.logits.end(), evidence.left_out[i].begin(),
                        evidence.left_out[i].end());
    table.truths.push_back(evidence.truths[i]);
    table.families.push_back(evidence.labelled_families[i]);
  }
  const auto scaling = metrics::fit_scaling(with_a_doubt(table), metrics::ScalingKind::temperature);
  description.temperature = std::clamp(scaling.temperature, 0.001, 1000.0);
  trust.calibration.reset();
  metrics::PredictionTable predictions{description.labels, {}};
  const std::size_t labels = description.labels.size();
  for (std::size_t i = 0; i < table.truths.size(); ++i) {
    predictions.rows.push_back(
        {std::to_string(i), table.families[i], table.truths[i],
         metrics::probabilities_of(std::span(table.logits).subspan(i * labels, labels), scaling)});
  }
  trust.sets = sets_of(predictions);
}

}  // namespace

std::vector<model_file::ClassSet> sets_of(const metrics::PredictionTable& predictions) {
  std::vector<model_file::ClassSet> sets;
  for (const double coverage : {0.9, 0.95, 0.99}) {
    const auto rule = metrics::fit_conformal(
        predictions, {.score = metrics::ConformalScore::lac, .coverage = coverage});
    if (!rule || rule->units < kFewestFamilies) continue;
    sets.push_back({std::string(metrics::name_of(rule->score)), rule->coverage, rule->threshold,
                    rule->penalty, rule->free_places, rule->units});
  }
  return sets;
}

void refit_trust(model_file::Description& description, const TrustEvidence& evidence) {
  auto trust = description.trust.value_or(model_file::Trust{});
  trust.sets.clear();
  if (!evidence.left_out.empty()) refit_probabilities(description, trust, evidence);
  if (trust.familiarity) {
    trust.familiarity->threshold = predict::familiarity_threshold(
        *trust.familiarity, evidence.embeddings, evidence.families, kRefused);
  }
  if (trust.other_things) {
    // Among few pictures one thing that is no cell would let all others pass.
    const double most = std::max(trust.other_things->threshold, kMostLogOdds);
    trust.other_things->threshold =
        std::min(most, predict::other_things_threshold(*trust.other_things, evidence.embeddings,
                                                       evidence.families, kRefused));
  }
  if (!trust.ranges.empty()) {
    std::vector<predict::PictureMeasures> all;
    const std::size_t values = description.preprocessing.input_values();
    for (std::size_t at = 0; at < evidence.input.size(); at += values) {
      all.push_back(predict::measures_of(
          image::seen_picture(evidence.input.subspan(at, values), description.preprocessing)));
    }
    trust.ranges = ranges_of(all);
  }
  description.trust = std::move(trust);
}

}  // namespace bloodcell::adapt
