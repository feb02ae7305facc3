// Rows as people read them.
#pragma once

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include <bloodcell/predict/output.hpp>

namespace bloodcell::predict {

[[nodiscard]] std::unique_ptr<RowWriter> make_table_writer(std::ostream& out,
                                                           const std::vector<std::string>& labels,
                                                           int width_columns, bool colour);

}  // namespace bloodcell::predict
