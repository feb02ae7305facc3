// What no two runs share: the clock, and names that nobody had before. Never a source of results.
#pragma once

#include <string>

namespace bloodcell {

// The clock as RFC 3339 in UTC, to the millisecond: `2026-11-25T21:14:03.120Z`.
[[nodiscard]] std::string time_now();

// `bytes` random bytes from the system, in hexadecimal.
[[nodiscard]] std::string random_name(int bytes);

}  // namespace bloodcell
