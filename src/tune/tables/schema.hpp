// The tables of Optuna's relational storage, as its version 3.2 and later make them.
#pragma once

#include <bloodcell/base/result.hpp>
#include <bloodcell/database/database.hpp>

namespace bloodcell::tune {

using database::Database;
using database::Transaction;

// Makes the tables in an empty file; checks the revision of those that are there.
// Errors: unsupported (another revision), malformed (a database of something else).
[[nodiscard]] Result<void> ensure_schema(Database& database);

}  // namespace bloodcell::tune
