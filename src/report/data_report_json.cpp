#include <bloodcell/report/data_report.hpp>

#include "leak_json.hpp"

namespace bloodcell::report {

namespace {

using nlohmann::ordered_json;

ordered_json to_json(const data::Spread& spread) {
  return {{"mean", spread.mean},       {"deviation", spread.deviation},
          {"minimum", spread.minimum}, {"p05", spread.p05},
          {"q1", spread.q1},           {"median", spread.median},
          {"q3", spread.q3},           {"p95", spread.p95},
          {"maximum", spread.maximum}};
}

ordered_json to_json(const std::vector<data::Group>& groups) {
  ordered_json list = ordered_json::array();
  for (const auto& group : groups) {
    ordered_json one{{"name", group.name}, {"images", group.images}};
    for (std::size_t m = 0; m < data::kMeasures; ++m) {
      one[std::string(data::name_of(static_cast<data::Measure>(m)))] = to_json(group.spreads[m]);
    }
    list.push_back(std::move(one));
  }
  return list;
}

ordered_json to_json(const std::vector<Error>& errors) {
  ordered_json list = ordered_json::array();
  for (const auto& error : errors) {
    list.push_back({{"code", name_of(error.code)},
                    {"message", error.message},
                    {"path", error.path},
                    {"remedy", error.remedy}});
  }
  return list;
}

}  // namespace

ordered_json to_json(const data::Exploration& told, std::string_view name) {
  ordered_json document{{"format", 1},
                        {"set", name},
                        {"images", told.images},
                        {"families_known", told.families_known},
                        {"families", told.families},
                        {"labels", told.labels},
                        {"parts", told.parts},
                        {"counts", ordered_json::array()},
                        {"sizes", ordered_json::array()},
                        {"measured_side_px", data::kMeasuredSide_px},
                        {"classes", to_json(told.classes)},
                        {"sources", to_json(told.sources)},
                        {"unreadable", to_json(told.unreadable)},
                        {"problems", to_json(told.problems)},
                        {"doubles", json_of(told.doubles)},
                        {"conflicts", json_of(told.conflicts)}};
  for (const auto& count : told.counts) {
    document["counts"].push_back({{"part", count.part},
                                  {"class", count.label},
                                  {"images", count.images},
                                  {"families", count.families}});
  }
  for (const auto& size : told.sizes) {
    document["sizes"].push_back(
        {{"width_px", size.width_px}, {"height_px", size.height_px}, {"images", size.images}});
  }
  return document;
}

}  // namespace bloodcell::report
