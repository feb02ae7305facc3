#include <bloodcell/data/split.hpp>

#include "small_sets.hpp"

namespace bloodcell::data {
namespace {

using test::TemporaryFolder;
using ::testing::HasSubstr;

// What teaches alone has no part in the dealing: the others are dealt as if it were not there.
TEST(TeachOnly, ASourceThatOnlyTeachesGoesToTrainingAndMovesNobodyElse) {
  const TemporaryFolder folder;
  auto rows = even_rows({"ig", "monocyte"}, 12, 2);
  const auto alone = make_set(folder / "alone", rows);
  for (auto row : even_rows({"ig", "platelet"}, 2, 1, "new")) {
    row.part.clear();
    row.source = "elsewhere";
    rows.push_back(row);
  }
  const auto both = make_set(folder / "both", rows);
  SplitOptions options;
  options.teach_only = {"elsewhere"};
  const auto split = split_of(both, options);
  const auto without = split_of(alone);
  ASSERT_OK(split);
  ASSERT_OK(without);
  for (const auto& entry : without->entries) {
    EXPECT_EQ(part_of(*split, entry.file), entry.part) << entry.file;
  }
  for (const auto& row : rows) {
    if (row.source.empty()) continue;
    EXPECT_EQ(part_of(*split, row.file), "train") << row.file;
  }
  EXPECT_EQ(split->entries.size(), without->entries.size() + 4);
}

TEST(TeachOnly, AFamilyWithACellOfATeachingSourceTeachesWhole) {
  const TemporaryFolder folder;
  auto rows = even_rows({"ig"}, 6, 2);
  rows[4].source = "elsewhere";  // one of two pictures of its family
  const auto dataset = make_set(folder.path(), rows);
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    SplitOptions options;
    options.seed = seed;
    options.teach_only = {"elsewhere"};
    const auto split = split_of(dataset, options);
    ASSERT_OK(split);
    EXPECT_EQ(part_of(*split, rows[4].file), "train");
    EXPECT_EQ(part_of(*split, rows[5].file), "train");
    EXPECT_TRUE(find_leaks(*split).empty());
  }
}

TEST(TeachOnly, APublishedTestPartKeepsWhatATeachingSourceShares) {
  const TemporaryFolder folder;
  auto rows = even_rows({"ig"}, 8, 2);
  rows[4].part = "TEST";  // of a family with rows[5]
  rows[4].source = "here";
  rows[5].source = "elsewhere";
  rows[6].source = "elsewhere";
  rows[8].part = "TEST";
  rows[8].source = "elsewhere";  // may not judge
  SplitOptions options;
  options.test_part = "TEST";
  options.teach_only = {"elsewhere"};
  const auto split = split_of(make_set(folder.path(), rows), options);
  ASSERT_OK(split);
  EXPECT_EQ(part_of(*split, rows[4].file), "test");
  EXPECT_EQ(part_of(*split, rows[5].file), "unused");
  EXPECT_EQ(part_of(*split, rows[6].file), "train");
  EXPECT_EQ(part_of(*split, rows[8].file), "unused");
}

TEST(TeachOnly, APictureWithOneTeachingCellTeaches) {
  const TemporaryFolder folder;
  std::string manifest = "file,label,family,source,x,y,width,height\n";
  for (int i = 0; i < 9; ++i) {
    write_files(folder.path(), {fmt::format("{}.png", i)});
    manifest += fmt::format("{0}.png,ig,{0},here,0,0,5,5\n", i);
  }
  manifest += "4.png,ig,4,elsewhere,9,0,5,5\n";
  ASSERT_OK(write_text(folder / "manifest.csv", manifest));
  OwnContext own;
  const auto dataset = open_dataset(own.get(), folder / "manifest.csv");
  ASSERT_OK(dataset);
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    SplitOptions options;
    options.seed = seed;
    options.teach_only = {"elsewhere"};
    const auto split = split_of(*dataset, options);
    ASSERT_OK(split);
    EXPECT_EQ(part_of(*split, "4.png"), "train");
  }
}

TEST(TeachOnly, AClassThatOnlyTeachesIsNamedAndNeverDealt) {
  const TemporaryFolder folder;
  auto rows = even_rows({"ig", "platelet"}, 6, 1);
  for (auto& row : rows) {
    if (row.label == "platelet") row.source = "elsewhere";
  }
  SplitOptions options;
  options.teach_only = {"elsewhere"};
  const auto dataset = make_set(folder.path(), rows);
  OwnContext own;
  const Context silent = own.get();
  const Log log(LogLevel::warning, false);
  testing::internal::CaptureStderr();
  const auto split = make_split(
      {log, silent.limits, silent.pool, silent.cancellation, silent.progress}, dataset, options);
  const std::string said = testing::internal::GetCapturedStderr();
  ASSERT_OK(split);
  EXPECT_THAT(said, HasSubstr("every family of `platelet` only teaches"));
  EXPECT_THAT(said, testing::Not(HasSubstr("`ig`")));
  for (const auto& row : rows) {
    if (row.label == "platelet") EXPECT_EQ(part_of(*split, row.file), "train") << row.file;
  }
}

TEST(TeachOnly, ASetThatOnlyTeachesIsRefused) {
  const TemporaryFolder folder;
  auto rows = even_rows({"ig"}, 6, 1);
  for (auto& row : rows) row.source = "here";
  SplitOptions options;
  options.teach_only = {"here"};
  const auto split = split_of(make_set(folder.path(), rows), options);
  EXPECT_ERROR(split, ErrorCode::usage);
  EXPECT_THAT(split.error().message, HasSubstr("nothing is left to watch or judge"));
}

TEST(TeachOnly, ATeachingSourceMustBeThereAndGoesWithoutFolds) {
  const TemporaryFolder folder;
  auto rows = even_rows({"ig"}, 6, 1);
  for (auto& row : rows) row.source = "here";
  const auto dataset = make_set(folder.path(), rows);
  SplitOptions options;
  options.teach_only = {"nowhere"};
  const auto split = split_of(dataset, options);
  EXPECT_ERROR(split, ErrorCode::usage);
  EXPECT_THAT(split.error().message, HasSubstr("no source `nowhere`"));
  EXPECT_THAT(split.error().remedy, HasSubstr("here"));
  options.teach_only = {"here"};
  options.folds = 3;
  EXPECT_ERROR(split_of(dataset, options), ErrorCode::usage);
}

}  // namespace
}  // namespace bloodcell::data
