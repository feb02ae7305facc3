#include <bloodcell/image/encode.hpp>
#include <bloodcell/predict/predictor.hpp>
#include <bloodcell/test/blob_locator.hpp>
#include <bloodcell/test/colour_model.hpp>

namespace bloodcell::predict {
namespace {

using bloodcell::test::TemporaryFolder;

// The colour model made for located cells: what it sees is the dark square alone.
model_file::ModelFile colours_of_cells() {
  auto description = test::colour_model().description;
  description.preprocessing.cell_margin = 1;
  const auto made = test::colour_model(description);
  return model_file::with_locator(made, test::blob_locator()).value();
}

constexpr std::array<std::uint8_t, 3> kPale{230, 230, 230};
constexpr std::array<std::uint8_t, 3> kDarkRed{90, 0, 0};
constexpr std::array<std::uint8_t, 3> kDarkBlue{0, 0, 90};

image::Image field_of_two() {
  auto field = test::flat(128, 96, kPale);
  test::draw_square(field, 80, 20, 32, kDarkBlue);
  test::draw_square(field, 12, 48, 32, kDarkRed);
  return field;
}

TEST(Fields, EveryCellOfAFieldGetsARowInReadingOrder) {
  OwnContext own;
  const auto predictor = Predictor::open(own.get(), colours_of_cells());
  ASSERT_OK(predictor);
  EXPECT_TRUE(predictor->locates());
  const auto rows = predictor->classify(field_of_two(), "field");
  ASSERT_OK(rows);
  ASSERT_EQ(rows->size(), 2U);
  EXPECT_EQ((*rows)[0].cell, 0);
  EXPECT_EQ((*rows)[0].class_index, 2);
  EXPECT_NEAR((*rows)[0].box.x + (*rows)[0].box.width / 2, 96, 8);
  EXPECT_EQ((*rows)[1].cell, 1);
  EXPECT_EQ((*rows)[1].class_index, 0);
}

TEST(Fields, AFieldWithoutACellSaysSo) {
  OwnContext own;
  const auto predictor = Predictor::open(own.get(), colours_of_cells());
  ASSERT_OK(predictor);
  const auto rows = predictor->classify(test::flat(128, 96, kPale), "bare");
  ASSERT_OK(rows);
  ASSERT_EQ(rows->size(), 1U);
  EXPECT_EQ(rows->front().status, Status::no_cell);
  EXPECT_EQ(rows->front().class_index, -1);
  EXPECT_EQ(rows->front().box, (image::Box{0, 0, 128, 96}));
}

TEST(Fields, APictureOfOneCellKeepsItsOwnBox) {
  OwnContext own;
  auto crop = test::flat(80, 80, kPale);
  test::draw_square(crop, 28, 28, 24, kDarkBlue);
  const auto predictor = Predictor::open(own.get(), colours_of_cells());
  ASSERT_OK(predictor);
  const auto rows = predictor->classify(crop, "crop");
  ASSERT_OK(rows);
  ASSERT_EQ(rows->size(), 1U);
  EXPECT_EQ(rows->front().box, (image::Box{0, 0, 80, 80}));
  EXPECT_EQ(rows->front().class_index, 2);
  EXPECT_GT(rows->front().confidence, 0.5);  // the frame is the cell, not the pale picture
}

TEST(Fields, WhatAPictureShowsCanBeSaid) {
  OwnContext own;
  const auto as_cell = Predictor::open(own.get(), colours_of_cells(), {.shows = Shows::cell});
  ASSERT_OK(as_cell);
  EXPECT_EQ(as_cell->classify(field_of_two(), "field")->size(), 1U);
}

TEST(Fields, RowsAreTheSameForAnyThreadsAndBatch) {
  const TemporaryFolder folder;
  for (int i = 0; i < 7; ++i) {
    auto field = field_of_two();
    if (i % 3 == 0) field = test::flat(128, 96, kPale);
    ASSERT_OK(write_file(folder / fmt::format("{}.png", i), image::encode_png(field).value()));
  }
  ASSERT_OK(write_text(folder / "4a.png", "broken"));
  const auto run = [&](unsigned threads, int batch) {
    OwnContext own(threads);
    const auto predictor = Predictor::open(own.get(), colours_of_cells(), {.batch = batch});
    Inputs inputs;
    for (const char* name : {"0", "1", "2", "3", "4", "4a", "5", "6"}) {
      inputs.files.push_back(folder / (std::string(name) + ".png"));
    }
    std::string text;
    const auto totals = predictor->run(own.get(), inputs, [&](const Row& row) {
      text += fmt::format("{} {} {} {}\n", row.file, row.cell, row.class_index, row.box.x);
    });
    EXPECT_EQ(totals->files, 8U);
    EXPECT_EQ(totals->cells, 8U);
    EXPECT_EQ(totals->without_cell, 3U);
    EXPECT_EQ(totals->errors, 1U);
    return text;
  };
  const auto expected = run(1, 1);
  EXPECT_EQ(run(2, 3), expected);
  EXPECT_EQ(run(3, 64), expected);
}

TEST(Fields, ALocatorFromOutsideTakesThePlaceOfTheOneWithin) {
  OwnContext own;
  auto bare = colours_of_cells();
  bare.locator.clear();
  const auto alone = Predictor::open(own.get(), bare);
  ASSERT_OK(alone);
  EXPECT_FALSE(alone->locates());
  EXPECT_EQ(alone->classify(field_of_two(), "field")->size(), 1U);
  Options options;
  options.locator = test::blob_locator();
  const auto given = Predictor::open(own.get(), bare, options);
  ASSERT_OK(given);
  EXPECT_EQ(given->classify(field_of_two(), "field")->size(), 2U);
  options.locator = test::colour_model();
  EXPECT_ERROR(Predictor::open(own.get(), bare, options), ErrorCode::usage);
}

}  // namespace
}  // namespace bloodcell::predict
