#include <bloodcell/data/augmentation_sheet.hpp>

#include <algorithm>
#include <set>

#include <bloodcell/data/loader.hpp>

#include "small_sets.hpp"

namespace bloodcell::data {
namespace {

using ::testing::HasSubstr;

constexpr int kGap_px = 4;
constexpr int kCaption_px = 19;
constexpr int kSide_px = 32;

class AugmentationSheet : public ::testing::Test {
 protected:
  AugmentationSheet() {
    for (int i = 0; i < 6; ++i) {
      image::Image picture(40, 40);
      for (std::size_t k = 0; k < picture.rgb.size(); ++k) {
        picture.rgb[k] = static_cast<std::uint8_t>((k * static_cast<std::size_t>(i + 3)) % 253);
      }
      write_picture(folder_ / fmt::format("{}/{}.png", i < 4 ? "ig" : "monocyte", i), picture);
    }
    OwnContext own;
    auto opened = open_dataset(own.get(), folder_.path());
    EXPECT_TRUE(opened.has_value()) << to_text(opened.error());
    dataset_ = *opened;
    options_.augmentations = {"turn", "robust"};
    options_.preprocessing.width_px = kSide_px;
    options_.preprocessing.height_px = kSide_px;
    options_.draws = 3;
  }

  Result<image::Image> sheet_of(const std::vector<std::size_t>& samples, unsigned threads = 1) {
    OwnContext own(threads);
    return augmentation_sheet(own.get(), dataset_, samples, options_);
  }

  static image::Image part_of(const image::Image& sheet, int row, int column) {
    image::Image part(kSide_px, kSide_px);
    const int top = row * (kSide_px + kCaption_px + kGap_px) + kCaption_px;
    const int left = kGap_px + column * (kSide_px + kGap_px);
    for (int y = 0; y < kSide_px; ++y) {
      for (int x = 0; x < kSide_px; ++x) {
        std::ranges::copy(sheet.at(left + x, top + y), part.at(x, y).begin());
      }
    }
    return part;
  }

  test::TemporaryFolder folder_;
  Dataset dataset_;
  AugmentationSheetOptions options_;
};

TEST_F(AugmentationSheet, ShowsWhatTheNetworkSees) {
  const auto sheet = sheet_of({1, 4});
  ASSERT_OK(sheet);
  EXPECT_EQ(sheet->height_px, 4 * (kSide_px + kCaption_px + kGap_px));
  OwnContext own;
  const auto frame =
      load_frame(dataset_, dataset_.samples[4], options_.preprocessing, own.get().limits);
  ASSERT_OK(frame);
  const auto fitted = image::fit(*frame, options_.preprocessing);
  for (const int row : {2, 3}) {
    EXPECT_EQ(part_of(*sheet, row, 0).rgb, fitted.rgb) << "the first picture is unchanged";
    std::set<std::vector<std::uint8_t>> looks;
    for (int column = 0; column <= options_.draws; ++column) {
      const auto rgb = part_of(*sheet, row, column).rgb;
      looks.emplace(rgb.begin(), rgb.end());
    }
    EXPECT_EQ(looks.size(), 4U) << "each draw is another";
  }
}

TEST_F(AugmentationSheet, IsTheSameForAnyNumberOfThreadsAndOtherForAnotherSeed) {
  const auto one = sheet_of({0, 5});
  const auto two = sheet_of({0, 5}, 3);
  ASSERT_OK(one);
  ASSERT_OK(two);
  EXPECT_EQ(one->rgb, two->rgb);
  options_.seed = 1;
  const auto other = sheet_of({0, 5});
  ASSERT_OK(other);
  EXPECT_NE(one->rgb, other->rgb);
}

TEST_F(AugmentationSheet, RefusesWhatItCannotShow) {
  EXPECT_ERROR(sheet_of({}), ErrorCode::usage);
  options_.draws = 0;
  EXPECT_ERROR(sheet_of({0}), ErrorCode::usage);
  options_.draws = 24;
  options_.preprocessing.width_px = 4096;
  options_.preprocessing.height_px = 4096;
  EXPECT_ERROR(sheet_of({0}), ErrorCode::usage);
  options_.preprocessing.width_px = 8;
  options_.preprocessing.height_px = 8;
  EXPECT_ERROR(sheet_of(std::vector<std::size_t>(31, 0)), ErrorCode::usage);
  options_.augmentations = {"sideways"};
  EXPECT_ERROR(sheet_of({0}), ErrorCode::usage);
}

TEST_F(AugmentationSheet, NamesAFileItCannotRead) {
  EXPECT_OK(write_text(dataset_.root / dataset_.samples[2].file, "no picture"));
  const auto sheet = sheet_of({2});
  ASSERT_FALSE(sheet.has_value());
  EXPECT_THAT(to_text(sheet.error()), HasSubstr(dataset_.samples[2].file));
}

TEST_F(AugmentationSheet, TakesClassesInTurnAndFamiliesBeforeTheirCopies) {
  const auto four = samples_to_show(dataset_, 4, 7);
  const auto monocytes = std::count_if(four.begin(), four.end(), [&](std::size_t position) {
    return dataset_.labels[static_cast<std::size_t>(dataset_.samples[position].label)] ==
           "monocyte";
  });
  EXPECT_EQ(four.size(), 4U);
  EXPECT_EQ(monocytes, 2);
  EXPECT_TRUE(std::is_sorted(four.begin(), four.end()));

  for (std::size_t i = 0; i < 3; ++i) dataset_.samples[i].family = "one cell";
  const auto two_of_ig = samples_to_show(dataset_, 4, 7);  // one of the family, its neighbour
  const auto copies = std::count_if(two_of_ig.begin(), two_of_ig.end(),
                                    [](std::size_t position) { return position < 3; });
  EXPECT_EQ(copies, 1);
  EXPECT_EQ(samples_to_show(dataset_, 100, 7).size(), 6U);
}

}  // namespace
}  // namespace bloodcell::data
