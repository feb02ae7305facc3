// What a signed case teaches: its cells with the names people gave them, as a manifest that every
// command takes as a data set, and the pictures. All cells of a case are one family.
#pragma once

#include <string>
#include <vector>

#include <bloodcell/base/result.hpp>
#include <bloodcell/review/store.hpp>

namespace bloodcell::review {

enum class Taken {
  corrected,  // cells whose name is not what the model said
  all,        // every cell with a class
};

struct TrainingSet {
  std::string manifest;           // CSV: file,label,family,source,x,y,width,height
  std::vector<Picture> pictures;  // that it names, below `pictures/`
  std::size_t cells = 0;
};

// Cells that are unidentified or none stay out. Errors: mismatch for a case that is not signed.
[[nodiscard]] Result<TrainingSet> training_set_of(const Case& reviewed, Taken taken);

// `pictures/KEY-3.png`: the picture's file, relative to the manifest.
[[nodiscard]] std::string file_of(std::string_view key, const Picture& picture);

// A zip archive of manifest.csv and the pictures. Errors: not_found (a picture was removed), those
// of Store::bytes_of. Memory: the archive, and one
// picture beside it; written in the store's folder first.
[[nodiscard]] Result<std::string> archive_of(const Store& store, const Case& reviewed, Taken taken);

}  // namespace bloodcell::review
