#include <bloodcell/data/audit.hpp>

#include "small_sets.hpp"

namespace bloodcell::data {
namespace {

using ::testing::ElementsAre;

Split made(std::vector<SplitEntry> entries) {
  Split split;
  split.entries = std::move(entries);
  return split;
}

TEST(Audit, FindsEqualFilesButNotUnusedOnes) {
  const auto doubles = find_doubles(made({{"a", "x", "1", "s", "train"},
                                          {"b", "x", "2", "s", "test"},
                                          {"c", "x", "3", "s", "unused"},
                                          {"d", "x", "4", "t", "train"}}));
  ASSERT_EQ(doubles.size(), 1U);
  EXPECT_THAT(doubles[0].files, ElementsAre("a", "b"));
  EXPECT_THAT(doubles[0].parts, ElementsAre("test", "train"));
}

TEST(Audit, ToldByFamilyAConflictIsNotToldAgainByBytes) {
  const auto conflicts =
      find_conflicts(made({{"a", "x", "1", "s", "train"}, {"b", "y", "1", "s", "train"}}));
  ASSERT_EQ(conflicts.size(), 1U);
  EXPECT_EQ(conflicts[0].by, "family");
  EXPECT_THAT(conflicts[0].labels, ElementsAre("x", "y"));
}

TEST(Audit, EqualBytesOfTwoFamiliesWithTwoLabelsConflict) {
  const auto conflicts =
      find_conflicts(made({{"a", "x", "1", "s", "train"}, {"b", "y", "2", "s", "train"}}));
  ASSERT_EQ(conflicts.size(), 1U);
  EXPECT_EQ(conflicts[0].by, "bytes");
}

TEST(Audit, AFieldWithTwoCellsDoesNotConflictWithItself) {
  EXPECT_TRUE(
      find_conflicts(made({{"field", "x", "1", "s", "train"}, {"field", "y", "1", "s", "train"}}))
          .empty());
}

TEST(Audit, WorstPairsComeFirstAndBeginWithTrain) {
  const auto split = made({{"a", "x", "1", "sa", "test"},
                           {"b", "x", "1", "sb", "train"},
                           {"c", "x", "2", "sc", "train"},
                           {"d", "x", "2", "sd", "test"},
                           {"e", "x", "2", "se", "test"}});
  const auto pairs = worst_pairs(split, find_leaks(split), 10);
  ASSERT_EQ(pairs.size(), 2U);
  EXPECT_EQ(pairs[0].files, 3U);
  EXPECT_EQ(pairs[0].first.file, "c");
  EXPECT_EQ(pairs[0].second.file, "d");
  EXPECT_EQ(pairs[1].first.file, "b");
  EXPECT_EQ(worst_pairs(split, find_leaks(split), 1).size(), 1U);
}

class TwoSides : public testing::Test {
 protected:
  void SetUp() override {
    write_picture(folder_ / "train/a/1.png", plain_picture(20, 20, 10));
    write_picture(folder_ / "train/b/1.png", plain_picture(20, 20, 90));
    write_picture(folder_ / "test/a/1.png", plain_picture(20, 20, 60));
    write_picture(folder_ / "test/b/9.png", plain_picture(20, 20, 90));
  }

  Result<Split> joined(const std::string& csv) {
    OwnContext own;
    std::filesystem::path file;
    if (!csv.empty()) {
      file = folder_ / "families.csv";
      EXPECT_OK(write_text(file, csv));
    }
    const auto train = open_dataset(own.get(), folder_ / "train");
    const auto test = open_dataset(own.get(), folder_ / "test");
    EXPECT_OK(train);
    EXPECT_OK(test);
    return join_sides(own.get(), *train, *test, file);
  }

  test::TemporaryFolder folder_;
};

TEST_F(TwoSides, FamiliesAreNamedBelowTheCommonFolder) {
  const auto split = joined("file,family\ntrain/a/1.png,f\ntest/a/1.png,f\n");
  ASSERT_OK(split);
  EXPECT_EQ(split->method, "families file");
  const auto leaks = find_leaks(*split);
  ASSERT_EQ(leaks.size(), 2U);  // the family, and the equal files of b
  EXPECT_EQ(leaks[0].family, "f");
  EXPECT_EQ(leaks[0].files, 2U);
}

TEST_F(TwoSides, OrBelowEachSide) {
  const auto split = joined("file,family\na/1.png,f\n");
  ASSERT_OK(split);
  EXPECT_EQ(find_leaks(*split).front().family, "f");
}

TEST_F(TwoSides, ACsvThatFitsNeitherIsRefused) {
  EXPECT_ERROR(joined("file,family\nz.png,f\n"), ErrorCode::not_found);
}

TEST_F(TwoSides, WithoutFamiliesEqualFilesAreFound) {
  const auto split = joined("");
  ASSERT_OK(split);
  EXPECT_EQ(split->method, "families by content");
  const auto leaks = find_leaks(*split);
  ASSERT_EQ(leaks.size(), 1U);
  EXPECT_THAT(leaks[0].parts, ElementsAre("test", "train"));
}

TEST_F(TwoSides, SheetHasAFieldForEachPairAndShowsItsPictures) {
  const auto split = joined("file,family\na/1.png,f\n");
  ASSERT_OK(split);
  OwnContext own;
  const auto pairs = worst_pairs(*split, find_leaks(*split), kSheetPairs);
  ASSERT_EQ(pairs.size(), 2U);
  const auto sheet = contact_sheet(own.get(), "", pairs);
  ASSERT_OK(sheet);
  EXPECT_EQ(sheet->width_px, 2 * kSheetPairWidth_px);
  EXPECT_EQ(sheet->height_px, kSheetPairHeight_px);
  EXPECT_EQ(sheet->at(80, 80)[0], 10);
  EXPECT_EQ(sheet->at(kSheetPairWidth_px / 2 + 80, 80)[0], 60);
}

TEST_F(TwoSides, SheetShowsAFieldForAPictureThatIsGone) {
  OwnContext own;
  const SplitEntry gone{"gone \xFF.png", "a", "f", "", "train"};
  const auto sheet = contact_sheet(own.get(), folder_.path(), {{gone, gone, 2}});
  ASSERT_OK(sheet);
  EXPECT_EQ(sheet->at(80, 20)[0], 200);
}

TEST_F(TwoSides, SheetOfNothingOrTooMuchIsRefused) {
  OwnContext own;
  EXPECT_ERROR(contact_sheet(own.get(), "", {}), ErrorCode::usage);
  EXPECT_ERROR(contact_sheet(own.get(), "", std::vector<LeakingPair>(kSheetPairs + 1)),
               ErrorCode::usage);
}

}  // namespace
}  // namespace bloodcell::data
