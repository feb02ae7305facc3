#include <bloodcell/data/split.hpp>

#include <filesystem>
#include <map>
#include <set>

#include <bloodcell/base/hash.hpp>

#include "small_sets.hpp"

namespace bloodcell::data {
namespace {

using test::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::map<std::string, int> images_by_part(const Split& split, const std::string& label = "") {
  std::map<std::string, int> images;
  for (const auto& entry : split.entries) {
    if (label.empty() || entry.label == label) ++images[entry.part];
  }
  return images;
}

TEST(Split, DealsTwentyEvenFamilies14To3To3) {
  const TemporaryFolder folder;
  const auto dataset = make_set(folder.path(), even_rows({"ig", "monocyte"}, 20, 2));
  const auto split = split_of(dataset);
  ASSERT_OK(split);
  for (const auto* label : {"ig", "monocyte"}) {
    auto images = images_by_part(*split, label);
    EXPECT_EQ(images["train"], 28) << label;
    EXPECT_EQ(images["validation"], 6) << label;
    EXPECT_EQ(images["test"], 6) << label;
  }
  EXPECT_EQ(split->method, "by family");
  EXPECT_TRUE(split->has_families);
  EXPECT_TRUE(find_leaks(*split).empty());
}

TEST(Split, RecordsTheHashOfEachFile) {
  const TemporaryFolder folder;
  const auto dataset = make_set(folder.path(), even_rows({"ig"}, 3, 1));
  const auto split = split_of(dataset);
  ASSERT_OK(split);
  for (const auto& entry : split->entries) {
    EXPECT_EQ(entry.sha256, sha256(as_bytes_of(entry.file)));
  }
}

TEST(Split, TheSeedDecidesAndThreadsDoNot) {
  const TemporaryFolder folder;
  const auto dataset = make_set(folder.path(), even_rows({"ig", "monocyte"}, 20, 2));
  SplitOptions options;
  const auto first = split_of(dataset, options, 1);
  const auto again = split_of(dataset, options, 4);
  options.seed = 43;
  const auto other = split_of(dataset, options);
  ASSERT_OK(first);
  ASSERT_OK(again);
  ASSERT_OK(other);
  EXPECT_EQ(to_json_text(*first), to_json_text(*again));
  std::set<std::string> moved;
  for (const auto& entry : first->entries) {
    if (part_of(*other, entry.file) != entry.part) moved.insert(entry.file);
  }
  EXPECT_FALSE(moved.empty());
}

TEST(Split, ShareOfZeroMakesNoSuchPart) {
  const TemporaryFolder folder;
  const auto dataset = make_set(folder.path(), even_rows({"ig"}, 4, 1));
  SplitOptions options;
  options.validation = 0.25;
  options.test = 0;
  const auto split = split_of(dataset, options);
  ASSERT_OK(split);
  EXPECT_EQ(images_by_part(*split), (std::map<std::string, int>{{"train", 3}, {"validation", 1}}));
}

TEST(Split, EveryPartGetsAFamilyHoweverLargeTheOthersAre) {
  const TemporaryFolder folder;
  std::vector<Row> rows;
  for (int i = 0; i < 50; ++i) rows.push_back({fmt::format("big{:02}.png", i), "ig", "big"});
  rows.push_back({"small1.png", "ig", "small1"});
  rows.push_back({"small2.png", "ig", "small2"});
  const auto dataset = make_set(folder.path(), rows);
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    SplitOptions options;
    options.seed = seed;
    const auto split = split_of(dataset, options);
    ASSERT_OK(split);
    EXPECT_EQ(images_by_part(*split).size(), 3U) << "seed " << seed;
  }
}

TEST(Split, AClassWithFewerFamiliesThanPartsIsNamed) {
  const TemporaryFolder folder;
  auto rows = even_rows({"ig"}, 5, 1);
  for (const auto& row : even_rows({"monocyte"}, 2, 9)) rows.push_back(row);
  const auto dataset = make_set(folder.path(), rows);
  const auto split = split_of(dataset);
  EXPECT_ERROR(split, ErrorCode::usage);
  EXPECT_THAT(split.error().message, HasSubstr("`monocyte` has 2 families for 3 parts"));
}

TEST(Split, SharesAndFoldsOutOfRangeAreUsageErrors) {
  const TemporaryFolder folder;
  const auto dataset = make_set(folder.path(), even_rows({"ig"}, 5, 1));
  for (const auto& [validation, test] : std::vector<std::pair<double, double>>{
           {-0.1, 0.2}, {0.5, 0.5}, {1, 0}, {0, 1.5}, {std::nan(""), 0.1}, {0.1, INFINITY}}) {
    SplitOptions options;
    options.validation = validation;
    options.test = test;
    EXPECT_ERROR(split_of(dataset, options), ErrorCode::usage);
  }
  for (const int folds : {-1, 1, 1001, 6}) {
    SplitOptions options;
    options.folds = folds;
    EXPECT_ERROR(split_of(dataset, options), ErrorCode::usage);
  }
}

TEST(Split, AFamilyCountsToTheClassOfMostOfItsImages) {
  const TemporaryFolder folder;
  auto rows = even_rows({"ig", "monocyte"}, 3, 1);
  for (int i = 0; i < 3; ++i) rows.push_back({fmt::format("m{}.png", i), "ig", "mixed"});
  rows.push_back({"m3.png", "monocyte", "mixed"});
  const auto dataset = make_set(folder.path(), rows);
  const auto split = split_of(dataset);
  ASSERT_OK(split);
  EXPECT_EQ(part_of(*split, "m3.png"), part_of(*split, "m0.png"));
  EXPECT_EQ(images_by_part(*split, "monocyte").size(), 3U);
}

TEST(Split, FilesOfEqualContentBecomeOneFamily) {
  const TemporaryFolder folder;
  const auto dataset = make_set(folder.path(), even_rows({"ig"}, 12, 1));
  ASSERT_OK(write_text(folder / "ig/03-0.png", "same bytes"));
  ASSERT_OK(write_text(folder / "ig/07-0.png", "same bytes"));
  ASSERT_OK(write_text(folder / "ig/09-0.png", "same bytes"));
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    SplitOptions options;
    options.seed = seed;
    const auto split = split_of(dataset, options);
    ASSERT_OK(split);
    std::map<std::string, int> in_family;
    for (const auto& entry : split->entries) ++in_family[entry.family];
    EXPECT_EQ(in_family.size(), 10U);
    EXPECT_EQ(in_family["ig 03"], 3);
    EXPECT_EQ(part_of(*split, "ig/03-0.png"), part_of(*split, "ig/09-0.png"));
    EXPECT_TRUE(find_leaks(*split).empty());
  }
}

