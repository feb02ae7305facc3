#include <bloodcell/explain/cell_index.hpp>

#include <bloodcell/explain/explainer.hpp>
#include <bloodcell/explain/output.hpp>
#include <bloodcell/image/encode.hpp>
#include <bloodcell/test/colour_model.hpp>

namespace bloodcell::explain {
namespace {

// Twelve flat pictures a colour, each a little different.
class Index : public testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 12; ++i) {
      const auto light = static_cast<std::uint8_t>(200 + 4 * i);
      const auto dim = static_cast<std::uint8_t>(5 * (i % 5));
      test::write_png(folder_ / fmt::format("cells/red/{}.png", i), {light, dim, 0});
      test::write_png(folder_ / fmt::format("cells/green/{}.png", i), {0, light, dim});
      test::write_png(folder_ / fmt::format("cells/blue/{}.png", i), {dim, 0, light});
    }
    auto opened = data::open_dataset(own_.get(), folder_ / "cells");
    ASSERT_OK(opened);
    dataset_ = std::move(*opened);
    for (std::size_t i = 0; i < dataset_.samples.size(); ++i) all_.push_back(i);
  }
  [[nodiscard]] CellIndex made(std::size_t per_class = 250) {
    auto index = make_index(own_.get(), test::colour_model(), dataset_, all_,
                            {.per_class = per_class, .licence = "CC0"});
    EXPECT_TRUE(index.has_value());
    return index->index;
  }

  OwnContext own_{2};
  test::TemporaryFolder folder_;
  data::Dataset dataset_;
  std::vector<std::size_t> all_;
};

TEST_F(Index, ComesBackFromItsBytes) {
  const auto index = made();
  ASSERT_EQ(index.cells.size(), 36U);
  const auto bytes = to_bytes(index);
  ASSERT_OK(bytes);
  const auto again = index_from_bytes(*bytes, Limits{});
  ASSERT_OK(again);
  EXPECT_EQ(again->embeddings, index.embeddings);
  EXPECT_EQ(again->licence, "CC0");
  EXPECT_EQ(again->cells[7].file, index.cells[7].file);
  EXPECT_EQ(again->cells[7].thumbnail, index.cells[7].thumbnail);
}

TEST_F(Index, TakesNoMoreOfAClassThanAsked) {
  const auto index = made(5);
  EXPECT_EQ(index.cells.size(), 15U);
  EXPECT_EQ(to_bytes(index).value(), to_bytes(made(5)).value());
}

TEST_F(Index, TheNearestToAKnownCellIsThatCell) {
  const Neighbours neighbours(made());
  const auto& index = neighbours.index();
  for (std::size_t i = 0; i < index.cells.size(); ++i) {
    const auto near =
        neighbours.nearest(std::span(index.embeddings).subspan(i * index.values, index.values), 3);
    ASSERT_EQ(near.size(), 3U);
    EXPECT_NEAR(near[0].distance, 0, 1e-3);
    for (const auto& one : near) EXPECT_EQ(index.cells[one.cell].label, index.cells[i].label);
    EXPECT_LE(near[1].distance, near[2].distance);
  }
  EXPECT_GT(neighbours.usual_distance(), 0);
}

TEST_F(Index, OfAnotherNetworkIsRefused) {
  auto index = made();
  index.graph_sha256 = std::string(64, '0');
  EXPECT_ERROR(Explainer::open(own_.get(), test::colour_model(), {}, index), ErrorCode::mismatch);
}

TEST_F(Index, StandsOnTheSheetOfACell) {
  const auto explainer = Explainer::open(own_.get(), test::colour_model(), {}, made());
  ASSERT_OK(explainer);
  const auto cells = explainer->explain(test::flat(20, 20, {250, 10, 0}), "cell.png");
  ASSERT_OK(cells);
  ASSERT_EQ(cells->front().near.size(), 5U);
  const auto document = to_json(cells->front(), *explainer);
  EXPECT_EQ(document["class"], "red");
  EXPECT_EQ(document["neighbours"][0]["label"], "red");
  EXPECT_EQ(document["neighbours_licence"], "CC0");
  const auto sheet = sheet_of(cells->front(), *explainer, own_.limits);
  ASSERT_OK(sheet);
  EXPECT_EQ(sheet->width_px, 960);
}

// Every byte cut off, and every byte of the head changed, is an error or a sound index; never a
// crash.
TEST_F(Index, HostileBytesAreErrors) {
  const auto bytes = to_bytes(made(1)).value();
  for (std::size_t length = 0; length < bytes.size(); length += 1 + length / 50) {
    EXPECT_FALSE(index_from_bytes(std::span(bytes).first(length), Limits{}).has_value()) << length;
  }
  for (std::size_t at = 0; at < std::min<std::size_t>(bytes.size(), 600); ++at) {
    auto changed = bytes;
    changed[at] ^= std::byte{0x11};
    (void)index_from_bytes(changed, Limits{});
  }
  auto longer = bytes;
  longer.push_back(std::byte{0});
  EXPECT_ERROR(index_from_bytes(longer, Limits{}), ErrorCode::malformed);
  auto huge = bytes;
  for (std::size_t i = 8; i < 16; ++i) huge[i] = std::byte{0xFF};
  EXPECT_ERROR(index_from_bytes(huge, Limits{}), ErrorCode::limit_exceeded);
}

TEST_F(Index, NotANumberIsRefused) {
  auto index = made(2);
  index.embeddings[1] = std::nanf("");
  EXPECT_ERROR(index_from_bytes(to_bytes(index).value(), Limits{}), ErrorCode::malformed);
}

}  // namespace
}  // namespace bloodcell::explain
