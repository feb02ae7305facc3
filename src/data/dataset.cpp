#include <bloodcell/data/dataset.hpp>

#include <algorithm>
#include <array>
#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>

#include <bloodcell/base/csv.hpp>
#include <bloodcell/base/files.hpp>
#include <bloodcell/base/names.hpp>

#include "listing.hpp"

namespace bloodcell::data {

namespace fs = std::filesystem;

namespace {

auto order_of(const Sample& sample) {
  const image::Box box = sample.box.value_or(image::Box{});
  return std::make_tuple(std::string_view(sample.file), box.y, box.x, box.height, box.width);
}

Result<std::vector<std::string>> label_encoding(const Listing& listing,
                                                const std::vector<std::string>& fixed) {
  if (fixed.empty()) {
    std::set<std::string> found;
    for (const auto& row : listing.rows) found.insert(row.label);
    return std::vector<std::string>(found.begin(), found.end());
  }
  std::vector<std::string> labels;
  for (const auto& name : fixed) {
    labels.push_back(canonical_label(name));
    if (std::count(labels.begin(), labels.end(), labels.back()) > 1) {
      return fail(ErrorCode::usage, fmt::format("the class `{}` is named twice", labels.back()));
    }
  }
  return labels;
}

Result<void> number_labels(Dataset& dataset, Listing listing) {
  for (auto& row : listing.rows) {
    const auto found = std::find(dataset.labels.begin(), dataset.labels.end(), row.label);
    if (found == dataset.labels.end()) {
      const std::string where =
          row.line > 0 ? fmt::format("line {}, column `label`: ", row.line) : "";
      return fail(ErrorCode::usage,
                  fmt::format("{}the class `{}` is none of {}", where, row.label,
                              fmt::join(dataset.labels, ", ")),
                  (dataset.root / row.sample.file).string(),
                  "leave these files out or use a model with this class");
    }
    row.sample.label = static_cast<int>(found - dataset.labels.begin());
    dataset.samples.push_back(std::move(row.sample));
  }
  std::sort(dataset.samples.begin(), dataset.samples.end(),
            [](const Sample& a, const Sample& b) { return order_of(a) < order_of(b); });
  return {};
}

Result<void> lay_families(const Context& context, Dataset& dataset, const fs::path& csv) {
  BC_ASSIGN(const std::string text, read_text(csv, context.limits.max_file_bytes));
  const auto missing = apply_families(dataset, text);
  if (!missing) return tl::unexpected(with_path(missing.error(), csv.string()));
  if (*missing > 0) {
    context.log.warning("{}: {} of {} images have no family there; each is its own", csv.string(),
                        *missing, dataset.samples.size());
  }
  return {};
}

Result<Listing> list_any(const Context& context, const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return list_folder(context, path);
  return path.extension() == ".json" ? list_mixture(context, path) : list_manifest(context, path);
}

}  // namespace

Result<Dataset> open_dataset(const Context& context, const fs::path& path,
                             const OpenOptions& options) {
  std::error_code error;
  const auto status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) {
    return fail(ErrorCode::not_found, "no such file or folder", path.string());
  }
  BC_ASSIGN(auto listing, list_any(context, path));
  if (listing.rows.empty()) {
    const std::string first =
        listing.problems.empty() ? "" : "; the first problem: " + to_text(listing.problems[0]);
    return fail(ErrorCode::usage, "holds no labelled image" + first, path.string(),
                "name a folder of class folders, one with TRAIN and TEST, a CSV manifest or a "
                "mixture");
  }

  Dataset dataset;
  dataset.root = listing.root;
  dataset.problems = std::move(listing.problems);
  dataset.has_families = listing.has_families;
  BC_ASSIGN(dataset.labels, label_encoding(listing, options.labels));
  BC_CHECK(number_labels(dataset, std::move(listing)));
  if (!options.families_csv.empty()) {
    BC_CHECK(lay_families(context, dataset, options.families_csv));
  }
  return dataset;
}

Result<std::size_t> apply_families(Dataset& dataset, std::string_view csv_text) {
  BC_ASSIGN(const CsvTable table, parse_csv(csv_text));
  const auto file_column = table.column("file");
  const auto family_column = table.column("family");
  if (!file_column || !family_column) {
    return fail(ErrorCode::malformed, "line 1: a table of families has the columns file,family");
  }
  std::unordered_map<std::string, std::string> family_of;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const auto wrong = [&](std::string_view column, std::string_view what) {
      return fail(ErrorCode::malformed,
                  fmt::format("line {}, column `{}`: {}", table.lines[i], column, what));
    };
    const auto file = relative_file(table.rows[i][*file_column]);
    if (!file) return wrong("file", file.error().message);
    const std::string& family = table.rows[i][*family_column];
    if (family.empty()) return wrong("family", "is empty");
    if (!is_clean_name(family)) return wrong("family", "not UTF-8, or holds control characters");
    if (!family_of.emplace(*file, family).second) {
      return wrong("file", fmt::format("`{}` stands twice", *file));
    }
  }

  const auto known = [&](const Sample& sample) { return family_of.contains(sample.file); };
  const auto without = static_cast<std::size_t>(
      std::count_if(dataset.samples.begin(), dataset.samples.end(), std::not_fn(known)));
  if (without == dataset.samples.size()) {
    const std::string example = dataset.samples.empty() ? "" : dataset.samples[0].file;
    return fail(ErrorCode::not_found, "no row names a file of this set", {},
                fmt::format("files are named from the set's folder on, such as `{}`", example));
  }
  for (auto& sample : dataset.samples) {
    const auto found = family_of.find(sample.file);
    sample.family = found == family_of.end() ? sample.file : found->second;
  }
  dataset.has_families = true;
  return without;
}

}  // namespace bloodcell::data
