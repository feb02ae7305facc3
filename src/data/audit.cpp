#include <bloodcell/data/audit.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>

#include <bloodcell/base/files.hpp>
#include <bloodcell/data/families.hpp>

#include "file_hashes.hpp"

namespace bloodcell::data {

namespace fs = std::filesystem;

namespace {

struct Side {
  const Dataset& set;
  const char* part;
};

fs::path common_folder(const fs::path& a, const fs::path& b) {
  const auto [at_a, at_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  fs::path common;
  for (auto step = a.begin(); step != at_a; ++step) common /= *step;
  return common;
}

// The sides as one set whose files are named by `name_of`, for apply_families.
template <class NameOf>
Dataset together(const std::vector<Side>& sides, const NameOf& name_of) {
  Dataset joined;
  for (const auto& side : sides) {
    for (const auto& sample : side.set.samples) {
      joined.samples.push_back(sample);
      joined.samples.back().file = name_of(side, sample);
    }
  }
  return joined;
}

// A family a sample, in the order of the sides.
Result<std::vector<std::string>> families_from_csv(const Context& context,
                                                   const std::vector<Side>& sides,
                                                   const fs::path& csv) {
  BC_ASSIGN(const std::string text, read_text(csv, context.limits.max_file_bytes));
  const fs::path folder = common_folder(fs::absolute(sides[0].set.root).lexically_normal(),
                                        fs::absolute(sides[1].set.root).lexically_normal());
  Dataset joined = together(sides, [&](const Side& side, const Sample& sample) {
    return (fs::absolute(side.set.root) / sample.file)
        .lexically_normal()
        .lexically_relative(folder)
        .generic_string();
  });
  auto unnamed = apply_families(joined, text);
  if (!unnamed && unnamed.error().code == ErrorCode::not_found) {
    joined = together(sides, [](const Side&, const Sample& sample) { return sample.file; });
    unnamed = apply_families(joined, text);
  }
  if (!unnamed) return tl::unexpected(with_path(std::move(unnamed).error(), csv.string()));
  if (*unnamed > 0) {
    context.log.warning("{}: {} images have no row there; each counts as its own family",
                        csv.string(), *unnamed);
  }
  std::vector<std::string> families;
  for (auto& sample : joined.samples) families.push_back(std::move(sample.family));
  return families;
}

Result<std::vector<std::string>> families_by_content(const Context& context,
                                                     const std::vector<SplitEntry>& entries) {
  std::set<std::string> names;
  for (const auto& entry : entries) names.insert(entry.file);
  BC_ASSIGN(const auto found, find_families(context, {names.begin(), names.end()}, {}));
  std::unordered_map<std::string_view, std::string_view> family_of;
  for (const auto& member : found.members) family_of.emplace(member.file, member.family);
  std::vector<std::string> families;
  for (const auto& entry : entries) {
    const auto known = family_of.find(entry.file);
    families.emplace_back(known == family_of.end() ? std::string_view(entry.file) : known->second);
  }
  return families;
}

Result<void> hash(const Context& context, std::vector<SplitEntry>& entries) {
  std::vector<fs::path> paths;
  for (const auto& entry : entries) paths.emplace_back(entry.file);
  BC_ASSIGN(auto hashes, hash_files(context, paths));
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (!hashes[i]) return tl::unexpected(std::move(hashes[i]).error());
    entries[i].sha256 = std::move(*hashes[i]);
  }
  return {};
}

struct Shared {
  std::map<std::string, std::set<std::string>> labels_of_file;
  std::set<std::string> families;
  std::set<std::string> labels;
  [[nodiscard]] bool contradicts() const {
    return std::any_of(labels_of_file.begin(), labels_of_file.end(), [&](const auto& file) {
      return file.second != labels_of_file.begin()->second;
    });
  }
};

std::map<std::string, Shared> shared_by(const Split& split, std::string SplitEntry::* key) {
  std::map<std::string, Shared> groups;
  for (const auto& entry : split.entries) {
    if ((entry.*key).empty()) continue;
    Shared& group = groups[entry.*key];
    group.labels_of_file[entry.file].insert(entry.label);
    group.families.insert(entry.family);
    group.labels.insert(entry.label);
  }
  return groups;
}

bool stands_before(const SplitEntry& a, const SplitEntry& b) {
  return std::tuple(a.part != "train", a.part, a.file) <
         std::tuple(b.part != "train", b.part, b.file);
}

}  // namespace

Result<Split> join_sides(const Context& context, const Dataset& train, const Dataset& test,
                         const fs::path& families_csv) {
  const std::vector<Side> sides{{train, "train"}, {test, "test"}};
  Split split;
  split.has_families = true;
  std::set<std::string> labels;
  for (const auto& side : sides) {
    labels.insert(side.set.labels.begin(), side.set.labels.end());
    for (const auto& sample : side.set.samples) {
      split.entries.push_back({(side.set.root / sample.file).lexically_normal().generic_string(),
                               side.set.labels[static_cast<std::size_t>(sample.label)],
                               sample.family, "", side.part});
    }
  }
  split.labels.assign(labels.begin(), labels.end());
  BC_CHECK(hash(context, split.entries));
  if (!families_csv.empty()) {
    split.method = "families file";
    BC_ASSIGN(const auto families, families_from_csv(context, sides, families_csv));
    for (std::size_t i = 0; i < families.size(); ++i) split.entries[i].family = families[i];
  } else if (train.has_families && test.has_families) {
    split.method = "families of the sets";
  } else {
    split.method = "families by content";
    BC_ASSIGN(const auto families, families_by_content(context, split.entries));
    for (std::size_t i = 0; i < families.size(); ++i) split.entries[i].family = families[i];
  }
  std::sort(split.entries.begin(), split.entries.end(), [](const auto& a, const auto& b) {
    return std::tie(a.file, a.label, a.part) < std::tie(b.file, b.label, b.part);
  });
  return split;
}

std::vector<Double> find_doubles(const Split& split) {
  std::map<std::string, std::pair<std::set<std::string>, std::set<std::string>>> contents;
  for (const auto& entry : split.entries) {
    if (entry.sha256.empty() || entry.part == "unused") continue;
    auto& [files, parts] = contents[entry.sha256];
    files.insert(entry.file);
    parts.insert(entry.part);
  }
  std::vector<Double> doubles;
  for (const auto& [sha256, found] : contents) {
    const auto& [files, parts] = found;
    if (files.size() < 2) continue;
    doubles.push_back({sha256, {files.begin(), files.end()}, {parts.begin(), parts.end()}});
  }
  return doubles;
}

std::vector<Conflict> find_conflicts(const Split& split) {
  std::vector<Conflict> conflicts;
  const auto look = [&](const char* by, std::string SplitEntry::* key) {
    for (const auto& [name, group] : shared_by(split, key)) {
      const bool told_by_family = key == &SplitEntry::sha256 && group.families.size() == 1;
      if (told_by_family || !group.contradicts()) continue;
      Conflict conflict{by, name, {group.labels.begin(), group.labels.end()}, {}};
      for (const auto& [file, labels] : group.labels_of_file) conflict.files.push_back(file);
      conflicts.push_back(std::move(conflict));
    }
  };
  look("family", &SplitEntry::family);
  look("bytes", &SplitEntry::sha256);
  return conflicts;
}

std::vector<LeakingPair> worst_pairs(const Split& split, const std::vector<Leak>& leaks,
                                     std::size_t most) {
  std::map<std::string_view, std::vector<const SplitEntry*>> members;
  for (const auto& leak : leaks) members.emplace(leak.family, std::vector<const SplitEntry*>{});
  for (const auto& entry : split.entries) {
    if (entry.part == "unused") continue;
    for (const std::string* name : {&entry.family, &entry.sha256}) {
      if (const auto found = members.find(*name); found != members.end()) {
        found->second.push_back(&entry);
      }
    }
  }
  std::vector<LeakingPair> pairs;
  for (const auto& leak : leaks) {
    auto& of_leak = members[leak.family];
    std::sort(of_leak.begin(), of_leak.end(),
              [](const auto* a, const auto* b) { return stands_before(*a, *b); });
    const auto other = std::find_if(of_leak.begin(), of_leak.end(), [&](const auto* entry) {
      return entry->part != of_leak.front()->part;
    });
    if (other != of_leak.end()) pairs.push_back({*of_leak.front(), **other, leak.files});
  }
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const auto& a, const auto& b) { return a.files > b.files; });
  if (pairs.size() > most) pairs.resize(most);
  return pairs;
}

}  // namespace bloodcell::data
