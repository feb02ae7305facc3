#include <algorithm>
#include <functional>
#include <numeric>

#include <bloodcell/tune/sampler.hpp>

#include "independent.hpp"

namespace bloodcell::tune {
namespace {

constexpr std::uint64_t kMostCells = 1'000'000'000;

// A permutation of 0 … count-1 that needs no table: a Feistel network over the next power of four,
// walked until it falls inside (cycle walking; Black and Rogaway 2002).
std::uint64_t permuted(std::uint64_t index, std::uint64_t count, std::uint64_t seed) {
  int half_bits = 1;
  while ((std::uint64_t{1} << (2 * half_bits)) < count) ++half_bits;
  const std::uint64_t mask = (std::uint64_t{1} << half_bits) - 1;
  do {
    std::uint64_t left = index >> half_bits;
    std::uint64_t right = index & mask;
    for (std::uint64_t round = 0; round < 4; ++round) {
      Random random(seed, stream_of("grid") + static_cast<std::uint32_t>(round), right);
      left ^= random.bits() & mask;
      std::swap(left, right);
    }
    index = left << half_bits | right;
  } while (index >= count);
  return index;
}

class GridSampler final : public Sampler {
 public:
  GridSampler(Grid grid, std::uint64_t cells, std::uint64_t seed)
      : grid_(std::move(grid)), cells_(cells), seed_(seed) {}

  double sample_one(const StudyView& study, const TrialRecord& trial, const std::string& name,
                    const Distribution& distribution) const override {
    std::uint64_t cell = permuted(place_of(study, trial) % cells_, cells_, seed_);
    for (const auto& [listed, values] : grid_) {
      const Value& value = values[cell % values.size()];
      cell /= values.size();
      if (listed != name) continue;
      if (const auto inner = inner_of(distribution, value)) return *inner;
    }
    return random_value(seed_, trial, name, distribution);
  }

  bool is_exhausted(const StudyView& study) const override {
    const auto is_waiting = [](const TrialRecord& known) {
      return known.state == TrialState::waiting;
    };
    return std::ranges::none_of(study.trials, is_waiting) && begun_in(study.trials) >= cells_;
  }

 private:
  // A retry keeps the place of the one that was lost.
  static std::uint64_t begun_in(std::span<const TrialRecord> trials) {
    return static_cast<std::uint64_t>(std::ranges::count_if(trials, std::not_fn(is_retry)));
  }
  static std::uint64_t place_of(const StudyView& study, const TrialRecord& trial) {
    const int first = first_number(trial);
    const auto end = std::ranges::find_if(
        study.trials, [&](const TrialRecord& known) { return known.number >= first; });
    return begun_in({study.trials.begin(), end});
  }

  Grid grid_;
  std::uint64_t cells_;
  std::uint64_t seed_;
};

}  // namespace

Result<std::unique_ptr<Sampler>> grid_sampler(Grid grid, std::uint64_t seed) {
  std::uint64_t cells = 1;
  for (const auto& [name, values] : grid) {
    if (values.empty()) return fail(ErrorCode::usage, fmt::format("grid: {} has no value", name));
    cells *= values.size();
    if (cells > kMostCells)
      return fail(ErrorCode::usage, fmt::format("grid: more than {} combinations", kMostCells));
  }
  return std::make_unique<GridSampler>(std::move(grid), cells, seed);
}

}  // namespace bloodcell::tune
