// evaluate --report, calibrate and differential from outside.

#include <filesystem>

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

class TrustVerbs : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(model_file::save(test::colour_model(), path("model.onnx")));
    for (int i = 0; i < 8; ++i) {
      test::write_png(folder_ / fmt::format("cells/red/{}.png", i), test::kRed);
      test::write_png(folder_ / fmt::format("cells/green/{}.png", i), test::kGreen);
      test::write_png(folder_ / fmt::format("cells/blue/{}.png", i),
                      i == 0 ? test::kRed : test::kBlue);
    }
  }
  test::Ran bloodcell(const std::string& verb, std::vector<std::string> more) {
    more.insert(more.begin(), {verb, "--model", path("model.onnx")});
    return test::run_program("bloodcell", std::move(more));
  }
  [[nodiscard]] std::string path(const std::string& name) const {
    return (folder_ / name).string();
  }
  [[nodiscard]] std::string text(const std::string& name) const {
    return read_text(path(name), 1U << 26).value_or("");
  }

  test::TemporaryFolder folder_;
};

TEST_F(TrustVerbs, EvaluateWritesAReportThatComparesWithAReference) {
  ASSERT_EQ(
      bloodcell("evaluate", {"--data", path("cells"), "--predictions", path("before.csv")}).status,
      0);
  ASSERT_OK(write_text(path("run/history.csv"),
                       "epoch,train_loss,train_accuracy,validation_loss,validation_accuracy\n"
                       "1,0.9,0.5,0.8,0.6\n2,0.4,0.8,0.5,0.7\n"));
  const auto ran = bloodcell("evaluate", {"--data", path("cells"), "--report", path("out"),
                                          "--reference", path("before.csv"), "--run", path("run")});
  ASSERT_EQ(ran.status, 0) << ran.err;
  const auto document = json::parse(text("out/report.json"));
  EXPECT_EQ(document["curves"]["comparison"]["mcnemar_p"], 1);
  EXPECT_EQ(document["report"]["image_accuracy"]["right"], 23);
  const auto page = text("out/report.html");
  EXPECT_THAT(page, HasSubstr("Against before.csv"));
  EXPECT_THAT(page, HasSubstr("blue/0.png: blue, called red"));
  for (const char* name : {"confusion", "roc", "reliability", "learning-loss"}) {
    EXPECT_THAT(text(fmt::format("out/{}.svg", name)), HasSubstr("</svg>")) << name;
  }
}

TEST_F(TrustVerbs, EvaluateRefusesAReferenceWithoutAReport) {
  const auto ran =
      bloodcell("evaluate", {"--data", path("cells"), "--reference", path("before.csv")});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("--report"));
}

TEST_F(TrustVerbs, CalibrateWritesAModelFileOfFormatTwo) {
  const auto ran = bloodcell("calibrate", {"--data", path("cells"), "-o", path("trusted.onnx")});
  ASSERT_EQ(ran.status, 0) << ran.err;
  const auto file = model_file::load(path("trusted.onnx"), Limits{});
  ASSERT_OK(file);
  ASSERT_TRUE(file->description.trust.has_value());
  EXPECT_TRUE(file->description.trust->familiarity.has_value());
  EXPECT_EQ(test::run_program("bloodcell", {"info", path("trusted.onnx"), "--verify"}).status, 0);
}

TEST_F(TrustVerbs, DifferentialCountsWarnsAndWritesItsFiles) {
  ASSERT_OK(write_text(path("ranges.toml"), "source = \"ours\"\n[percent]\nred = [30, 45]\n"));
  const auto ran =
      bloodcell("differential", {path("cells"), "--name", "case 7", "--ranges", path("ranges.toml"),
                                 "-o", path("count"), "--pdf", path("count.pdf")});
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("For research use only"));
  const auto document = json::parse(text("count/differential.json"));
  EXPECT_EQ(document["white_cells"], 24);
  EXPECT_EQ(document["classes"][0]["count"], 9);
  EXPECT_EQ(document["classes"][0]["placed"], "unclear");  // 37.5 %, 19 to 59, of 30 to 45
  EXPECT_EQ(document["warnings"].size(), 1U);
  EXPECT_THAT(text("count/differential.csv"), HasSubstr("red,9,37.50,"));
  EXPECT_THAT(text("count/differential.html"), HasSubstr("case 7"));
  EXPECT_TRUE(text("count.pdf").starts_with("%PDF-"));
}

TEST_F(TrustVerbs, DifferentialRefusesARedCountForCellsAlone) {
  const auto ran = bloodcell("differential", {path("cells"), "--red-cells", "4.8"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("--red-cells is for fields"));
}

TEST_F(TrustVerbs, DifferentialRefusesRangesWithoutASource) {
  ASSERT_OK(write_text(path("ranges.toml"), "[percent]\nred = [60, 70]\n"));
  const auto ran = bloodcell("differential", {path("cells"), "--ranges", path("ranges.toml")});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("no source"));
}

TEST_F(TrustVerbs, DifferentialRefusesRangesOfNoClass) {
  ASSERT_OK(write_text(path("ranges.toml"), "source = \"x\"\n[percent]\nredd = [60, 70]\n"));
  const auto ran = bloodcell("differential", {path("cells"), "--ranges", path("ranges.toml")});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("`redd` is no class of the model"));
}

TEST_F(TrustVerbs, DifferentialCountsNothingOfWhatCannotBeRead) {
  ASSERT_OK(write_text(path("text.jpg"), "dear diary"));
  const auto ran =
      bloodcell("differential", {path("text.jpg"), "--output", path("count_of_nothing")});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("text.jpg"));
  EXPECT_FALSE(std::filesystem::exists(path("count_of_nothing")));
}

}  // namespace
}  // namespace bloodcell::cli
