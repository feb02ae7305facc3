#include <bloodcell/data/split.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>

#include <bloodcell/base/random.hpp>

#include "file_hashes.hpp"
#include "union_find.hpp"

namespace bloodcell::data {

namespace {

constexpr int kMostFolds = 1000;

struct Part {
  std::string name;
  double share = 0;
};

// What is dealt as one: a family, or a file when families are ignored.
struct Unit {
  std::vector<std::size_t> entries;
  int label = 0;
};

Result<void> check_options(const SplitOptions& options) {
  const auto is_share = [](double share) {
    return std::isfinite(share) && share >= 0 && share < 1;
  };
  if (options.folds != 0 && (options.folds < 2 || options.folds > kMostFolds)) {
    return fail(ErrorCode::usage,
                fmt::format("{} folds; cross-validation takes 2 to {}", options.folds, kMostFolds));
  }
  const double test = options.test_part.empty() ? options.test : 0;
  if (options.folds != 0 && !options.teach_only.empty()) {
    return fail(ErrorCode::usage, "sources that only teach go with shares, not with folds");
  }
  if (!is_share(options.validation) || !is_share(test) || options.validation + test >= 1) {
    return fail(
        ErrorCode::usage,
        fmt::format("shares of {} for validation and {} for test leave nothing to learn from",
                    options.validation, test),
        {}, "give shares of 0 or more whose sum is below 1");
  }
  return {};
}

std::vector<Part> parts_of(const SplitOptions& options) {
  std::vector<Part> parts;
  for (int fold = 0; fold < options.folds; ++fold) {
    parts.push_back({fmt::format("fold{}", fold), 1.0 / options.folds});
  }
  if (!parts.empty()) return parts;
  const double test = options.test_part.empty() ? options.test : 0;
  parts.push_back({"train", 1 - options.validation - test});
  if (options.validation > 0) parts.push_back({"validation", options.validation});
  if (test > 0) parts.push_back({"test", test});
  return parts;
}

// Of each file once, in the order of `entries`, which is by file.
Result<void> hash_entries(const Context& context, const Dataset& dataset,
                          std::vector<SplitEntry>& entries) {
  std::vector<std::filesystem::path> paths;
  std::vector<std::size_t> path_of;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (i == 0 || entries[i].file != entries[i - 1].file) {
      paths.push_back(dataset.root / entries[i].file);
    }
    path_of.push_back(paths.size() - 1);
  }
  BC_ASSIGN(auto hashes, hash_files(context, paths));
  for (auto& hash : hashes) {
    if (!hash) return tl::unexpected(std::move(hash).error());
  }
  for (std::size_t i = 0; i < entries.size(); ++i) entries[i].sha256 = *hashes[path_of[i]];
  return {};
}

// Families that hold equal files, or parts of one file, are one family, named by its first name.
// Returns how many pairs of families were joined.
std::size_t join_families(const Dataset& dataset, std::vector<SplitEntry>& entries) {
  std::map<std::string_view, std::size_t> number_of;  // families in alphabetical order
  for (const auto& sample : dataset.samples) number_of.emplace(sample.family, 0);
  std::vector<std::string_view> names;
  for (auto& [name, number] : number_of) {
    number = names.size();
    names.push_back(name);
  }
  std::unordered_map<std::string_view, std::string_view> content_of;
  for (const auto& entry : entries) content_of.emplace(entry.file, entry.sha256);

  UnionFind families(names.size());
  std::unordered_map<std::string_view, std::size_t> family_of_content;
  std::size_t joined = 0;
  for (const auto& sample : dataset.samples) {
    const std::size_t family = number_of[sample.family];
    const auto [known, is_new] = family_of_content.emplace(content_of[sample.file], family);
    if (!is_new && families.join(known->second, family)) ++joined;
  }
  for (auto& entry : entries) entry.family = names[families.root(number_of[entry.family])];
  return joined;
}

std::vector<Unit> units_of(const Split& split, bool by_image) {
  std::map<std::string, Unit> by_name;
  for (std::size_t i = 0; i < split.entries.size(); ++i) {
    const auto& entry = split.entries[i];
    by_name[by_image ? entry.file : entry.family].entries.push_back(i);
  }
  std::vector<Unit> units;
  for (auto& [name, unit] : by_name) {
    std::vector<int> images(split.labels.size());
    for (const std::size_t i : unit.entries) {
      const auto label =
          std::find(split.labels.begin(), split.labels.end(), split.entries[i].label);
      ++images[static_cast<std::size_t>(label - split.labels.begin())];
    }
    unit.label = static_cast<int>(std::max_element(images.begin(), images.end()) - images.begin());
    units.push_back(std::move(unit));
  }
  return units;
}

std::set<int> classes_of(const std::vector<Unit>& units) {
  std::set<int> classes;
  for (const auto& unit : units) classes.insert(unit.label);
  return classes;
}

Result<void> check_sources(const Dataset& dataset, const std::vector<std::string>& wanted) {
  std::set<std::string> known;
  for (const auto& sample : dataset.samples) {
    if (!sample.source.empty()) known.insert(sample.source);
  }
  for (const auto& source : wanted) {
    if (known.contains(source)) continue;
    return fail(ErrorCode::usage, fmt::format("the set has no source `{}`", source), {},
                known.empty() ? "give its manifest a column `source`"
                              : fmt::format("its sources are: {}", fmt::join(known, ", ")));
  }
  return {};
}

// Gives families with a cell that only teaches to training and keeps in `units` what is left to
// deal.
void set_teachers_aside(Split& split, const std::vector<bool>& teaches, std::vector<Unit>& units) {
  std::erase_if(units, [&](const Unit& unit) {
    const bool is_teacher = std::any_of(unit.entries.begin(), unit.entries.end(),
                                        [&](std::size_t i) { return teaches[i]; });
    if (!is_teacher) return false;
    for (const std::size_t i : unit.entries) split.entries[i].part = "train";
    return true;
  });
}

// Sets of one publication whose names begin alike show the same photographs: Kaggle's TEST_SIMPLE
// holds the originals of TEST.
bool shows_the_same(const std::string& part, const std::string& test_part) {
  return !part.empty() && (part.starts_with(test_part) || test_part.starts_with(part));
}

struct Entries {
  std::vector<SplitEntry> entries;
  std::vector<std::string> published;  // Sample::part of each
  std::vector<bool> teaches;           // each: is a cell of it of a source that only teaches
};

// Gives the published test part its name, what reaches into it or may not judge `unused`, and keeps
// in `units` what is left to deal.
Result<void> set_test_part_aside(Split& split, const std::vector<std::string>& published,
                                 const std::vector<bool>& teaches, const std::string& test_part,
                                 std::vector<Unit>& units) {
  if (std::find(published.begin(), published.end(), test_part) == published.end()) {
    const std::set<std::string> parts(published.begin(), published.end());
    return fail(ErrorCode::usage, fmt::format("the set has no part `{}`", test_part), {},
                fmt::format("its published parts are: {}", fmt::join(parts, ", ")));
  }
  std::erase_if(units, [&](const Unit& unit) {
    const bool touches = std::any_of(unit.entries.begin(), unit.entries.end(), [&](std::size_t i) {
      return shows_the_same(published[i], test_part);
    });
    if (!touches) return false;
    for (const std::size_t i : unit.entries) {
      split.entries[i].part = published[i] == test_part && !teaches[i] ? "test" : "unused";
    }
    return true;
  });
  return {};
}

class Dealer {
 public:
  Dealer(Split& split, std::vector<Part> parts)
      : split_(split), parts_(std::move(parts)), in_part_(parts_.size()) {}

