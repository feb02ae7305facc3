#include <bloodcell/metrics/scaling.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include <bloodcell/base/random.hpp>
#include <bloodcell/metrics/calibration.hpp>

namespace bloodcell::metrics {

namespace {

constexpr double kLeastProbability = 1e-15;

std::vector<double> log_softmax(std::span<const float> logits, double temperature) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float value : logits) sum += std::exp((value - largest) / temperature);
  std::vector<double> logs;
  for (const float value : logits) logs.push_back((value - largest) / temperature - std::log(sum));
  return logs;
}

void softmax_in_place(std::vector<double>& values) {
  const double largest = *std::max_element(values.begin(), values.end());
  double sum = 0;
  for (double& value : values) sum += value = std::exp(value - largest);
  for (double& value : values) value /= sum;
}

std::vector<double> scaled(const std::vector<double>& logs, const std::vector<double>& parameters) {
  const std::size_t classes = logs.size();
  std::vector<double> p(classes);
  for (std::size_t k = 0; k < classes; ++k) {
    p[k] = parameters[classes * classes + k];
    for (std::size_t j = 0; j < classes; ++j) p[k] += parameters[k * classes + j] * logs[j];
  }
  softmax_in_place(p);
  return p;
}

// Rows of one family weigh one together.
std::vector<double> weights_of(const LogitTable& table) {
  std::map<std::string_view, double> rows;
  for (const auto& family : table.families) ++rows[family];
  std::vector<double> weights;
  for (const auto& family : table.families) {
    weights.push_back(1 / (rows[family] * static_cast<double>(rows.size())));
  }
  return weights;
}

// The loss over matrix (by rows) and bias, its gradient, and which parameters may move.
class Objective {
 public:
  Objective(const LogitTable& table, double temperature, ScalingKind kind, double regularisation)
      : classes_(static_cast<std::size_t>(table.classes)),
        truths_(table.truths),
        weights_(weights_of(table)),
        moves_off_diagonal_(kind == ScalingKind::dirichlet),
        regularisation_(regularisation) {
    for (std::size_t i = 0; i < truths_.size(); ++i) {
      logs_.push_back(
          log_softmax(std::span(table.logits).subspan(i * classes_, classes_), temperature));
    }
  }

  [[nodiscard]] std::vector<double> start() const {
    std::vector<double> parameters(classes_ * classes_ + classes_);
    for (std::size_t k = 0; k < classes_; ++k) parameters[k * classes_ + k] = 1;
    return parameters;
  }

  [[nodiscard]] double loss(const std::vector<double>& parameters,
                            std::vector<double>* gradient) const {
    if (gradient != nullptr) gradient->assign(parameters.size(), 0);
    double sum = 0;
    for (std::size_t i = 0; i < truths_.size(); ++i) {
      auto p = scaled(logs_[i], parameters);
      const auto truth = static_cast<std::size_t>(truths_[i]);
      sum -= weights_[i] * std::log(std::max(p[truth], kLeastProbability));
      if (gradient == nullptr) continue;
      p[truth] -= 1;
      for (std::size_t k = 0; k < classes_; ++k) {
        const double pull = weights_[i] * p[k];
        (*gradient)[classes_ * classes_ + k] += pull;
        if (moves_off_diagonal_) {
          for (std::size_t j = 0; j < classes_; ++j) {
            (*gradient)[k * classes_ + j] += pull * logs_[i][j];
          }
        } else {
          (*gradient)[k * classes_ + k] += pull * logs_[i][k];
        }
      }
    }
    return sum + penalty(parameters, gradient);
  }

