#include "trail.hpp"

#include <array>
#include <utility>

#include <nlohmann/json.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/base/hash.hpp>
#include <bloodcell/base/unrepeatable.hpp>

namespace bloodcell::review {

namespace {

using nlohmann::json;

constexpr std::array<std::pair<Deed, std::string_view>, 8> kDeeds{{
    {Deed::created, "created"},
    {Deed::added, "added"},
    {Deed::decided, "decided"},
    {Deed::undone, "undone"},
    {Deed::was_signed, "signed"},
    {Deed::reopened, "reopened"},
    {Deed::pictures_removed, "pictures_removed"},
    {Deed::exported, "exported"},
}};

constexpr std::string_view kColumns =
    "SELECT number, case_key, at, who, deed, subject, before, after, note, of, hash FROM trail ";

std::string hash_of(const json& list) {
  return sha256(as_bytes_of(list.dump(-1, ' ', false, json::error_handler_t::replace)));
}

Result<Entry> entry_of(const Statement& row) {
  const auto deed = deed_of(row.text(4));
  if (!deed) {
    return fail(ErrorCode::malformed,
                fmt::format("entry {} of the trail has no known deed", row.integer(0)));
  }
  return Entry{row.integer(0), row.text(1),    row.text(2), row.text(3),
               *deed,          row.integer(5), row.text(6), row.text(7),
               row.text(8),    row.integer(9), row.text(10)};
}

Result<std::vector<Entry>> entries_of(Statement& row) {
  std::vector<Entry> entries;
  while (true) {
    BC_ASSIGN(const bool has_row, row.next());
    if (!has_row) return entries;
    BC_ASSIGN(auto entry, entry_of(row));
    entries.push_back(std::move(entry));
  }
}

}  // namespace

std::string_view name_of(Deed deed) {
  for (const auto& [known, name] : kDeeds) {
    if (known == deed) return name;
  }
  return "";
}

std::optional<Deed> deed_of(std::string_view name) {
  for (const auto& [deed, known] : kDeeds) {
    if (known == name) return deed;
  }
  return std::nullopt;
}

std::string hash_of(const Entry& entry, std::string_view before) {
  return hash_of(
      json::array({before, entry.number, entry.case_key, entry.at, entry.who, name_of(entry.deed),
                   entry.subject, entry.before, entry.after, entry.note, entry.of}));
}

std::string digest_of(const Picture& picture, const std::vector<Cell>& cells) {
  json list =
      json::array({picture.name, picture.sha256, picture.type, picture.bytes, picture.model});
  for (const Cell& cell : cells) {
    list.push_back({cell.number, cell.box.x, cell.box.y, cell.box.width, cell.box.height, cell.said,
                    cell.guess, cell.confidence, cell.message, cell.probabilities});
  }
  return hash_of(list);
}

std::string digest_of(const Summary& made) {
  return hash_of(json::array({made.name, made.created, made.labels}));
}

Result<Entry> append(Database& database, Entry entry) {
  BC_ASSIGN(auto last,
            database.prepare("SELECT number, hash FROM trail ORDER BY number DESC LIMIT 1"));
  BC_ASSIGN(const bool has_last, last.next());
  entry.number = has_last ? last.integer(0) + 1 : 1;
  entry.at = time_now();
  entry.hash = hash_of(entry, has_last ? last.text(1) : "");
  BC_ASSIGN(auto put,
            database.prepare("INSERT INTO trail (number, case_key, at, who, deed, subject, "
                             "before, after, note, of, hash) "
                             "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  put.bind(entry.number).bind(std::string_view(entry.case_key)).bind(std::string_view(entry.at));
  put.bind(std::string_view(entry.who)).bind(name_of(entry.deed)).bind(entry.subject);
  put.bind(std::string_view(entry.before)).bind(std::string_view(entry.after));
  put.bind(std::string_view(entry.note)).bind(entry.of).bind(std::string_view(entry.hash));
  BC_CHECK(put.run());
  BC_ASSIGN(auto revise, database.prepare("UPDATE cases SET revision = ? WHERE key = ?"));
  BC_CHECK(revise.bind(entry.number).bind(std::string_view(entry.case_key)).run());
  return entry;
}

Result<std::vector<Entry>> read_trail(Database& database, std::string_view key) {
  BC_ASSIGN(auto row,
            database.prepare(fmt::format("{}WHERE case_key = ? ORDER BY number", kColumns)));
  row.bind(key);
  return entries_of(row);
}

Result<std::vector<Entry>> read_whole_trail(Database& database) {
  BC_ASSIGN(auto row, database.prepare(fmt::format("{}ORDER BY number", kColumns)));
  return entries_of(row);
}

Result<std::vector<Entry>> read_trail_from(Database& database, std::int64_t number) {
  BC_ASSIGN(auto row,
            database.prepare(fmt::format("{}WHERE number >= ? ORDER BY number", kColumns)));
  row.bind(number);
  return entries_of(row);
}

}  // namespace bloodcell::review
