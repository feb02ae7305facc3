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

model_file::ModelFile measured_locator(std::uint64_t right_in_bfloat16) {
  const auto file = test::blob_locator();
  auto description = file.description;
  description.precisions = {{"float32", 1000, 990}, {"bfloat16", 1000, right_in_bfloat16}};
  return model_file::with_description(file, std::move(description)).value();
}

infer::Precision taken(const model_file::ModelFile& file, infer::Precision wanted) {
  const auto locator = Locator::open(file, {.precision = wanted});
  EXPECT_TRUE(locator.has_value());
  return locator ? locator->precision() : infer::Precision::automatic;
}

TEST(Locator, TakesAnotherPrecisionOnlyWhereItsFileSaysThatItCostsLittle) {
  using infer::Precision;
  EXPECT_EQ(taken(test::blob_locator(), Precision::automatic), Precision::float32);
  EXPECT_EQ(taken(measured_locator(980), Precision::automatic), Precision::float32);
  EXPECT_EQ(taken(measured_locator(990), Precision::float32), Precision::float32);
  const auto fastest = taken(measured_locator(990), Precision::automatic);
  EXPECT_THAT(fastest, ::testing::AnyOf(Precision::float32, Precision::bfloat16));
  EXPECT_EQ(taken(measured_locator(990), Precision::int8), fastest);
}

TEST(Locator, FindsTheSameInBfloat16) {
  const auto exact = Locator::open(test::blob_locator());
  ASSERT_OK(exact);
  const auto rounded =
      Locator::open(test::blob_locator(), {.precision = infer::Precision::bfloat16});
  if (!rounded && rounded.error().code == ErrorCode::unsupported) {
    GTEST_SKIP() << "this processor has no bfloat16";
  }
  ASSERT_OK(rounded);
  const auto picture = with_square(64, 64, 24, 24, 16);
  const auto wanted = exact->locate(picture).value();
  const auto found = rounded->locate(picture).value();
  ASSERT_EQ(found.size(), wanted.size());
  EXPECT_GT(smear::overlap_of(found[0], wanted[0]), 0.95);
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
