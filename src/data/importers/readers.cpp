#include "importers/readers.hpp"

#include <charconv>
#include <cmath>

#include <bloodcell/base/names.hpp>

namespace bloodcell::data {

namespace fs = std::filesystem;

Collector::~Collector() {
  std::error_code ignored;
  if (!made_folder.empty()) fs::remove_all(made_folder, ignored);
}

Result<void> Collector::add(PublishedCell cell) {
  BC_CHECK(context_.cancellation.check());
  if (cells.size() >= context_.limits.max_files) {
    return fail(ErrorCode::limit_exceeded,
                fmt::format("more than {} cells", context_.limits.max_files), cell.said.string());
  }
  cells.push_back(std::move(cell));
  return {};
}

Result<void> Collector::fault(Error error) {
  if (!options_.skip_faults) {
    if (error.remedy.empty()) error.remedy = "mend it, or pass over such cells with --skip-faults";
    return tl::unexpected(std::move(error));
  }
  faults.push_back(std::move(error));
  return {};
}

Result<void> Collector::take(const std::vector<Error>& problems) {
  for (const Error& problem : problems) BC_CHECK(fault(problem));
  return {};
}

Result<fs::path> find_picture(const std::vector<fs::path>& folders, std::string_view name) {
  BC_ASSIGN(const std::string file, relative_file(name));
  for (const fs::path& folder : folders) {
    std::error_code ignored;
    if (fs::is_regular_file(folder / file, ignored)) return folder / file;
  }
  return fail(ErrorCode::not_found, fmt::format("no picture `{}`", file), {},
              "name the pictures' folder with --images");
}

std::optional<double> finite_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

}  // namespace bloodcell::data
