#include <bloodcell/train/sampling.hpp>

#include <map>
#include <numeric>
#include <set>

#include <bloodcell/test/support.hpp>

namespace bloodcell::train {
namespace {

// Class 0: family a of 30 pictures, family b of 1. Class 1: family c of 2. Class 2 has none.
data::Dataset lopsided() {
  data::Dataset dataset;
  dataset.labels = {"basophil", "monocyte", "platelet"};
  const auto add = [&](int label, const char* family, int images) {
    for (int i = 0; i < images; ++i) {
      data::Sample sample;
      sample.file = fmt::format("{}{}.png", family, i);
      sample.label = label;
      sample.family = family;
      dataset.samples.push_back(sample);
    }
  };
  add(0, "a", 30);
  add(0, "b", 1);
  add(1, "c", 2);
  return dataset;
}

std::vector<std::size_t> all_of(const data::Dataset& dataset) {
  std::vector<std::size_t> samples(dataset.samples.size());
  std::iota(samples.begin(), samples.end(), std::size_t{0});
  return samples;
}

std::map<std::string, int> families_shown(const data::Dataset& dataset,
                                          const std::vector<std::size_t>& samples,
                                          const std::vector<std::size_t>& order) {
  std::map<std::string, int> shown;
  for (const auto position : order) ++shown[dataset.samples[samples[position]].family];
  return shown;
}

TEST(BalancedOrder, DealsToClassesThenToFamilies) {
  const auto dataset = lopsided();
  const auto samples = all_of(dataset);
  const auto order = BalancedOrder(dataset, samples).of_epoch(1, 1, 40);
  ASSERT_EQ(order.size(), 40U);
  const auto shown = families_shown(dataset, samples, order);
  EXPECT_EQ(shown.at("a"), 10);
  EXPECT_EQ(shown.at("b"), 10);
  EXPECT_EQ(shown.at("c"), 20);
}

TEST(BalancedOrder, GivesTheOddPictureToAnotherClassEachEpoch) {
  const auto dataset = lopsided();
  const auto samples = all_of(dataset);
  const BalancedOrder balanced(dataset, samples);
  const int first = families_shown(dataset, samples, balanced.of_epoch(1, 1, 5)).at("c");
  const int second = families_shown(dataset, samples, balanced.of_epoch(1, 2, 5)).at("c");
  EXPECT_EQ(first + second, 5);
}

TEST(BalancedOrder, DependsOnSeedAndEpochAlone) {
  const auto dataset = lopsided();
  const auto samples = all_of(dataset);
  const BalancedOrder balanced(dataset, samples);
  const auto order = balanced.of_epoch(7, 3, 33);
  static_cast<void>(balanced.of_epoch(7, 4, 33));
  EXPECT_EQ(balanced.of_epoch(7, 3, 33), order);
  EXPECT_NE(balanced.of_epoch(8, 3, 33), order);
  EXPECT_NE(balanced.of_epoch(7, 4, 33), order);
}

TEST(BalancedOrder, ShowsAllPicturesOfAFamilyInTime) {
  const auto dataset = lopsided();
  const auto samples = all_of(dataset);
  const BalancedOrder balanced(dataset, samples);
  std::set<std::size_t> seen;
  for (std::uint64_t epoch = 1; epoch <= 40; ++epoch) {
    for (const auto position : balanced.of_epoch(1, epoch, 33)) seen.insert(position);
  }
  EXPECT_EQ(seen.size(), samples.size());
}

TEST(BalancedOrder, CountsPositionsInTheSamplesItWasGiven) {
  const auto dataset = lopsided();
  const std::vector<std::size_t> samples{31, 32};  // c's alone
  for (const auto position : BalancedOrder(dataset, samples).of_epoch(1, 1, 6)) {
    EXPECT_LT(position, 2U);
  }
}

// Class 0 has 16 families in one laboratory and 4 in another: shown 2 to 1, not 4 to 1.
TEST(BalancedOrder, DealsAClassToItsSourcesByTheRootOfTheirFamilies) {
  data::Dataset dataset;
  dataset.labels = {"basophil", "monocyte"};
  for (int i = 0; i < 21; ++i) {
    data::Sample sample;
    sample.file = fmt::format("{}.png", i);
    sample.family = sample.file;
    sample.label = i == 20 ? 1 : 0;
    sample.source = i < 16 ? "large" : "small";
    dataset.samples.push_back(sample);
  }
  const auto samples = all_of(dataset);
  const BalancedOrder evened(dataset, samples, Sources::evened);
  const auto order = evened.of_epoch(3, 1, 60);
  ASSERT_EQ(order.size(), 60U);
  std::map<std::pair<int, std::string>, int> shown;
  for (const auto position : order) {
    const auto& sample = dataset.samples[position];
    ++shown[{sample.label, sample.source}];
  }
  EXPECT_EQ((shown[{0, "large"}]), 20);
  EXPECT_EQ((shown[{0, "small"}]), 10);
  EXPECT_EQ((shown[{1, "small"}]), 30);
  EXPECT_EQ(order, evened.of_epoch(3, 1, 60));
}

TEST(ClassWeights, BalancedAreTheInverseOfTheCounts) {
  const auto dataset = lopsided();
  const auto weights = class_weights_of("balanced", dataset, all_of(dataset));
  ASSERT_OK(weights);
  EXPECT_THAT(*weights, testing::ElementsAre(33.F / (3 * 31), 33.F / (3 * 2), 0.F));
}

TEST(ClassWeights, AreNamed) {
  const auto dataset = lopsided();
  const auto weights = class_weights_of("platelet=0.5,basophil=2", dataset, {});
  ASSERT_OK(weights);
  EXPECT_THAT(*weights, testing::ElementsAre(2.F, 1.F, 0.5F));
  EXPECT_TRUE(class_weights_of("none", dataset, {})->empty());
}

TEST(ClassWeights, RefuseWhatIsNoWeight) {
  for (const char* wrong : {"", "basophil", "basophil=", "=2", "basophil=-1", "basophil=0",
                            "basophil=nan", "basophil=2x", "basophil=1e9", "1,2"}) {
    SCOPED_TRACE(wrong);
    EXPECT_ERROR(check_class_weights(wrong), ErrorCode::usage);
  }
  const auto unknown = class_weights_of("blast=2", lopsided(), {});
  EXPECT_ERROR(unknown, ErrorCode::usage);
  EXPECT_THAT(unknown.error().message, testing::HasSubstr("blast"));
}

}  // namespace
}  // namespace bloodcell::train
