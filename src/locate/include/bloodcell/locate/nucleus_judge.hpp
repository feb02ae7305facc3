// Nuclei found by smear::find_nucleus judged on pictures of one cell with drawn masks.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/locate/locator.hpp>

namespace bloodcell::locate {

struct JudgedNucleus {
  std::string file;
  double dice_in_drawn_box = 0;  // the box about all that the mask draws of the cell
  double dice_in_found_box = 0;  // the locator's box of the cell meant; 0 where it found none
};

struct NucleusJudgement {
  std::vector<JudgedNucleus> cells;  // in the order of labels.csv
  std::size_t located = 0;           // cells that the locator found
  double mean_in_drawn_boxes = 0;
  double mean_in_found_boxes = 0;
};

// `set` is a folder with labels.csv (columns `file` and `mask`) whose masks are as large as their
// pictures: 255 nucleus, other values above 0 the rest of the cell. `only`: files of it as
// labels.csv names them; empty: all. Errors: malformed (a mask of another size, or without any
// cell), usage (none of the files is in it), those of the files, naming them; cancelled.
[[nodiscard]] Result<NucleusJudgement> judge_nuclei(const Context& context, const Locator& locator,
                                                    const std::filesystem::path& set,
                                                    const std::vector<std::string>& only);

}  // namespace bloodcell::locate