  Result<void> deal(int label, std::vector<Unit> units) {
    const std::string& name = split_.labels[static_cast<std::size_t>(label)];
    if (units.size() < parts_.size()) {
      return fail(ErrorCode::usage,
                  fmt::format("the class `{}` has {} families for {} parts", name, units.size(),
                              parts_.size()),
                  {}, "ask for fewer parts, or add pictures of other cells of this class");
    }
    Random random(split_.seed, stream_of("split"), stream_of(name));
    random.shuffle(std::span(units));
    double images = 0;
    for (const auto& unit : units) images += static_cast<double>(unit.entries.size());
    std::vector<double> in_class(parts_.size());
    for (std::size_t i = 0; i < units.size(); ++i) {
      const std::size_t part = neediest(in_class, images, units.size() - i);
      in_class[part] += static_cast<double>(units[i].entries.size());
      in_part_[part] += static_cast<double>(units[i].entries.size());
      for (const std::size_t entry : units[i].entries) {
        split_.entries[entry].part = parts_[part].name;
      }
    }
    return {};
  }

 private:
  // The part that lacks most images of the class; among equals the one with fewest of all classes.
  // Once there are only as many families left as parts without one, those parts come first.
  [[nodiscard]] std::size_t neediest(const std::vector<double>& in_class, double images,
                                     std::size_t units_left) const {
    const auto empty = static_cast<std::size_t>(std::count(in_class.begin(), in_class.end(), 0.0));
    const bool only_empty = units_left <= empty;
    std::optional<std::size_t> best;
    double most = 0;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      if (only_empty && in_class[i] > 0) continue;
      const double lack = parts_[i].share * images - in_class[i];
      if (!best || lack > most || (lack == most && in_part_[i] < in_part_[*best])) {
        best = i;
        most = lack;
      }
    }
    return *best;
  }

