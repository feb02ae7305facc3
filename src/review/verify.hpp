// Whether a store is what its trail says.
#pragma once

#include <string>
#include <vector>

#include <bloodcell/review/review.hpp>

#include "schema.hpp"

namespace bloodcell::review {

// A place of the trail up to which it was found whole.
struct Place {
  std::int64_t number = 0;  // 0: before its first entry
  std::string head;
};

// One case of these entries, and all entries after `from`. Inside a transaction of the caller.
[[nodiscard]] Result<Verdict> verify_case(Database& database, const std::string& key,
                                          const std::vector<Entry>& entries, const Place& from);

// Inside a transaction of the caller. Errors: those of reading; what is wrong is no error.
[[nodiscard]] Result<Verdict> verify(Database& database);

}  // namespace bloodcell::review
