// The data of a run, opened again as the run knew them.
#pragma once

#include <string>

#include <bloodcell/cli/application.hpp>
#include <bloodcell/data/dataset.hpp>
#include <bloodcell/train/run_directory.hpp>

namespace bloodcell::training {

// From `data`, or from where the run says they lie when it is empty; classes and families as in the
// run's split.
[[nodiscard]] Result<data::Dataset> open_run_data(const Context& context,
                                                  const train::RunDirectory& run,
                                                  const std::string& data);

// Warns of the first few pictures that were left out and counts the rest. Returns the exit status:
// 0, or 3 when there are any.
[[nodiscard]] int report_problems(const Context& context, const data::Dataset& dataset);

}  // namespace bloodcell::training
