#include <bloodcell/metrics/conformal.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace bloodcell::metrics {

namespace {

// Scores are sums of probabilities: a set must not lose a class to their rounding.
constexpr double kRounding = 1e-9;

std::vector<int> order_of(std::span<const double> p) {
  std::vector<int> order(p.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return p[static_cast<std::size_t>(a)] > p[static_cast<std::size_t>(b)];
  });
  return order;
}

// The scores of all classes, in the given order.
std::vector<double> scores_in(const std::vector<int>& order, std::span<const double> p,
                              const ConformalRule& rule) {
  std::vector<double> scores;
  double sum = 0;
  for (std::size_t place = 0; place < order.size(); ++place) {
    const double here = p[static_cast<std::size_t>(order[place])];
    sum += here;
    double score = rule.score == ConformalScore::lac ? 1 - here : sum;
    if (rule.score == ConformalScore::raps) {
      const int beyond = static_cast<int>(place) + 1 - rule.free_places;
      score += rule.penalty * std::max(0, beyond);
    }
    scores.push_back(score);
  }
  return scores;
}

}  // namespace

std::string_view name_of(ConformalScore score) {
  switch (score) {
    case ConformalScore::lac: return "lac";
    case ConformalScore::aps: return "aps";
    case ConformalScore::raps: return "raps";
  }
  return "lac";
}

double conformal_score(std::span<const double> p, int label, const ConformalRule& rule) {
  const auto order = order_of(p);
  const auto place = std::find(order.begin(), order.end(), label) - order.begin();
  return scores_in(order, p, rule)[static_cast<std::size_t>(place)];
}

std::optional<double> conformal_quantile(std::vector<double> scores, double coverage) {
  const auto count = static_cast<double>(scores.size());
  const double rank = std::ceil((count + 1) * coverage - kRounding);
  if (rank > count) return std::nullopt;
  const auto nth = scores.begin() + static_cast<std::ptrdiff_t>(rank) - 1;
  std::nth_element(scores.begin(), nth, scores.end());
  return *nth;
}

std::optional<ConformalRule> fit_conformal(const PredictionTable& table, ConformalRule rule) {
  std::vector<double> scores;
  for (const auto& rows : rows_by_family(table)) {
    const auto& row = table.rows[rows.front()];
    scores.push_back(conformal_score(row.probabilities, row.truth, rule));
  }
  rule.units = scores.size();
  const auto threshold = conformal_quantile(std::move(scores), rule.coverage);
  if (!threshold) return std::nullopt;
  rule.threshold = *threshold;
  return rule;
}

std::vector<int> prediction_set(std::span<const double> p, const ConformalRule& rule) {
  const auto order = order_of(p);
  const auto scores = scores_in(order, p, rule);
  std::vector<int> set;
  for (std::size_t place = 0; place < order.size(); ++place) {
    if (place > 0 && scores[place] > rule.threshold + kRounding) break;  // scores rise
    set.push_back(order[place]);
  }
  return set;
}

SetFigures judge_sets(const PredictionTable& table, const ConformalRule& rule) {
  SetFigures figures;
  figures.by_size.resize(table.labels.size() + 1);
  std::uint64_t holds = 0;
  for (const auto& row : table.rows) {
    const auto set = prediction_set(row.probabilities, rule);
    holds += std::find(set.begin(), set.end(), row.truth) != set.end() ? 1 : 0;
    ++figures.by_size[set.size()];
    figures.mean_size += static_cast<double>(set.size());
  }
  const auto rows = static_cast<double>(table.rows.size());
  if (table.rows.empty()) return figures;
  figures.mean_size /= rows;
  figures.single_share = static_cast<double>(figures.by_size[1]) / rows;
  figures.coverage = {holds, table.rows.size(), static_cast<double>(holds) / rows,
                      wilson(holds, table.rows.size())};
  return figures;
}

}  // namespace bloodcell::metrics
