// Studies in a SQLite file with the tables of Optuna (version 3.2 on: revision v3.2.0.a), which
// opens, continues and shows them, as we do those it made. Any number of processes on one machine
// may share the file; each opens it itself, after a fork, too. Write-ahead log, synced: what was
// recorded is there after kill -9 and after a loss of power.
#pragma once

#include <filesystem>
#include <memory>

#include <bloodcell/tune/storage.hpp>

namespace bloodcell::tune {

// Opens the file, or makes it. Errors: not_found (no such folder), unreadable, malformed (no
// database), unsupported (tables of another revision).
[[nodiscard]] Result<std::unique_ptr<Storage>> sqlite_storage(const std::filesystem::path& path);

}  // namespace bloodcell::tune
