// What explore() found, as a page, its plots and JSON.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <bloodcell/base/result.hpp>
#include <bloodcell/data/explore.hpp>

namespace bloodcell::report {

struct Plot {
  std::string name;  // of its file, without `.svg`
  std::string svg;   // as to_svg makes it
};
[[nodiscard]] std::vector<Plot> plots_of(const data::Exploration& told);

// `name`: what the set is called. Long lists are shown to a stated length; the JSON has all.
// Errors: as image::encode_jpeg.
[[nodiscard]] Result<std::string> page_of(const data::Exploration& told, std::string_view name);

// All figures of the page, `format` 1; docs/data.md describes it.
[[nodiscard]] nlohmann::ordered_json to_json(const data::Exploration& told, std::string_view name);

}  // namespace bloodcell::report
