// Drawn boxes of a set of fields: a CSV `file,x,y,width,height,class`, pixels from the upper left
// corner.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <bloodcell/base/limits.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/smear/cell_box.hpp>

namespace bloodcell::smear {

using BoxTable = std::map<std::string, std::vector<CellBox>>;  // by file, as the CSV names it

// Boxes without area, as published sets hold some, are left out. Errors: malformed, naming line and
// column (a number that is none, a class that names no kind, a box beyond ±100,000 pixels).
[[nodiscard]] Result<BoxTable> load_boxes(const std::filesystem::path& csv, const Limits& limits);

}  // namespace bloodcell::smear
