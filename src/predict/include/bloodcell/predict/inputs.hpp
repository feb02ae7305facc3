// What the user named → the files to read, in order, each named once; and what could not be listed.
#pragma once

#include <filesystem>
#include <istream>
#include <span>
#include <string>
#include <vector>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>

namespace bloodcell::predict {

struct Inputs {
  std::vector<std::filesystem::path> files;
  std::vector<Error> problems;  // each becomes a row of status `error`
};

// Each name: a file (taken whatever its name), a folder (its pictures, recursively), a glob with *
// ? [] and ** that the shell left alone, or `-`: one name a line from `list`. Errors:
// limit_exceeded. A name that matches nothing is a problem, not an error.
[[nodiscard]] Result<Inputs> find_inputs(const Context& context, std::span<const std::string> names,
                                         std::istream& list);

// The files to take next: at most `most` pictures, up to the next scanned slide, or one slide.
struct Turn {
  std::span<const std::filesystem::path> files;
  bool is_slide = false;
};
[[nodiscard]] Turn next_turn(const Context& context, std::span<const std::filesystem::path> files,
                             std::size_t most);

}  // namespace bloodcell::predict
