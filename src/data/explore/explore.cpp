#include <bloodcell/data/explore.hpp>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>

#include <bloodcell/base/files.hpp>
#include <bloodcell/base/hash.hpp>
#include <bloodcell/data/loader.hpp>
#include <bloodcell/image/decode.hpp>
#include <bloodcell/image/geometry.hpp>

namespace bloodcell::data {

namespace {

constexpr std::size_t kMostClasses = 10'000;

// What stays of one sample.
struct Seen {
  int width_px = 0;
  int height_px = 0;
  Look look{};
  std::string sha256;
  std::optional<Error> error;
};

image::Preprocessing small_frame() {
  image::Preprocessing frame;
  frame.width_px = kMeasuredSide_px;
  frame.height_px = kMeasuredSide_px;
  frame.fit = image::Fit::crop;
  return frame;
}

image::Image measured_size(image::Image picture) {
  const int shorter = std::min(picture.width_px, picture.height_px);
  if (shorter <= kMeasuredSide_px) return picture;
  const auto side = [&](int length) {
    return static_cast<int>((std::int64_t{length} * kMeasuredSide_px + shorter / 2) / shorter);
  };
  return image::resize(picture, side(picture.width_px), side(picture.height_px),
                       image::Interpolation::area);
}

// Sums of pixels are whole numbers, so their order does not matter.
class CellsOfClass {
 public:
  void choose(const std::vector<std::size_t>& members) {
    const std::size_t count = std::min(members.size(), kExamples);
    for (std::size_t i = 0; i < count; ++i) {
      place_of_.emplace(members[(2 * i + 1) * members.size() / (2 * count)], i);
    }
    examples_.resize(count);
  }

  void add(std::size_t sample, const std::string& file, const image::Image& picture) {
    const image::Image square =
        image::resize(picture, kMeanSide_px, kMeanSide_px, image::Interpolation::area);
    const auto place = place_of_.find(sample);
    const std::lock_guard lock(mutex_);
    sums_.resize(square.rgb.size());
    for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] += square.rgb[i];
    ++added_;
    if (place != place_of_.end()) examples_[place->second] = {file, picture};
  }

  ClassCells finish(std::string label) && {
    ClassCells cells{std::move(label), {}, {}};
    for (auto& example : examples_) {
      if (!example.picture.empty()) cells.examples.push_back(std::move(example));
    }
    if (added_ == 0) return cells;
    cells.mean = image::Image(kMeanSide_px, kMeanSide_px);
    for (std::size_t i = 0; i < sums_.size(); ++i) {
      cells.mean.rgb[i] = static_cast<std::uint8_t>((sums_[i] + added_ / 2) / added_);
    }
    return cells;
  }

