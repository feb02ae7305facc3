#include <bloodcell/predict/calibrate.hpp>

#include <algorithm>
#include <cmath>
#include <set>

#include <bloodcell/base/random.hpp>
#include <bloodcell/metrics/calibration.hpp>
#include <bloodcell/predict/judge.hpp>

#include "label_places.hpp"
#include "observer.hpp"
#include "other_things.hpp"
#include "second_choice.hpp"

namespace bloodcell::predict {

namespace {

constexpr std::size_t kFewestFamilies = 20;
constexpr std::size_t kOtherPictures = 1500;
constexpr std::size_t kWidestEmbedding = 1024;  // its whitening takes 2.8 MB of a model file

struct Halves {
  std::vector<std::size_t> fitting;
  std::vector<std::size_t> judging;
  std::uint64_t fitting_families = 0;
  std::uint64_t judging_families = 0;
};

Halves halves_of(const data::Dataset& dataset, const std::vector<std::size_t>& samples,
                 std::uint64_t seed) {
  std::set<std::string> names;
  for (const std::size_t i : samples) names.insert(dataset.samples[i].family);
  std::vector<std::string> families(names.begin(), names.end());
  Random random(seed, stream_of("calibration halves"), 0);
  random.shuffle(std::span(families));
  const std::set<std::string> fitting(
      families.begin(), families.begin() + static_cast<std::ptrdiff_t>(families.size() / 2));
  Halves halves{{}, {}, fitting.size(), families.size() - fitting.size()};
  for (const std::size_t i : samples) {
    (fitting.contains(dataset.samples[i].family) ? halves.fitting : halves.judging).push_back(i);
  }
  return halves;
}

metrics::PredictionTable table_of(const Observed& observed, const std::vector<std::string>& labels,
                                  const metrics::Scaling& scaling) {
  metrics::PredictionTable table{labels, {}};
  for (std::size_t i = 0; i < observed.logits.truths.size(); ++i) {
    const auto logits = std::span(observed.logits.logits).subspan(i * labels.size(), labels.size());
    table.rows.push_back({std::to_string(i), observed.logits.families[i], observed.logits.truths[i],
                          metrics::probabilities_of(logits, scaling)});
  }
  return table;
}

double calibration_error(const metrics::PredictionTable& table) {
  std::vector<double> confidences;
  std::vector<bool> right;
  for (const auto& row : table.rows) {
    confidences.push_back(row.confidence());
    right.push_back(row.predicted() == row.truth);
  }
  return metrics::expected_calibration_error(confidences, right);
}

std::vector<model_file::ClassSet> sets_of(const metrics::PredictionTable& table,
                                          const CalibrateOptions& options) {
  std::vector<model_file::ClassSet> sets;
  for (const double coverage : options.coverages) {
    const auto rule = metrics::fit_conformal(table, {.score = options.score, .coverage = coverage});
    if (!rule) continue;
    sets.push_back({std::string(metrics::name_of(rule->score)), rule->coverage, rule->threshold,
                    rule->penalty, rule->free_places, rule->units});
  }
  return sets;
}

// The outer fences of Tukey (1977), widened to hold all but half of `refused` on either side: a
// range for pictures of other laboratories too.
std::vector<model_file::MeasureRange> ranges_of(const Observed& observed, double refused) {
  std::vector<model_file::MeasureRange> ranges;
  for (std::size_t m = 0; m < kPictureMeasures; ++m) {
    std::vector<double> values;
    for (const auto& measures : observed.measures) values.push_back(measures[m]);
    std::sort(values.begin(), values.end());
    const auto at = [&](double share) {
      return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
    };
    const double fence = 3 * (at(0.75) - at(0.25));
    ranges.push_back({std::string(name_of(static_cast<PictureMeasure>(m))),
                      std::min(at(0.25) - fence, at(refused / 2)),
                      std::max(at(0.75) + fence, at(1 - refused / 2))});
  }
  return ranges;
}

const model_file::PrecisionFigures* figures_in(const std::vector<model_file::PrecisionFigures>& all,
                                               std::string_view precision) {
  const auto found = std::find_if(
      all.begin(), all.end(), [&](const auto& figures) { return figures.precision == precision; });
  return found == all.end() ? nullptr : &*found;
}

// What another processor measured stands where this one cannot tell, if float32 comes out as it did
// there: the same cells, as far as can be seen.
void keep_unmeasured(const std::vector<model_file::PrecisionFigures>& before,
                     std::vector<model_file::PrecisionFigures>& now) {
  const auto* then = figures_in(before, name_of(infer::Precision::float32));
  if (then == nullptr || then->cells != now.front().cells || then->right != now.front().right) {
    return;
  }
  for (const auto precision : {infer::Precision::bfloat16, infer::Precision::int8}) {
    const auto* figures = figures_in(before, name_of(precision));
    if (figures != nullptr && figures_in(now, figures->precision) == nullptr) {
      now.push_back(*figures);
    }
  }
}

metrics::PredictionTable joined(metrics::PredictionTable table,
                                const metrics::PredictionTable& more) {
  table.rows.insert(table.rows.end(), more.rows.begin(), more.rows.end());
  return table;
}

SecondReadings joined(SecondReadings readings, const SecondReadings& more) {
  readings.insert(readings.end(), more.begin(), more.end());
  return readings;
}

std::uint64_t right_in(const metrics::PredictionTable& table) {
  return static_cast<std::uint64_t>(
      std::count_if(table.rows.begin(), table.rows.end(),
                    [](const auto& row) { return row.predicted() == row.truth; }));
}

// A file's second network, to be asked about samples.
struct Second {
  model_file::Description description;
  metrics::Scaling scaling;
  infer::Session session;
};

Result<Second> open_second(const Context& context, const model_file::ModelFile& model) {
  BC_ASSIGN(auto file, model_file::second_of(model, context.limits));
  BC_ASSIGN(const auto judge, Judge::make(file.description));
  BC_ASSIGN(auto session,
            infer::Session::open(file, {.threads = context.pool.size(), .cache_folder = {}}));
  return Second{std::move(file.description), judge.scaling(), std::move(session)};
}

Result<SecondReadings> readings_of(const Context& context, const Second& second,
                                   const data::Dataset& dataset,
                                   const std::vector<std::size_t>& samples,
                                   const std::vector<int>& places, std::size_t batch) {
  std::vector<Error> told_before;
  BC_ASSIGN(const auto observed, observe(context, second.session, second.description, dataset,
                                         samples, places, batch, told_before));
  SecondReadings readings;
  for (auto& row : table_of(observed, second.description.labels, second.scaling).rows) {
    readings.push_back(std::move(row.probabilities));
  }
  return readings;
}

}  // namespace

Result<Calibrated> calibrate(const Context& context, const model_file::ModelFile& model,
                             const data::Dataset& dataset,
                             const std::vector<std::size_t>& held_out_samples,
                             const std::vector<std::size_t>& known_samples,
                             const CalibrateOptions& options) {
  Calibrated done;
  const auto& labels = model.description.labels;
  const auto& preprocessing = model.description.preprocessing;
  const auto held_out = framed(preprocessing, dataset, held_out_samples, done.without_box);
  const auto known = framed(preprocessing, dataset, known_samples, done.without_box);
  BC_ASSIGN(const auto places, label_places(dataset.labels, labels));
  const Halves halves = halves_of(dataset, held_out, options.seed);
  if (halves.fitting_families + halves.judging_families < kFewestFamilies) {
    return fail(ErrorCode::usage,
                fmt::format("{} families held out, fewer than {}",
                            halves.fitting_families + halves.judging_families, kFewestFamilies),
                dataset.root.string(),
                done.without_box == 0
                    ? "name a part with more"
                    : fmt::format("give a manifest with the cells' boxes: {} have none, and the "
                                  "model is one of located cells",
                                  done.without_box));
  }
  bool has_embedding = false;
  model_file::ModelFile plain = model;  // what it says of trust is about to be replaced
  plain.description.trust.reset();
  BC_ASSIGN(const auto session,
            open_session(context, plain, infer::Precision::float32, has_embedding));

  done.description = model.description;
  done.families_fitted = halves.fitting_families;
  done.families_judged = halves.judging_families;
  const auto batch = static_cast<std::size_t>(options.batch);
  const auto look_at = [&](const std::vector<std::size_t>& samples) {
    return observe(context, session, model.description, dataset, samples, places, batch,
                   done.problems);
  };
  BC_ASSIGN(const Observed fitting, look_at(halves.fitting));
  BC_ASSIGN(const Observed judging, look_at(halves.judging));
  if (fitting.measures.empty() || judging.measures.empty()) {
    return fail(ErrorCode::usage, "no picture could be read", dataset.root.string());
  }

  BC_ASSIGN(const Judge before, Judge::make(model.description));
  done.scaling = metrics::choose_scaling(fitting.logits, options.seed);
  auto as_it_was = table_of(judging, labels, before.scaling());
  auto table = table_of(judging, labels, done.scaling.scaling);
  if (model.description.second) {
    BC_ASSIGN(const auto second, open_second(context, model));
    const auto read = [&](const std::vector<std::size_t>& samples) {
      return readings_of(context, second, dataset, samples, places, batch);
    };
    BC_ASSIGN(const auto of_fitting, read(halves.fitting));
    BC_ASSIGN(const auto of_judging, read(halves.judging));
    const auto chosen =
        choose_second(joined(table_of(fitting, labels, done.scaling.scaling), table),
                      joined(of_fitting, of_judging), options.most_read_again);
    done.second = SecondFigures{.cells = table.rows.size(), .right_alone = right_in(table)};
    read_again(as_it_was, of_judging, *model.description.second);
    done.second->read_again = read_again(table, of_judging, chosen);
    done.second->right = right_in(table);
    done.description.second->below = chosen.below;
    done.description.second->weight = chosen.weight;
  }
  done.error_before = calibration_error(as_it_was);
  done.error_after = calibration_error(table);

  model_file::Trust trust;
  done.description.temperature = done.scaling.scaling.temperature;
  if (!done.scaling.scaling.matrix.empty()) {
    trust.calibration = {done.scaling.scaling.matrix, done.scaling.scaling.bias};
  }
  trust.sets = sets_of(table, options);
  trust.ranges = ranges_of(judging, options.refused);
  if (has_embedding) {
    Observed learnt;
    if (!known.empty()) {
      BC_ASSIGN(learnt, look_at(known));
    }
    const Observed& from = learnt.measures.empty() ? fitting : learnt;
    const std::size_t width = from.embeddings.size() / from.measures.size();
    if (width <= kWidestEmbedding) {
      trust.familiarity = fit_familiarity(from.embeddings, from.logits.truths, labels.size());
      trust.familiarity->threshold = familiarity_threshold(
          *trust.familiarity, judging.embeddings, judging.logits.families, options.refused);
    }
    BC_ASSIGN(const auto others, embeddings_of_others(context, session, preprocessing, options.seed,
                                                      kOtherPictures, batch));
    trust.other_things = fit_other_things(from.embeddings, others, width);
    trust.other_things->threshold = other_things_threshold(
        *trust.other_things, judging.embeddings, judging.logits.families, options.refused);
  }
  done.description.trust = std::move(trust);
  done.description.precisions = {figures_of(
      infer::Precision::float32, {&fitting.logits, &judging.logits}, done.scaling.scaling)};
  BC_ASSIGN(const auto others, measure_other_precisions(context, plain, dataset, held_out, places,
                                                        done.scaling.scaling, batch));
  done.description.precisions.insert(done.description.precisions.end(), others.begin(),
                                     others.end());
  keep_unmeasured(model.description.precisions, done.description.precisions);
  return done;
}

}  // namespace bloodcell::predict
