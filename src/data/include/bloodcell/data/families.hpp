// Families found by content: which pictures show one physical field or white cell, whatever turn,
// flip, shift, shear, scale, brightness or black fill lies between them. A cheap index proposes
// pairs, geometry decides; file names play no part.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/data/dataset.hpp>

namespace bloodcell::data {

struct FamilyOptions {
  int candidates = 24;      // nearest pictures proposed to the geometric check, each; ≥ 1
  bool every_pair = false;  // check every pair instead: slow, to measure the candidates by
};

struct FoundFamilies {
  struct Member {
    std::string file;
    std::string family;  // the first file of the family, or the name of its original
  };
  std::vector<Member> members;          // ordered by file
  std::vector<std::string> too_little;  // too little content to match: each its own family
  // Originals that show partly the same field, by the names that families would take from them.
  std::vector<std::pair<std::string, std::string>> overlapping_originals;
  std::size_t pairs_proposed = 0;
  std::size_t pairs_verified = 0;
};

// files: pictures to group; originals: pictures that lend their name to the family they fall in
// (and join it: two files that match one original are one family). Deterministic for any number of
// threads. Errors: the first file that cannot be decoded; cancelled.
[[nodiscard]] Result<FoundFamilies> find_families(
    const Context& context, const std::vector<std::filesystem::path>& files,
    const std::vector<std::filesystem::path>& originals, const FamilyOptions& options = {});

}  // namespace bloodcell::data
