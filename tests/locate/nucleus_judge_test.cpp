#include <bloodcell/locate/nucleus_judge.hpp>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/files.hpp>
#include <bloodcell/image/encode.hpp>
#include <bloodcell/test/blob_locator.hpp>
#include <bloodcell/test/colour_model.hpp>

namespace bloodcell::locate {
namespace {

class NucleusJudge : public ::testing::Test {
 protected:
  // A dark square, 12 px in 64 × 64, that is a nucleus within a grey drawn cell of 20 px.
  NucleusJudge() {
    auto picture = test::flat(64, 64, {230, 230, 230});
    test::draw_square(picture, 22, 22, 20, {190, 190, 215});
    test::draw_square(picture, 26, 26, 12);
    auto mask = test::flat(64, 64, {0, 0, 0});
    test::draw_square(mask, 22, 22, 20, {128, 128, 128});
    test::draw_square(mask, 26, 26, 12, {255, 255, 255});
    put("a.png", picture);
    put("a_mask.png", mask);
    put("pale.png", test::flat(64, 64, {230, 230, 230}));
    put("small.png", test::flat(9, 9, {255, 255, 255}));
    put("black.png", test::flat(64, 64, {0, 0, 0}));
  }
  void put(const char* name, const image::Image& picture) {
    ASSERT_OK(write_file(folder_ / name, image::encode_png(picture).value()));
  }
  Result<NucleusJudgement> judged(const std::string& rows,
                                  const std::vector<std::string>& only = {}) {
    const auto written = write_text(folder_ / "labels.csv", rows);
    EXPECT_TRUE(written.has_value());
    OwnContext own;
    const auto locator = Locator::open(test::blob_locator());
    return judge_nuclei(own.get(), locator.value(), folder_.path(), only);
  }

  test::TemporaryFolder folder_;
};

TEST_F(NucleusJudge, ComparesWithTheDrawnMaskInBothBoxes) {
  const auto result = judged("file,mask\na.png,a_mask.png\npale.png,a_mask.png\n");
  ASSERT_OK(result);
  ASSERT_EQ(result->cells.size(), 2U);
  EXPECT_EQ(result->located, 1U);
  EXPECT_GT(result->cells[0].dice_in_drawn_box, 0.95);
  EXPECT_GT(result->cells[0].dice_in_found_box, 0.8);
  EXPECT_EQ(result->cells[1].dice_in_drawn_box, 0);
  EXPECT_EQ(result->cells[1].dice_in_found_box, 0);
  EXPECT_DOUBLE_EQ(result->mean_in_drawn_boxes, result->cells[0].dice_in_drawn_box / 2);
  const auto one = judged("file,mask\na.png,a_mask.png\npale.png,a_mask.png\n", {"a.png"});
  ASSERT_OK(one);
  EXPECT_EQ(one->cells.size(), 1U);
}

TEST_F(NucleusJudge, RefusesTablesAndMasksThatDoNotFit) {
  EXPECT_ERROR(judged("file,class\na.png,x\n"), ErrorCode::malformed);
  EXPECT_ERROR(judged("file,mask\na.png,small.png\n"), ErrorCode::malformed);
  EXPECT_ERROR(judged("file,mask\na.png,black.png\n"), ErrorCode::malformed);
  EXPECT_ERROR(judged("file,mask\na.png,none.png\n"), ErrorCode::not_found);
  EXPECT_ERROR(judged("file,mask\n../a.png,a_mask.png\n"), ErrorCode::malformed);
  EXPECT_ERROR(judged("file,mask\na.png,/a_mask.png\n"), ErrorCode::malformed);
  EXPECT_ERROR(judged("file,mask\na.png,a_mask.png\n", {"b.png"}), ErrorCode::usage);
}

}  // namespace
}  // namespace bloodcell::locate
