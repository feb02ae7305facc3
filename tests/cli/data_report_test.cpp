// data audit and data report from outside.

#include <filesystem>

#include <nlohmann/json.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/data/audit.hpp>
#include <bloodcell/image/decode.hpp>
#include <bloodcell/test/colour_model.hpp>
#include <bloodcell/test/program.hpp>

namespace bloodcell::cli {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class DataVerbs : public testing::Test {
 protected:
  void SetUp() override {
    test::write_png(folder_ / "train/eosinophil/1.png", test::kRed);
    test::write_png(folder_ / "train/monocyte/1.png", test::kBlue);
    test::write_png(folder_ / "test/eosinophil/2.png", test::kGreen);
    test::write_png(folder_ / "test/monocyte/2.png", test::kGrey);
  }

  test::Ran data(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "data");
    return test::run_program("bloodcell", std::move(arguments));
  }
  test::Ran audit(std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"audit", "--train", path("train"), "--test", path("test")});
    return data(std::move(more));
  }
  [[nodiscard]] std::string path(const std::string& name) const {
    return (folder_ / name).string();
  }

  test::TemporaryFolder folder_;
};

TEST_F(DataVerbs, AuditOfCleanSidesEndsWith0AndWritesNoSheet) {
  const auto ran = audit({"--sheet", path("sheet.png")});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("Clean"));
  EXPECT_FALSE(std::filesystem::exists(path("sheet.png")));
}

TEST_F(DataVerbs, AuditFindsEqualFilesWithOtherLabelsAndEndsWith1) {
  test::write_png(folder_ / "test/monocyte/copy.png", test::kRed);
  const auto ran = audit({"--json", "--sheet", path("sheet.png")});
  EXPECT_EQ(ran.status, 1) << ran.err;
  const auto document = json::parse(ran.out);
  EXPECT_EQ(document["method"], "families by content");
  ASSERT_EQ(document["leaks"].size(), 1U);
  EXPECT_EQ(document["leaks"][0]["files"], 2);
  ASSERT_EQ(document["doubles"].size(), 1U);
  ASSERT_EQ(document["conflicts"].size(), 1U);
  EXPECT_EQ(document["conflicts"][0]["labels"], json({"eosinophil", "monocyte"}));
  const auto sheet = image::decode_file(path("sheet.png"), Limits{});
  ASSERT_OK(sheet);
  EXPECT_EQ(sheet->width_px, data::kSheetPairWidth_px);
  EXPECT_EQ(sheet->height_px, data::kSheetPairHeight_px);
}

TEST_F(DataVerbs, AuditTakesFamiliesFromACsv) {
  ASSERT_OK(write_text(path("families.csv"),
                       "file,family\ntrain/eosinophil/1.png,f\ntest/eosinophil/2.png,f\n"));
  const auto ran = audit({"--families", path("families.csv"), "--sheet", path("sheet.jpg")});
  EXPECT_EQ(ran.status, 1) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("Leak: 1 families"));
  EXPECT_TRUE(std::filesystem::exists(path("sheet.jpg")));
}

TEST_F(DataVerbs, AuditOfASplitShowsPairsFromItsFolder) {
  ASSERT_EQ(data({"split", folder_.path().string() + "/train", "-o", path("s.json"), "--test", "0",
                  "--validation", "0"})
                .status,
            0);
  EXPECT_EQ(data({"audit", path("s.json")}).status, 0);
  auto text = read_text(path("s.json"), 1 << 20);
  ASSERT_OK(text);
  auto split = json::parse(*text);
  for (auto& entry : split["entries"]) entry["family"] = "f";
  split["entries"][0]["part"] = "test";
  ASSERT_OK(write_text(path("leaky.json"), split.dump()));
  const auto ran =
      data({"audit", path("leaky.json"), "--data", path("train"), "--sheet", path("sheet.png")});
  EXPECT_EQ(ran.status, 1) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("Conflict: 1"));
  EXPECT_TRUE(std::filesystem::exists(path("sheet.png")));
}

