// The tables of a review store.
#pragma once

#include <bloodcell/base/result.hpp>
#include <bloodcell/database/database.hpp>

namespace bloodcell::review {

using database::Database;
using database::Statement;
using database::Transaction;

// Makes the tables in an empty file, checks those that are there. Errors: malformed (a database of
// something else), unsupported (of a later version).
[[nodiscard]] Result<void> ensure_schema(Database& database);

}  // namespace bloodcell::review
