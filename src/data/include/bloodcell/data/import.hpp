// Sets as others publish them → one CSV manifest that open_dataset() reads, and a JSON beside it
// that says where it came from. No picture is changed or copied;
// those inside an archive (medmnist) are unpacked into a new folder beside the manifest.
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>

namespace bloodcell::data {

struct ImportOptions {
  std::string format;              // one of import_formats()
  std::filesystem::path source;    // a folder; for `csv`, `coco`, `medmnist` a file
  std::filesystem::path manifest;  // ends in .csv; else a folder, for `manifest.csv` in it
  std::filesystem::path images;    // folder the published file names are relative to; empty: found
  // Published name → label, before anything else is done; an empty label leaves the cell out.
  std::vector<std::pair<std::string, std::string>> map;
  std::vector<std::string> labels;  // yolo, medmnist: class names by number; empty: the set's
  std::string source_name;          // laboratory or set, for the column `source`
  std::string licence;
  bool skip_faults = false;  // a faulty cell becomes a problem instead of the end

  // csv: columns; an empty name means that there is none
  std::string file_column = "file";
  std::string label_column = "label";
  std::string family_column;
  std::string part_column;
  std::string x_column;  // of a box all four or none
  std::string y_column;
  std::string width_column;
  std::string height_column;
};

struct Imported {
  struct Label {
    std::string label;  // empty: left out
    std::size_t cells = 0;
  };
  std::filesystem::path manifest;
  std::string json;  // as written to <manifest>.json
  std::map<std::string, Label> published;
  std::size_t cells = 0;
  std::size_t left_out = 0;     // by the map
  std::vector<Error> problems;  // with skip_faults
};

// coco, csv, folders, medmnist, pbc, voc, yolo
[[nodiscard]] std::span<const std::string_view> import_formats();

// Cells marked by boxes get their picture as family, unless the source names one. Box edges are
// rounded to the nearest pixel. Without an error both files are written, else none.
// Errors, naming file and line: not_found (source, picture), malformed (a name that leads outside,
// a box without area or beyond its picture by more than one pixel, a number that is none, an
// unknown class), usage (options; no cell at all; pictures that are not below the manifest's
// folder), limit_exceeded, cancelled.
[[nodiscard]] Result<Imported> import_set(const Context& context, const ImportOptions& options);

}  // namespace bloodcell::data
