#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include <bloodcell/data/split.hpp>

namespace bloodcell::data {

namespace {

constexpr std::string_view kUnused = "unused";

struct Spread {
  std::set<std::string> parts;
  std::set<std::string> families;
  std::set<std::string> files;
};

std::map<std::string, Spread> spread_by(const Split& split, std::string SplitEntry::* key) {
  std::map<std::string, Spread> spreads;
  for (const auto& entry : split.entries) {
    if (entry.part == kUnused) continue;
    Spread& spread = spreads[entry.*key];
    spread.parts.insert(entry.part);
    spread.families.insert(entry.family);
    spread.files.insert(entry.file);
  }
  return spreads;
}

bool is_fold(std::string_view part) { return part.starts_with("fold"); }

// `train`, or `!fold2` for the other folds.
bool is_asked_for(const std::string& part, std::string_view asked) {
  if (!asked.starts_with('!')) return part == asked;
  return is_fold(part) && part != asked.substr(1);
}

}  // namespace

std::vector<Leak> find_leaks(const Split& split) {
  std::vector<Leak> leaks;
  const auto report = [&](const std::string& name, const Spread& spread) {
    leaks.push_back({name, {spread.parts.begin(), spread.parts.end()}, spread.files.size()});
  };
  for (const auto& [family, spread] : spread_by(split, &SplitEntry::family)) {
    if (spread.parts.size() > 1) report(family, spread);
  }
  for (const auto& [sha256, spread] : spread_by(split, &SplitEntry::sha256)) {
    const bool told_by_family = spread.families.size() == 1;
    if (!sha256.empty() && spread.parts.size() > 1 && !told_by_family) report(sha256, spread);
  }
  return leaks;
}

Result<std::vector<std::size_t>> samples_of(const Dataset& dataset, const Split& split,
                                            std::string_view part) {
  std::map<std::pair<std::string_view, std::string_view>, const SplitEntry*> entry_of;
  std::set<std::string_view> files;
  std::set<std::string_view> parts;
  for (const auto& entry : split.entries) {
    entry_of.emplace(std::pair(std::string_view(entry.file), std::string_view(entry.label)),
                     &entry);
    files.insert(entry.file);
    parts.insert(entry.part);
  }
  const std::string_view named = part.starts_with('!') ? part.substr(1) : part;
  if (!parts.contains(named) || (named != part && !is_fold(named))) {
    return fail(ErrorCode::not_found, fmt::format("the split has no part `{}`", part), {},
                fmt::format("its parts are: {}", fmt::join(parts, ", ")));
  }

  std::vector<std::size_t> positions;
  for (std::size_t i = 0; i < dataset.samples.size(); ++i) {
    const Sample& sample = dataset.samples[i];
    const std::string& label = dataset.labels[static_cast<std::size_t>(sample.label)];
    const auto found = entry_of.find({sample.file, label});
    if (found == entry_of.end()) {
      const bool relabelled = files.contains(sample.file);
      return fail(ErrorCode::mismatch,
                  relabelled ? fmt::format("is `{}` here but has another class in the split", label)
                             : std::string("is not in the split"),
                  sample.file, "the set has changed since it was split: split it again");
    }
    if (is_asked_for(found->second->part, part)) positions.push_back(i);
  }
  return positions;
}

void adopt_families(Dataset& dataset, const Split& split) {
  std::unordered_map<std::string_view, std::string_view> family_of;
  for (const auto& entry : split.entries) family_of.emplace(entry.file, entry.family);
  for (auto& sample : dataset.samples) {
    if (const auto found = family_of.find(sample.file); found != family_of.end()) {
      sample.family = found->second;
    }
  }
  dataset.has_families = split.has_families;
}

}  // namespace bloodcell::data
