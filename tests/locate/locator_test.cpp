#include <bloodcell/locate/locator.hpp>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/files.hpp>
#include <bloodcell/image/encode.hpp>
#include <bloodcell/locate/judge.hpp>
#include <bloodcell/test/blob_locator.hpp>
#include <bloodcell/test/colour_model.hpp>

namespace bloodcell::locate {
namespace {

using image::Image;

constexpr std::array<std::uint8_t, 3> kPale{230, 230, 230};

Image with_square(int width, int height, int x, int y, int side) {
  Image picture = test::flat(width, height, kPale);
  test::draw_square(picture, x, y, side);
  return picture;
}

std::vector<smear::CellBox> located(const Image& picture) {
  const auto locator = Locator::open(test::blob_locator());
  EXPECT_TRUE(locator.has_value());
  auto cells = locator->locate(picture);
  EXPECT_TRUE(cells.has_value());
  return cells.value_or(std::vector<smear::CellBox>{});
}

TEST(Locator, FindsTheDarkSquareWhereItIs) {
  const auto cells = located(with_square(64, 64, 24, 24, 16));
  ASSERT_EQ(cells.size(), 1U);
  EXPECT_EQ(cells[0].kind, smear::Kind::white);
  EXPECT_GT(smear::overlap_of(cells[0], {smear::Kind::white, 24, 24, 16, 16}), 0.3);
  EXPECT_FALSE(cells[0].is_cut);
}

TEST(Locator, SpeaksInPixelsOfThePictureWhateverItsShape) {
  // 128 × 64 is letterboxed to 64 × 32 with 16 black rows above.
  const auto cells = located(with_square(128, 64, 80, 16, 32));
  ASSERT_EQ(cells.size(), 1U);
  EXPECT_GT(smear::overlap_of(cells[0], {smear::Kind::white, 80, 16, 32, 32}), 0.3);
}

TEST(Locator, SaysThatACellAtTheEdgeIsCut) {
  const auto cells = located(with_square(64, 64, 0, 24, 16));
  ASSERT_EQ(cells.size(), 1U);
  EXPECT_TRUE(cells[0].is_cut);
  EXPECT_GE(cells[0].x, 0);
}

TEST(Locator, RefusesAModelThatNamesClasses) {
  EXPECT_ERROR(Locator::open(test::colour_model()), ErrorCode::usage);
}

TEST(Judge, CountsWhatIsFoundAndNamesWhatIsNot) {
  const test::TemporaryFolder folder;
  const auto put = [&](const char* name, const Image& picture) {
    ASSERT_OK(write_file(folder.path() / "images" / name, image::encode_png(picture).value()));
  };
  put("seen.png", with_square(64, 64, 20, 20, 16));
  put("missed.png", test::flat(64, 64, kPale));
  ASSERT_OK(write_text(folder / "boxes.csv",
                       "file,x,y,width,height,class\nseen.png,18,18,20,20,WBC\n"
                       "missed.png,10,10,20,20,WBC\n"));
  OwnContext own(2);
  const auto locator = Locator::open(test::blob_locator());
  ASSERT_OK(locator);
  const auto judged = judge(own.get(), *locator, folder.path(), {});
  ASSERT_OK(judged);
  EXPECT_EQ(judged->fields, 2U);
  EXPECT_EQ(judged->kinds[0].drawn, 2);
  EXPECT_EQ(judged->kinds[0].matched, 1);
  EXPECT_THAT(judged->missed, ::testing::ElementsAre("missed.png"));
  EXPECT_THAT(judged->extra, ::testing::IsEmpty());
  EXPECT_ERROR(judge(own.get(), *locator, folder.path(), {"none.png"}), ErrorCode::usage);
}

}  // namespace
}  // namespace bloodcell::locate
