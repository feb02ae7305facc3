#include <bloodcell/data/synthetic.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <map>

#include <bloodcell/image/decode.hpp>

#include "small_sets.hpp"

namespace bloodcell::data {
namespace {

using image::Image;
using ::testing::HasSubstr;

// Pixels of the picture's middle part that `is` says yes to, as a part of the picture.
template <class Test>
double share(const Image& picture, Test is) {
  int found = 0;
  for (std::size_t i = 0; i < picture.rgb.size(); i += 3) {
    if (is(picture.rgb[i], picture.rgb[i + 1], picture.rgb[i + 2])) ++found;
  }
  return 3.0 * found / static_cast<double>(picture.rgb.size());
}

// Where green light is mostly swallowed: chromatin, basophil granules.
double dark_share(const Image& picture) {
  return share(picture, [](int, int green, int) { return green < 90; });
}

double mean_of(std::string_view label, double (*figure)(const Image&)) {
  double sum = 0;
  for (std::uint64_t i = 0; i < 12; ++i) sum += figure(synthetic_cell(label, 1, i, 96).value());
  return sum / 12;
}

TEST(SyntheticCell, ThereAreEightClassesInAlphabeticalOrder) {
  const auto labels = synthetic_labels();
  EXPECT_EQ(labels.size(), 8U);
  EXPECT_TRUE(std::is_sorted(labels.begin(), labels.end()));
}

TEST(SyntheticCell, IsTheSameForTheSameNumbersAndAnotherForOthers) {
  for (const auto label : synthetic_labels()) {
    const auto cell = synthetic_cell(label, 3, 7, 48);
    ASSERT_OK(cell);
    EXPECT_EQ(*cell, synthetic_cell(label, 3, 7, 48).value());
    EXPECT_NE(*cell, synthetic_cell(label, 4, 7, 48).value());
    EXPECT_NE(*cell, synthetic_cell(label, 3, 8, 48).value());
  }
}

TEST(SyntheticCell, HasTheSizeAskedFor) {
  for (const int side : {32, 97, 1024}) {
    const auto cell = synthetic_cell("monocyte", 0, 0, side);
    ASSERT_OK(cell);
    EXPECT_EQ(cell->width_px, side);
    EXPECT_EQ(cell->height_px, side);
  }
}

TEST(SyntheticCell, UnknownLabelsAndSizesAreErrors) {
  EXPECT_ERROR(synthetic_cell("blast", 0, 0, 96), ErrorCode::not_found);
  EXPECT_ERROR(synthetic_cell("red", 0, 0, 96), ErrorCode::not_found);
  EXPECT_ERROR(synthetic_cell("ig", 0, 0, 31), ErrorCode::usage);
  EXPECT_ERROR(synthetic_cell("ig", 0, 0, 1025), ErrorCode::usage);
  EXPECT_ERROR(synthetic_cell("ig", 0, 0, -5), ErrorCode::usage);
}

TEST(SyntheticCell, WhiteCellsAreDarkestInTheMiddle) {
  for (const auto label : synthetic_labels()) {
    double middle = 0;
    double rest = 0;
    for (std::uint64_t i = 0; i < 8; ++i) {
      const Image cell = synthetic_cell(label, 2, i, 64).value();
      Image inner(14, 14);
      for (int y = 0; y < 14; ++y) {
        for (int x = 0; x < 14; ++x) {
          const auto from = cell.at(25 + x, 25 + y);
          std::copy(from.begin(), from.end(), inner.at(x, y).begin());
        }
      }
      middle += share(inner, [](int, int green, int) { return green < 140; });
      rest += share(cell, [](int, int green, int) { return green < 140; });
    }
    EXPECT_GT(middle, 1.5 * rest) << label;
  }
}

// What tells the classes apart under a microscope must tell them apart here.
TEST(SyntheticCell, ClassesDifferAsTheTextbookSays) {
  const auto orange = [](const Image& picture) {
    return share(picture, [](int red, int green, int blue) {
      return red - green > 55 && green < 150 && red > 140 && blue < red - 20;
    });
  };
  EXPECT_GT(mean_of("eosinophil", orange), 0.02);
  EXPECT_LT(mean_of("neutrophil", orange), 0.005);
  EXPECT_GT(mean_of("basophil", dark_share), mean_of("neutrophil", dark_share));
  EXPECT_GT(mean_of("lymphocyte", dark_share), 1.3 * mean_of("erythroblast", dark_share));
  EXPECT_GT(mean_of("ig", dark_share), mean_of("neutrophil", dark_share));
  EXPECT_LT(mean_of("platelet", dark_share), 0.3 * mean_of("neutrophil", dark_share));
}

TEST(SyntheticField, ShowsTheCellsAskedForInsideTheField) {
  const std::array<std::string_view, 4> white{"neutrophil", "monocyte", "lymphocyte", "neutrophil"};
  const auto field = synthetic_field(white, 40, 5, 0, 320, 240);
  ASSERT_OK(field);
  EXPECT_EQ(field->image.width_px, 320);
  EXPECT_EQ(field->image.height_px, 240);
  std::map<std::string, int> counted;
  for (const auto& cell : field->cells) {
    ++counted[cell.label];
    EXPECT_GE(cell.box.x, 0);
    EXPECT_GE(cell.box.y, 0);
    EXPECT_GE(cell.box.width, 1);
    EXPECT_GE(cell.box.height, 1);
    EXPECT_LE(cell.box.x + cell.box.width, 320);
    EXPECT_LE(cell.box.y + cell.box.height, 240);
  }
  EXPECT_EQ(counted["neutrophil"], 2);
  EXPECT_EQ(counted["monocyte"], 1);
  EXPECT_EQ(counted["lymphocyte"], 1);
  EXPECT_NEAR(counted["red"], 40, 3);
}

TEST(SyntheticField, ABoxHoldsTheDarkOfItsWhiteCell) {
  const std::array<std::string_view, 1> white{"lymphocyte"};
  for (std::uint64_t index = 0; index < 5; ++index) {
    const auto field = synthetic_field(white, 0, 1, index, 200, 200);
    ASSERT_OK(field);
    ASSERT_EQ(field->cells.size(), 1U);
    const image::Box box = field->cells[0].box;
    int inside = 0;
    int outside = 0;
    for (int y = 0; y < 200; ++y) {
      for (int x = 0; x < 200; ++x) {
        if (field->image.at(x, y)[1] > 110) continue;
        const bool is_inside =
            x >= box.x && x < box.x + box.width && y >= box.y && y < box.y + box.height;
        ++(is_inside ? inside : outside);
      }
    }
    EXPECT_EQ(outside, 0);
    EXPECT_GT(inside, box.width * box.height / 3);
  }
}

TEST(SyntheticField, IsDeterministicAndMayBeEmptyOrCrowded) {
  const std::vector<std::string_view> crowd(20, "ig");
  for (const auto& white : {std::vector<std::string_view>{}, crowd}) {
    const auto field = synthetic_field(white, 150, 1, 2, 200, 100);
    ASSERT_OK(field);
    EXPECT_EQ(field->image, synthetic_field(white, 150, 1, 2, 200, 100)->image);
    const auto of_class = std::count_if(field->cells.begin(), field->cells.end(),
                                        [](const auto& cell) { return cell.label == "ig"; });
    EXPECT_EQ(static_cast<std::size_t>(of_class), white.size());
  }
  ASSERT_OK(synthetic_field({}, 0, 0, 0, 64, 64));
}

TEST(SyntheticField, AbsurdRequestsAreErrors) {
  const std::array<std::string_view, 1> wrong{"blast"};
  const std::vector<std::string_view> too_many(1001, "ig");
  EXPECT_ERROR(synthetic_field(wrong, 0, 0, 0, 200, 200), ErrorCode::not_found);
  EXPECT_ERROR(synthetic_field({}, -1, 0, 0, 200, 200), ErrorCode::usage);
  EXPECT_ERROR(synthetic_field({}, 1'000'000, 0, 0, 200, 200), ErrorCode::usage);
  EXPECT_ERROR(synthetic_field(too_many, 0, 0, 0, 200, 200), ErrorCode::usage);
  EXPECT_ERROR(synthetic_field({}, 0, 0, 0, 63, 200), ErrorCode::usage);
  EXPECT_ERROR(synthetic_field({}, 0, 0, 0, 200, 100'000), ErrorCode::usage);
}

TEST(SyntheticSet, OpensAsASetWithItsFamilies) {
  const test::TemporaryFolder folder;
  OwnContext own(2);
  SyntheticSetOptions options;
  options.cells_per_class = 3;
  options.copies_per_cell = 2;
  options.side_px = 32;
  ASSERT_OK(write_synthetic_set(own.get(), folder / "set", options));
  OpenOptions open_options;
  open_options.families_csv = folder / "set/families.csv";
  const auto dataset = open_dataset(own.get(), folder / "set", open_options);
  ASSERT_OK(dataset);
  EXPECT_EQ(dataset->labels.size(), 8U);
  EXPECT_EQ(dataset->samples.size(), 8U * 3 * 2);
  EXPECT_TRUE(dataset->problems.empty());
  std::map<std::string, int> families;
  for (const auto& sample : dataset->samples) ++families[sample.family];
  EXPECT_EQ(families.size(), 8U * 3);
  for (const auto& [family, images] : families) EXPECT_EQ(images, 2) << family;
}

TEST(SyntheticSet, TheFirstCopyIsTheCellAndTheSecondIsChanged) {
  const test::TemporaryFolder folder;
  OwnContext own;
  SyntheticSetOptions options;
  options.cells_per_class = 2;
  options.copies_per_cell = 2;
  options.side_px = 40;
  options.seed = 8;
  options.labels = {"monocyte"};
  ASSERT_OK(write_synthetic_set(own.get(), folder.path(), options));
  const auto cell = synthetic_cell("monocyte", 8, 1, 40);
  const auto first = image::decode_file(folder / "monocyte/monocyte-00001-0.png", own.limits);
  const auto second = image::decode_file(folder / "monocyte/monocyte-00001-1.png", own.limits);
  ASSERT_OK(cell);
  ASSERT_OK(first);
  ASSERT_OK(second);
  EXPECT_EQ(*first, *cell);
  EXPECT_NE(*second, *cell);
  EXPECT_EQ(second->width_px, 40);
}

TEST(SyntheticSet, IsTheSameForAnyNumberOfThreads) {
  const test::TemporaryFolder folder;
  SyntheticSetOptions options;
  options.cells_per_class = 2;
  options.copies_per_cell = 3;
  options.side_px = 32;
  options.labels = {"ig", "platelet"};
  std::vector<std::vector<Bytes>> contents;
  for (const unsigned threads : {1U, 3U}) {
    OwnContext own(threads);
    const auto root = folder / fmt::format("{}", threads);
    ASSERT_OK(write_synthetic_set(own.get(), root, options));
    const auto walked = walk_folder(root, own.limits);
    ASSERT_OK(walked);
    auto& files = contents.emplace_back();
    for (const auto& file : walked->files) files.push_back(*read_file(file, 1 << 20));
  }
  EXPECT_EQ(contents[0].size(), 2U * 2 * 3 + 1);
  EXPECT_EQ(contents[0], contents[1]);
}

TEST(SyntheticSet, WrongOptionsAndRequestsToStopAreErrors) {
  const test::TemporaryFolder folder;
  OwnContext own;
  SyntheticSetOptions options;
  options.labels = {"blast"};
  EXPECT_ERROR(write_synthetic_set(own.get(), folder.path(), options), ErrorCode::usage);
  options.labels = {};
  options.cells_per_class = 0;
  EXPECT_ERROR(write_synthetic_set(own.get(), folder.path(), options), ErrorCode::usage);
  options.cells_per_class = 1;
  options.copies_per_cell = 0;
  EXPECT_ERROR(write_synthetic_set(own.get(), folder.path(), options), ErrorCode::usage);
  options.copies_per_cell = 1;
  options.side_px = 8;
  EXPECT_ERROR(write_synthetic_set(own.get(), folder.path(), options), ErrorCode::usage);
  options.side_px = 32;
  own.cancellation.request();
  EXPECT_ERROR(write_synthetic_set(own.get(), folder.path(), options), ErrorCode::cancelled);
}

}  // namespace
}  // namespace bloodcell::data
