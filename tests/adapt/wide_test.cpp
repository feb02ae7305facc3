#include "../../src/adapt/wide.hpp"

#include <cmath>

#include <bloodcell/base/random.hpp>
#include <bloodcell/infer/session.hpp>
#include <bloodcell/test/support.hpp>

#include "../../src/adapt/labelled.hpp"
#include "forgetful_model.hpp"

namespace bloodcell::adapt {
namespace {

constexpr int kBatch = 4;
constexpr int kRed = 0;
constexpr int kGreen = 1;

void add(Cells& cells, std::array<std::uint8_t, 3> colour, int truth) {
  cells.frames.resize(1);
  cells.frames[0].push_back(test::flat(8, 8, colour));
  cells.families.push_back(fmt::format("f{}", cells.families.size()));
  cells.truths.push_back(truth);
}

void add_greens(Cells& cells, int first, int count, int truth) {
  for (int i = 0; i < count; ++i) {
    add(cells, {128, static_cast<std::uint8_t>(first + 2 * i), 20}, truth);
  }
}

// Two of little green and two of some, all that have labels; a fifth in between that has none.
Cells few_cells() {
  Cells cells;
  add_greens(cells, 10, 2, kRed);
  add_greens(cells, 100, 2, kGreen);
  add_greens(cells, 85, 1, WideMeans::kUntaught);
  return cells;
}

class WideHead : public testing::Test {
 protected:
  Wide wide(const Cells& labelled, const Cells& pictures) {
    return Wide::of(own_.get(), view_, labelled, pictures, kBatch).value().value();
  }
  // That says nothing.
  model_file::DenseHead silent_ = {3, std::vector<float>(9), std::vector<float>(3)};
  View view_{0, 0, forgetful_model()};
  OwnContext own_{1};
};

TEST_F(WideHead, PicturesSayWhereAClassReallyLies) {
  const auto cells = few_cells();
  Cells none;
  none.frames.resize(1);
  const auto alone = wide(cells, none);
  EXPECT_EQ(best_of(alone.logits(alone.fit(cells.truths, silent_), 4)), kGreen);

  Cells pictures;
  add_greens(pictures, 0, 15, WideMeans::kUntaught);
  add_greens(pictures, 210, 15, WideMeans::kUntaught);
  const auto taught = wide(cells, pictures);
  EXPECT_EQ(best_of(taught.logits(taught.fit(cells.truths, silent_), 4)), kRed);
}

TEST_F(WideHead, TheFileSaysWhatTheFitSays) {
  const auto cells = few_cells();
  Cells pictures;
  add_greens(pictures, 0, 30, WideMeans::kUntaught);
  const auto fitted = wide(cells, pictures);
  const auto fit = fitted.fit(cells.truths, silent_);
  const auto file = fitted.with(fit, view_.model);
  ASSERT_OK(file);
  const auto seen =
      see(own_.get(), *file, input_of(cells.frames[0], file->description.preprocessing), kBatch);
  ASSERT_OK(seen);
  for (std::size_t cell = 0; cell < cells.size(); ++cell) {
    const auto logits = fitted.logits(fit, cell);
    for (const std::size_t k : {kRed, kGreen}) {
      EXPECT_NEAR(seen->logits[cell * 3 + k], logits[k], 1e-2 * (1 + std::abs(logits[k])));
    }
  }
}

TEST_F(WideHead, MoreLabelledCellsThanThereIsRoomForHaveNone) {
  Cells many;
  for (std::size_t i = 0; i <= Wide::kMostRows; ++i) add(many, {128, 10, 20}, kRed);
  const auto none = Wide::of(own_.get(), view_, many, many, kBatch);
  ASSERT_OK(none);
  EXPECT_FALSE(none->has_value());
}

// Colours that say nothing of the class: what beats another there does so by chance.
TEST_F(WideHead, IsNotGivenUpForWhatIsBetterByChance) {
  int usual = 0;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    Random random(seed, stream_of("colours of chance"), 0);
    const auto light = [&] { return static_cast<std::uint8_t>(random.uniform(0, 255)); };
    Cells cells;
    for (int i = 0; i < 16; ++i) add(cells, {light(), light(), light()}, i % 2);
    Labelled labelled(cells, cells);
    ASSERT_OK(labelled.look(own_.get(), view_, kBatch));
    usual += labelled.best(labelled.all_rows(), seed).head.kind == HeadKind::maps ? 1 : 0;
  }
  EXPECT_GE(usual, 9);
}

}  // namespace
}  // namespace bloodcell::adapt
