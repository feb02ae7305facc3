#include <bloodcell/data/families.hpp>

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>

#include <bloodcell/base/files.hpp>
#include <bloodcell/image/decode.hpp>

#include "families/grouping.hpp"

namespace bloodcell::data {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kReadAtOnce = 256;  // pictures between two looks at the request to stop

std::vector<fs::path> sorted_paths(std::vector<fs::path> paths) {
  const auto by_name = [](const fs::path& a, const fs::path& b) {
    return a.generic_string() < b.generic_string();
  };
  std::sort(paths.begin(), paths.end(), by_name);
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  return paths;
}

// A JPEG is decoded no larger than the fingerprint needs.
Result<Fingerprint> read_fingerprint(const fs::path& path, const Limits& limits) {
  BC_ASSIGN(const auto bytes, read_file(path, limits.max_file_bytes));
  BC_ASSIGN(const auto header, image::read_header(bytes, limits));
  const int long_side = std::max(header.width_px, header.height_px);
  image::DecodeOptions options;
  if (long_side > kLongSidePx) {
    options.min_width_px = header.width_px * kLongSidePx / long_side;
    options.min_height_px = header.height_px * kLongSidePx / long_side;
  }
  BC_ASSIGN(const auto picture, image::decode(bytes, limits, options));
  return fingerprint_of(picture);
}

Result<std::vector<Fingerprint>> read_fingerprints(const Context& context,
                                                   const std::vector<fs::path>& paths) {
  std::vector<Fingerprint> fingerprints(paths.size());
  std::vector<std::optional<Error>> errors(paths.size());
  for (std::size_t start = 0; start < paths.size(); start += kReadAtOnce) {
    BC_CHECK(context.cancellation.check());
    context.progress.update({"reading", start, paths.size(), "pictures", {}});
    const std::size_t count = std::min(kReadAtOnce, paths.size() - start);
    context.pool.for_each(count, [&](std::size_t i) {
      auto read = read_fingerprint(paths[start + i], context.limits);
      if (read) {
        fingerprints[start + i] = std::move(*read);
      } else {
        errors[start + i] = with_path(read.error(), paths[start + i].string());
      }
    });
    for (std::size_t i = start; i < start + count; ++i) {
      if (errors[i]) return tl::unexpected(*errors[i]);
    }
  }
  context.progress.finish();
  return fingerprints;
}

// The stem of an original; its whole path where two originals share a stem.
std::vector<std::string> names_of(const std::vector<fs::path>& originals) {
  std::map<std::string, int> uses;
  for (const auto& path : originals) ++uses[path.stem().string()];
  std::vector<std::string> names;
  for (const auto& path : originals) {
    const auto stem = path.stem().string();
    names.push_back(uses[stem] == 1 ? stem : path.generic_string());
  }
  return names;
}

}  // namespace

Result<FoundFamilies> find_families(const Context& context, const std::vector<fs::path>& files,
                                    const std::vector<fs::path>& originals,
                                    const FamilyOptions& options) {
  const auto sorted_originals = sorted_paths(originals);
  const auto sorted_files = sorted_paths(files);
  auto paths = sorted_originals;
  paths.insert(paths.end(), sorted_files.begin(), sorted_files.end());
  BC_ASSIGN(const auto fingerprints, read_fingerprints(context, paths));
  BC_ASSIGN(auto grouping,
            group(context, fingerprints, sorted_originals.size(),
                  static_cast<std::size_t>(std::max(1, options.candidates)), options.every_pair));

  const auto original_names = names_of(sorted_originals);
  FoundFamilies result;
  for (std::size_t i = sorted_originals.size(); i < paths.size(); ++i) {
    // The smallest of a set is its root: an original if there is one, else the first file.
    const std::size_t root = grouping.sets.root(i);
    const auto file = paths[i].generic_string();
    result.members.push_back(
        {file, root < original_names.size() ? original_names[root] : paths[root].generic_string()});
    if (fingerprints[i].too_little()) result.too_little.push_back(file);
  }
  for (const auto& [a, b] : grouping.overlapping_originals) {
    result.overlapping_originals.emplace_back(original_names[a], original_names[b]);
  }
  result.pairs_proposed = grouping.pairs_proposed;
  result.pairs_verified = grouping.pairs_verified;
  return result;
}

}  // namespace bloodcell::data
