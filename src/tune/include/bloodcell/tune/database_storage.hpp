// Studies in a database with the tables of Optuna (from version 3.0 on), which opens,
// continues and shows them, as we do those it made. Each process opens it itself, after a fork,
// too.
//
// SQLite: a file that any number of processes on one machine may share. Write-ahead log, synced:
// what was recorded is there after kill -9 and after a loss of power.
// PostgreSQL: a server for workers on any number of machines; recorded is what it has committed.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include <bloodcell/tune/storage.hpp>

namespace bloodcell::tune {

// Which Optuna made the tables: 3.2 and later (revision v3.2.0.a), or 3.0 and 3.1, Debian 12's
// (v3.0.0.d: one index fewer). Each opens its own alone, the later ones the older after `optuna
// storage upgrade`; we both.
enum class Revision { v3_2_0_a, v3_0_0_d };

// Opens the file, or makes it with the tables of `wanted`, else of v3.2.0.a. Errors: not_found (no
// such folder), unreadable, malformed (no database), unsupported (tables of another revision),
// usage (tables of another one than the wanted).
[[nodiscard]] Result<std::unique_ptr<Storage>> sqlite_storage(
    const std::filesystem::path& path, std::optional<Revision> wanted = std::nullopt);

// Opens the database of a URL, `postgresql://user@host/database`; makes the tables where they are
// not there, beside those of others. Errors: unreadable (no server, no leave), malformed (tables of
// something else with our names), unsupported (another revision; libpq is not installed).
[[nodiscard]] Result<std::unique_ptr<Storage>> postgres_storage(
    const std::string& url, std::optional<Revision> wanted = std::nullopt);

// A URL of PostgreSQL or a file of SQLite.
[[nodiscard]] Result<std::unique_ptr<Storage>> open_storage(
    const std::string& named, std::optional<Revision> wanted = std::nullopt);

}  // namespace bloodcell::tune
