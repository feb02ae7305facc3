// Better than one temperature, where the data bear it: probabilities moved class by class
// (vector scaling, Guo et al. 2017) or between classes (Dirichlet calibration, Kull et al. 2019).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <bloodcell/metrics/predictions.hpp>

namespace bloodcell::metrics {

// p = softmax(matrix · log softmax(logits / temperature) + bias).
struct Scaling {
  double temperature = 1;
  std::vector<double> matrix;  // classes × classes by rows; empty: the identity, and no bias
  std::vector<double> bias;    // classes
};

[[nodiscard]] std::vector<double> probabilities_of(std::span<const float> logits,
                                                   const Scaling& scaling);

enum class ScalingKind { temperature, vector, dirichlet };
[[nodiscard]] std::string_view name_of(ScalingKind kind);

// Rows of logits with their truths and the family of each.
struct LogitTable {
  int classes = 0;
  std::vector<float> logits;          // rows × classes
  std::vector<int> truths;            // 0 … classes−1
  std::vector<std::string> families;  // rows of one family count as one
};

// The temperature, then matrix and bias that make the truths most likely, a family weighing as one
// row, less `regularisation` times the mean squares of what lies off the diagonal, of the bias, and
// of the diagonal's distance from 1 (ODIR, Kull et al. 2019, with the diagonal held too). Convex;
// deterministic. No rows give the identity.
[[nodiscard]] Scaling fit_scaling(const LogitTable& table, ScalingKind kind,
                                  double regularisation = 0.01);

struct ChosenScaling {
  ScalingKind kind = ScalingKind::temperature;
  double regularisation = 0;
  Scaling scaling;                  // fitted on all rows
  double log_loss = 0;              // of the chosen kind on families left out, mean over families
  double log_loss_before = 0;       // of the logits as they are, all rows
  double log_loss_temperature = 0;  // of a temperature alone on families left out
};

// Five folds of families (drawn from the seed): the kind and regularisation with the least loss on
// families left out, but a temperature alone unless that is beaten by more than one standard error
// of the paired difference.
[[nodiscard]] ChosenScaling choose_scaling(const LogitTable& table, std::uint64_t seed);

}  // namespace bloodcell::metrics
