// Cases in a folder: `review.db` (SQLite, write-ahead log, synchronous: what was answered survives
// kill -9 and loss of power) and the pictures beside it. Thread-safe; several processes may share
// it.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <bloodcell/base/files.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/review/review.hpp>

namespace bloodcell::review {

struct Bounds {
  std::uint64_t max_bytes = 20ULL << 30;  // pictures of all cases
  std::uint64_t max_case_bytes = 512ULL << 20;
  std::size_t max_cases = 100'000;
  std::size_t max_case_pictures = 1'000;
  std::size_t max_case_cells = 20'000;
};

struct NewPicture {
  std::string name;
  std::string type;
  std::string_view bytes;
  std::string model;
  std::vector<std::string> labels;  // of the model, in the order of the cells' probabilities
  std::vector<Cell> cells;          // their id, picture and name are of no meaning here
};

class Store {
 public:
  // Makes the folder and the tables where they are not there; the folder is its owner's alone.
  // Pictures that belong to no case, left by a kill, are deleted. Errors: unreadable, malformed
  // (another file), unsupported (of a later version).
  [[nodiscard]] static Result<std::unique_ptr<Store>> open(const std::filesystem::path& folder,
                                                           const Bounds& bounds = {});
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // `who` is 1 … 100 characters of clean text everywhere; who it is nobody checks. All that follows
  // may fail with usage (who, a name), not_found (case, cell, picture), unreadable, malformed; what
  // changes a case with mismatch when it is signed or, where `revision` is given, has been changed
  // since then.

  // Errors: limit_exceeded, mismatch (a label that is a word of ours).
  [[nodiscard]] Result<Summary> create(std::string_view name,
                                       const std::vector<std::string>& labels,
                                       std::string_view who);
  // The latest first; those made before `before` where it is not empty. Errors: not_found.
  [[nodiscard]] Result<std::vector<Summary>> list(std::string_view before, std::size_t most) const;
  [[nodiscard]] Result<Case> read(std::string_view key) const;

  // Errors: limit_exceeded; mismatch for a picture that the case has already, or other labels.
  [[nodiscard]] Result<Picture> add(std::string_view key, const NewPicture& picture,
                                    std::string_view who);
  [[nodiscard]] Result<Bytes> bytes_of(std::string_view key, std::int64_t picture) const;
  // Keeps cells, decisions and the trail, also of a signed case.
  [[nodiscard]] Result<Case> remove_pictures(std::string_view key, std::string_view who);

  // To call a cell what it is called already changes nothing. Errors: mismatch (no label of the
  // case).
  [[nodiscard]] Result<Changed> decide(std::string_view key, std::int64_t cell,
                                       std::string_view name, std::string_view who,
                                       std::optional<std::int64_t> revision = {});
  // Takes back the last decision since the case was made or reopened that was not taken back.
  // Errors: not_found when there is none.
  [[nodiscard]] Result<Changed> undo(std::string_view key, std::string_view who,
                                     std::optional<std::int64_t> revision = {});

  // `revision`: what the signer has seen.
  [[nodiscard]] Result<Case> sign(std::string_view key, std::string_view who,
                                  std::int64_t revision);
  // Errors: usage (no reason), mismatch (not signed).
  [[nodiscard]] Result<Case> reopen(std::string_view key, std::string_view who,
                                    std::string_view reason);

  [[nodiscard]] Result<std::vector<Entry>> trail(std::string_view key) const;
  [[nodiscard]] Result<void> note_export(std::string_view key, std::string_view who,
                                         std::string_view what);

  // The trail of a case, checked together with what its tables say and with all entries that are
  // new since the last look: O(the case and what is new). All cases are checked, as by verify(),
  // where `all` is asked for, at the first look, and when another process wrote into the file.
  [[nodiscard]] Result<LookedAt> look_at_trail(std::string_view key, bool all = false) const;

  // The chain, and whether the trail leads to what the tables say. O(all entries and cells);
  // changes and reading go on meanwhile.
  [[nodiscard]] Result<Verdict> verify() const;

  // The store's own, for what is made to be sent. What begins with `.export-` is swept.
  [[nodiscard]] const std::filesystem::path& folder() const;

 private:
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace bloodcell::review
