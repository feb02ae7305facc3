#include <bloodcell/model_file/precision.hpp>

#include <algorithm>
#include <set>

#include "fields.hpp"

namespace bloodcell::model_file {

using nlohmann::json;

namespace {

constexpr std::size_t kMostPrecisions = 8;

const PrecisionFigures* find(const std::vector<PrecisionFigures>& measured,
                             std::string_view precision) {
  const auto found = std::find_if(measured.begin(), measured.end(), [&](const auto& figures) {
    return figures.precision == precision;
  });
  return found == measured.end() ? nullptr : &*found;
}

double share(const PrecisionFigures& figures) {
  return static_cast<double>(figures.right) / static_cast<double>(figures.cells);
}

constexpr double kRounding = 1e-12;  // shares are quotients

}  // namespace

bool costs_little(const std::vector<PrecisionFigures>& measured, std::string_view precision) {
  const auto* usual = find(measured, "float32");
  const auto* other = find(measured, precision);
  return usual != nullptr && other != nullptr &&
         share(*usual) - share(*other) <= kMostLost + kRounding;
}

json to_json(const std::vector<PrecisionFigures>& measured) {
  json list = json::array();
  for (const auto& figures : measured) {
    list.push_back(
        {{"precision", figures.precision}, {"cells", figures.cells}, {"right", figures.right}});
  }
  return list;
}

Result<std::vector<PrecisionFigures>> precisions_from_json(const json& from) {
  if (!from.is_array() || from.size() > kMostPrecisions) {
    return bad_field("precisions", fmt::format("is not a list of at most {}", kMostPrecisions));
  }
  std::vector<PrecisionFigures> measured;
  std::set<std::string> seen;
  for (const json& item : from) {
    if (!item.is_object()) return bad_field("precisions", "holds something that is no object");
    PrecisionFigures figures;
    BC_ASSIGN(figures.precision, text_field(item, "precision"));
    if (!seen.insert(figures.precision).second) {
      return bad_field("precisions", "names '" + figures.precision + "' twice");
    }
    BC_ASSIGN(figures.cells, count_field(item, "cells", 1e9));
    BC_ASSIGN(figures.right, count_field(item, "right", static_cast<double>(figures.cells)));
    if (figures.cells == 0) return bad_field("cells", "is 0");
    measured.push_back(std::move(figures));
  }
  return measured;
}

}  // namespace bloodcell::model_file
