// What arithmetic other than float32 costs a model, measured on held-out cells (`bloodcell
// calibrate`), so that a faster one is chosen by itself only where it is known to cost little.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <bloodcell/base/result.hpp>

namespace bloodcell::model_file {

// The same cells for all entries of a file.
struct PrecisionFigures {
  std::string precision;    // `float32`, `bfloat16`
  std::uint64_t cells = 0;  // ≥ 1
  std::uint64_t right = 0;  // ≤ cells
};

// Share of cells that may be lost: 0.3 points.
inline constexpr double kMostLost = 0.003;

// True if both `precision` and float32 were measured, and it loses at most kMostLost.
[[nodiscard]] bool costs_little(const std::vector<PrecisionFigures>& measured,
                                std::string_view precision);

[[nodiscard]] nlohmann::json to_json(const std::vector<PrecisionFigures>& measured);
// Errors: malformed (a field missing or out of range, a precision named twice).
[[nodiscard]] Result<std::vector<PrecisionFigures>> precisions_from_json(
    const nlohmann::json& from);

}  // namespace bloodcell::model_file
