#include <bloodcell/review/store.hpp>

#include <algorithm>
#include <mutex>
#include <set>
#include <type_traits>

#include <bloodcell/base/characters.hpp>
#include <bloodcell/base/hash.hpp>
#include <bloodcell/base/names.hpp>
#include <bloodcell/base/unrepeatable.hpp>

#include "rows.hpp"
#include "shelf.hpp"
#include "trail.hpp"
#include "verify.hpp"

namespace bloodcell::review {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kLongestText = 100;  // characters of a person's or a case's name
constexpr std::size_t kLongestReason = 1000;
constexpr std::size_t kLongestFileName = 255;
constexpr int kKeyBytes = 6;

Result<void> check_text(std::string_view text, std::string_view what, std::size_t longest) {
  const bool is_blank = text.find_first_not_of(' ') == std::string_view::npos;
  if (!is_blank && is_clean_name(text) && characters_of(text) <= longest) return {};
  return fail(ErrorCode::usage,
              fmt::format("{} must be 1 to {} characters of plain text", what, longest));
}

Result<void> check_who(std::string_view who) {
  return check_text(who, "the name of who does this", kLongestText);
}

bool is_name_of(const Summary& of, std::string_view name) {
  return name == kUnidentified || name == kNoCell ||
         std::find(of.labels.begin(), of.labels.end(), name) != of.labels.end();
}

Result<void> check_can_change(const Summary& of, std::optional<std::int64_t> revision) {
  if (of.is_signed) {
    return fail(ErrorCode::mismatch,
                fmt::format("the case was signed by {} at {}", of.signed_by, of.signed_at), {},
                "reopen it first; that is recorded");
  }
  if (revision && *revision != of.revision) {
    return fail(ErrorCode::mismatch, "the case was changed meanwhile", {},
                "look at it as it is now, then try again");
  }
  return {};
}

Entry entry_for(const Summary& of, std::string_view who, Deed deed) {
  Entry entry;
  entry.case_key = of.key;
  entry.who = who;
  entry.deed = deed;
  return entry;
}

Tally tally_of(const Case& of, std::string Cell::* name) {
  Tally tally;
  const auto& labels = of.summary.labels;
  tally.identified.resize(labels.size());
  for (const Cell& cell : of.cells) {
    const auto label = std::find(labels.begin(), labels.end(), cell.*name);
    if (label != labels.end()) {
      ++tally.identified[static_cast<std::size_t>(label - labels.begin())];
    } else {
      ++(cell.*name == kNoCell ? tally.no_cell : tally.unidentified);
    }
  }
  return tally;
}

// The last decision that still stands, since the case was made or reopened.
std::optional<Entry> last_decision(const std::vector<Entry>& trail) {
  std::set<std::int64_t> undone;
  for (auto entry = trail.rbegin(); entry != trail.rend(); ++entry) {
    if (entry->deed == Deed::reopened) return std::nullopt;
    if (entry->deed == Deed::undone) undone.insert(entry->of);
    if (entry->deed == Deed::decided && !undone.contains(entry->number)) return *entry;
  }
  return std::nullopt;
}

}  // namespace

Tally Case::said() const { return tally_of(*this, &Cell::said); }
Tally Case::now() const { return tally_of(*this, &Cell::name); }

struct Store::Impl {
  Impl(const fs::path& named, const Bounds& given, std::unique_ptr<Database> opened,
       std::unique_ptr<Database> reading)
      : bounds(given),
        folder(named),
        path((folder / "review.db").string()),
        shelf(folder / "pictures"),
        database(std::move(opened)),
        checker(std::move(reading)) {}