TEST_F(DataVerbs, AuditRefusesHalfAQuestion) {
  EXPECT_EQ(data({"audit"}).status, 2);
  EXPECT_EQ(data({"audit", "--train", path("train")}).status, 2);
  EXPECT_EQ(
      data({"audit", path("s.json"), "--train", path("train"), "--test", path("test")}).status, 2);
  EXPECT_EQ(data({"audit", path("s.json"), "--sheet", path("x.png")}).status, 2);
  EXPECT_EQ(audit({"--sheet", path("sheet.gif")}).status, 2);
}

TEST_F(DataVerbs, ReportPageAndJsonTellTheSameAndFetchNothing) {
  const std::string hostile = "<img src=x onerror=alert(1)> & \"1\".png";
  test::write_png(folder_ / "train/monocyte" / hostile, test::kGrey);
  ASSERT_OK(write_text(path("train/monocyte/broken<b>.png"), "none"));
  const auto ran = data({"report", path("train"), "-o", path("out"), "--json"});
  EXPECT_EQ(ran.status, 3) << ran.err;
  const auto page = read_text(path("out/report.html"), 1 << 24);
  const auto written = read_text(path("out/report.json"), 1 << 24);
  ASSERT_OK(page);
  ASSERT_OK(written);
  EXPECT_EQ(*written, ran.out);
  const auto document = json::parse(*written);
  EXPECT_EQ(document["images"], 4);
  EXPECT_EQ(document["unreadable"].size(), 1U);
  EXPECT_THAT(document["labels"], ElementsAre("eosinophil", "monocyte"));
  // (29.07 + 100) / 2, (0 + 100) / 2, (255 + 100) / 2
  EXPECT_NEAR(document["classes"][1]["brightness"]["mean"].get<double>(), 64.535, 1e-6);
  EXPECT_THAT(*page, HasSubstr("64.5 ± "));
  EXPECT_THAT(*page, HasSubstr("#3232b2"));
  EXPECT_THAT(*page, HasSubstr("<dt>images</dt><dd>4</dd>"));
  EXPECT_THAT(*page, HasSubstr("16 × 12"));
  EXPECT_THAT(*page, HasSubstr("broken&lt;b&gt;.png"));
  EXPECT_THAT(*page, Not(HasSubstr("<img src=x")));
  for (const char* fetched :
       {"http:", "https:", "src=\"/", "url(", "@import", "<script", "<link"}) {
    EXPECT_THAT(*page, Not(HasSubstr(fetched)));
  }
  const auto plot = read_text(path("out/brightness-by-class.svg"), 1 << 20);
  ASSERT_OK(plot);
  EXPECT_THAT(*plot, HasSubstr("xmlns"));
}

TEST_F(DataVerbs, ReportDoesNotStandAmongThePictures) {
  EXPECT_EQ(data({"report", path("train"), "-o", path("train")}).status, 2);
}

TEST_F(DataVerbs, AugmentShowsEveryPresetOnOneSheet) {
  const auto ran = data({"augment", path("train"), "-o", path("sheet.png"), "--json", "--draws",
                         "2", "--size", "24x16"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  const auto document = json::parse(ran.out);
  EXPECT_EQ(document["augmentations"], json({"seed", "turn", "robust", "laboratories"}));
  EXPECT_EQ(document["files"].size(), 2U);
  const auto sheet = image::decode_file(path("sheet.png"), Limits{}, {});
  ASSERT_OK(sheet);
  EXPECT_EQ(sheet->height_px, 8 * (16 + 23));
}

TEST_F(DataVerbs, AugmentSaysWhatIsWrong) {
  EXPECT_EQ(data({"augment", path("train"), "-o", path("sheet.gif")}).status, 2);
  EXPECT_EQ(data({"augment", path("train"), "-o", path("s.png"), "--size", "wide"}).status, 2);
  EXPECT_EQ(data({"augment", path("train"), "-o", path("s.png"), "--augment", "x"}).status, 2);
  EXPECT_EQ(data({"augment", path("train"), "-o", path("s.png"), "--draws", "25"}).status, 2);
  EXPECT_FALSE(std::filesystem::exists(path("s.png")));
}

}  // namespace
}  // namespace bloodcell::cli