 private:
  [[nodiscard]] double penalty(const std::vector<double>& parameters,
                               std::vector<double>* gradient) const {
    const auto classes = static_cast<double>(classes_);
    const double of_off_diagonal = regularisation_ / std::max(1.0, classes * (classes - 1));
    const double of_others = regularisation_ / classes;
    double sum = 0;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      const bool in_matrix = i < classes_ * classes_;
      const bool diagonal = in_matrix && i / classes_ == i % classes_;
      const double distance = parameters[i] - (diagonal ? 1 : 0);
      const double weight = in_matrix && !diagonal ? of_off_diagonal : of_others;
      sum += weight * distance * distance;
      if (gradient != nullptr) (*gradient)[i] += 2 * weight * distance;
    }
    return sum;
  }

  std::size_t classes_;
  std::vector<std::vector<double>> logs_;
  std::vector<int> truths_;
  std::vector<double> weights_;
  bool moves_off_diagonal_;
  double regularisation_;
};

// Accelerated gradient descent with backtracking and restarts (Nesterov 1983; O'Donoghue and Candès
// 2015).
std::vector<double> minimised(const Objective& objective) {
  constexpr int kSteps = 400;
  constexpr double kEnough = 1e-9;  // of the loss, over ten steps
  std::vector<double> at = objective.start();
  std::vector<double> ahead = at;
  std::vector<double> gradient;
  double rate = 1;
  double momentum = 1;
  double last = objective.loss(at, nullptr);
  double ten_ago = last;
  for (int step = 0; step < kSteps; ++step) {
    const double here = objective.loss(ahead, &gradient);
    const double square =
        std::inner_product(gradient.begin(), gradient.end(), gradient.begin(), 0.0);
    std::vector<double> next(at.size());
    double there = here;
    for (; rate > 1e-12; rate /= 2) {
      for (std::size_t i = 0; i < at.size(); ++i) next[i] = ahead[i] - rate * gradient[i];
      there = objective.loss(next, nullptr);
      if (there <= here - rate * square / 2) break;
    }
    const bool worse = there > last;
    const double next_momentum = worse ? 1 : (1 + std::sqrt(1 + 4 * momentum * momentum)) / 2;
    const double carried = worse ? 0 : (momentum - 1) / next_momentum;
    for (std::size_t i = 0; i < at.size(); ++i) ahead[i] = next[i] + carried * (next[i] - at[i]);
    at = std::move(next);
    momentum = next_momentum;
    last = there;
    rate *= 1.5;
    if (step % 10 == 9) {
      if (ten_ago - last < kEnough) break;
      ten_ago = last;
    }
  }
  return at;
}

LogitTable rows_where(const LogitTable& table, const std::vector<bool>& taken) {
  const auto classes = static_cast<std::ptrdiff_t>(table.classes);
  LogitTable part{table.classes, {}, {}, {}};
  for (std::size_t i = 0; i < table.truths.size(); ++i) {
    if (!taken[i]) continue;
    const auto from = table.logits.begin() + static_cast<std::ptrdiff_t>(i) * classes;
    part.logits.insert(part.logits.end(), from, from + classes);
    part.truths.push_back(table.truths[i]);
    part.families.push_back(table.families[i]);
  }
  return part;
}

// The loss of each family, in the order of the families' names.
std::map<std::string, double> loss_by_family(const LogitTable& table, const Scaling& scaling) {
  const auto classes = static_cast<std::size_t>(table.classes);
  std::map<std::string, double> sums;
  std::map<std::string, double> rows;
  for (std::size_t i = 0; i < table.truths.size(); ++i) {
    const auto p = probabilities_of(std::span(table.logits).subspan(i * classes, classes), scaling);
    sums[table.families[i]] -=
        std::log(std::max(p[static_cast<std::size_t>(table.truths[i])], kLeastProbability));
    ++rows[table.families[i]];
  }
  for (auto& [family, sum] : sums) sum /= rows[family];
  return sums;
}

double mean_of(const std::map<std::string, double>& losses) {
  double sum = 0;
  for (const auto& [family, loss] : losses) sum += loss;
  return losses.empty() ? 0 : sum / static_cast<double>(losses.size());
}

