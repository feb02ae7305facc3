#include <bloodcell/locate/slide_tiles.hpp>

#include <bloodcell/locate/locator.hpp>
#include <bloodcell/test/blob_locator.hpp>
#include <bloodcell/test/colour_model.hpp>
#include <bloodcell/test/made_slide.hpp>

namespace bloodcell::locate {
namespace {

image::Preprocessing input(int width, int height) {
  image::Preprocessing p;
  p.width_px = width;
  p.height_px = height;
  return p;
}

SlideOptions of_um(double um_per_px) {
  SlideOptions options;
  options.um_per_px = um_per_px;
  return options;
}

SlideOptions at_most(std::size_t tiles) {
  SlideOptions options;
  options.max_tiles = tiles;
  return options;
}

TEST(TilePlan, CoresCoverTheSlideOnceAndTilesLieWithinIt) {
  for (const auto& [width, height] :
       {std::pair{700, 500}, {1, 1}, {256, 192}, {257, 10}, {999, 1001}}) {
    const auto plan = TilePlan::make(width, height, 0.3, input(256, 192), {});
    ASSERT_OK(plan);
    std::int64_t covered = 0;
    for (std::size_t i = 0; i < plan->columns() * plan->rows(); ++i) {
      const auto [place, core] = plan->at(i);
      covered += std::int64_t{core.width} * core.height;
      EXPECT_GE(core.x, place.x);
      EXPECT_GE(core.y, place.y);
      EXPECT_LE(core.x + core.width, place.x + place.width);
      EXPECT_LE(core.y + core.height, place.y + place.height);
      EXPECT_GE(place.x, 0);
      EXPECT_LE(place.x + place.width, width);
      EXPECT_LE(place.y + place.height, height);
    }
    EXPECT_EQ(covered, std::int64_t{width} * height);
  }
}

TEST(TilePlan, ATileShowsTheLocatorWhatItKnows) {
  const auto plan = TilePlan::make(100'000, 80'000, 0.1, input(256, 192), {});
  ASSERT_OK(plan);
  EXPECT_EQ(plan->at(0).place, (image::Box{0, 0, 768, 576}));  // 76.8 by 57.6 µm
}

TEST(TilePlan, WhatIsGivenCountsMoreThanWhatTheSlideSays) {
  const auto plan = TilePlan::make(1000, 1000, 0.1, input(256, 192), of_um(0.3));
  ASSERT_OK(plan);
  EXPECT_EQ(plan->at(0).place.width, 256);
}

TEST(TilePlan, RefusesWhatItCannotDo) {
  EXPECT_ERROR(TilePlan::make(100, 100, std::nullopt, input(256, 192), {}), ErrorCode::usage);
  EXPECT_ERROR(TilePlan::make(5000, 5000, 0.3, input(256, 192), at_most(4)),
               ErrorCode::limit_exceeded);
}

struct Found {
  smear::CellBox cell;
};

// The cells of a slide of 0.3 µm a pixel, as the blob locator finds them in its tiles of 64 px.
std::vector<Found> walked(const image::Image& finest, unsigned threads,
                          const SlideOptions& options = {}) {
  const test::TemporaryFolder folder;
  test::write_slide(folder / "scan.tif", finest);
  const auto slide = slide::Slide::open(folder / "scan.tif", 1'000'000).value();
  const auto locator = Locator::open(test::blob_locator()).value();
  const auto plan = TilePlan::make(slide.width_px(), slide.height_px(), 0.3,
                                   locator.description().preprocessing, options)
                        .value();
  OwnContext own(threads);
  const auto look = [&](const image::Image& picture,
                        const Tile& tile) -> Result<std::vector<Found>> {
    BC_ASSIGN(const auto cells, locator.locate(picture));
    std::vector<Found> found;
    for (const auto& cell : cells) found.push_back({in_slide(cell, tile)});
    return found;
  };
  auto found = walk_slide<Found>(own.get(), slide, plan, options.max_cells, look);
  EXPECT_TRUE(found.has_value());
  return found.value_or(std::vector<Found>{});
}

TEST(WalkSlide, ACellIsCountedOnceWhereverTheBordersOfTilesFall) {
  // Every place of one cell relative to the tiles: their step is 43 px.
  for (int at = 70; at < 70 + 43; at += 3) {
    auto field = test::flat(260, 260, {230, 230, 230});
    test::draw_square(field, at, at, 16);
    const auto found = walked(field, 1);
    ASSERT_EQ(found.size(), 1U) << "at " << at;
    const auto& cell = found[0].cell;
    EXPECT_NEAR(cell.x + cell.width / 2, at + 8, 6);
    EXPECT_NEAR(cell.y + cell.height / 2, at + 8, 6);
    EXPECT_FALSE(cell.is_cut);
  }
}

TEST(WalkSlide, ManyCellsAreAllFoundAndTheSameForAnyThreads) {
  auto field = test::flat(400, 300, {230, 230, 230});
  for (int y = 0; y < 5; ++y) {
    for (int x = 0; x < 7; ++x) test::draw_square(field, 20 + 53 * x, 20 + 53 * y, 16);
  }
  const auto alone = walked(field, 1);
  EXPECT_EQ(alone.size(), 35U);
  const auto together = walked(field, 3);
  ASSERT_EQ(together.size(), alone.size());
  for (std::size_t i = 0; i < alone.size(); ++i) {
    EXPECT_EQ(together[i].cell.x, alone[i].cell.x);
    EXPECT_EQ(together[i].cell.y, alone[i].cell.y);
  }
}

TEST(WalkSlide, StopsWhenAskedAndWhenThereAreTooManyCells) {
  const test::TemporaryFolder folder;
  test::write_slide(folder / "scan.tif", test::flat(300, 300, {230, 230, 230}));
  const auto slide = slide::Slide::open(folder / "scan.tif", 1'000'000).value();
  const auto plan = TilePlan::make(300, 300, 0.3, input(64, 64), {}).value();
  OwnContext own;
  const auto look = [](const image::Image&, const Tile& tile) -> Result<std::vector<Found>> {
    smear::CellBox cell;
    cell.x = tile.core.x + tile.core.width / 2.0;
    cell.y = tile.core.y + tile.core.height / 2.0;
    return std::vector<Found>{{cell}};
  };
  EXPECT_ERROR(walk_slide<Found>(own.get(), slide, plan, 10, look), ErrorCode::limit_exceeded);
  own.cancellation.request();
  EXPECT_ERROR(walk_slide<Found>(own.get(), slide, plan, 1000, look), ErrorCode::cancelled);
}

}  // namespace
}  // namespace bloodcell::locate