  // Work inside one transaction, one thread at a time.
  template <class Work>
  auto inside(Transaction::Kind kind, const Work& work) -> std::invoke_result_t<Work, Database&> {
    const std::lock_guard lock(mutex);
    auto result = committed(kind, work);
    if (!result) return tl::unexpected(with_path(std::move(result).error(), path));
    return result;
  }
  template <class Work>
  auto committed(Transaction::Kind kind, const Work& work)
      -> std::invoke_result_t<Work, Database&> {
    BC_ASSIGN(auto transaction, Transaction::begin(*database, kind));
    auto result = work(*database);
    if (!result) return result;
    BC_CHECK(transaction.commit());
    return result;
  }
  template <class Work>
  auto write(const Work& work) {
    return inside(Transaction::Kind::write, work);
  }
  template <class Work>
  auto read(const Work& work) {
    return inside(Transaction::Kind::read, work);
  }

  Result<void> check_room(Database& in, const Row& row, const NewPicture& picture) const {
    BC_ASSIGN(const auto pictures, read_pictures(in, row.id));
    BC_ASSIGN(const auto all,
              number_from(in, "SELECT coalesce(sum(bytes), 0) FROM pictures WHERE is_kept = 1"));
    std::uint64_t bytes = picture.bytes.size();
    for (const Picture& one : pictures) bytes += one.bytes;
    if (bytes > bounds.max_case_bytes || pictures.size() >= bounds.max_case_pictures ||
        row.summary.cells + picture.cells.size() > bounds.max_case_cells) {
      return fail(
          ErrorCode::limit_exceeded,
          fmt::format("a case holds {} pictures, {} cells and {} bytes at most",
                      bounds.max_case_pictures, bounds.max_case_cells, bounds.max_case_bytes),
          {}, "begin another case");
    }
    if (static_cast<std::uint64_t>(all) + picture.bytes.size() > bounds.max_bytes) {
      return fail(
          ErrorCode::limit_exceeded,
          fmt::format("the pictures of all cases fill the {} bytes they may", bounds.max_bytes), {},
          "remove the pictures of finished cases, or raise --review-max-bytes");
    }
    return {};
  }

  Result<Picture> take_in(Database& in, const Row& row, const NewPicture& picture,
                          std::string_view who) const {
    Picture kept{0,
                 picture.name,
                 sha256(as_bytes_of(picture.bytes)),
                 picture.type,
                 picture.bytes.size(),
                 picture.model,
                 true};
    BC_ASSIGN(const auto others, read_pictures(in, row.id));
    for (const Picture& other : others) {
      if (other.sha256 != kept.sha256) continue;
      return fail(ErrorCode::mismatch, fmt::format("{}: the case has this picture already, as {}",
                                                   picture.name, other.name));
    }
    BC_CHECK(insert_picture(in, row.id, kept));
    std::vector<Cell> cells = picture.cells;
    for (Cell& cell : cells) {
      cell.picture = kept.id;
      cell.name = cell.said;
      if (!is_name_of(row.summary, cell.said)) {
        return fail(ErrorCode::mismatch, fmt::format("`{}` is no class of the case", cell.said), {},
                    "choose the model that the case was begun with");
      }
      BC_CHECK(insert_cell(in, row.id, cell));
    }
    Entry entry = entry_for(row.summary, who, Deed::added);
    entry.subject = kept.id;
    entry.after = digest_of(kept, cells);
    entry.note = kept.name;
    BC_CHECK(append(in, entry));
    BC_CHECK(shelf.put(row.summary.key, kept, picture.bytes));
    return kept;
  }

  // Changes when another connection has written into the file.
  Result<std::int64_t> version(Database& in) const {
    return number_from(in, "PRAGMA data_version");
  }

  Result<Verdict> verify_all() {
    const std::lock_guard lock(checking);
    BC_ASSIGN(const auto transaction, Transaction::begin(*checker, Transaction::Kind::read));
    return review::verify(*checker);
  }

  Result<Case> whole(Database& in, std::string_view key) const {
    BC_ASSIGN(auto row, read_summary(in, key));
    BC_ASSIGN(auto pictures, read_pictures(in, row.id));
    BC_ASSIGN(auto cells, read_cells(in, row.id));
    return Case{std::move(row.summary), std::move(pictures), std::move(cells)};
  }

