// A locator judged on a set of fields with drawn boxes.
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/locate/locator.hpp>
#include <bloodcell/smear/match.hpp>

namespace bloodcell::locate {

struct Judgement {
  std::size_t fields = 0;
  std::array<smear::Matches, smear::kKinds> kinds;
  // Mean over the fields that have drawn red cells of |found − drawn| / drawn, and of the ratio.
  double red_count_error = 0;
  double red_count_ratio = 0;
  std::vector<std::string> missed;  // fields with a drawn white cell that was not found
  std::vector<std::string> extra;   // fields with a found white cell that was not drawn
};

// `set` is a folder with boxes.csv and images/. `only`: files of it as boxes.csv names them; empty:
// all. A kind counts in the fields that have at least one drawn box of it, for published sets draw
// by halves: a field without any says nothing. Boxes match from an overlap of 0.5 on. Errors: those
// of the files, naming them; cancelled.
[[nodiscard]] Result<Judgement> judge(const Context& context, const Locator& locator,
                                      const std::filesystem::path& set,
                                      const std::vector<std::string>& only);

}  // namespace bloodcell::locate
