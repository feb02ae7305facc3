#include "verify.hpp"

#include <map>

#include "rows.hpp"
#include "trail.hpp"

namespace bloodcell::review {

namespace {

// A case as its entries tell it, step by step.
class Replay {
 public:
  Replay(std::vector<Picture> pictures, const std::vector<Cell>& cells)
      : pictures_(std::move(pictures)) {
    for (const Cell& cell : cells) cells_[cell.picture].push_back(cell);
  }

  // Empty when the entry is possible.
  [[nodiscard]] std::string take(const Entry& entry) {
    last_ = entry.number;
    switch (entry.deed) {
      case Deed::created: made_ = entry.after; return "";
      case Deed::added: return add(entry);
      case Deed::decided: return rename(entry);
      case Deed::undone: return undo(entry);
      case Deed::was_signed: return sign(entry);
      case Deed::reopened:
        signed_by_.clear();
        signed_at_.clear();
        return "";
      default: return "";
    }
  }

  // Empty when the tables agree with what was told.
  [[nodiscard]] std::string compare(const Summary& summary) const {
    if (summary.revision != last_) return "its revision is not the last entry";
    if (digest_of(summary) != made_) return "its name, time or labels were changed";
    if (summary.signed_by != signed_by_ || summary.signed_at != signed_at_) {
      return "its signature is not the one in the trail";
    }
    if (added_ != pictures_.size()) return "it has pictures that the trail does not tell of";
    for (const auto& [picture, cells] : cells_) {
      for (const Cell& cell : cells) {
        const auto named = names_.find(cell.id);
        if (named == names_.end() || named->second != cell.name) {
          return fmt::format("cell {} is called `{}`, the trail says `{}`", cell.id, cell.name,
                             named == names_.end() ? "nothing" : named->second);
        }
      }
    }
    return "";
  }

 private:
  std::string add(const Entry& entry) {
    ++added_;
    for (const Picture& picture : pictures_) {
      if (picture.id != entry.subject) continue;
      const auto& cells = cells_[picture.id];
      for (const Cell& cell : cells) names_[cell.id] = cell.said;
      if (digest_of(picture, cells) == entry.after) return "";
      return fmt::format("picture {} or what the model said of it was changed", picture.id);
    }
    return fmt::format("picture {} is gone", entry.subject);
  }

  std::string rename(const Entry& entry) {
    if (!signed_by_.empty()) return fmt::format("entry {} changes a signed case", entry.number);
    const auto named = names_.find(entry.subject);
    if (named == names_.end() || named->second != entry.before) {
      return fmt::format("entry {} does not follow on what was before", entry.number);
    }
    named->second = entry.after;
    decisions_[entry.number] = entry;
    return "";
  }

  std::string undo(const Entry& entry) {
    const auto decision = decisions_.find(entry.of);
    const bool fits = decision != decisions_.end() && decision->second.subject == entry.subject &&
                      decision->second.before == entry.after;
    if (!fits) return fmt::format("entry {} takes back what was not decided", entry.number);
    decisions_.erase(decision);
    Entry renaming = entry;
    auto fault = rename(renaming);
    decisions_.erase(entry.number);
    return fault;
  }

  std::string sign(const Entry& entry) {
    if (!signed_by_.empty()) return fmt::format("entry {} signs a signed case", entry.number);
    signed_by_ = entry.who;
    signed_at_ = entry.at;
    return "";
  }

