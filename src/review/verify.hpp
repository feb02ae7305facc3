// Whether a store is what its trail says.
#pragma once

#include <bloodcell/review/review.hpp>

#include "schema.hpp"

namespace bloodcell::review {

// Inside a transaction of the caller. Errors: those of reading; what is wrong is no error.
[[nodiscard]] Result<Verdict> verify(Database& database);

}  // namespace bloodcell::review
