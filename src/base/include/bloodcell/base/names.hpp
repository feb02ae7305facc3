// Names that come from outside: file names in tables and archives, labels, families.
#pragma once

#include <string>
#include <string_view>

#include <bloodcell/base/result.hpp>

namespace bloodcell {

// Valid UTF-8 without control characters, 1 … 4096 bytes: fit for JSON, CSV and a terminal.
[[nodiscard]] bool is_clean_name(std::string_view name);

// The same place below a root in one spelling: `./a//b.png` -> `a/b.png`.
// Errors: malformed for an absolute name, one with `..`, a folder or an unclean name.
[[nodiscard]] Result<std::string> relative_file(std::string_view name);

}  // namespace bloodcell
