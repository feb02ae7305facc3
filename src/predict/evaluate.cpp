#include <bloodcell/predict/evaluate.hpp>

#include <algorithm>

#include <bloodcell/data/loader.hpp>

#include "label_places.hpp"

namespace bloodcell::predict {

namespace {

// A label without a box speaks of a picture, so its cell is found as predict finds it.
Result<Row> classify(const Predictor& predictor, const data::Dataset& dataset,
                     const data::Sample& sample, const Limits& limits) {
  if (predictor.locates() && !sample.box) {
    BC_ASSIGN(const auto picture, image::decode_file(dataset.root / sample.file, limits));
    return predictor.classify_meant(picture, sample.file);
  }
  BC_ASSIGN(const auto frame, data::load_frame(dataset, sample, predictor.framing(), limits));
  return predictor.classify_frame(frame, sample.file);
}

}  // namespace

Result<Evaluation> evaluate(const Context& context, const Predictor& predictor,
                            const data::Dataset& dataset, const std::vector<std::size_t>& samples,
                            std::uint64_t bootstrap_seed) {
  const auto& labels = predictor.labels();
  BC_ASSIGN(const auto places, label_places(dataset.labels, labels));

  constexpr std::size_t kWindow = 64;
  Evaluation evaluation;
  evaluation.table.labels = labels;
  for (std::size_t first = 0; first < samples.size(); first += kWindow) {
    BC_CHECK(context.cancellation.check());
    const std::size_t here = std::min(kWindow, samples.size() - first);
    std::vector<Result<Row>> rows(here);
    context.pool.for_each(here, [&](std::size_t i) {
      rows[i] = classify(predictor, dataset, dataset.samples[samples[first + i]], context.limits);
    });
    for (std::size_t i = 0; i < here; ++i) {
      const data::Sample& sample = dataset.samples[samples[first + i]];
      if (!rows[i]) {
        evaluation.problems.push_back(with_path(rows[i].error(), sample.file));
        continue;
      }
      evaluation.table.rows.push_back({sample.file, sample.family,
                                       places[static_cast<std::size_t>(sample.label)],
                                       rows[i]->probabilities, sample.source});
      evaluation.samples.push_back(samples[first + i]);
    }
    context.progress.update({"evaluating", first + here, samples.size(), "images", ""});
  }
  context.progress.finish();
  if (evaluation.table.rows.empty()) {
    return fail(ErrorCode::usage, "no image to evaluate on", dataset.root.string(),
                "check the data set and the part of the split");
  }
  BC_CHECK(metrics::check(evaluation.table));
  evaluation.report = metrics::evaluate(evaluation.table, bootstrap_seed);
  return evaluation;
}

}  // namespace bloodcell::predict
