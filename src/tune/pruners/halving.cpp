#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <utility>

#include <bloodcell/tune/pruner.hpp>

namespace bloodcell::tune {
namespace {

constexpr std::int64_t kNever = std::int64_t{1} << 40;  // a rung no trial comes to

int longest_complete(const StudyView& study) {
  int longest = -1;
  for (const auto& trial : study.trials) {
    if (trial.state == TrialState::complete && !trial.reports.empty())
      longest = std::max(longest, trial.reports.rbegin()->first);
  }
  return longest;
}

// Of the trials for which `competes` holds. A trial's value at a rung is its first report at or
// after the rung's step.
bool falls_out(const StudyView& study, const TrialRecord& trial, const HalvingOptions& options,
               int least_steps, const std::function<bool(const TrialRecord&)>& competes) {
  const auto value_at = [](const TrialRecord& of, std::int64_t step) {
    return step > INT32_MAX ? of.reports.end() : of.reports.lower_bound(static_cast<int>(step));
  };
  const auto last = std::prev(trial.reports.end());
  std::int64_t rung_step = least_steps;
  for (int i = 0; i < options.skipped_rungs && rung_step < kNever; ++i) rung_step *= options.factor;
  for (; rung_step <= last->first; rung_step *= options.factor) {
    if (value_at(trial, rung_step) != last) continue;  // judged at an earlier report
    if (std::isnan(last->second)) return true;
    std::vector<double> values{last->second};
    for (const auto& other : study.trials) {
      if (other.number == trial.number || !competes(other)) continue;
      const auto report = value_at(other, rung_step);
      if (report != other.reports.end()) values.push_back(report->second);
    }
    if (values.size() <= static_cast<std::size_t>(options.bootstrap)) return true;
    const Direction direction = study.directions[0];
    const auto better = static_cast<std::size_t>(std::ranges::count_if(
        values, [&](double value) { return is_better(direction, value, last->second); }));
    const std::size_t places =
        std::max<std::size_t>(1, values.size() / static_cast<std::size_t>(options.factor));
    if (better >= places) return true;
  }
  return false;
}

class HalvingPruner final : public Pruner {
 public:
  explicit HalvingPruner(const HalvingOptions& options) : options_(options) {}

  bool should_prune(const StudyView& study, const TrialRecord& trial) const override {
    if (trial.reports.empty()) return false;
    int least = options_.least_steps;
    if (least == 0) {
      const int longest = longest_complete(study);
      if (longest < 0) return false;
      least = std::max(1, longest / 100);
    }
    return falls_out(study, trial, options_, least, [](const TrialRecord&) { return true; });
  }

 private:
  HalvingOptions options_;
};

// CRC-32 (ISO 3309), which Optuna takes to deal trials to brackets.
std::uint32_t crc32(std::string_view text) {
  std::uint32_t crc = 0xffffffffU;
  for (const char c : text) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1U) != 0 ? 0xedb88320U : 0U);
  }
  return ~crc;
}

class HyperbandPruner final : public Pruner {
 public:
  explicit HyperbandPruner(const HyperbandOptions& options) : options_(options) {}

  bool should_prune(const StudyView& study, const TrialRecord& trial) const override {
    if (trial.reports.empty()) return false;
    const int most = options_.most_steps > 0 ? options_.most_steps : longest_complete(study) + 1;
    if (most < 1) return false;
    const auto shares = shares_of(most);
    const int bracket = bracket_of(study, trial, shares);
    const HalvingOptions halving{options_.least_steps, options_.factor, bracket,
                                 options_.bootstrap};
    return falls_out(study, trial, halving, options_.least_steps, [&](const TrialRecord& other) {
      return bracket_of(study, other, shares) == bracket;
    });
  }

 private:
  // How many of the trials each bracket gets, as in the paper's first loop.
  std::vector<std::uint32_t> shares_of(int most) const {
    int brackets = 1;
    for (double steps = options_.least_steps; steps * options_.factor <= most;
         steps *= options_.factor)
      ++brackets;
    std::vector<std::uint32_t> shares;
    for (int bracket = 0; bracket < brackets; ++bracket) {
      const int s = brackets - 1 - bracket;
      shares.push_back(
          static_cast<std::uint32_t>(std::ceil(brackets * std::pow(options_.factor, s) / (s + 1))));
    }
    return shares;
  }

  static int bracket_of(const StudyView& study, const TrialRecord& trial,
                        const std::vector<std::uint32_t>& shares) {
    std::uint32_t sum = 0;
    for (const std::uint32_t share : shares) sum += share;
    std::uint32_t place = crc32(fmt::format("{}_{}", study.name, trial.number)) % sum;
    for (std::size_t bracket = 0; bracket < shares.size(); ++bracket) {
      if (place < shares[bracket]) return static_cast<int>(bracket);
      place -= shares[bracket];
    }
    return 0;
  }

  HyperbandOptions options_;
};

}  // namespace

Result<std::unique_ptr<Pruner>> halving_pruner(const HalvingOptions& options) {
  if (options.least_steps < 0 || options.factor < 2 || options.skipped_rungs < 0 ||
      options.bootstrap < 0)
    return fail(ErrorCode::usage, "pruner: halving needs a factor of at least 2 and no negatives");
  return std::make_unique<HalvingPruner>(options);
}

Result<std::unique_ptr<Pruner>> hyperband_pruner(const HyperbandOptions& options) {
  if (options.least_steps < 1 || options.most_steps < 0 || options.factor < 2 ||
      options.bootstrap < 0)
    return fail(ErrorCode::usage,
                "pruner: hyperband needs a factor of at least 2, a least step and no negatives");
  return std::make_unique<HyperbandPruner>(options);
}

}  // namespace bloodcell::tune
