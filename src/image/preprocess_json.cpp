#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <nlohmann/json.hpp>

#include <bloodcell/image/preprocess.hpp>

namespace bloodcell::image {

using nlohmann::json;

namespace {

constexpr std::array kFits{std::pair{Fit::stretch, "stretch"},
                           std::pair{Fit::letterbox, "letterbox"}, std::pair{Fit::crop, "crop"}};
constexpr std::array kInterpolations{std::pair{Interpolation::bilinear, "bilinear"},
                                     std::pair{Interpolation::area, "area"}};
constexpr std::array kChannels{std::pair{ChannelOrder::rgb, "rgb"},
                               std::pair{ChannelOrder::bgr, "bgr"}};

template <class Names, class Value>
const char* word_for(const Names& names, Value value) {
  for (const auto& [known, name] : names) {
    if (known == value) return name;
  }
  return "";
}

tl::unexpected<Error> bad(std::string_view field, const std::string& why) {
  return fail(ErrorCode::malformed, fmt::format("preprocessing field {} {}", field, why));
}

// A field we do not know would change the numbers in a way we do not know either.
Result<void> check_fields(const json& from) {
  static constexpr std::array<std::string_view, 8> kFields{
      "width_px", "height_px", "fit", "interpolation", "fill", "channels", "mean", "deviation"};
  // Younger than the first files: what lacks them has 0.
  static constexpr std::array<std::string_view, 2> kYounger{"cell_margin", "white_point"};
  if (!from.is_object()) {
    return fail(ErrorCode::malformed, "preprocessing is not a JSON object");
  }
  for (const std::string_view field : kFields) {
    if (!from.contains(field)) return bad(field, "is missing");
  }
  for (const auto& [field, value] : from.items()) {
    const auto is = [&field = field](std::string_view known) { return field == known; };
    if (std::none_of(kFields.begin(), kFields.end(), is) &&
        std::none_of(kYounger.begin(), kYounger.end(), is)) {
      return bad(field, "is none that this version knows");
    }
  }
  return {};
}

template <class Names, class Value>
Result<void> read_word(const json& from, const char* field, const Names& names, Value& value) {
  const auto found = from.find(field);
  if (!found->is_string()) return bad(field, "is not text");
  std::string known;
  for (const auto& [meaning, name] : names) {
    if (*found == name) {
      value = meaning;
      return {};
    }
    known += (known.empty() ? "" : ", ") + std::string(name);
  }
  return bad(field, "is none of " + known);
}

Result<void> read_side(const json& from, const char* field, int& value) {
  const auto found = from.find(field);
  if (!found->is_number_unsigned() || *found > 1'000'000) {
    return bad(field, "is not a whole number of pixels");
  }
  value = found->get<int>();
  return {};
}

Result<void> read_number(const json& from, const char* field, double& value) {
  const auto found = from.find(field);
  if (found == from.end()) return {};
  if (!found->is_number()) return bad(field, "is not a number");
  value = found->get<double>();
  return {};
}

template <class Value>
Result<void> read_three(const json& from, const char* field, std::array<Value, 3>& values) {
  const auto found = from.find(field);
  if (!found->is_array() || found->size() != 3) {
    return bad(field, "is not a list of three");
  }
  for (std::size_t i = 0; i < 3; ++i) {
    const json& item = (*found)[i];
    const bool fits =
        std::is_integral_v<Value> ? item.is_number_unsigned() && item <= 255 : item.is_number();
    if (!fits) {
      return bad(field, std::is_integral_v<Value> ? "holds something else than 0 to 255"
                                                  : "holds something else than numbers");
    }
    values[i] = item.get<Value>();
  }
  return {};
}

}  // namespace

json to_json(const Preprocessing& p) {
  json all{{"width_px", p.width_px},
           {"height_px", p.height_px},
           {"fit", word_for(kFits, p.fit)},
           {"interpolation", word_for(kInterpolations, p.interpolation)},
           {"fill", p.fill},
           {"channels", word_for(kChannels, p.channels)},
           {"mean", p.mean},
           {"deviation", p.deviation}};
  if (p.cell_margin != 0) all["cell_margin"] = p.cell_margin;
  if (p.white_point != 0) all["white_point"] = p.white_point;
  return all;
}

Result<Preprocessing> preprocessing_from_json(const json& from) {
  BC_CHECK(check_fields(from));
  Preprocessing p;
  BC_CHECK(read_side(from, "width_px", p.width_px));
  BC_CHECK(read_side(from, "height_px", p.height_px));
  BC_CHECK(read_word(from, "fit", kFits, p.fit));
  BC_CHECK(read_word(from, "interpolation", kInterpolations, p.interpolation));
  BC_CHECK(read_three(from, "fill", p.fill));
  BC_CHECK(read_word(from, "channels", kChannels, p.channels));
  BC_CHECK(read_three(from, "mean", p.mean));
  BC_CHECK(read_three(from, "deviation", p.deviation));
  BC_CHECK(read_number(from, "cell_margin", p.cell_margin));
  BC_CHECK(read_number(from, "white_point", p.white_point));
  BC_CHECK(check(p));
  return p;
}

}  // namespace bloodcell::image
