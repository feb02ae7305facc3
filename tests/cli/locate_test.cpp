// locate from outside, with a locator whose answer is known.

#include <nlohmann/json.hpp>

#include <bloodcell/base/csv.hpp>
#include <bloodcell/base/files.hpp>
#include <bloodcell/image/decode.hpp>
#include <bloodcell/image/encode.hpp>
#include <bloodcell/test/blob_locator.hpp>
#include <bloodcell/test/colour_model.hpp>
#include <bloodcell/test/program.hpp>

namespace bloodcell::cli {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A pale field of 64 px with a nucleus of 12 × 12 px at 26, 26 in a cell of 20 px.
class LocateVerb : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(model_file::save(test::blob_locator(), folder_ / "blob.onnx"));
    auto field = test::flat(64, 64, {230, 230, 230});
    test::draw_square(field, 22, 22, 20, {190, 190, 215});
    test::draw_square(field, 26, 26, 12);
    ASSERT_OK(write_file(folder_ / "set/field.png", image::encode_png(field).value()));
    auto mask = test::flat(64, 64, {0, 0, 0});
    test::draw_square(mask, 22, 22, 20, {128, 128, 128});
    test::draw_square(mask, 26, 26, 12, {255, 255, 255});
    ASSERT_OK(write_file(folder_ / "set/mask.png", image::encode_png(mask).value()));
    ASSERT_OK(write_text(folder_ / "set/labels.csv", "file,mask\nfield.png,mask.png\n"));
  }
  test::Ran locate(std::vector<std::string> more) {
    more.insert(more.begin(), {"locate", "--model", (folder_ / "blob.onnx").string()});
    return test::run_program("bloodcell", std::move(more));
  }
  [[nodiscard]] std::string path(const std::string& name) const {
    return (folder_ / name).string();
  }

  test::TemporaryFolder folder_;
};

TEST_F(LocateVerb, RefusesWhatWouldHaveNoEffect) {
  const std::vector<std::vector<std::string>> useless{
      {path("set/field.png"), "--um-per-px", "0.1"},
      {path("set/field.png"), "--nuclei"},
      {path("set/field.png"), "--only", "list.txt"},
      {path("set/field.png"), "--truth", path("set")},
      {"--truth", path("set"), "--nucleus-truth", path("set")}};
  for (const auto& words : useless) EXPECT_EQ(locate(words).status, 2) << words.back();
}

TEST_F(LocateVerb, NamesNoNucleusUnlessAsked) {
  const auto ran = locate({path("set/field.png"), "--format", "csv"});
  ASSERT_EQ(ran.status, 0) << ran.err;
  const auto table = parse_csv(ran.out);
  ASSERT_OK(table);
  EXPECT_THAT(table->columns,
              ElementsAre("file", "x", "y", "width", "height", "kind", "score", "cut"));
  EXPECT_EQ(table->rows.size(), 1U);
}

TEST_F(LocateVerb, GivesTheAreaOfNucleiInPixelsAndSquareMicrometres) {
  const auto ran =
      locate({path("set/field.png"), "--format", "csv", "--nuclei", "--um-per-px", "0.5"});
  ASSERT_EQ(ran.status, 0) << ran.err;
  const auto table = parse_csv(ran.out);
  ASSERT_OK(table);
  ASSERT_EQ(table->columns.size(), 10U);
  EXPECT_EQ(table->columns[9], "nucleus_um2");
  const double area_px = std::stod(table->rows.at(0)[8]);
  EXPECT_NEAR(area_px, 144, 40);
  EXPECT_DOUBLE_EQ(std::stod(table->rows.at(0)[9]), area_px / 4);
}

TEST_F(LocateVerb, WritesMasksWhoseRunsAddUpToTheBox) {
  const auto ran = locate({path("set/field.png"), "--nuclei", "--json", "--draw", path("drawn")});
  ASSERT_EQ(ran.status, 0) << ran.err;
  const auto nucleus = json::parse(ran.out)["fields"][0]["cells"][0]["nucleus"];
  int all = 0;
  int inside = 0;
  for (std::size_t i = 0; i < nucleus["counts"].size(); ++i) {
    all += nucleus["counts"][i].get<int>();
    inside += i % 2 == 1 ? nucleus["counts"][i].get<int>() : 0;
  }
  EXPECT_EQ(all, nucleus["size"][0].get<int>() * nucleus["size"][1].get<int>());
  EXPECT_EQ(inside, nucleus["area_px"]);
  EXPECT_FALSE(nucleus.contains("area_um2"));
  const auto drawing = image::decode_file(folder_ / "drawn/00001_field.jpg", Limits{});
  ASSERT_OK(drawing);
  EXPECT_GT(drawing->at(26, 32)[0], drawing->at(32, 32)[0] + 60);  // the yellow outline
}

TEST_F(LocateVerb, JudgesNucleiOnDrawnMasks) {
  const auto ran = locate({"--nucleus-truth", path("set"), "--json"});
  ASSERT_EQ(ran.status, 0) << ran.err;
  const auto document = json::parse(ran.out);
  EXPECT_EQ(document["located"], 1);
  EXPECT_GT(document["mean_dice_in_drawn_boxes"], 0.95);
  EXPECT_EQ(document["cells"][0]["file"], "field.png");
  ASSERT_OK(write_text(folder_ / "list.txt", "set/field.png\nother/field.png\n"));
  for (const auto* set : {"set", "set/", "set/."}) {
    EXPECT_EQ(locate({"--nucleus-truth", path(set), "--only", path("list.txt")}).status, 0) << set;
  }
  const auto refused = locate({"--nucleus-truth", path("drawn")});
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.err, HasSubstr("labels.csv"));
}

}  // namespace
}  // namespace bloodcell::cli
