// adapt from outside.

#include <nlohmann/json.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/model_file/model_file.hpp>
#include <bloodcell/test/colour_model.hpp>
#include <bloodcell/test/program.hpp>

namespace bloodcell::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;

class AdaptVerb : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(model_file::save(test::colour_model(), path("model.onnx")));
    for (int i = 0; i < 8; ++i) {
      const auto dim = static_cast<std::uint8_t>(6 * i);
      test::write_png(folder_ / fmt::format("new/red/{}.png", i), {220, dim, 20});
      // Green and blue have changed places here.
      test::write_png(folder_ / fmt::format("new/green/{}.png", i), {dim, 20, 220});
      test::write_png(folder_ / fmt::format("new/blue/{}.png", i), {20, 220, dim});
      test::write_png(folder_ / fmt::format("old/red/{}.png", i), {220, dim, 20});
      test::write_png(folder_ / fmt::format("old/green/{}.png", i), {20, 220, dim});
      test::write_png(folder_ / fmt::format("old/blue/{}.png", i), {dim, 20, 220});
    }
  }
  test::Ran adapt(std::vector<std::string> more) {
    more.insert(more.begin(), {"adapt", path("model.onnx"), "-o", path("out.onnx")});
    return test::run_program("bloodcell", std::move(more));
  }
  [[nodiscard]] std::string path(const std::string& name) const {
    return (folder_ / name).string();
  }
  test::TemporaryFolder folder_;
};

TEST_F(AdaptVerb, WritesAFileThatSaysWhatItCameFrom) {
  const auto ran = adapt({"--images", path("new"), "--labels", path("new"), "--json"});
  ASSERT_EQ(ran.status, 0) << ran.err << ran.out;
  const auto answer = json::parse(ran.out);
  EXPECT_LT(answer["before"]["accuracy"], 0.5);
  EXPECT_GT(answer["after_cross_validated"]["accuracy"], 0.9);
  const auto file = model_file::load(path("out.onnx"), Limits{});
  ASSERT_OK(file);
  EXPECT_EQ(file->description.provenance["adapted"]["labelled_cells"], 24);
  const auto judged = test::run_program(
      "bloodcell", {"evaluate", "--model", path("out.onnx"), "--data", path("new"), "--json"});
  EXPECT_EQ(json::parse(judged.out)["report"]["image_accuracy"]["right"], 24);
}

TEST_F(AdaptVerb, RefusesWhatWouldNotHelpAndWritesNothing) {
  const auto ran = adapt({"--images", path("old"), "--labels", path("old")});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("adapting would not help"));
  EXPECT_FALSE(fs::exists(path("out.onnx")));
}

TEST_F(AdaptVerb, NeedsLabelsWhereTheFileDoesNotSayWhatIsFamiliar) {
  const auto ran = adapt({"--images", path("new")});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("bloodcell calibrate"));
  EXPECT_FALSE(fs::exists(path("out.onnx")));
}

TEST_F(AdaptVerb, NamesPicturesThatAreNotThereOrAreNone) {
  const auto gone = adapt({"--images", path("gone")});
  EXPECT_EQ(gone.status, 2);
  EXPECT_THAT(gone.err, HasSubstr(path("gone") + ": no such file or folder"));
  fs::create_directory(folder_ / "torn");
  ASSERT_OK(write_text(folder_ / "torn/a.png", "no picture"));
  const auto torn = adapt({"--images", path("torn")});
  EXPECT_EQ(torn.status, 2);
  EXPECT_THAT(torn.err, HasSubstr("1 picture could not be read, the first"));
  EXPECT_THAT(torn.err, HasSubstr(path("torn/a.png")));
}

TEST_F(AdaptVerb, RefusesLabelsThatTheModelLacks) {
  fs::rename(folder_ / "new/blue", folder_ / "new/mauve");
  const auto ran = adapt({"--images", path("old"), "--labels", path("new")});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("mauve"));
}

}  // namespace
}  // namespace bloodcell::cli
