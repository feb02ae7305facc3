// Who is learnt from and who judges. A family is never on two sides.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/data/dataset.hpp>

namespace bloodcell::data {

struct SplitEntry {
  std::string file;
  std::string label;
  std::string family;
  std::string sha256;  // of the file's bytes
  std::string part;    // `train`, `validation`, `test`, `fold0` …, or `unused`
};

struct Split {
  std::uint64_t seed = 0;
  std::string method;         // `by family`, `by image` (leaks; only to show what that does)
  bool has_families = false;  // were families known, or was each image its own
  std::vector<std::string> labels;
  std::vector<SplitEntry> entries;  // ordered by file
};

struct SplitOptions {
  std::uint64_t seed = 42;
  double validation = 0.15;  // shares of the images that are dealt, 0 ≤ each, sum < 1
  double test = 0.15;        // not used with a test_part
  int folds = 0;             // ≥ 2: parts are fold0 … instead of the shares
  std::string test_part;  // a published part (`TEST`) that is the test set as it stands; families
                          // that reach from it into the rest are `unused` there, and so is a
                          // part whose name begins alike (TEST_SIMPLE shows TEST's photographs)
  bool by_image = false;  // ignore families
  std::vector<std::string> teach_only;  // sources whose labels may teach but judge nothing: their
                                        // families go to `train` whole, beside what is dealt;
                                        // where a test_part touches them they are `unused`
};

// Stratified: within each class (a family's class is that of most of its images) families are dealt
// in seeded order to the part that lacks most; every part gets one. Families that hold files of
// equal bytes, or boxes of one file, become one, named by the first of their names; the log says
// how many. Deterministic for any number of threads. Reads every file once, for its hash; a file
// that cannot be read is an error. Errors: usage (a class with fewer families than parts,
// a source that the set has not, one that only teaches with folds or with nothing beside it),
// cancelled.
[[nodiscard]] Result<Split> make_split(const Context& context, const Dataset& dataset,
                                       const SplitOptions& options);

// Families and contents (sha256) that stand in more than one part other than `unused`. Contents are
// told only where they cross families.
struct Leak {
  std::string family;  // or the sha256 for equal files
  std::vector<std::string> parts;
  std::size_t files = 0;
};
[[nodiscard]] std::vector<Leak> find_leaks(const Split& split);

// The samples of one part, as positions in dataset.samples, in their order. For cross-validation
// `!fold2` is all other folds. Errors: mismatch (a sample that the split does not know, a label
// that differs), not_found (no such part).
[[nodiscard]] Result<std::vector<std::size_t>> samples_of(const Dataset& dataset,
                                                          const Split& split,
                                                          std::string_view part);

// Families as the split recorded them, so that later steps need no families file.
void adopt_families(Dataset& dataset, const Split& split);

// JSON with `format` 1, one line an entry. Reading is strict: a field that is missing, unknown or
// out of range is malformed, another format is unsupported.
[[nodiscard]] std::string to_json_text(const Split& split);
[[nodiscard]] Result<Split> split_from_json_text(std::string_view text);
[[nodiscard]] Result<Split> load_split(const std::filesystem::path& path, const Limits& limits);

}  // namespace bloodcell::data
