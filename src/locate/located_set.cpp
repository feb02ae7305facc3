#include <bloodcell/locate/located_set.hpp>

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <bloodcell/image/decode.hpp>
#include <bloodcell/locate/look.hpp>

namespace bloodcell::locate {

namespace {

constexpr double kLeastOverlap = 0.3;
constexpr std::size_t kAtOnce = 64;  // pictures between two looks at cancellation

using smear::CellBox;

CellBox as_cell(const image::Box& box) {
  CellBox cell;
  cell.x = box.x;
  cell.y = box.y;
  cell.width = box.width;
  cell.height = box.height;
  return cell;
}

image::Box within(const CellBox& cell, const image::Image& picture) {
  const image::Box box = smear::whole_pixels(cell);
  const int left = std::clamp(box.x, 0, picture.width_px - 1);
  const int top = std::clamp(box.y, 0, picture.height_px - 1);
  return {left, top, std::clamp(box.x + box.width - left, 1, picture.width_px - left),
          std::clamp(box.y + box.height - top, 1, picture.height_px - top)};
}

// The samples of one file, which lie side by side in the set.
struct FileSamples {
  std::size_t first = 0;
  std::size_t count = 0;
  std::vector<std::optional<image::Box>> found;
  std::optional<Error> error;
};

std::vector<FileSamples> by_file(const std::vector<data::Sample>& samples) {
  std::vector<FileSamples> files;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (files.empty() || samples[files.back().first].file != samples[i].file) {
      files.push_back({i, 0, {}, {}});
    }
    ++files.back().count;
  }
  return files;
}

// A drawn box and a found one that could be the same cell.
struct Pair {
  double overlap = 0;
  std::size_t drawn = 0;
  std::size_t found = 0;
};

// Of all pairs that overlap enough the best first; each box is given once.
Result<void> look_into(const Context& context, const Locator& locator, const data::Dataset& dataset,
                       FileSamples& file) {
  BC_ASSIGN(const auto picture,
            image::decode_file(dataset.root / dataset.samples[file.first].file, context.limits));
  const auto samples = std::span(dataset.samples).subspan(file.first, file.count);
  const bool is_drawn = std::any_of(samples.begin(), samples.end(),
                                    [](const auto& sample) { return sample.box.has_value(); });
  std::vector<CellBox> located;
  if (is_drawn) {
    BC_ASSIGN(located, locator.locate(picture));
  } else {
    BC_ASSIGN(auto seen, look(locator, picture));
    located = std::move(seen.located);
  }
  file.found.resize(file.count);
  const auto meant = cell_meant(located, picture.width_px, picture.height_px);
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < file.count; ++i) {
    const auto& drawn = dataset.samples[file.first + i].box;
    if (!drawn && meant) file.found[i] = within(*meant, picture);
    for (std::size_t k = 0; drawn && k < located.size(); ++k) {
      const double overlap = smear::overlap_of(as_cell(*drawn), located[k]);
      if (overlap >= kLeastOverlap) pairs.push_back({overlap, i, k});
    }
  }
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const Pair& a, const Pair& b) { return a.overlap > b.overlap; });
  std::vector<bool> is_taken(located.size());
  for (const auto& [overlap, i, k] : pairs) {
    if (file.found[i] || is_taken[k]) continue;
    file.found[i] = within(located[k], picture);
    is_taken[k] = true;
  }
  return {};
}

void take(const FileSamples& file, data::Dataset& from, LocatedSet& result) {
  for (std::size_t i = 0; i < file.count; ++i) {
    data::Sample& sample = from.samples[file.first + i];
    if (file.found[i]) {
      sample.box = file.found[i];
      ++result.found;
    } else {
      ++(sample.box ? result.drawn : result.without);
    }
    result.dataset.samples.push_back(std::move(sample));
  }
}

}  // namespace

Result<LocatedSet> locate_set(const Context& context, const Locator& locator,
                              data::Dataset dataset) {
  auto files = by_file(dataset.samples);
  for (std::size_t first = 0; first < files.size(); first += kAtOnce) {
    BC_CHECK(context.cancellation.check());
    context.progress.update({"locating", first, files.size(), "images", {}});
    context.pool.for_each(std::min(kAtOnce, files.size() - first), [&](std::size_t i) {
      auto& file = files[first + i];
      const auto looked = look_into(context, locator, dataset, file);
      if (!looked) file.error = looked.error();
    });
  }
  context.progress.finish();
  LocatedSet result;
  result.dataset.root = dataset.root;
  result.dataset.labels = dataset.labels;
  result.dataset.has_families = dataset.has_families;
  result.dataset.problems = dataset.problems;
  for (const auto& file : files) {
    if (file.error) {
      result.dataset.problems.push_back(*file.error);
    } else {
      take(file, dataset, result);
    }
  }
  return result;
}

}  // namespace bloodcell::locate
