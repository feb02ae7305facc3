#include <bloodcell/smear/location.hpp>

#include <cmath>

#include <rapidcheck.h>

#include <bloodcell/test/support.hpp>

namespace bloodcell::smear {
namespace {

constexpr MapSize kSize{32, 32, 8};
constexpr std::array<double, kKinds> kHalf{0.5, 0.5, 0.5};

// The maps of a network that has learned the targets by heart.
std::vector<float> ideal_maps(const Targets& targets) {
  std::vector<float> maps;
  for (const float centre : targets.centres) {
    const double p = std::clamp(static_cast<double>(centre), 1e-4, 1 - 1e-4);
    maps.push_back(static_cast<float>(std::log(p / (1 - p))));
  }
  maps.insert(maps.end(), targets.boxes.begin(), targets.boxes.end());
  return maps;
}

TEST(Location, ACentreIsOneAndFallsOff) {
  // Centre at pixel 84, 44 of the input: column (84 − 4) / 8 = 10, row 5.
  const CellBox cell{Kind::red, 64, 24, 40, 40};
  const auto targets = targets_of(std::span(&cell, 1), kSize);
  const float* red = targets.centres.data() + kSize.places();
  EXPECT_EQ(red[5 * 32 + 10], 1.0F);
  // 40 px are 5 strides; a deviation of 0.12 · 5 = 0.6 map pixels: e^(−1/2 / 0.36) one beside.
  EXPECT_NEAR(red[5 * 32 + 11], std::exp(-0.5 / 0.36), 1e-6);
  EXPECT_NEAR(red[6 * 32 + 11], std::exp(-1.0 / 0.36), 1e-6);
  EXPECT_EQ(targets.centres[5 * 32 + 10], 0.0F) << "a red cell is no white cell";
}

TEST(Location, ABoxIsToldInStrides) {
  const CellBox cell{Kind::white, 66, 24, 40, 16};
  const auto targets = targets_of(std::span(&cell, 1), kSize);
  const std::size_t at = 3 * 32 + 10;  // centre 86, 32: column 10.25, row 3.5, which rounds to 4
  const std::size_t below = at + 32;
  EXPECT_FLOAT_EQ(targets.boxes[below], 0.25F);
  EXPECT_FLOAT_EQ(targets.boxes[kSize.places() + below], -0.5F);
  EXPECT_FLOAT_EQ(targets.boxes[2 * kSize.places() + below], std::log(5.0F));
  EXPECT_FLOAT_EQ(targets.boxes[3 * kSize.places() + below], std::log(2.0F));
  EXPECT_GT(targets.box_weight[below], 0.0F);
  EXPECT_EQ(targets.box_weight[0], 0.0F);
}

TEST(Location, CellsWithoutAreaOrOutsideAreLeftOut) {
  const std::vector<CellBox> cells{{Kind::white, 10, 10, 0, 5},
                                   {Kind::white, 10, 10, 5, -1},
                                   {Kind::white, -100, 10, 20, 20},
                                   {Kind::white, 300, 10, 20, 20}};
  const auto targets = targets_of(cells, kSize);
  for (const float value : targets.centres) EXPECT_EQ(value, 0.0F);
}

TEST(Location, WhatWasDrawnIsFoundAgain) {
  EXPECT_TRUE(rc::check([] {
    std::vector<CellBox> cells;
    const int count = *rc::gen::inRange(1, 6);
    for (int i = 0; i < count; ++i) {
      const auto part = [] { return *rc::gen::inRange(0, 1000) / 1000.0; };
      cells.push_back({static_cast<Kind>(*rc::gen::inRange(0, 3)), 20 + 50.0 * i - 30 * part(),
                       20 + 150 * part(), 20 + 20 * part(), 20 + 20 * part()});
    }
    const auto maps = ideal_maps(targets_of(cells, kSize));
    const auto found = cells_of(maps, kSize, kHalf);
    for (const auto& cell : cells) {
      const bool is_found = std::any_of(found.begin(), found.end(), [&](const auto& other) {
        return other.kind == cell.kind && overlap_of(other, cell) > 0.99;
      });
      RC_ASSERT(is_found);
    }
    RC_ASSERT(found.size() == cells.size());
  }));
}

TEST(Location, OfTwoBoxesOfOneCellTheBetterStays) {
  const std::vector<CellBox> cells{{Kind::white, 64, 64, 80, 80}, {Kind::white, 84, 64, 80, 80}};
  auto maps = ideal_maps(targets_of(cells, kSize));
  for (float& value : std::span(maps).first(kSize.places())) value = std::min(value, 3.0F);
  const std::size_t first = 12 * 32 + 12;  // nearest the first cell's centre, 104, 104
  maps[first] = 4;
  const auto found = cells_of(maps, kSize, kHalf);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_NEAR(found[0].score, 1 / (1 + std::exp(-4.0)), 1e-9);
}

TEST(Location, APlateauIsOnePeak) {
  std::vector<float> maps((kKinds + kBoxMaps) * kSize.places(), 0);
  for (std::size_t i = 0; i < kKinds * kSize.places(); ++i) maps[i] = -9;
  for (const int at : {100, 101, 132, 133}) maps[static_cast<std::size_t>(at)] = 2;
  EXPECT_EQ(cells_of(maps, kSize, kHalf).size(), 1U);
}

TEST(Location, WildSizesStayFinite) {
  std::vector<float> maps((kKinds + kBoxMaps) * kSize.places(), 1e30F);
  for (const auto& cell : cells_of(maps, kSize, kHalf)) {
    EXPECT_TRUE(std::isfinite(cell.x) && std::isfinite(cell.width));
  }
}

}  // namespace
}  // namespace bloodcell::smear
