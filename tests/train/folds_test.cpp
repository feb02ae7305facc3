#include <bloodcell/train/folds.hpp>

#include <map>
#include <set>

#include "small_run.hpp"

namespace bloodcell::train {
namespace {

std::map<std::string, std::string> parts_of(const data::Split& split) {
  std::map<std::string, std::string> parts;
  for (const auto& entry : split.entries) parts[entry.file] = entry.part;
  return parts;
}

TEST(Folds, EachTestsOnceAndWatchesOnce) {
  const test::TemporaryFolder folder;
  const auto set = make_small_set(folder / "set", 6);
  OwnContext own(1);
  data::SplitOptions how;
  how.folds = 3;
  const auto folds = data::make_split(own.get(), set.dataset, how);
  ASSERT_OK(folds);
  std::map<std::string, std::map<std::string, int>> roles;
  for (int fold = 0; fold < 3; ++fold) {
    const auto split = split_of_fold(*folds, fold, 3);
    EXPECT_TRUE(data::find_leaks(split).empty());
    for (const auto& [file, part] : parts_of(split)) ++roles[file][part];
  }
  EXPECT_EQ(roles.size(), set.dataset.samples.size());
  for (const auto& [file, times] : roles) {
    EXPECT_EQ(times.at("test"), 1) << file;
    EXPECT_EQ(times.at("validation"), 1) << file;
    EXPECT_EQ(times.at("train"), 1) << file;
  }
}

TEST(LeftOutSource, TestsAndNothingOfItTeaches) {
  data::Dataset dataset;
  data::Split split;
  const auto add = [&](const char* file, const char* source, const char* family, const char* hash,
                       const char* part) {
    data::Sample sample;
    sample.file = file;
    sample.source = source;
    dataset.samples.push_back(sample);
    split.entries.push_back({file, "ig", family, hash, part});
  };
  add("a1", "acevedo", "f1", "h1", "train");
  add("a2", "acevedo", "f2", "h2", "validation");
  add("b1", "bccd", "f2", "h3", "train");  // a family that reaches over
  add("b2", "bccd", "f3", "h1", "train");  // the same bytes
  add("b3", "bccd", "f4", "h4", "train");
  add("b4", "bccd", "f5", "h5", "validation");
  const auto parts = parts_of(split_without_source(dataset, split, "acevedo"));
  EXPECT_EQ(parts, (std::map<std::string, std::string>{{"a1", "test"},
                                                       {"a2", "test"},
                                                       {"b1", "unused"},
                                                       {"b2", "unused"},
                                                       {"b3", "train"},
                                                       {"b4", "validation"}}));
  EXPECT_THAT(sources_of(dataset), testing::ElementsAre("acevedo", "bccd"));
}

}  // namespace
}  // namespace bloodcell::train