// Each family to one of the folds.
std::map<std::string, std::size_t> folds_of(const LogitTable& table, std::size_t folds,
                                            std::uint64_t seed) {
  std::vector<std::string> names(table.families);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  Random random(seed, stream_of("calibration folds"), 0);
  random.shuffle(std::span(names));
  std::map<std::string, std::size_t> fold;
  for (std::size_t i = 0; i < names.size(); ++i) fold[names[i]] = i % folds;
  return fold;
}

std::map<std::string, double> loss_left_out(const LogitTable& table,
                                            const std::map<std::string, std::size_t>& fold_of,
                                            std::size_t folds, ScalingKind kind,
                                            double regularisation) {
  std::map<std::string, double> losses;
  for (std::size_t fold = 0; fold < folds; ++fold) {
    std::vector<bool> is_left_out;
    for (const auto& family : table.families) is_left_out.push_back(fold_of.at(family) == fold);
    std::vector<bool> is_learnt_from = is_left_out;
    is_learnt_from.flip();
    const Scaling scaling = fit_scaling(rows_where(table, is_learnt_from), kind, regularisation);
    losses.merge(loss_by_family(rows_where(table, is_left_out), scaling));
  }
  return losses;
}

// True if the first is less by more than a standard error of the mean difference.
bool is_clearly_less(const std::map<std::string, double>& first,
                     const std::map<std::string, double>& second) {
  const auto count = static_cast<double>(first.size());
  const double gain = mean_of(second) - mean_of(first);
  double squares = 0;
  for (const auto& [family, loss] : first) {
    squares += std::pow(second.at(family) - loss - gain, 2);
  }
  return count > 1 && gain > std::sqrt(squares / (count - 1) / count);
}

}  // namespace

std::string_view name_of(ScalingKind kind) {
  switch (kind) {
    case ScalingKind::temperature: return "temperature";
    case ScalingKind::vector: return "vector";
    case ScalingKind::dirichlet: return "dirichlet";
  }
  return "temperature";
}

std::vector<double> probabilities_of(std::span<const float> logits, const Scaling& scaling) {
  if (scaling.matrix.empty()) return softmax(logits, scaling.temperature);
  std::vector<double> parameters = scaling.matrix;
  parameters.insert(parameters.end(), scaling.bias.begin(), scaling.bias.end());
  return scaled(log_softmax(logits, scaling.temperature), parameters);
}

Scaling fit_scaling(const LogitTable& table, ScalingKind kind, double regularisation) {
  Scaling scaling{fit_temperature(table.logits, table.truths, table.classes), {}, {}};
  if (kind == ScalingKind::temperature || table.truths.empty()) return scaling;
  const auto parameters = minimised(Objective(table, scaling.temperature, kind, regularisation));
  const auto matrix = static_cast<std::ptrdiff_t>(table.classes) * table.classes;
  scaling.matrix.assign(parameters.begin(), parameters.begin() + matrix);
  scaling.bias.assign(parameters.begin() + matrix, parameters.end());
  return scaling;
}

ChosenScaling choose_scaling(const LogitTable& table, std::uint64_t seed) {
  constexpr std::size_t kFolds = 5;
  const auto fold_of = folds_of(table, kFolds, seed);
  ChosenScaling chosen;
  chosen.log_loss_before = mean_of(loss_by_family(table, {}));
  const auto of_temperature = loss_left_out(table, fold_of, kFolds, ScalingKind::temperature, 0);
  chosen.log_loss_temperature = mean_of(of_temperature);
  chosen.log_loss = chosen.log_loss_temperature;
  for (const auto kind : {ScalingKind::vector, ScalingKind::dirichlet}) {
    for (const double regularisation : {0.1, 0.01, 0.001}) {
      const auto losses = loss_left_out(table, fold_of, kFolds, kind, regularisation);
      if (mean_of(losses) >= chosen.log_loss || !is_clearly_less(losses, of_temperature)) continue;
      chosen.kind = kind;
      chosen.regularisation = regularisation;
      chosen.log_loss = mean_of(losses);
    }
  }
  chosen.scaling = fit_scaling(table, chosen.kind, chosen.regularisation);
  return chosen;
}

}  // namespace bloodcell::metrics
