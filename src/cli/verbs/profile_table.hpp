// Where the time went, for people.
#pragma once

#include <iosfwd>

#include <bloodcell/predict/predictor.hpp>

namespace bloodcell::cli {

// A row a stage: milliseconds a picture and the share of all; then what opening the model and
// all pictures took by the clock on the wall. Nothing was read: only the latter.
void print_profile(std::ostream& out, const predict::Totals& totals, double open_seconds,
                   double run_seconds);

}  // namespace bloodcell::cli