  Split& split_;
  std::vector<Part> parts_;
  std::vector<double> in_part_;  // images of all classes dealt so far
};

// One for each file and label, ordered by them.
Entries entries_of(const Dataset& dataset, const std::vector<std::string>& teach_only) {
  std::vector<const Sample*> samples;
  for (const auto& sample : dataset.samples) samples.push_back(&sample);
  const auto named = [&](const Sample& sample) -> const std::string& {
    return dataset.labels[static_cast<std::size_t>(sample.label)];
  };
  std::stable_sort(samples.begin(), samples.end(), [&](const Sample* a, const Sample* b) {
    return std::tie(a->file, named(*a), a->family, a->part) <
           std::tie(b->file, named(*b), b->family, b->part);
  });
  Entries found;
  const Sample* last = nullptr;
  for (const Sample* sample : samples) {
    if (last == nullptr || last->file != sample->file || last->label != sample->label) {
      found.entries.push_back({sample->file, named(*sample), sample->family, "", ""});
      found.published.push_back(sample->part);
      found.teaches.push_back(false);
      last = sample;
    }
    const bool teaches =
        std::find(teach_only.begin(), teach_only.end(), sample->source) != teach_only.end();
    found.teaches.back() = found.teaches.back() || teaches;
  }
  return found;
}

}  // namespace

Result<Split> make_split(const Context& context, const Dataset& dataset,
                         const SplitOptions& options) {
  BC_CHECK(check_options(options));
  BC_CHECK(check_sources(dataset, options.teach_only));
  auto [entries, published, teaches] = entries_of(dataset, options.teach_only);
  Split split;
  split.seed = options.seed;
  split.method = options.by_image ? "by image" : "by family";
  split.has_families = dataset.has_families;
  split.labels = dataset.labels;
  split.entries = std::move(entries);
  BC_CHECK(hash_entries(context, dataset, split.entries));
  if (const std::size_t joined = join_families(dataset, split.entries); joined > 0) {
    context.log.warning("{} families hold files equal to another family's and were joined to it",
                        joined);
  }

  std::vector<Unit> units = units_of(split, options.by_image);
  std::set<int> classes = classes_of(units);
  if (!options.test_part.empty()) {
    BC_CHECK(set_test_part_aside(split, published, teaches, options.test_part, units));
  }
  const std::set<int> with_teachers = classes_of(units);
  set_teachers_aside(split, teaches, units);
  const std::set<int> without = classes_of(units);
  for (const int label : with_teachers) {
    if (without.contains(label)) continue;
    classes.erase(label);
    context.log.warning("every family of `{}` only teaches: nothing watches or judges this class",
                        split.labels[static_cast<std::size_t>(label)]);
  }
  if (!with_teachers.empty() && without.empty()) {
    return fail(ErrorCode::usage,
                "every family would only teach: nothing is left to watch or judge", {},
                "name fewer sources");
  }
  Dealer dealer(split, parts_of(options));
  for (const int label : classes) {
    std::vector<Unit> of_class;
    std::copy_if(units.begin(), units.end(), std::back_inserter(of_class),
                 [&](const Unit& unit) { return unit.label == label; });
    BC_CHECK(dealer.deal(label, std::move(of_class)));
  }
  return split;
}

}  // namespace bloodcell::data
