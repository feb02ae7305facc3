// When a second network is to read again, and how much what it says counts.
#pragma once

#include <vector>

#include <bloodcell/metrics/predictions.hpp>
#include <bloodcell/model_file/model_file.hpp>

namespace bloodcell::predict {

// Calibrated, of each row of a table by a second network.
using SecondReadings = std::vector<std::vector<double>>;

// The table as both networks have it. Returns how many rows were read again.
std::size_t read_again(metrics::PredictionTable& table, const SecondReadings& second,
                       const model_file::SecondReading& how);

// `below` and `weight` of least log loss among fifteen of the first and six of the second, where at
// most `most` of the rows are read again; the fewest read again of equals. At least one row.
[[nodiscard]] model_file::SecondReading choose_second(const metrics::PredictionTable& table,
                                                      const SecondReadings& second, double most);

}  // namespace bloodcell::predict