 private:
  std::map<std::size_t, std::size_t> place_of_;
  std::mutex mutex_;
  std::vector<std::uint64_t> sums_;            // guarded by mutex_
  std::uint64_t added_ = 0;                    // guarded by mutex_
  std::vector<ClassCells::Example> examples_;  // guarded by mutex_
};

Result<image::Image> see(const Context& context, const Dataset& dataset, const Sample& sample,
                         Seen& seen) {
  const auto path = dataset.root / sample.file;
  BC_ASSIGN(const Bytes bytes, read_file(path, context.limits.max_file_bytes));
  seen.sha256 = sha256(bytes);
  const auto header = image::read_header(bytes, context.limits);
  if (!header) return tl::unexpected(with_path(header.error(), path.string()));
  seen.width_px = sample.box ? sample.box->width : header->width_px;
  seen.height_px = sample.box ? sample.box->height : header->height_px;
  BC_ASSIGN(auto picture, load_frame(dataset, sample, small_frame(), context.limits));
  picture = measured_size(std::move(picture));
  seen.look = look_of(picture);
  return picture;
}

Result<std::vector<Seen>> see_all(const Context& context, const Dataset& dataset,
                                  std::vector<CellsOfClass>& cells) {
  std::vector<Seen> seen(dataset.samples.size());
  std::mutex mutex;
  ProgressStep step{"reading", 0, seen.size(), "images", ""};  // guarded by mutex
  context.pool.for_each(seen.size(), [&](std::size_t i) {
    if (context.cancellation.requested()) return;
    const Sample& sample = dataset.samples[i];
    auto picture = see(context, dataset, sample, seen[i]);
    const auto label = static_cast<std::size_t>(sample.label);
    if (!picture) {
      seen[i].error = std::move(picture).error();
    } else if (label < cells.size()) {
      cells[label].add(i, sample.file, *picture);
    }
    const std::lock_guard lock(mutex);
    ++step.done;
    context.progress.update(step);
  });
  context.progress.finish();
  BC_CHECK(context.cancellation.check());
  return seen;
}

Group group_of(std::string name, const std::vector<Seen>& seen,
               const std::vector<std::size_t>& members) {
  Group group{std::move(name), 0, {}};
  std::array<std::vector<double>, kMeasures> values;
  for (const std::size_t i : members) {
    if (seen[i].error) continue;
    ++group.images;
    for (std::size_t m = 0; m < kMeasures; ++m) values[m].push_back(seen[i].look[m]);
  }
  for (std::size_t m = 0; m < kMeasures; ++m) group.spreads[m] = spread_of(std::move(values[m]));
  return group;
}

// The set as a split: its own parts, or those of the split that was given.
Split parted(const Dataset& dataset, const std::vector<Seen>& seen,
             const std::optional<Split>& given) {
  std::map<std::pair<std::string_view, std::string_view>, const SplitEntry*> entry_of;
  if (given) {
    for (const auto& entry : given->entries) {
      entry_of.emplace(std::pair(std::string_view(entry.file), std::string_view(entry.label)),
                       &entry);
    }
  }
  Split split;
  split.labels = dataset.labels;
  for (std::size_t i = 0; i < dataset.samples.size(); ++i) {
    const Sample& sample = dataset.samples[i];
    const auto& label = dataset.labels[static_cast<std::size_t>(sample.label)];
    const auto found = entry_of.find({sample.file, label});
    std::string part = sample.part.empty() ? "all" : sample.part;
    if (given) part = found == entry_of.end() ? std::string(kOutside) : found->second->part;
    split.entries.push_back({sample.file, label, sample.family, seen[i].sha256, std::move(part)});
    if (!dataset.has_families && found != entry_of.end()) {
      split.entries.back().family = found->second->family;
    }
  }
  split.has_families = dataset.has_families || (given && given->has_families);
  return split;
}

int rank_of(std::string_view part) {
  constexpr std::array<std::string_view, 3> kFirst{"train", "validation", "test"};
  const auto place = std::find(kFirst.begin(), kFirst.end(), part) - kFirst.begin();
  if (place < 3) return static_cast<int>(place);
  return part == kOutside ? 5 : part == "unused" ? 4 : 3;
}

void count_parts(const Split& split, Exploration& told) {
  struct Count {
    std::size_t images = 0;
    std::set<std::string_view> families;
  };
  std::map<std::tuple<int, std::string_view, std::string_view>, Count> counts;
  std::set<std::string_view> families;
  for (const auto& entry : split.entries) {
    auto& count = counts[{rank_of(entry.part), entry.part, entry.label}];
    ++count.images;
    count.families.insert(entry.family);
    families.insert(entry.family);
  }
  told.families = families.size();
  for (const auto& [key, count] : counts) {
    const std::string part(std::get<1>(key));
    if (told.parts.empty() || told.parts.back() != part) told.parts.push_back(part);
    told.counts.push_back(
        {part, std::string(std::get<2>(key)), count.images, count.families.size()});
  }
}

std::vector<SizeCount> sizes_of(const std::vector<Seen>& seen) {
  std::map<std::pair<int, int>, std::size_t> counts;
  for (const auto& one : seen) {
    if (!one.error) ++counts[{one.width_px, one.height_px}];
  }
  std::vector<SizeCount> sizes;
  for (const auto& [side, images] : counts) sizes.push_back({side.first, side.second, images});
  std::stable_sort(sizes.begin(), sizes.end(),
                   [](const auto& a, const auto& b) { return a.images > b.images; });
  return sizes;
}

}  // namespace

Result<Exploration> explore(const Context& context, const Dataset& dataset,
                            const std::optional<Split>& given) {
  if (dataset.labels.size() > kMostClasses) {
    return fail(ErrorCode::usage, fmt::format("{} classes; a report takes at most {}",
                                              dataset.labels.size(), kMostClasses));
  }
  std::vector<std::vector<std::size_t>> of_class(dataset.labels.size());
  std::map<std::string, std::vector<std::size_t>> of_source;
  for (std::size_t i = 0; i < dataset.samples.size(); ++i) {
    of_class[static_cast<std::size_t>(dataset.samples[i].label)].push_back(i);
    if (!dataset.samples[i].source.empty()) of_source[dataset.samples[i].source].push_back(i);
  }
  std::vector<CellsOfClass> cells(std::min(of_class.size(), kShownClasses));
  for (std::size_t label = 0; label < cells.size(); ++label) cells[label].choose(of_class[label]);
  BC_ASSIGN(const auto seen, see_all(context, dataset, cells));

  Exploration told;
  told.labels = dataset.labels;
  told.images = dataset.samples.size();
  told.problems = dataset.problems;
  const Split split = parted(dataset, seen, given);
  told.families_known = split.has_families;
  count_parts(split, told);
  told.sizes = sizes_of(seen);
  for (std::size_t label = 0; label < of_class.size(); ++label) {
    told.classes.push_back(group_of(dataset.labels[label], seen, of_class[label]));
  }
  for (const auto& [source, members] : of_source) {
    told.sources.push_back(group_of(source, seen, members));
  }
  for (std::size_t label = 0; label < cells.size(); ++label) {
    told.cells.push_back(std::move(cells[label]).finish(dataset.labels[label]));
  }
  for (const auto& one : seen) {
    if (one.error) told.unreadable.push_back(*one.error);
  }
  told.doubles = find_doubles(split);
  told.conflicts = find_conflicts(split);
  return told;
}

}  // namespace bloodcell::data
