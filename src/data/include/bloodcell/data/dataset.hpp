// A set of labelled images, whatever it was read from. Reading a set lists files; it decodes none.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/image/image.hpp>

namespace bloodcell::data {

struct Sample {
  std::string file;               // below the set's root, `/` between folders; unique with box
  int label = 0;                  // position in Dataset::labels
  std::string family;             // never empty; the file itself when nothing is known
  std::string part;               // as published (`TRAIN`, `TEST`), or empty
  std::string source;             // laboratory or set, or empty
  std::optional<image::Box> box;  // the part of the picture meant, or all of it
  double weight = 1;              // > 0: how often training shows it, against 1 for others
};

struct Dataset {
  std::filesystem::path root;
  std::vector<std::string> labels;  // canonical names in alphabetical order: the label encoding
  std::vector<Sample> samples;      // ordered by file
  std::vector<Error> problems;      // files and rows that were left out, each with its reason
  bool has_families = false;        // false: each image was taken as its own family
};

struct OpenOptions {
  std::filesystem::path families_csv;  // file,family; empty: none (a manifest may have the column)
  std::vector<std::string> labels;     // a fixed label encoding; empty: those found
};

// path may be
//  - a folder in the Kaggle layout: TRAIN|TEST|TEST_SIMPLE / CLASS / files (also one level down,
//  `images/`, which is then the root, so that a file has one name however the set was opened);
//  - a folder of class folders;
//  - a CSV manifest with columns file,label and optionally family,part,source,x,y,width,height,
//  whose
//    files are relative to it.
//    Rows whose file does not exist, pictures outside a class folder, empty class folders and files
//    that are neither pictures nor plain documents become `problems`.
//  - a mixture, FILE.json: several of the above below its own folder, each with a weight, a name
//    and a map of its classes (docs/data.md); families of different sources stay apart.
// Errors: not_found, malformed (naming line and column; an unknown column too, for a misspelt
// `family` would leak), usage (no image at all, a label that is not in options.labels),
// limit_exceeded. A file that leads outside the root is malformed; links are followed.
[[nodiscard]] Result<Dataset> open_dataset(const Context& context,
                                           const std::filesystem::path& path,
                                           const OpenOptions& options = {});

// `EOSINOPHIL`, `Eosinophils` -> `eosinophil`; `Immature Granulocytes` -> `ig`. Unknown names are
// lower-cased and kept, with `_` for blanks and hyphens.
[[nodiscard]] std::string canonical_label(std::string_view name);

// The set as a CSV manifest that open_dataset() reads from a file in dataset.root. Columns that no
// sample has are left out; families always stand in it.
[[nodiscard]] std::string manifest_text(const Dataset& dataset);

// file,family rows laid over the samples. A file of the set without a row is its own family and is
// counted in the return value. Errors: malformed, not_found (no row fits any file).
[[nodiscard]] Result<std::size_t> apply_families(Dataset& dataset, std::string_view csv_text);

}  // namespace bloodcell::data
