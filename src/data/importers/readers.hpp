// What a reader of one published format hands over: cells as published, not yet checked against
// their pictures. Private to the layer.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/data/import.hpp>

namespace bloodcell::data {

struct Edges {
  double left = 0;
  double top = 0;
  double right = 0;
  double bottom = 0;
  bool relative = false;  // parts of the picture's sides instead of pixels
};

struct PublishedCell {
  std::filesystem::path picture;
  std::string label;
  std::optional<Edges> box;
  std::string family;
  std::string part;
  std::string place;           // `line 12`
  std::filesystem::path said;  // the file that says so
};

// The cells found; faults are kept or end the reading, as the options say.
class Collector {
 public:
  Collector(const Context& context, const ImportOptions& options)
      : context_(context), options_(options) {}
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;
  ~Collector();

  [[nodiscard]] Result<void> add(PublishedCell cell);
  [[nodiscard]] Result<void> fault(Error error);
  [[nodiscard]] Result<void> take(const std::vector<Error>& problems);  // each a fault

  std::vector<PublishedCell> cells;
  std::vector<Error> faults;
  std::filesystem::path made_folder;  // removed with the collector; clear it to keep the folder

 private:
  const Context& context_;
  const ImportOptions& options_;
};

using Reader = Result<void> (*)(const Context&, const ImportOptions&, Collector&);

[[nodiscard]] Result<void> read_voc(const Context&, const ImportOptions&, Collector&);
[[nodiscard]] Result<void> read_yolo(const Context&, const ImportOptions&, Collector&);
[[nodiscard]] Result<void> read_coco(const Context&, const ImportOptions&, Collector&);
[[nodiscard]] Result<void> read_class_folders(const Context&, const ImportOptions&, Collector&);
[[nodiscard]] Result<void> read_named_columns(const Context&, const ImportOptions&, Collector&);
[[nodiscard]] Result<void> read_medmnist(const Context&, const ImportOptions&, Collector&);
[[nodiscard]] Result<void> read_pbc(const Context&, const ImportOptions&, Collector&);

// The first of the folders that holds `name`. Errors: malformed (it leads outside), not_found.
[[nodiscard]] Result<std::filesystem::path> find_picture(
    const std::vector<std::filesystem::path>& folders, std::string_view name);

// The whole text as a finite number, or nothing.
[[nodiscard]] std::optional<double> finite_number(std::string_view text);

}  // namespace bloodcell::data
