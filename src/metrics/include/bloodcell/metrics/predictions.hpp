// A table of predictions: the one thing every figure is computed from.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <bloodcell/base/result.hpp>

namespace bloodcell::metrics {

// probabilities = softmax(logits / temperature), in double, safe for any finite logits.
[[nodiscard]] std::vector<double> softmax(std::span<const float> logits, double temperature = 1.0);

struct Prediction {
  std::string file;
  std::string family;                 // what shows one physical cell or field; never empty
  int truth = 0;                      // 0 … classes−1
  std::vector<double> probabilities;  // one a class, sum 1
  std::string source{};               // laboratory or set, where known

  [[nodiscard]] int predicted() const;      // the most probable; the first of equals
  [[nodiscard]] double confidence() const;  // its probability
};

struct PredictionTable {
  std::vector<std::string> labels;
  std::vector<Prediction> rows;
};

// Errors: malformed (a truth out of range, a row of another length, a value outside [0, 1], a sum
// that is not 1 within 1e-3), naming the row.
[[nodiscard]] Result<void> check(const PredictionTable& table);

// CSV with columns file,family,truth,<label…>, or file,family,truth,source,<label…> where a row
// names its source; values keep 9 significant digits.
[[nodiscard]] std::string to_csv(const PredictionTable& table);
[[nodiscard]] Result<PredictionTable> predictions_from_csv(std::string_view text);

}  // namespace bloodcell::metrics
