// Scanned slides through the whole of prediction.

#include <bloodcell/base/files.hpp>
#include <bloodcell/image/encode.hpp>
#include <bloodcell/predict/cell_picture.hpp>
#include <bloodcell/predict/predictor.hpp>
#include <bloodcell/test/blob_locator.hpp>
#include <bloodcell/test/colour_model.hpp>
#include <bloodcell/test/made_slide.hpp>

namespace bloodcell::predict {
namespace {

model_file::ModelFile colours_of_cells() {
  auto description = test::colour_model().description;
  description.preprocessing.cell_margin = 1;
  return model_file::with_locator(test::colour_model(description), test::blob_locator()).value();
}

constexpr std::array<std::uint8_t, 3> kPale{230, 230, 230};
constexpr std::array<std::uint8_t, 3> kDarkRed{90, 0, 0};
constexpr std::array<std::uint8_t, 3> kDarkBlue{0, 0, 90};

// Twelve cells, every other one blue.
image::Image smear_of_twelve() {
  auto smear = test::flat(400, 300, kPale);
  for (int i = 0; i < 12; ++i) {
    test::draw_square(smear, 30 + 91 * (i % 4), 30 + 91 * (i / 4), 16,
                      i % 2 == 0 ? kDarkBlue : kDarkRed);
  }
  return smear;
}

std::vector<Row> rows_of(const Inputs& inputs, const Options& options = {}, unsigned threads = 2) {
  OwnContext own(threads);
  const auto predictor = Predictor::open(own.get(), colours_of_cells(), options);
  std::vector<Row> rows;
  EXPECT_TRUE(predictor.has_value());
  EXPECT_OK(predictor->run(own.get(), inputs, [&](const Row& row) { rows.push_back(row); }));
  return rows;
}

TEST(Slides, EveryCellGetsOneRowInPixelsOfTheFinestLevel) {
  const test::TemporaryFolder folder;
  test::write_slide(folder / "scan.tif", smear_of_twelve(), {.um_per_px = 0.3});
  const auto rows = rows_of({{folder / "scan.tif"}, {}});
  ASSERT_EQ(rows.size(), 12U);
  int blue = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].cell, static_cast<int>(i));
    EXPECT_EQ(rows[i].status, Status::ok);
    const int column = (rows[i].box.x + rows[i].box.width / 2 - 38 + 45) / 91;
    const int line = (rows[i].box.y + rows[i].box.height / 2 - 38 + 45) / 91;
    EXPECT_EQ(rows[i].class_index, (column + 4 * line) % 2 == 0 ? 2 : 0);
    blue += rows[i].class_index == 2 ? 1 : 0;
  }
  EXPECT_EQ(blue, 6);
}

// Red where the first names blue: what is read again is seen at the second's size, tile by tile.
TEST(Slides, ASecondNetworkReadsTheirCellsToo) {
  const test::TemporaryFolder folder;
  test::write_slide(folder / "scan.tif", smear_of_twelve(), {.um_per_px = 0.3});
  OwnContext own;
  const auto both =
      model_file::with_second(colours_of_cells(), test::next_colour_model(16, 1), 1, 1);
  ASSERT_OK(both);
  const auto predictor = Predictor::open(own.get(), *both);
  ASSERT_OK(predictor);
  std::vector<Row> rows;
  ASSERT_OK(predictor->run(own.get(), {{folder / "scan.tif"}, {}},
                           [&](const Row& row) { rows.push_back(row); }));
  const auto alone = rows_of({{folder / "scan.tif"}, {}});
  ASSERT_EQ(rows.size(), alone.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_TRUE(rows[i].is_read_twice);
    EXPECT_EQ(rows[i].class_index, (alone[i].class_index + 1) % 3);
  }
}