  Result<Summary> summary(Database& in, std::string_view key) const {
    BC_ASSIGN(auto row, read_summary(in, key));
    return row.summary;
  }

  const Bounds bounds;
  const fs::path folder;
  const std::string path;
  const Shelf shelf;
  std::mutex mutex;
  const std::unique_ptr<Database> database;  // guarded by mutex, as all up to `checking`
  Place checked;                             // the trail was found whole so far
  std::string checked_at;                    // empty: not yet
  std::int64_t checked_version = 0;          // of the file, as this connection counts
  std::mutex checking;
  const std::unique_ptr<Database> checker;  // guarded by checking: reads while others write
};

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::open(const fs::path& folder, const Bounds& bounds) {
  std::error_code error;
  fs::create_directories(folder, error);
  const auto others = fs::perms::group_all | fs::perms::others_all;
  if (!error && (fs::status(folder, error).permissions() & others) != fs::perms::none) {
    fs::permissions(folder, fs::perms::owner_all, error);
  }
  if (!error) fs::create_directories(folder / "pictures", error);
  if (error) {
    return fail(ErrorCode::unreadable,
                fmt::format("cannot make it its owner's alone: {}", error.message()),
                folder.string(), "name a folder of your own that can be written");
  }
  const fs::path file = folder / "review.db";
  const auto named = [&](const Error& wrong) {
    return tl::unexpected(with_path(wrong, file.string()));
  };
  auto database = Database::open(file);
  if (!database) return named(database.error());
  if (auto made = ensure_schema(**database); !made) return named(made.error());
  auto checker = Database::open(file);
  if (!checker) return named(checker.error());
  std::unique_ptr<Store> store(
      new Store(std::make_unique<Impl>(folder, bounds, std::move(*database), std::move(*checker))));
  Impl& impl = *store->impl_;
  BC_CHECK(impl.write([&](Database& in) { return impl.shelf.sweep(in); }));
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    std::error_code ignored;
    if (at->path().filename().string().starts_with(".export-")) fs::remove(at->path(), ignored);
  }
  return store;
}

Result<Summary> Store::create(std::string_view name, const std::vector<std::string>& labels,
                              std::string_view who) {
  BC_CHECK(check_who(who));
  BC_CHECK(check_text(name, "the name of a case", kLongestText));
  for (const auto& label : labels) {
    if (label == kUnidentified || label == kNoCell) {
      return fail(ErrorCode::mismatch,
                  fmt::format("a class called `{}` cannot be reviewed", label));
    }
  }
  return impl_->write([&](Database& in) -> Result<Summary> {
    BC_ASSIGN(const auto cases, number_from(in, "SELECT count(*) FROM cases"));
    if (static_cast<std::size_t>(cases) >= impl_->bounds.max_cases) {
      return fail(ErrorCode::limit_exceeded,
                  fmt::format("there are {} cases, which is all there may be", cases), {},
                  "begin another folder");
    }
    Summary made;
    made.key = random_name(kKeyBytes);
    made.name = name;
    made.labels = labels;
    made.created = time_now();
    BC_CHECK(insert_case(in, made));
    Entry entry = entry_for(made, who, Deed::created);
    entry.note = made.name;
    entry.after = digest_of(made);
    BC_CHECK(append(in, entry));
    return impl_->summary(in, made.key);
  });
}

Result<std::vector<Summary>> Store::list(std::string_view before, std::size_t most) const {
  return impl_->read([&](Database& in) { return read_summaries(in, before, most); });
}

Result<Case> Store::read(std::string_view key) const {
  return impl_->read([&](Database& in) { return impl_->whole(in, key); });
}

