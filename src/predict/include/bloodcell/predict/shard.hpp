// Shares of a long list of pictures, for many processes that know nothing of each other.
#pragma once

#include <filesystem>
#include <string_view>

#include <bloodcell/base/result.hpp>
#include <bloodcell/predict/inputs.hpp>

namespace bloodcell::predict {

struct Shard {
  unsigned index = 0;  // 0 … count − 1
  unsigned count = 1;  // ≥ 1
};

// `3/8`. Errors: usage.
[[nodiscard]] Result<Shard> shard_from(std::string_view text);

// Where a name belongs depends on it alone: files that come or go move no other. FNV-1a of the name
// as it was given, so that the same names must be given to each process.
[[nodiscard]] bool is_in(const Shard& shard, std::string_view name);

// The shard's files and problems in their order, each path once.
[[nodiscard]] Inputs of_shard(Inputs inputs, const Shard& shard);

// `cells.csv` → `cells.3-of-8.csv`.
[[nodiscard]] std::filesystem::path shard_output(const std::filesystem::path& output,
                                                 const Shard& shard);

}  // namespace bloodcell::predict
