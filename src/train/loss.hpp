// What the network is taught to answer, and how far from it an answer is.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <torch/types.h>

namespace bloodcell::train {

// The distributions that a batch's logits are held against, and what each image counts.
struct Targets {
  torch::Tensor shares;   // [N, classes], smoothed, rows sum to 1
  torch::Tensor weights;  // [N], sum 1
};

// A row-major table. Throws c10::Error when the values are not rows × columns.
[[nodiscard]] torch::Tensor table_of(std::span<const float> values, std::int64_t rows,
                                     std::int64_t columns);

// soft_labels: labels.size() × classes, or empty for one class an image. smoothing: the share of
// each label that is spread over all classes. class_weights: one a class, or empty; a mixed image
// counts by the mean of its classes' weights. Throws c10::Error for a label that is no class.
[[nodiscard]] Targets targets_of(std::span<const std::int64_t> labels,
                                 std::span<const float> soft_labels, std::int64_t classes,
                                 double smoothing, const std::vector<float>& class_weights);

// The cross entropy of each image, natural logarithm: [N, classes], [N, classes] -> [N].
[[nodiscard]] torch::Tensor cross_entropy(const torch::Tensor& logits, const torch::Tensor& shares);

// The divergence (Kullback–Leibler) of each answer from the teacher's at a temperature, by its
// square: [N, classes], [N, classes] -> [N].
[[nodiscard]] torch::Tensor divergence_from(const torch::Tensor& teacher,
                                            const torch::Tensor& logits, double temperature);

}  // namespace bloodcell::train