TEST(Split, BoxesOfOneFileStayTogetherWhateverTheirFamilies) {
  const TemporaryFolder folder;
  write_files(folder.path(), {"a.png", "b.png", "c.png", "d.png"});
  ASSERT_OK(write_text(folder / "set.csv",
                       "file,label,family,x,y,width,height\na.png,ig,f1,0,0,5,5\n"
                       "a.png,ig,f2,9,9,5,5\nb.png,ig,f2,,,,\nc.png,ig,f3,,,,\nd.png,ig,f4,,,,\n"));
  OwnContext own;
  const auto dataset = open_dataset(own.get(), folder / "set.csv");
  ASSERT_OK(dataset);
  const auto split = split_of(*dataset);
  ASSERT_OK(split);
  EXPECT_EQ(split->entries.size(), 4U);
  EXPECT_EQ(part_of(*split, "a.png"), part_of(*split, "b.png"));
  const auto samples = samples_of(*dataset, *split, part_of(*split, "a.png"));
  ASSERT_OK(samples);
  EXPECT_EQ(samples->size(), 3U);
}

TEST(Split, AFileThatCannotBeReadIsNamed) {
  const TemporaryFolder folder;
  const auto dataset = make_set(folder.path(), even_rows({"ig"}, 4, 1));
  std::filesystem::remove(folder / "ig/02-0.png");
  const auto split = split_of(dataset, {}, 3);
  EXPECT_ERROR(split, ErrorCode::not_found);
  EXPECT_THAT(split.error().path, HasSubstr("02-0.png"));
}

TEST(Split, StopsOnRequest) {
  const TemporaryFolder folder;
  const auto dataset = make_set(folder.path(), even_rows({"ig"}, 4, 1));
  OwnContext own;
  own.cancellation.request();
  EXPECT_ERROR(make_split(own.get(), dataset, {}), ErrorCode::cancelled);
}

class CountingSink : public ProgressSink {
 public:
  void update(const ProgressStep& step) override { last = step; }
  void finish() override { ++finished; }
  ProgressStep last;
  int finished = 0;
};