  std::vector<Picture> pictures_;
  std::map<std::int64_t, std::vector<Cell>> cells_;  // by picture, in their order
  std::map<std::int64_t, std::string> names_;        // by cell
  std::map<std::int64_t, Entry> decisions_;          // that were not taken back
  std::string made_;                                 // the case's digest
  std::size_t added_ = 0;
  std::int64_t last_ = 0;
  std::string signed_by_;
  std::string signed_at_;
};

Result<std::string> fault_of_tables(Database& database) {
  BC_ASSIGN(auto check, database.prepare("PRAGMA integrity_check"));
  BC_ASSIGN(const bool has_row, check.next());
  const std::string said = has_row ? check.text(0) : "";
  return said == "ok" ? "" : "SQLite: " + said;
}

std::string fault_of_chain(const std::vector<Entry>& entries, std::int64_t number,
                           std::string& head) {
  for (const Entry& entry : entries) {
    if (entry.number != ++number) return fmt::format("entry {} of the trail is missing", number);
    if (hash_of(entry, head) != entry.hash) {
      return fmt::format("entry {} of the trail was changed, or the one before it", number);
    }
    head = entry.hash;
  }
  return "";
}

Result<std::string> fault_of_case(Database& database, const std::string& key,
                                  const std::vector<Entry>& entries) {
  const auto row = read_summary(database, key);
  if (!row && row.error().code == ErrorCode::not_found) {
    return fmt::format("case {} is gone", key);
  }
  if (!row) return tl::unexpected(row.error());
  BC_ASSIGN(auto pictures, read_pictures(database, row->id));
  BC_ASSIGN(const auto cells, read_cells(database, row->id));
  Replay replay(std::move(pictures), cells);
  for (const Entry& entry : entries) {
    if (auto fault = replay.take(entry); !fault.empty()) {
      return fmt::format("case {}: {}", key, fault);
    }
  }
  const std::string fault = replay.compare(row->summary);
  return fault.empty() ? "" : fmt::format("case {}: {}", key, fault);
}

// Each entry follows on the one before it in the store, whichever case that is of.
Result<std::string> fault_of_entries(Database& database, const std::vector<Entry>& entries) {
  for (const Entry& entry : entries) {
    BC_ASSIGN(auto before, database.prepare("SELECT hash FROM trail WHERE number = ?"));
    BC_ASSIGN(const bool has_one, before.bind(entry.number - 1).next());
    const std::string head = has_one ? before.text(0) : "";
    if ((!has_one && entry.number != 1) || hash_of(entry, head) != entry.hash) {
      return fmt::format("entry {} of the trail was changed, or the one before it", entry.number);
    }
  }
  return "";
}

Result<std::string> fault_of_cases(Database& database, const std::vector<Entry>& entries) {
  std::map<std::string, std::vector<Entry>> by_case;
  for (const Entry& entry : entries) by_case[entry.case_key].push_back(entry);
  for (const auto& [key, of_case] : by_case) {
    BC_ASSIGN(auto fault, fault_of_case(database, key, of_case));
    if (!fault.empty()) return fault;
  }
  BC_ASSIGN(const auto cases, number_from(database, "SELECT count(*) FROM cases"));
  const bool are_all_told = static_cast<std::size_t>(cases) == by_case.size();
  return are_all_told ? "" : "there are cases that the trail does not tell of";
}

}  // namespace

Result<Verdict> verify(Database& database) {
  Verdict verdict;
  BC_ASSIGN(const auto entries, read_whole_trail(database));
  verdict.entries = static_cast<std::int64_t>(entries.size());
  BC_ASSIGN(verdict.fault, fault_of_tables(database));
  if (verdict.fault.empty()) verdict.fault = fault_of_chain(entries, 0, verdict.head);
  if (verdict.fault.empty()) {
    BC_ASSIGN(verdict.fault, fault_of_cases(database, entries));
  }
  verdict.is_whole = verdict.fault.empty();
  return verdict;
}

Result<Verdict> verify_case(Database& database, const std::string& key,
                            const std::vector<Entry>& entries, const Place& from) {
  Verdict verdict;
  BC_ASSIGN(auto fresh, read_trail_from(database, from.number));
  verdict.head = from.head;
  const bool has_place =
      from.number == 0 ||
      (!fresh.empty() && fresh.front().number == from.number && fresh.front().hash == from.head);
  if (!has_place) verdict.fault = fmt::format("entry {} of the trail was changed", from.number);
  if (has_place && from.number > 0) fresh.erase(fresh.begin());
  if (has_place) verdict.fault = fault_of_chain(fresh, from.number, verdict.head);
  verdict.entries = fresh.empty() ? from.number : fresh.back().number;
  if (verdict.fault.empty()) {
    BC_ASSIGN(verdict.fault, fault_of_entries(database, entries));
  }
  if (verdict.fault.empty()) {
    BC_ASSIGN(verdict.fault, fault_of_case(database, key, entries));
  }
  verdict.is_whole = verdict.fault.empty();
  return verdict;
}

}  // namespace bloodcell::review
