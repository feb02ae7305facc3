// Studies in a database with the tables of Optuna (version 3.2 on: revision v3.2.0.a), which opens,
// continues and shows them, as we do those it made. Each process opens it itself, after a fork,
// too.
//
// SQLite: a file that any number of processes on one machine may share. Write-ahead log, synced:
// what was recorded is there after kill -9 and after a loss of power.
// PostgreSQL: a server for workers on any number of machines; recorded is what it has committed.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <bloodcell/tune/storage.hpp>

namespace bloodcell::tune {

// Opens the file, or makes it. Errors: not_found (no such folder), unreadable, malformed (no
// database), unsupported (tables of another revision).
[[nodiscard]] Result<std::unique_ptr<Storage>> sqlite_storage(const std::filesystem::path& path);

// Opens the database of a URL, `postgresql://user@host/database`; makes the tables where they are
// not there, beside those of others. Errors: unreadable (no server, no leave), malformed (tables of
// something else with our names), unsupported (another revision; libpq is not installed).
[[nodiscard]] Result<std::unique_ptr<Storage>> postgres_storage(const std::string& url);

// A URL of PostgreSQL or a file of SQLite.
[[nodiscard]] Result<std::unique_ptr<Storage>> open_storage(const std::string& named);

}  // namespace bloodcell::tune
