#include "loss.hpp"

namespace bloodcell::train {

using torch::Tensor;

namespace {

Tensor one_hot(std::span<const std::int64_t> labels, std::int64_t classes) {
  Tensor shares = torch::zeros({static_cast<std::int64_t>(labels.size()), classes});
  float* row = shares.data_ptr<float>();
  for (const auto label : labels) {
    TORCH_CHECK(label >= 0 && label < classes, "label ", label, " of ", classes, " classes");
    row[label] = 1;
    row += classes;
  }
  return shares;
}

}  // namespace

Tensor table_of(std::span<const float> values, std::int64_t rows, std::int64_t columns) {
  TORCH_CHECK(static_cast<std::int64_t>(values.size()) == rows * columns, values.size(),
              " values are not ", rows, " rows of ", columns);
  Tensor table = torch::empty({rows, columns}, torch::kFloat32);
  std::copy(values.begin(), values.end(), table.data_ptr<float>());
  return table;
}

Targets targets_of(std::span<const std::int64_t> labels, std::span<const float> soft_labels,
                   std::int64_t classes, double smoothing,
                   const std::vector<float>& class_weights) {
  const auto count = static_cast<std::int64_t>(labels.size());
  const Tensor shares =
      soft_labels.empty() ? one_hot(labels, classes) : table_of(soft_labels, count, classes);
  const Tensor weights =
      class_weights.empty()
          ? torch::ones({count})
          : shares.mul(table_of(class_weights, 1, classes)).sum(1);  // [N, classes] -> [N]
  return {shares * (1 - smoothing) + smoothing / static_cast<double>(classes),
          weights / weights.sum()};
}

Tensor cross_entropy(const Tensor& logits, const Tensor& shares) {
  return -(torch::log_softmax(logits, 1) * shares).sum(1);
}

Tensor divergence_from(const Tensor& teacher, const Tensor& logits, double temperature) {
  const Tensor wanted = torch::log_softmax(teacher / temperature, 1);
  const Tensor found = torch::log_softmax(logits / temperature, 1);
  return temperature * temperature * (wanted.exp() * (wanted - found)).sum(1);
}

}  // namespace bloodcell::train
