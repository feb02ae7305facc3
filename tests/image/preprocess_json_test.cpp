#include <bloodcell/image/preprocess.hpp>

#include <rapidcheck.h>
#include <nlohmann/json.hpp>

#include <bloodcell/test/support.hpp>

namespace bloodcell::image {
namespace {

using nlohmann::json;

json described() {
  return json::parse(R"({"width_px": 96, "height_px": 64, "fit": "letterbox",
    "interpolation": "area", "fill": [255, 254, 0], "channels": "bgr",
    "mean": [123.675, 116.28, 0], "deviation": [58.395, 1, 2]})");
}

std::string message_of(const json& from) {
  const auto parsed = preprocessing_from_json(from);
  if (parsed) return "no error";
  EXPECT_EQ(name_of(parsed.error().code), name_of(ErrorCode::malformed));
  return parsed.error().message;
}

TEST(PreprocessingJson, IsReadAsWritten) {
  const auto p = preprocessing_from_json(described());
  ASSERT_OK(p);
  EXPECT_EQ(p->width_px, 96);
  EXPECT_EQ(p->height_px, 64);
  EXPECT_EQ(p->fit, Fit::letterbox);
  EXPECT_EQ(p->interpolation, Interpolation::area);
  EXPECT_EQ(p->fill, (std::array<std::uint8_t, 3>{255, 254, 0}));
  EXPECT_EQ(p->channels, ChannelOrder::bgr);
  EXPECT_EQ(p->mean, (std::array<double, 3>{123.675, 116.28, 0}));
  EXPECT_EQ(p->deviation, (std::array<double, 3>{58.395, 1, 2}));
  EXPECT_EQ(to_json(*p), described());
}

TEST(PreprocessingJson, EachMissingFieldIsNamed) {
  const json whole = described();
  for (const auto& [field, value] : whole.items()) {
    json without = whole;
    without.erase(field);
    EXPECT_EQ(message_of(without), "preprocessing field " + field + " is missing");
  }
}

TEST(PreprocessingJson, AnUnknownFieldIsRefused) {
  json more = described();
  more["gamma"] = 2.2;
  EXPECT_EQ(message_of(more), "preprocessing field gamma is none that this version knows");
}

TEST(PreprocessingJson, OtherThanAnObjectIsRefused) {
  for (const char* text : {"null", "[]", "3", "\"stretch\"", "true"}) {
    EXPECT_EQ(message_of(json::parse(text)), "preprocessing is not a JSON object");
  }
}

TEST(PreprocessingJson, WrongValuesAreNamed) {
  const std::vector<std::pair<std::string, std::vector<const char*>>> wrong{
      {"width_px",
       {"-1", "0", "96.0", "4097", "1e9", "18446744073709551615", "\"96\"", "null", "[96]"}},
      {"fit", {"\"Stretch\"", "\"\"", "0", "null", "[\"crop\"]", "{}"}},
      {"interpolation", {"\"cubic\"", "1"}},
      {"channels", {"\"grb\"", "null"}},
      {"fill",
       {"[0, 0]", "[0, 0, 0, 0]", "[0, 0, 256]", "[0, 0, -1]", "[0, 0, 0.5]", "[0, 0, \"0\"]", "0",
        "{}"}},
      {"mean", {"[0, 0]", "[0, 0, null]", "[0, 0, \"NaN\"]", "[0, 0, [0]]", "1", "{\"0\": 1}"}},
      {"deviation", {"[1, 1, 0]", "[1, 1, -1]", "[1, 1]", "[1, true, 1]"}}};
  for (const auto& [field, values] : wrong) {
    for (const char* value : values) {
      json changed = described();
      changed[field] = json::parse(value);
      const std::string message = message_of(changed);
      EXPECT_THAT(message, testing::StartsWith("preprocessing")) << field << " " << value;
      EXPECT_THAT(message, testing::AnyOf(testing::HasSubstr(field), testing::HasSubstr("pixels")))
          << field << " " << value;
    }
  }
}

TEST(PreprocessingJson, HowACellIsFramedIsKeptAndMayBeMissing) {
  auto p = preprocessing_from_json(described());
  ASSERT_OK(p);
  EXPECT_EQ(p->cell_margin, 0);
  EXPECT_EQ(p->white_point, 0);
  p->cell_margin = 1.5;
  p->white_point = 235;
  const auto back = preprocessing_from_json(nlohmann::json::parse(to_json(*p).dump()));
  ASSERT_OK(back);
  EXPECT_EQ(*back, *p);
  for (const auto& [field, value] : {std::pair{"cell_margin", 0.5}, std::pair{"cell_margin", 5.0},
                                     std::pair{"white_point", 256.0}}) {
    auto wrong = nlohmann::json::parse(to_json(*p).dump());
    wrong[field] = value;
    EXPECT_ERROR(preprocessing_from_json(wrong), ErrorCode::malformed);
  }
}

}  // namespace
}  // namespace bloodcell::image
