#include "independent.hpp"

#include <bloodcell/tune/sampler.hpp>

#include "sobol.hpp"

namespace bloodcell::tune {
namespace {

class RandomSampler final : public Sampler {
 public:
  explicit RandomSampler(std::uint64_t seed) : seed_(seed) {}
  double sample_one(const StudyView&, const TrialRecord& trial, const std::string& name,
                    const Distribution& distribution) const override {
    return random_value(seed_, trial, name, distribution);
  }

 private:
  std::uint64_t seed_;
};

}  // namespace

std::vector<Parameter> Sampler::sample_together(const StudyView&, const TrialRecord&) const {
  return {};
}

bool Sampler::is_exhausted(const StudyView&) const { return false; }

Random random_of(std::uint64_t seed, const TrialRecord& trial, std::string_view purpose) {
  return {seed, stream_of(purpose), static_cast<std::uint64_t>(trial.number)};
}

double random_value(std::uint64_t seed, const TrialRecord& trial, const std::string& name,
                    const Distribution& distribution) {
  return at_quantile(distribution, random_of(seed, trial, name).uniform());
}

double spread_value(std::uint64_t seed, const TrialRecord& trial, const std::string& name,
                    const Distribution& distribution) {
  const int dimension = static_cast<int>(trial.parameters.size());
  if (dimension >= kSobolDimensionCount) return random_value(seed, trial, name, distribution);
  const auto index = static_cast<std::uint32_t>(trial.number);
  return at_quantile(distribution, scrambled_sobol(index, dimension, seed));
}

std::unique_ptr<Sampler> random_sampler(std::uint64_t seed) {
  return std::make_unique<RandomSampler>(seed);
}

}  // namespace bloodcell::tune
