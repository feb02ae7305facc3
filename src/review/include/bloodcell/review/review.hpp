// What people decided about the cells of a patient: cases, their cells, and the trail of every
// change.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <bloodcell/image/image.hpp>

namespace bloodcell::review {

// What a cell is called: a label of the case, or one of these.
inline constexpr std::string_view kUnidentified = "unidentified";  // in the queue, in no share
inline constexpr std::string_view kNoCell = "no_cell";  // no white cell after all: in no figure

struct Cell {
  std::int64_t id = 0;  // within the store
  std::int64_t picture = 0;
  int number = 0;                     // from 0 within its picture
  image::Box box;                     // in pixels of the picture, as a viewer shows it
  std::string said;                   // what the model's answer counts as: a label or kUnidentified
  std::string name;                   // what it is called now
  std::string guess;                  // the label the model leans to, whatever it is worth
  double confidence = 0;              // in the guess, 0 … 1
  std::string message;                // why the model's answer is not trusted
  std::vector<double> probabilities;  // of the case's labels, or empty
};

struct Picture {
  std::int64_t id = 0;
  std::string name;  // of the file, as it was sent
  std::string sha256;
  std::string type;  // `jpeg`, `png`, `bmp`, `tiff`, `webp`
  std::uint64_t bytes = 0;
  std::string model;    // that named the cells
  bool is_kept = true;  // false: the picture was removed, its cells stay
};

// Counts of the cells' names.
struct Tally {
  std::vector<std::uint64_t> identified;  // of each label of the case
  std::uint64_t unidentified = 0;
  std::uint64_t no_cell = 0;
};

struct Summary {
  std::string key;  // twelve hexadecimal digits: how the case is asked for
  std::string name;
  std::string created;  // RFC 3339, UTC
  std::vector<std::string> labels;
  std::int64_t revision = 0;  // number of the last entry of its trail
  bool is_signed = false;
  std::string signed_by;  // empty unless signed
  std::string signed_at;
  std::size_t pictures = 0;
  std::size_t cells = 0;
  std::size_t unidentified = 0;  // that still wait
};

struct Case {
  Summary summary;
  std::vector<Picture> pictures;
  std::vector<Cell> cells;

  [[nodiscard]] Tally said() const;  // before review
  [[nodiscard]] Tally now() const;   // after it
};

enum class Deed {
  created,
  added,
  decided,
  undone,
  was_signed,
  reopened,
  pictures_removed,
  exported
};
[[nodiscard]] std::string_view name_of(Deed deed);

// One line of the trail; never changed. `hash` is SHA-256 over it and the hash of the entry before,
// whatever case that is of: an entry that was changed, moved or taken out breaks the chain.
struct Entry {
  std::int64_t number = 0;  // from 1 in the store, without gaps
  std::string case_key;
  std::string at;  // RFC 3339, UTC
  std::string who;
  Deed deed = Deed::created;
  std::int64_t subject = 0;  // the cell or picture; 0: the case
  std::string before;
  std::string after;
  std::string note;     // a picture's name, a reason
  std::int64_t of = 0;  // for `undone`: the number of the decision
  std::string hash;
};

// What a change leaves: the cell that was changed, its case.
struct Changed {
  Cell cell;
  Case of;
};

// What checking the store found. The end of the trail cannot vouch for itself: compare `head` with
// the one that a signed report shows.
struct Verdict {
  bool is_whole = true;
  std::int64_t entries = 0;
  std::string head;   // hash of the last entry
  std::string fault;  // what was found first
};

// A case's entries, and how far they can be trusted.
struct LookedAt {
  std::vector<Entry> entries;
  Verdict verdict;
  std::string
      all_checked_at;  // RFC 3339, UTC: when all cases were found whole; empty: they are not
};

}  // namespace bloodcell::review
