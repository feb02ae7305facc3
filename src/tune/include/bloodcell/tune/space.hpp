// A search space told beforehand, as a file tells it: parameters in an order, some of which exist
// only where an earlier one has certain values.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <bloodcell/base/result.hpp>
#include <bloodcell/tune/sampler.hpp>
#include <bloodcell/tune/study.hpp>

namespace bloodcell::tune {

struct SpaceParameter {
  std::string name;
  Distribution distribution;
  std::string when;       // the earlier parameter it hangs on; empty: it always exists
  std::vector<Value> is;  // … and its values with which it exists
};
using Space = std::vector<SpaceParameter>;

using NamedValues = std::vector<std::pair<std::string, Value>>;

// Ranges checked and brought to their last step; an order in which conditions come after what they
// hang on. Errors: usage (a name twice, a condition on what does not exist, in a circle, or that
// can never be met; a wrong range), naming the parameter.
[[nodiscard]] Result<Space> checked(Space space);

// What the trial is to be run with, in the order of the space.
[[nodiscard]] Result<NamedValues> suggest(Trial& trial, const Space& space);

// Every value of every parameter, for grid_sampler. Errors: usage for a continuous range.
[[nodiscard]] Result<Grid> grid_of(const Space& space);

}  // namespace bloodcell::tune