TEST(Split, TellsHowFarTheHashingIs) {
  const TemporaryFolder folder;
  const auto dataset = make_set(folder.path(), even_rows({"ig"}, 4, 3));
  OwnContext own(3);
  CountingSink sink;
  const Context context{own.get().log, own.limits, own.get().pool, own.cancellation, sink};
  ASSERT_OK(make_split(context, dataset, {}));
  EXPECT_EQ(sink.last.done, 12U);
  EXPECT_EQ(sink.last.total, 12U);
  EXPECT_EQ(sink.finished, 1);
}

TEST(TestPart, StandsAsPublishedAndFamiliesThatReachIntoTheRestAreUnused) {
  const TemporaryFolder folder;
  auto rows = even_rows({"ig"}, 8, 2, "TRAIN");
  for (const auto& row : even_rows({"ig"}, 2, 3, "TEST")) rows.push_back(row);
  rows.push_back({"straddles-1.png", "ig", "igTEST 00", "TRAIN"});
  rows.push_back({"straddles-2.png", "ig", "igTRAIN 05", "TEST"});
  const auto dataset = make_set(folder.path(), rows);
  SplitOptions options;
  options.test_part = "TEST";
  options.validation = 0.25;
  const auto split = split_of(dataset, options);
  ASSERT_OK(split);
  auto images = images_by_part(*split);
  EXPECT_EQ(images["test"], 7);
  EXPECT_EQ(images["unused"], 3);
  EXPECT_EQ(part_of(*split, "straddles-1.png"), "unused");
  EXPECT_EQ(part_of(*split, "straddles-2.png"), "test");
  EXPECT_EQ(part_of(*split, "ig/TRAIN05-0.png"), "unused");
  EXPECT_EQ(images["validation"], 4);
  EXPECT_EQ(images["train"], 10);
  EXPECT_TRUE(find_leaks(*split).empty());
}

TEST(TestPart, ASetOfTheSamePhotographsIsUnused) {
  const TemporaryFolder folder;
  auto rows = even_rows({"ig"}, 4, 1, "TRAIN");
  for (const auto* part : {"TEST", "TEST_SIMPLE"}) {
    for (const auto& row : even_rows({"ig"}, 2, 1, part)) rows.push_back(row);
  }
  const auto dataset = make_set(folder.path(), rows);
  for (const auto& [test_part, unused] :
       {std::pair<std::string, std::string>{"TEST", "ig/TEST_SIMPLE00-0.png"},
        std::pair<std::string, std::string>{"TEST_SIMPLE", "ig/TEST00-0.png"}}) {
    SplitOptions options;
    options.test_part = test_part;
    const auto split = split_of(dataset, options);
    ASSERT_OK(split);
    EXPECT_EQ(part_of(*split, unused), "unused");
    EXPECT_EQ(images_by_part(*split)["test"], 2);
    EXPECT_EQ(images_by_part(*split)["unused"], 2);
  }
}

TEST(TestPart, LeavesTheRestToTheFolds) {
  const TemporaryFolder folder;
  auto rows = even_rows({"ig"}, 6, 1, "TRAIN");
  for (const auto& row : even_rows({"ig"}, 2, 1, "TEST")) rows.push_back(row);
  const auto dataset = make_set(folder.path(), rows);
  SplitOptions options;
  options.test_part = "TEST";
  options.folds = 3;
  const auto split = split_of(dataset, options);
  ASSERT_OK(split);
  EXPECT_EQ(images_by_part(*split),
            (std::map<std::string, int>{{"fold0", 2}, {"fold1", 2}, {"fold2", 2}, {"test", 2}}));
  const auto others = samples_of(dataset, *split, "!fold1");
  ASSERT_OK(others);
  EXPECT_EQ(others->size(), 4U);
}

TEST(TestPart, ThatTheSetDoesNotHaveIsAUsageErrorWithThoseItHas) {
  const TemporaryFolder folder;
  const auto dataset = make_set(folder.path(), even_rows({"ig"}, 4, 1, "TRAIN"));
  SplitOptions options;
  options.test_part = "test";
  const auto split = split_of(dataset, options);
  EXPECT_ERROR(split, ErrorCode::usage);
  EXPECT_THAT(split.error().remedy, HasSubstr("TRAIN"));
}

