// explain and index from outside.

#include <nlohmann/json.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/image/decode.hpp>
#include <bloodcell/model_file/model_file.hpp>
#include <bloodcell/test/colour_model.hpp>
#include <bloodcell/test/program.hpp>

namespace bloodcell::cli {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class ExplainVerb : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(model_file::save(test::colour_model(), path("model.onnx")));
    for (int i = 0; i < 6; ++i) {
      const auto dim = static_cast<std::uint8_t>(10 * i);
      test::write_png(folder_ / fmt::format("cells/red/{}.png", i), {255, dim, 0});
      test::write_png(folder_ / fmt::format("cells/green/{}.png", i), {0, 255, dim});
      test::write_png(folder_ / fmt::format("cells/blue/{}.png", i), {dim, 0, 255});
    }
  }
  test::Ran bloodcell(const std::string& verb, std::vector<std::string> more) {
    more.insert(more.begin(), {verb, "--model", path("model.onnx")});
    return test::run_program("bloodcell", std::move(more));
  }
  [[nodiscard]] std::string path(const std::string& name) const {
    return (folder_ / name).string();
  }
  test::TemporaryFolder folder_;
};

TEST_F(ExplainVerb, WritesASheetACellAndOneDocument) {
  ASSERT_EQ(bloodcell("index", {"--data", path("cells"), "-o", path("cells.index"), "--licence",
                                "CC0", "--per-class", "4"})
                .status,
            0);
  const auto ran =
      bloodcell("explain", {path("cells/red"), path("cells/blue/1.png"), "--neighbours",
                            path("cells.index"), "--neighbour-count", "3", "-o", path("why")});
  ASSERT_EQ(ran.status, 0) << ran.err;
  const auto text = read_text(path("why/explanations.json"), 1U << 26);
  ASSERT_OK(text);
  const auto document = json::parse(*text);
  EXPECT_EQ(document["method"], "cam");
  ASSERT_EQ(document["cells"].size(), 7U);
  for (const auto& cell : document["cells"]) {
    EXPECT_EQ(cell["neighbours"].size(), 3U);
    EXPECT_EQ(cell["neighbours"][0]["label"], cell["class"]);
    EXPECT_EQ(cell["maps"].size(), 2U);
    ASSERT_OK(image::decode_file(folder_ / "why" / cell["sheet"].get<std::string>(), Limits{}));
  }
}

TEST_F(ExplainVerb, GoesOnAfterAFileThatCannotBeRead) {
  ASSERT_OK(write_text(path("cells/red/broken.png"), "no picture"));
  const auto ran = bloodcell("explain", {path("cells/red"), "--method", "occlusion", "--class",
                                         "green", "--json", "-o", path("why")});
  EXPECT_EQ(ran.status, 3);
  const auto document = json::parse(ran.out);
  EXPECT_EQ(document["cells"].size(), 6U);
  EXPECT_EQ(document["cells"][0]["maps"][0]["class"], "green");
  EXPECT_EQ(document["problems"].size(), 1U);
}

TEST_F(ExplainVerb, RefusesAClassThatTheModelLacks) {
  const auto ran = bloodcell("explain", {path("cells/red"), "--class", "mauve", "-o", path("why")});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("red, green, blue"));
}

TEST_F(ExplainVerb, RefusesAnIndexThatIsNone) {
  ASSERT_OK(write_text(path("cells.index"), "not this"));
  const auto ran = bloodcell(
      "explain", {path("cells/red"), "--neighbours", path("cells.index"), "-o", path("why")});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("not an index of cells"));
}

}  // namespace
}  // namespace bloodcell::cli
