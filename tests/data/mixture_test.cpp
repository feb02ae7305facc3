#include <map>
#include <string>

#include <bloodcell/data/loader.hpp>

#include "small_sets.hpp"

namespace bloodcell::data {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

// Two class folders and a manifest with families, below one folder.
class Mixture : public ::testing::Test {
 protected:
  Mixture() {
    write_files(folder_ / "a", {"monocyte/1.jpg", "lymphocyte/2.jpg"});
    write_files(folder_ / "b", {"x.jpg", "y.jpg"});
    write("b/set.csv", "file,label,family,source\nx.jpg,Mono,1,Lahore\ny.jpg,Smudge,1,Lahore\n");
  }
  void write(const std::string& name, const std::string& text) {
    ASSERT_OK(write_text(folder_ / name, text));
  }
  Result<Dataset> open(const std::string& sources) {
    write("mix.json", R"({"format": 1, "sources": [)" + sources + "]}");
    OwnContext own;
    return open_dataset(own.get(), folder_ / "mix.json");
  }
  std::string refusal(const std::string& sources) {
    const auto opened = open(sources);
    return opened ? "was opened" : to_text(opened.error());
  }

  test::TemporaryFolder folder_;
};

TEST_F(Mixture, JoinsSetsUnderOneMapWithTheirWeights) {
  const auto set =
      open(R"({"data": "a", "name": "Bangkok", "weight": 2},)"
           R"({"data": "b/set.csv", "weight": 0.5, "map": {"Mono": "monocyte", "Smudge": null}})");
  ASSERT_OK(set);
  EXPECT_THAT(files_of(*set),
              UnorderedElementsAre("a/lymphocyte/2.jpg", "a/monocyte/1.jpg", "b/x.jpg"));
  EXPECT_THAT(set->labels, ElementsAre("lymphocyte", "monocyte"));
  for (const auto& sample : set->samples) {
    const bool is_a = sample.file.starts_with("a/");
    EXPECT_EQ(sample.weight, is_a ? 2 : 0.5) << sample.file;
    EXPECT_EQ(sample.source, is_a ? "Bangkok" : "Lahore") << sample.file;
  }
  EXPECT_FALSE(set->has_families) << "of `a` none are known";
}

TEST_F(Mixture, KeepsFamiliesOfDifferentSetsApart) {
  write_files(folder_ / "c", {"x.jpg"});
  write("c/set.csv", "file,label,family\nx.jpg,monocyte,1\n");
  const auto set = open(R"({"data": "b/set.csv"}, {"data": "c/set.csv"})");
  ASSERT_OK(set);
  std::map<std::string, std::string> family;
  for (const auto& sample : set->samples) family[sample.file] = sample.family;
  EXPECT_EQ(family["b/x.jpg"], family["b/y.jpg"]);
  EXPECT_NE(family["b/x.jpg"], family["c/x.jpg"]);
  EXPECT_TRUE(set->has_families);
}

TEST_F(Mixture, KeepsFamiliesApartThoughSourcesBearOneName) {
  write_files(folder_ / "c", {"x.jpg"});
  write("c/set.csv", "file,label,family\nx.jpg,monocyte,1\n");
  const auto set =
      open(R"({"data": "b/set.csv", "name": "L"}, {"data": "c/set.csv", "name": "L"})");
  ASSERT_OK(set);
  std::map<std::string, std::string> family;
  for (const auto& sample : set->samples) family[sample.file] = sample.family;
  EXPECT_NE(family["b/x.jpg"], family["c/x.jpg"]);
}

TEST_F(Mixture, RefusesAPictureOfTwoSourcesWhateverItsBoxes) {
  for (const char* x : {"1", "2"}) {
    write(std::string("b/") + x + ".csv",
          std::string("file,label,x,y,width,height\nx.jpg,Mono,") + x + ",1,5,5\n");
  }
  EXPECT_THAT(refusal(R"({"data": "b/1.csv"}, {"data": "b/2.csv"})"),
              HasSubstr("in another source too"));
}

TEST_F(Mixture, LaysAFamiliesFileOverItsSource) {
  write("a.csv", "file,family\nmonocyte/1.jpg,7\nlymphocyte/2.jpg,7\n");
  const auto set = open(R"({"data": "a", "families": "a.csv"})");
  ASSERT_OK(set);
  EXPECT_TRUE(set->has_families);
  EXPECT_EQ(set->samples[0].family, set->samples[1].family);
}

TEST_F(Mixture, RefusesWhatItDoesNotUnderstand) {
  EXPECT_THAT(refusal(R"({"data": "../a"})"), AllOf(HasSubstr("mix.json"), HasSubstr("source 1")));
  EXPECT_THAT(refusal(R"({"data": "/etc"})"), HasSubstr("source 1"));
  EXPECT_THAT(refusal(R"({"data": "a", "families": "../../x.csv"})"), HasSubstr("source 1"));
  EXPECT_THAT(refusal(R"({"data": "none"})"), HasSubstr("none"));
  EXPECT_THAT(refusal(R"({"data": "a"}, {})"), AllOf(HasSubstr("source 2"), HasSubstr("`data`")));
  EXPECT_THAT(refusal(R"({"data": "mix.json"})"), HasSubstr("within a mixture"));
  EXPECT_THAT(refusal(R"({"data": "a", "wieght": 2})"), HasSubstr("`wieght`"));
  for (const char* weight : {"0", "-1", "1e9", "\"2\"", "null"}) {
    EXPECT_THAT(refusal(fmt::format(R"({{"data": "a", "weight": {}}})", weight)),
                HasSubstr("`weight`"))
        << weight;
  }
  EXPECT_THAT(refusal(R"({"data": "a", "map": ["monocyte"]})"), HasSubstr("`map`"));
  EXPECT_THAT(refusal(R"({"data": "a", "map": {"monocyte": 3}})"), HasSubstr("`map`"));
  EXPECT_THAT(refusal(R"({"data": "a", "map": {"basophil": "monocyte"}})"),
              HasSubstr("`basophil`"));
  EXPECT_THAT(refusal(R"({"data": "a"}, {"data": "a"})"), HasSubstr("another source too"));
  EXPECT_THAT(refusal(""), HasSubstr("`sources`"));
  OwnContext own;
  for (const char* text : {"", "[]", "{}", R"({"format": 2, "sources": [{"data": "a"}]})",
                           R"({"format": 1, "sources": 7})", R"({"format": 1, "sources": [7]})"}) {
    write("mix.json", text);
    const auto opened = open_dataset(own.get(), folder_ / "mix.json");
    ASSERT_FALSE(opened.has_value()) << text;
    EXPECT_THAT(to_text(opened.error()), HasSubstr("mix.json")) << text;
  }
}

Dataset weighing(const std::vector<double>& weights) {
  Dataset set;
  for (const double weight : weights) {
    Sample sample;
    sample.weight = weight;
    set.samples.push_back(sample);
  }
  return set;
}

TEST(WeightedOrder, ShowsEachSampleItsShareWithinOne) {
  // Of 8 places, weights of 3, 1, 2, 1, 0.5, 0.25, 0.25, 0: sum 8, so a weight is its expectation.
  const auto set = weighing({3, 1, 2, 1, 0.5, 0.25, 0.25, 1e-12});
  const std::vector<std::size_t> all{0, 1, 2, 3, 4, 5, 6, 7};
  std::vector<double> seen(8, 0);
  constexpr int kEpochs = 400;
  for (int epoch = 0; epoch < kEpochs; ++epoch) {
    const auto order = weighted_order(set, all, 5, static_cast<std::uint64_t>(epoch));
    ASSERT_EQ(order.size(), 8U);
    std::vector<int> times(8, 0);
    for (const auto position : order) ++times[position];
    for (std::size_t i = 0; i < 8; ++i) {
      EXPECT_LT(std::abs(times[i] - set.samples[i].weight), 1.001) << i;
      seen[i] += static_cast<double>(times[i]) / kEpochs;
    }
  }
  for (std::size_t i = 0; i < 8; ++i) EXPECT_NEAR(seen[i], set.samples[i].weight, 0.1) << i;
}

TEST(WeightedOrder, IsOfSeedAndEpochAlone) {
  const auto set = weighing({1, 2, 3, 4, 5, 6});
  const std::vector<std::size_t> some{1, 3, 5, 0};
  EXPECT_EQ(weighted_order(set, some, 1, 2), weighted_order(set, some, 1, 2));
  EXPECT_NE(weighted_order(set, some, 1, 2), weighted_order(set, some, 1, 3));
  EXPECT_THAT(weighted_order(set, {}, 1, 2), ::testing::IsEmpty());
}

}  // namespace
}  // namespace bloodcell::data