Result<Picture> Store::add(std::string_view key, const NewPicture& picture, std::string_view who) {
  BC_CHECK(check_who(who));
  BC_CHECK(check_text(picture.name, "a picture's name", kLongestFileName));
  return impl_->write([&](Database& in) -> Result<Picture> {
    BC_ASSIGN(const auto row, read_summary(in, key));
    BC_CHECK(check_can_change(row.summary, std::nullopt));
    if (picture.labels != row.summary.labels) {
      return fail(ErrorCode::mismatch,
                  fmt::format("the case was begun with other classes than `{}` has", picture.model),
                  {}, "choose the model it was begun with, or begin another case");
    }
    BC_CHECK(impl_->check_room(in, row, picture));
    return impl_->take_in(in, row, picture, who);
  });
}

Result<Bytes> Store::bytes_of(std::string_view key, std::int64_t picture) const {
  BC_ASSIGN(const auto pictures, impl_->read([&](Database& in) -> Result<std::vector<Picture>> {
    BC_ASSIGN(const auto row, read_summary(in, key));
    return read_pictures(in, row.id);
  }));
  for (const Picture& one : pictures) {
    if (one.id != picture) continue;
    if (one.is_kept) return impl_->shelf.get(key, one);
    return fail(ErrorCode::not_found, fmt::format("{}: the picture was removed", one.name));
  }
  return fail(ErrorCode::not_found, fmt::format("the case has no picture {}", picture));
}

Result<Case> Store::remove_pictures(std::string_view key, std::string_view who) {
  BC_CHECK(check_who(who));
  std::vector<Picture> pictures;  // as they are now: one that is added meanwhile stays
  BC_ASSIGN(auto left, impl_->write([&](Database& in) -> Result<Case> {
    BC_ASSIGN(const auto row, read_summary(in, key));
    BC_ASSIGN(pictures, read_pictures(in, row.id));
    BC_CHECK(forget_bytes(in, row.id));
    BC_CHECK(append(in, entry_for(row.summary, who, Deed::pictures_removed)));
    return impl_->whole(in, key);
  }));
  for (const Picture& picture : pictures) impl_->shelf.remove(key, picture);
  return left;
}

Result<Changed> Store::decide(std::string_view key, std::int64_t cell, std::string_view name,
                              std::string_view who, std::optional<std::int64_t> revision) {
  BC_CHECK(check_who(who));
  return impl_->write([&](Database& in) -> Result<Changed> {
    BC_ASSIGN(const auto row, read_summary(in, key));
    BC_CHECK(check_can_change(row.summary, revision));
    if (!is_name_of(row.summary, name)) {
      return fail(ErrorCode::mismatch, fmt::format("`{}` is no class of the case", name), {},
                  "choose one of its labels, `unidentified` or `no_cell`");
    }
    BC_ASSIGN(auto decided, read_cell(in, row.id, cell));
    if (decided.name != name) {
      Entry entry = entry_for(row.summary, who, Deed::decided);
      entry.subject = cell;
      entry.before = decided.name;
      entry.after = name;
      BC_CHECK(append(in, entry));
      BC_CHECK(rename_cell(in, cell, name));
      decided.name = name;
    }
    BC_ASSIGN(auto of, impl_->whole(in, key));
    return Changed{std::move(decided), std::move(of)};
  });
}

Result<Changed> Store::undo(std::string_view key, std::string_view who,
                            std::optional<std::int64_t> revision) {
  BC_CHECK(check_who(who));
  return impl_->write([&](Database& in) -> Result<Changed> {
    BC_ASSIGN(const auto row, read_summary(in, key));
    BC_CHECK(check_can_change(row.summary, revision));
    BC_ASSIGN(const auto trail, read_trail(in, key));
    const auto decision = last_decision(trail);
    if (!decision) return fail(ErrorCode::not_found, "there is no decision to take back");
    BC_ASSIGN(auto cell, read_cell(in, row.id, decision->subject));
    Entry entry = entry_for(row.summary, who, Deed::undone);
    entry.subject = cell.id;
    entry.before = cell.name;
    entry.after = decision->before;
    entry.of = decision->number;
    BC_CHECK(append(in, entry));
    BC_CHECK(rename_cell(in, cell.id, decision->before));
    cell.name = decision->before;
    BC_ASSIGN(auto of, impl_->whole(in, key));
    return Changed{std::move(cell), std::move(of)};
  });
}

