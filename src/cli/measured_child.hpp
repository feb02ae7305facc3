// A program run once, measured from outside.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <bloodcell/base/result.hpp>

namespace bloodcell::cli {

struct MeasuredChild {
  double first_byte_seconds = 0;  // from before the program is made to its first byte on stdout
  std::uint64_t peak_bytes = 0;   // resident
};

// Its standard output is read and dropped, its standard error is ours. Errors: not_found (no such
// program), internal (a status other than 0, or nothing said).
[[nodiscard]] Result<MeasuredChild> measure_child(const std::filesystem::path& program,
                                                  std::vector<std::string> arguments);

}  // namespace bloodcell::cli