TEST(ByImage, LeaksAndFindLeaksShowsIt) {
  const TemporaryFolder folder;
  const auto dataset = make_set(folder.path(), even_rows({"ig"}, 10, 10));
  SplitOptions options;
  options.by_image = true;
  const auto split = split_of(dataset, options);
  ASSERT_OK(split);
  EXPECT_EQ(split->method, "by image");
  const auto images = images_by_part(*split);
  EXPECT_EQ(images, (std::map<std::string, int>{{"test", 15}, {"train", 70}, {"validation", 15}}));
  const auto leaks = find_leaks(*split);
  ASSERT_FALSE(leaks.empty());
  EXPECT_EQ(leaks[0].files, 10U);
  EXPECT_THAT(leaks[0].family, HasSubstr("ig "));
}

TEST(FindLeaks, TellsFamiliesAndContentsButNotTheUnused) {
  Split split;
  split.entries = {{"a", "ig", "f1", "s1", "train"},  {"b", "ig", "f1", "s2", "test"},
                   {"c", "ig", "f2", "s3", "train"},  {"d", "ig", "f3", "s3", "validation"},
                   {"e", "ig", "f4", "s4", "unused"}, {"f", "ig", "f4", "s5", "test"},
                   {"g", "ig", "f1", "s6", "unused"}, {"h", "ig", "f5", "s7", "train"},
                   {"i", "ig", "f5", "s7", "train"}};
  const auto leaks = find_leaks(split);
  ASSERT_EQ(leaks.size(), 2U);
  EXPECT_EQ(leaks[0].family, "f1");
  EXPECT_THAT(leaks[0].parts, ElementsAre("test", "train"));
  EXPECT_EQ(leaks[0].files, 2U);
  EXPECT_EQ(leaks[1].family, "s3");
  EXPECT_THAT(leaks[1].parts, ElementsAre("train", "validation"));
}

TEST(SamplesOf, GivesPositionsInTheirOrder) {
  const TemporaryFolder folder;
  const auto dataset = make_set(folder.path(), even_rows({"ig"}, 5, 2));
  const auto split = split_of(dataset);
  ASSERT_OK(split);
  std::vector<std::size_t> all;
  for (const auto* part : {"train", "validation", "test"}) {
    const auto samples = samples_of(dataset, *split, part);
    ASSERT_OK(samples);
    EXPECT_TRUE(std::is_sorted(samples->begin(), samples->end()));
    for (const std::size_t i : *samples) {
      EXPECT_EQ(part_of(*split, dataset.samples[i].file), part);
      all.push_back(i);
    }
  }
  EXPECT_EQ(all.size(), dataset.samples.size());
}

TEST(SamplesOf, AnUnknownPartIsNotFound) {
  const TemporaryFolder folder;
  const auto dataset = make_set(folder.path(), even_rows({"ig"}, 3, 1));
  const auto split = split_of(dataset);
  ASSERT_OK(split);
  for (const auto* part : {"fold0", "!fold0", "!train", "", "!", "Train"}) {
    EXPECT_ERROR(samples_of(dataset, *split, part), ErrorCode::not_found);
  }
}

TEST(SamplesOf, AChangedSetIsAMismatch) {
  const TemporaryFolder folder;
  const auto dataset = make_set(folder.path(), even_rows({"ig", "monocyte"}, 3, 1));
  const auto split = split_of(dataset);
  ASSERT_OK(split);
  Dataset grown = dataset;
  grown.samples.push_back(grown.samples[0]);
  grown.samples.back().file = "ig/new.png";
  const auto with_new = samples_of(grown, *split, "train");
  EXPECT_ERROR(with_new, ErrorCode::mismatch);
  EXPECT_EQ(with_new.error().path, "ig/new.png");
  Dataset relabelled = dataset;
  relabelled.samples[0].label = 1;
  const auto with_other = samples_of(relabelled, *split, "train");
  EXPECT_ERROR(with_other, ErrorCode::mismatch);
  EXPECT_THAT(with_other.error().message, HasSubstr("another class"));
}

TEST(AdoptFamilies, TakesThemFromTheSplit) {
  const TemporaryFolder folder;
  auto dataset = make_set(folder.path(), even_rows({"ig"}, 3, 2));
  const auto split = split_of(dataset);
  ASSERT_OK(split);
  Dataset plain = dataset;
  plain.has_families = false;
  for (auto& sample : plain.samples) sample.family = sample.file;
  adopt_families(plain, *split);
  EXPECT_TRUE(plain.has_families);
  for (std::size_t i = 0; i < plain.samples.size(); ++i) {
    EXPECT_EQ(plain.samples[i].family, dataset.samples[i].family);
  }
}

}  // namespace
}  // namespace bloodcell::data
