// What two sides of a set share that they must not: families, bytes, and labels that contradict.
// Two folders become a Split, so that there is one way to look for leaks (split.hpp: find_leaks).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/data/dataset.hpp>
#include <bloodcell/data/split.hpp>
#include <bloodcell/image/image.hpp>

namespace bloodcell::data {

// `train` and `test` as the parts of one split; entries carry paths as opened (root / file).
// Families: from the CSV (file,family; files below the folder that holds both sides, or else each
// below its own side); without one those the sets bring, when both do; else found by content over
// both sides together. Split::method says which: `families file`, `families of the sets`,
// `families by content`. Reads every file. Errors: as open_dataset for the CSV, as find_families,
// the first file that cannot be read, cancelled.
[[nodiscard]] Result<Split> join_sides(const Context& context, const Dataset& train,
                                       const Dataset& test,
                                       const std::filesystem::path& families_csv);

// Files of equal bytes, two or more; ordered by sha256, files by name. `unused` is left out.
struct Double {
  std::string sha256;
  std::vector<std::string> files;
  std::vector<std::string> parts;
};
[[nodiscard]] std::vector<Double> find_doubles(const Split& split);

// Two files of one family, or of equal bytes, whose sets of labels differ. (One file may have
// several labels: boxes.) Bytes are told only where the families do not tell it already.
// `unused` is included.
struct Conflict {
  std::string by;    // `family` or `bytes`
  std::string name;  // the family or the sha256
  std::vector<std::string> labels;
  std::vector<std::string> files;
};
[[nodiscard]] std::vector<Conflict> find_conflicts(const Split& split);

// A file of one part and one of another that share a family or their bytes.
struct LeakingPair {
  SplitEntry first;  // of the part that stands first: train, else by name
  SplitEntry second;
  std::size_t files = 0;  // that the family or content has in all parts
};
// One for each leak, those with most files first, at most `most`.
[[nodiscard]] std::vector<LeakingPair> worst_pairs(const Split& split,
                                                   const std::vector<Leak>& leaks,
                                                   std::size_t most);

inline constexpr std::size_t kSheetPairs = 24;
inline constexpr int kSheetPictureSide_px = 160;
inline constexpr int kSheetPairWidth_px = 352;
inline constexpr int kSheetPairHeight_px = 248;

// Pairs side by side, three in a row (fewer pairs: one row of as many), each pair in a field of
// kSheetPairWidth_px × kSheetPairHeight_px, with parts, labels and names below. A picture that
// cannot be read is a grey field that says so. files are below `root`. `pairs` not empty, at most
// kSheetPairs. Errors: usage, cancelled.
[[nodiscard]] Result<image::Image> contact_sheet(const Context& context,
                                                 const std::filesystem::path& root,
                                                 const std::vector<LeakingPair>& pairs);

}  // namespace bloodcell::data
