#include <bloodcell/smear/nucleus.hpp>

#include <cmath>

#include <bloodcell/test/support.hpp>

namespace bloodcell::smear {
namespace {

using Colour = std::array<std::uint8_t, 3>;

constexpr Colour kGround{230, 225, 230};
constexpr Colour kCytoplasm{170, 180, 220};
constexpr Colour kNucleus{90, 50, 140};
constexpr Colour kRedCell{225, 170, 175};

void draw_disc(image::Image& picture, double x, double y, double radius, const Colour& colour) {
  for (int v = 0; v < picture.height_px; ++v) {
    for (int u = 0; u < picture.width_px; ++u) {
      if (std::hypot(u + 0.5 - x, v + 0.5 - y) > radius) continue;
      std::copy(colour.begin(), colour.end(), picture.at(u, v).begin());
    }
  }
}

// A cell of radius 30 about the middle of 100 × 100 pixels, red cells around it.
image::Image field_with_cell() {
  image::Image field(100, 100);
  draw_disc(field, 50, 50, 200, kGround);
  for (const double x : {10.0, 90.0}) draw_disc(field, x, 50, 12, kRedCell);
  draw_disc(field, 50, 50, 30, kCytoplasm);
  return field;
}

constexpr CellBox kCell{Kind::white, 20, 20, 60, 60};

std::vector<std::uint8_t> disc_mask(const Nucleus& nucleus, double x, double y, double radius) {
  std::vector<std::uint8_t> mask;
  for (int v = 0; v < nucleus.place.height; ++v) {
    for (int u = 0; u < nucleus.place.width; ++u) {
      mask.push_back(std::hypot(nucleus.place.x + u + 0.5 - x, nucleus.place.y + v + 0.5 - y) <=
                     radius);
    }
  }
  return mask;
}

TEST(Nucleus, IsTheDarkDiscWithinTheCell) {
  auto field = field_with_cell();
  draw_disc(field, 52, 48, 15, kNucleus);
  const auto nucleus = find_nucleus(field, kCell);
  EXPECT_EQ(nucleus.place, (image::Box{20, 20, 60, 60}));
  EXPECT_GT(dice_of(nucleus.mask, disc_mask(nucleus, 52, 48, 15)), 0.96);
  EXPECT_EQ(nucleus.area_px, std::count(nucleus.mask.begin(), nucleus.mask.end(), 1));
  EXPECT_NEAR(static_cast<double>(nucleus.area_px), 3.14159 * 15 * 15, 60);
  EXPECT_TRUE(nucleus.has(52, 48));
  EXPECT_FALSE(nucleus.has(25, 50));
  EXPECT_FALSE(nucleus.has(-1, 500));
}

TEST(Nucleus, HasAsManyLobesAsThereAre) {
  auto field = field_with_cell();
  draw_disc(field, 40, 45, 9, kNucleus);
  draw_disc(field, 62, 55, 9, kNucleus);
  const auto nucleus = find_nucleus(field, kCell);
  EXPECT_TRUE(nucleus.has(40, 45));
  EXPECT_TRUE(nucleus.has(62, 55));
  EXPECT_FALSE(nucleus.has(51, 50));
}

TEST(Nucleus, HasNoHolesAndNoSpecks) {
  auto field = field_with_cell();
  draw_disc(field, 50, 50, 16, kNucleus);
  draw_disc(field, 50, 50, 4, kCytoplasm);  // a vacuole over it
  draw_disc(field, 28, 50, 2.2, kNucleus);  // a granule
  const auto nucleus = find_nucleus(field, kCell);
  EXPECT_TRUE(nucleus.has(50, 50));
  EXPECT_FALSE(nucleus.has(28, 50));
}

TEST(Nucleus, DoesNotDependOnTheLightOfTheGround) {
  auto field = field_with_cell();
  draw_disc(field, 52, 48, 15, kNucleus);
  auto yellow = field;
  for (std::size_t i = 2; i < yellow.rgb.size(); i += 3) {
    yellow.rgb[i] = static_cast<std::uint8_t>(yellow.rgb[i] / 2);
  }
  const auto a = find_nucleus(field, kCell);
  const auto b = find_nucleus(yellow, kCell);
  EXPECT_GT(dice_of(a.mask, b.mask), 0.98);
}

TEST(Nucleus, StaysWithinThePictureOfACutCell) {
  auto field = field_with_cell();
  draw_disc(field, 4, 50, 15, kNucleus);
  const auto nucleus = find_nucleus(field, {Kind::white, -30, 20, 60, 60});
  EXPECT_EQ(nucleus.place, (image::Box{0, 20, 30, 60}));
  EXPECT_TRUE(nucleus.has(4, 50));
}

TEST(Nucleus, IsEmptyWhereNothingCanBeSeen) {
  const auto field = field_with_cell();
  for (const CellBox& cell :
       {CellBox{Kind::white, 500, 500, 20, 20}, CellBox{Kind::white, -90, 0, 20, 20},
        CellBox{Kind::white, 50, 50, 4, 4}, CellBox{Kind::white, 45, 45, 10, 10}}) {
    EXPECT_EQ(find_nucleus(field, cell).area_px, 0) << cell.x;
  }
  EXPECT_EQ(find_nucleus(image::Image(8, 8), {Kind::white, -1e5, -1e5, 2e5, 2e5}).area_px, 0);
}

TEST(Dice, OfHandWorkedMasks) {
  const std::vector<std::uint8_t> a{1, 1, 0, 0};
  const std::vector<std::uint8_t> b{0, 1, 1, 1};
  const std::vector<std::uint8_t> none(4, 0);
  EXPECT_DOUBLE_EQ(dice_of(a, b), 0.4);
  EXPECT_DOUBLE_EQ(dice_of(a, a), 1);
  EXPECT_DOUBLE_EQ(dice_of(a, none), 0);
  EXPECT_DOUBLE_EQ(dice_of(none, none), 1);
}

TEST(RunLengths, GoDownTheColumnsAndBeginWithZeros) {
  const std::vector<std::uint8_t> mask{1, 0, 0,  //
                                       1, 1, 0};
  EXPECT_THAT(run_lengths(mask, 3), ::testing::ElementsAre(0, 2, 1, 1, 2));
  EXPECT_THAT(run_lengths(std::vector<std::uint8_t>{0, 0}, 1), ::testing::ElementsAre(2));
  EXPECT_THAT(run_lengths({}, 0), ::testing::IsEmpty());
}

}  // namespace
}  // namespace bloodcell::smear
