// Evolution by fronts and crowding.
#include <algorithm>
#include <cmath>
#include <utility>

#include <bloodcell/tune/sampler.hpp>

#include "independent.hpp"
#include "ranking.hpp"

namespace bloodcell::tune {
namespace {

class Nsga2Sampler final : public Sampler {
 public:
  explicit Nsga2Sampler(const Nsga2Options& options) : options_(options) {}

  std::vector<Parameter> sample_together(const StudyView& study,
                                         const TrialRecord& trial) const override {
    const auto parents = best_of_study(study, trial.number);
    if (parents.empty()) return {};
    Random random = random_of(options_.seed, trial, "nsga2");
    const TrialRecord& first = tournament(parents, random);
    const TrialRecord& second = tournament(parents, random);
    const bool crosses = random.chance(options_.crossover);
    const double mutation = 1 / std::max<double>(1, static_cast<double>(first.parameters.size()));
    std::vector<Parameter> child;
    for (const auto& parameter : first.parameters) {
      // Draws are the same in number whatever comes of them.
      const bool swaps = random.chance(0.5) && crosses;
      const bool mutates = random.chance(mutation);
      if (mutates) continue;  // sample_one draws it
      const Parameter* other = swaps ? second.find(parameter.name) : nullptr;
      child.push_back(other != nullptr ? *other : parameter);
    }
    return child;
  }

  double sample_one(const StudyView&, const TrialRecord& trial, const std::string& name,
                    const Distribution& distribution) const override {
    return random_value(options_.seed, trial, name, distribution);
  }

 private:
  // From best to worst; none before the first population is complete.
  std::vector<const TrialRecord*> best_of_study(const StudyView& study, int but) const {
    std::vector<const TrialRecord*> complete;
    for (const auto& trial : study.trials) {
      if (trial.state == TrialState::complete && !trial.values.empty() && trial.number != but)
        complete.push_back(&trial);
    }
    const auto population = static_cast<std::size_t>(std::max(2, options_.population));
    if (complete.size() < population) return {};
    const auto ranks = ranks_of(study.directions, complete);
    std::vector<const TrialRecord*> sorted(complete.size());
    for (std::size_t i = 0; i < complete.size(); ++i) sorted[ranks[i]] = complete[i];
    sorted.resize(population);
    return sorted;
  }

  static const TrialRecord& tournament(const std::vector<const TrialRecord*>& sorted,
                                       Random& random) {
    const auto one = random.below(sorted.size());
    const auto other = random.below(sorted.size());
    return *sorted[std::min(one, other)];
  }

  Nsga2Options options_;
};

}  // namespace

std::unique_ptr<Sampler> nsga2_sampler(const Nsga2Options& options) {
  return std::make_unique<Nsga2Sampler>(options);
}

}  // namespace bloodcell::tune
