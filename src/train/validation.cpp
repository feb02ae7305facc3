#include "validation.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <bloodcell/metrics/classification.hpp>
#include <bloodcell/metrics/predictions.hpp>

namespace bloodcell::train {
namespace {

std::span<const float> row_of(const LabelledLogits& found, std::size_t row) {
  const std::size_t classes = found.logits.size() / found.truths.size();
  return std::span(found.logits).subspan(row * classes, classes);
}

metrics::PredictionTable table_of(const data::Dataset& dataset, const LabelledLogits& found) {
  metrics::PredictionTable table{dataset.labels, {}};
  for (std::size_t row = 0; row < found.truths.size(); ++row) {
    const auto& sample = dataset.samples[found.samples[row]];
    table.rows.push_back(
        {sample.file, sample.family, found.truths[row], metrics::softmax(row_of(found, row))});
  }
  return table;
}

}  // namespace

Result<LabelledLogits> collect_logits(const Context& context, const data::Dataset& dataset,
                                      data::Loader& loader, const LogitsOf& network) {
  LabelledLogits found;
  loader.start(0);
  while (true) {
    BC_CHECK(context.cancellation.check());
    BC_ASSIGN(const auto batch, loader.next());
    if (!batch) return found;
    BC_ASSIGN(const auto logits, network(batch->images, batch->count));
    const auto strange = std::find_if_not(logits.begin(), logits.end(),
                                          [](float value) { return std::isfinite(value); });
    if (strange != logits.end()) {
      const auto row = static_cast<std::size_t>(strange - logits.begin()) * batch->samples.size() /
                       logits.size();
      return fail(ErrorCode::internal,
                  fmt::format("the network's answer to {} is {}",
                              dataset.samples[batch->samples[row]].file, *strange),
                  {}, "train with a smaller --lr");
    }
    found.logits.insert(found.logits.end(), logits.begin(), logits.end());
    found.truths.insert(found.truths.end(), batch->labels.begin(), batch->labels.end());
    found.samples.insert(found.samples.end(), batch->samples.begin(), batch->samples.end());
  }
}

double mean_cross_entropy(const LabelledLogits& found) {
  double sum = 0;
  for (std::size_t row = 0; row < found.truths.size(); ++row) {
    const auto logits = row_of(found, row);
    const double largest = *std::max_element(logits.begin(), logits.end());
    double normaliser = 0;
    for (const float logit : logits) normaliser += std::exp(logit - largest);
    sum += std::log(normaliser) + largest - logits[static_cast<std::size_t>(found.truths[row])];
  }
  return sum / static_cast<double>(found.truths.size());
}

void judge(const data::Dataset& dataset, const LabelledLogits& found, EpochRecord& record) {
  // Intervals are for the final evaluation; one draw of the bootstrap is the least there is.
  const auto report = metrics::evaluate(table_of(dataset, found), 0, 1);
  record.validation_loss = mean_cross_entropy(found);
  record.validation_accuracy = report.image_accuracy.value;
  record.validation_family_accuracy = report.family_accuracy_mean.value;
  record.validation_macro_precision = report.macro.precision;
  record.validation_macro_recall = report.macro.recall;
  record.validation_macro_f1 = report.macro.f1;
  record.classes.clear();
  for (const auto& figures : report.classes) {
    const auto families = static_cast<double>(std::max<std::uint64_t>(figures.families, 1));
    record.classes.push_back({figures.precision, figures.recall,
                              static_cast<double>(figures.families_right) / families});
  }
}

}  // namespace bloodcell::train
