#include <bloodcell/train/folds.hpp>

#include <set>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

namespace bloodcell::train {

data::Split split_of_fold(const data::Split& folds, int fold, int count) {
  data::Split split = folds;
  const std::string tests = fmt::format("fold{}", fold);
  const std::string watches = fmt::format("fold{}", (fold + 1) % count);
  for (auto& entry : split.entries) {
    if (entry.part == "unused") continue;
    entry.part = entry.part == tests ? "test" : entry.part == watches ? "validation" : "train";
  }
  return split;
}

data::Split split_without_source(const data::Dataset& dataset, const data::Split& split,
                                 const std::string& source) {
  std::unordered_map<std::string_view, std::string_view> source_of;
  for (const auto& sample : dataset.samples) source_of.emplace(sample.file, sample.source);
  const auto is_left_out = [&](const data::SplitEntry& entry) {
    const auto found = source_of.find(entry.file);
    return found != source_of.end() && found->second == source;
  };
  std::unordered_set<std::string_view> known;  // families and contents of the source
  for (const auto& entry : split.entries) {
    if (!is_left_out(entry)) continue;
    known.insert(entry.family);
    known.insert(entry.sha256);
  }
  data::Split result = split;
  for (auto& entry : result.entries) {
    if (is_left_out(entry)) {
      entry.part = "test";
    } else if (known.contains(entry.family) || known.contains(entry.sha256)) {
      entry.part = "unused";
    }
  }
  return result;
}

std::vector<std::string> sources_of(const data::Dataset& dataset) {
  std::set<std::string> sources;
  for (const auto& sample : dataset.samples) {
    if (!sample.source.empty()) sources.insert(sample.source);
  }
  return {sources.begin(), sources.end()};
}

}  // namespace bloodcell::train
