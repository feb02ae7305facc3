// The trail of deeds: one chain for the whole store. Inside a transaction of the caller.
#pragma once

#include <vector>

#include <bloodcell/review/review.hpp>

#include "schema.hpp"

namespace bloodcell::review {

// Gives the entry its number, time and hash, writes it and makes it its case's revision.
[[nodiscard]] Result<Entry> append(Database& database, Entry entry);

// Of one case, or all; in order.
[[nodiscard]] Result<std::vector<Entry>> read_trail(Database& database, std::string_view key);
[[nodiscard]] Result<std::vector<Entry>> read_whole_trail(Database& database);
// Of all, from the entry of this number on.
[[nodiscard]] Result<std::vector<Entry>> read_trail_from(Database& database, std::int64_t number);

// SHA-256 of the entry's fields but its hash, and of the hash before it.
[[nodiscard]] std::string hash_of(const Entry& entry, std::string_view before);

// What an entry of deed `added` says of a picture and its cells, as `after`.
[[nodiscard]] std::string digest_of(const Picture& picture, const std::vector<Cell>& cells);

// What an entry of deed `created` says of a case's name, time and labels, likewise.
[[nodiscard]] std::string digest_of(const Summary& made);

[[nodiscard]] std::optional<Deed> deed_of(std::string_view name);

}  // namespace bloodcell::review
