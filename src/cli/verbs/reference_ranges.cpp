#include <verbs/reference_ranges.hpp>

#include <algorithm>

#include <toml++/toml.h>

#include <bloodcell/base/files.hpp>

namespace bloodcell::cli {

namespace {

tl::unexpected<Error> bad_ranges(const std::string& why, const std::string& file) {
  return fail(ErrorCode::malformed, why, file,
              "write `source = \"…\"` and a table [percent] of label = [low, high]");
}

}  // namespace

Result<void> read_ranges(const std::string& file, const Limits& limits,
                         differential::Settings& settings) {
  if (file.empty()) return {};
  BC_ASSIGN(const auto text, read_text(file, limits.max_json_bytes));
  toml::table table;
  try {
    table = toml::parse(text, file);
  } catch (const toml::parse_error& error) {
    return bad_ranges(std::string(error.description()), file);
  }
  const auto source = table["source"].value<std::string>();
  const auto* percent = table["percent"].as_table();
  if (!source || percent == nullptr) return bad_ranges("no source or no table [percent]", file);
  settings.ranges_source = *source;
  for (const auto& [label, value] : *percent) {
    const auto* pair = value.as_array();
    const auto low =
        pair != nullptr && pair->size() == 2 ? (*pair)[0].value<double>() : std::nullopt;
    const auto high = low ? (*pair)[1].value<double>() : std::nullopt;
    if (!high || !(0 <= *low && *low <= *high && *high <= 100)) {
      return bad_ranges(fmt::format("{} is not [low, high] in 0 to 100", label.str()), file);
    }
    settings.ranges.push_back({std::string(label.str()), *low, *high});
  }
  return {};
}

Result<void> check_ranges(const differential::Settings& settings,
                          const std::vector<std::string>& labels, const std::string& file) {
  for (const auto& range : settings.ranges) {
    if (std::find(labels.begin(), labels.end(), range.label) != labels.end()) continue;
    return bad_ranges(fmt::format("`{}` is no class of the model", range.label), file);
  }
  return {};
}

}  // namespace bloodcell::cli