// The model's fault is no picture's: the run ends, and does not go on without the slide.
TEST(Slides, ABrokenSecondNetworkEndsTheRun) {
  const test::TemporaryFolder folder;
  test::write_slide(folder / "scan.tif", smear_of_twelve(), {.um_per_px = 0.3});
  OwnContext own;
  auto both = model_file::with_second(colours_of_cells(), test::next_colour_model(16, 1), 1, 1);
  ASSERT_OK(both);
  both->second[100] = both->second[100] == 'A' ? 'B' : 'A';
  const auto predictor = Predictor::open(own.get(), *both);
  ASSERT_OK(predictor);
  EXPECT_ERROR(predictor->run(own.get(), {{folder / "scan.tif"}, {}}, [](const Row&) {}),
               ErrorCode::internal);
}

TEST(Slides, StandBetweenPicturesInTheirPlace) {
  const test::TemporaryFolder folder;
  auto field = test::flat(128, 96, kPale);
  test::draw_square(field, 80, 20, 32, kDarkBlue);
  ASSERT_OK(write_file(folder / "a.png", image::encode_png(field).value()));
  ASSERT_OK(write_file(folder / "c.png", image::encode_png(field).value()));
  test::write_slide(folder / "b.tif", smear_of_twelve(), {.um_per_px = 0.3});
  test::write_slide(folder / "d.tif", test::flat(200, 200, kPale), {.um_per_px = 0.3});
  const Inputs inputs{{folder / "a.png", folder / "b.tif", folder / "c.png", folder / "d.tif"}, {}};
  const auto text = [&](unsigned threads) {
    std::string files;
    for (const auto& row : rows_of(inputs, {}, threads)) {
      files += std::filesystem::path(row.file).stem().string() +
               (row.status == Status::no_cell ? "-" : "");
    }
    return files;
  };
  EXPECT_EQ(text(1), "abbbbbbbbbbbbcd-");
  EXPECT_EQ(text(3), text(1));
}

TEST(Slides, WhatCannotBeReadIsARowThatSaysWhy) {
  const test::TemporaryFolder folder;
  test::write_slide(folder / "silent.tif", smear_of_twelve());
  const Inputs silent{{folder / "silent.tif"}, {}};
  const auto rows = rows_of(silent);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].status, Status::error);
  EXPECT_THAT(rows[0].message, testing::HasSubstr("--slide-um-per-px"));
  Options options;
  options.slides.um_per_px = 0.3;
  EXPECT_EQ(rows_of(silent, options).size(), 12U);
  options.slides.max_cells = 3;
  EXPECT_THAT(rows_of(silent, options).at(0).message, testing::HasSubstr("--max-slide-cells"));
  options.slides.max_pixels = 1000;
  EXPECT_THAT(rows_of(silent, options).at(0).message, testing::HasSubstr("--max-slide-pixels"));
  Options one_cell;
  one_cell.shows = Shows::cell;
  EXPECT_THAT(rows_of(silent, one_cell).at(0).message, testing::HasSubstr("--shows cell"));
}

TEST(Slides, OfHalfAFileNothingIsCounted) {
  const test::TemporaryFolder folder;
  test::write_slide(folder / "scan.tif", smear_of_twelve(), {.um_per_px = 0.3});
  const auto whole = read_file(folder / "scan.tif", 1 << 24).value();
  ASSERT_OK(write_file(folder / "cut.tif", std::span(whole).first(whole.size() / 2)));
  const auto rows = rows_of({{folder / "cut.tif"}, {}});
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].status, Status::error);
}

TEST(Slides, ACellsPictureIsCutOutOfTheSlide) {
  const test::TemporaryFolder folder;
  test::write_slide(folder / "scan.tif", smear_of_twelve(), {.um_per_px = 0.3});
  const auto picture = cell_picture(folder / "scan.tif", {30, 30, 16, 16}, {}, {});
  ASSERT_OK(picture);
  EXPECT_EQ(*picture, test::flat(16, 16, kDarkBlue));
}

}  // namespace
}  // namespace bloodcell::predict
