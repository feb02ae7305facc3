// The tables of Optuna's relational storage, as its versions 3.0 and later make them.
#pragma once

#include <optional>

#include <bloodcell/base/result.hpp>
#include <bloodcell/database/database.hpp>
#include <bloodcell/tune/database_storage.hpp>

namespace bloodcell::tune {

using database::Database;
using database::Transaction;

// Makes the tables in an empty file, of v3.2.0.a unless another is wanted; checks the revision of
// those that are there. Errors: unsupported (another revision), usage (another than is wanted),
// malformed (a database of something else).
[[nodiscard]] Result<void> ensure_schema(Database& database, std::optional<Revision> wanted);

}  // namespace bloodcell::tune
