#include "ranking.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <tuple>

namespace bloodcell::tune {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Smaller is better.
using Key = std::tuple<int, double, double>;

double as_loss(Direction direction, double value) {
  if (std::isnan(value)) return kInfinity;
  return direction == Direction::minimize ? value : -value;
}

Key key_of(std::span<const Direction> directions, const TrialRecord& trial) {
  if (trial.state == TrialState::running) return {4, 0, 0};
  if (const double violation = trial.violation(); violation > 0) return {3, violation, 0};
  if (trial.state == TrialState::complete) return {0, as_loss(directions[0], trial.values[0]), 0};
  if (trial.reports.empty()) return {2, 0, 0};
  const auto& [step, value] = *trial.reports.rbegin();
  return {1, -static_cast<double>(step), as_loss(directions[0], value)};
}

bool dominates(const std::vector<double>& a, const std::vector<double>& b) {
  bool better = false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] > b[i]) return false;
    better = better || a[i] < b[i];
  }
  return better;
}

// The keys of complete, feasible trials of several objectives.
void key_fronts(std::span<const Direction> directions, std::span<const TrialRecord* const> trials,
                std::vector<Key>& keys) {
  std::vector<std::size_t> rows;
  std::vector<std::vector<double>> values;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    if (std::get<0>(keys[i]) != 0) continue;
    rows.push_back(i);
    values.push_back(trials[i]->values);
  }
  const auto fronts = fronts_of(directions, values);
  const std::size_t count = fronts.empty() ? 0 : *std::ranges::max_element(fronts) + 1;
  for (std::size_t front = 0; front < count; ++front) {
    std::vector<std::size_t> members;
    std::vector<std::vector<double>> of_front;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (fronts[i] != front) continue;
      members.push_back(rows[i]);
      of_front.push_back(values[i]);
    }
    const auto crowding = crowding_of(of_front);
    for (std::size_t i = 0; i < members.size(); ++i)
      keys[members[i]] = {0, static_cast<double>(front), -crowding[i]};
  }
}

}  // namespace

std::vector<std::size_t> ranks_of(std::span<const Direction> directions,
                                  std::span<const TrialRecord* const> trials) {
  std::vector<Key> keys;
  keys.reserve(trials.size());
  for (const auto* trial : trials) keys.push_back(key_of(directions, *trial));
  if (directions.size() > 1) key_fronts(directions, trials, keys);
  std::vector<std::size_t> order(trials.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return keys[i]; });
  std::vector<std::size_t> ranks(trials.size());
  for (std::size_t place = 0; place < order.size(); ++place) ranks[order[place]] = place;
  return ranks;
}

std::vector<std::size_t> fronts_of(std::span<const Direction> directions,
                                   const std::vector<std::vector<double>>& values) {
  std::vector<std::vector<double>> losses = values;
  for (auto& row : losses) {
    for (std::size_t i = 0; i < row.size(); ++i) row[i] = as_loss(directions[i], row[i]);
  }
  std::vector<std::size_t> fronts(losses.size());
  std::vector<std::size_t> left(losses.size());
  std::iota(left.begin(), left.end(), std::size_t{0});
  for (std::size_t front = 0; !left.empty(); ++front) {
    std::vector<std::size_t> behind;
    for (const std::size_t i : left) {
      const bool is_beaten = std::ranges::any_of(
          left, [&](std::size_t other) { return dominates(losses[other], losses[i]); });
      fronts[i] = front;
      if (is_beaten) behind.push_back(i);
    }
    left = std::move(behind);
  }
  return fronts;
}

std::vector<double> crowding_of(const std::vector<std::vector<double>>& values) {
  std::vector<double> crowding(values.size(), 0);
  if (values.empty()) return crowding;
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t objective = 0; objective < values[0].size(); ++objective) {
    const auto value = [&](std::size_t i) { return values[i][objective]; };
    std::ranges::stable_sort(order, {}, value);
    const double range = value(order.back()) - value(order.front());
    crowding[order.front()] = crowding[order.back()] = kInfinity;
    if (!(range > 0) || !std::isfinite(range)) continue;
    for (std::size_t i = 1; i + 1 < order.size(); ++i)
      crowding[order[i]] += (value(order[i + 1]) - value(order[i - 1])) / range;
  }
  return crowding;
}

}  // namespace bloodcell::tune
