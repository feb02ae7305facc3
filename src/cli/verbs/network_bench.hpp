// The network alone, in each precision that the file and this processor have, side by side.
#pragma once

#include <string>
#include <vector>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/model_file/model_file.hpp>

namespace bloodcell::cli {

struct NetworkTime {
  std::string precision;
  int batch = 0;
  std::vector<double> seconds;  // for one picture of the batch, a repeat each
};

// One thread; the precisions take turns in each repeat, so that a machine which changes its speed
// changes it for all. In the order of batches, float32 first.
[[nodiscard]] Result<std::vector<NetworkTime>> measure_network(const Context& context,
                                                               const model_file::ModelFile& model,
                                                               int repeats);

}  // namespace bloodcell::cli
