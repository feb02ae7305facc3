// Values drawn without looking at other trials.
#pragma once

#include <cstdint>
#include <string>

#include <bloodcell/base/random.hpp>
#include <bloodcell/tune/trial.hpp>

namespace bloodcell::tune {

// The random numbers of one trial for one purpose (a parameter's name, a sampler's step).
[[nodiscard]] Random random_of(std::uint64_t seed, const TrialRecord& trial,
                               std::string_view purpose);

// Uniform in the interval of the distribution.
[[nodiscard]] double random_value(std::uint64_t seed, const TrialRecord& trial,
                                  const std::string& name, const Distribution& distribution);

// Evenly spread over the trials: scrambled Sobol, in the dimension of the parameter's place.
[[nodiscard]] double spread_value(std::uint64_t seed, const TrialRecord& trial,
                                  const std::string& name, const Distribution& distribution);

}  // namespace bloodcell::tune