Result<Case> Store::sign(std::string_view key, std::string_view who, std::int64_t revision) {
  BC_CHECK(check_who(who));
  return impl_->write([&](Database& in) -> Result<Case> {
    BC_ASSIGN(const auto row, read_summary(in, key));
    BC_CHECK(check_can_change(row.summary, revision));
    BC_ASSIGN(const auto entry, append(in, entry_for(row.summary, who, Deed::was_signed)));
    BC_CHECK(put_signature(in, row.id, who, entry.at));
    return impl_->whole(in, key);
  });
}

Result<Case> Store::reopen(std::string_view key, std::string_view who, std::string_view reason) {
  BC_CHECK(check_who(who));
  BC_CHECK(check_text(reason, "the reason", kLongestReason));
  return impl_->write([&](Database& in) -> Result<Case> {
    BC_ASSIGN(const auto row, read_summary(in, key));
    if (!row.summary.is_signed) return fail(ErrorCode::mismatch, "the case is not signed");
    Entry entry = entry_for(row.summary, who, Deed::reopened);
    entry.before = row.summary.signed_by;
    entry.note = reason;
    BC_CHECK(append(in, entry));
    BC_CHECK(put_signature(in, row.id, "", ""));
    return impl_->whole(in, key);
  });
}

Result<std::vector<Entry>> Store::trail(std::string_view key) const {
  return impl_->read([&](Database& in) -> Result<std::vector<Entry>> {
    BC_CHECK(read_summary(in, key));
    return read_trail(in, key);
  });
}

Result<void> Store::note_export(std::string_view key, std::string_view who, std::string_view what) {
  BC_CHECK(check_who(who));
  return impl_->write([&](Database& in) -> Result<void> {
    BC_ASSIGN(const auto row, read_summary(in, key));
    Entry entry = entry_for(row.summary, who, Deed::exported);
    entry.note = what;
    BC_CHECK(append(in, entry));
    return {};
  });
}

Result<LookedAt> Store::look_at_trail(std::string_view key, bool all) const {
  Impl& impl = *impl_;
  BC_ASSIGN(const auto version, impl.read([&](Database& in) { return impl.version(in); }));
  std::optional<Verdict> whole;
  {
    const std::unique_lock lock(impl.mutex);
    all = all || impl.checked_at.empty() || impl.checked_version != version;
  }
  if (all) {
    BC_ASSIGN(whole, impl.verify_all());
    const std::lock_guard lock(impl.mutex);
    if (whole->is_whole) {
      impl.checked = {whole->entries, whole->head};
      impl.checked_at = time_now();
      impl.checked_version = version;
    } else {
      impl.checked_at.clear();
    }
  }
  return impl.read([&](Database& in) -> Result<LookedAt> {
    BC_CHECK(read_summary(in, key));
    LookedAt looked;
    BC_ASSIGN(looked.entries, read_trail(in, key));
    if (whole && !whole->is_whole) {
      looked.verdict = *whole;
      return looked;
    }
    BC_ASSIGN(looked.verdict, verify_case(in, std::string(key), looked.entries, impl.checked));
    if (looked.verdict.is_whole) {
      impl.checked = {looked.verdict.entries, looked.verdict.head};
      looked.all_checked_at = impl.checked_at;
    }
    return looked;
  });
}

Result<Verdict> Store::verify() const { return impl_->verify_all(); }

const fs::path& Store::folder() const { return impl_->folder; }

}  // namespace bloodcell::review
