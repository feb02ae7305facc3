#include "../../src/adapt/heads.hpp"

#include <cmath>
#include <set>

#include <bloodcell/base/random.hpp>
#include <bloodcell/test/support.hpp>

namespace bloodcell::adapt {
namespace {

model_file::DenseHead blank_head(std::size_t labels, std::size_t values) {
  return {values, std::vector<float>(labels * values), std::vector<float>(labels)};
}

int named(const model_file::DenseHead& head, std::vector<float> embedding) {
  const auto logits = logits_of(head, embedding);
  return static_cast<int>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

// Three clouds in the plane, one class each; the fourth class has none.
Examples clouds(int rows) {
  Random random(7, stream_of("clouds"), 0);
  Examples examples{2, {}, {}};
  const std::array<std::array<double, 2>, 3> middles{{{0, 0}, {6, 0}, {0, 6}}};
  for (int i = 0; i < rows; ++i) {
    const auto& middle = middles[static_cast<std::size_t>(i % 3)];
    examples.add(std::vector<float>{static_cast<float>(middle[0] + random.normal()),
                                    static_cast<float>(middle[1] + random.normal())},
                 i % 3);
  }
  return examples;
}

TEST(Heads, NameTheCloudACellLiesIn) {
  for (const auto& choice : head_choices()) {
    if (choice.kind == HeadKind::shipped) continue;
    const auto head = fit_head(clouds(60), blank_head(4, 2), choice);
    EXPECT_EQ(named(head, {0.2F, -0.3F}), 0) << name_of(choice);
    EXPECT_EQ(named(head, {6.2F, 0.3F}), 1) << name_of(choice);
    EXPECT_EQ(named(head, {-0.4F, 5.5F}), 2) << name_of(choice);
  }
}

// Equal clouds of equal weight: the border lies half way.
TEST(Heads, GaussianPutsTheBorderHalfWay) {
  Examples examples{1, {}, {}};
  for (const float apart : {-1.0F, 1.0F}) {
    examples.add(std::vector{0 + apart}, 0);
    examples.add(std::vector{10 + apart}, 1);
    examples.add(std::vector{10 + apart}, 1);
  }
  const auto head = fit_head(examples, blank_head(2, 1), {HeadKind::gaussian, 0.1});
  EXPECT_EQ(named(head, {4.9F}), 0);
  EXPECT_EQ(named(head, {5.1F}), 1);
}

TEST(Heads, AStrongHoldLeavesTheShippedLayer) {
  auto shipped = blank_head(4, 2);
  shipped.weights = {1, 0, 0, 1, -1, 0, 0, -1};
  shipped.bias = {0.1F, 0.2F, 0.3F, 0.4F};
  const auto head = fit_head(clouds(30), shipped, {HeadKind::logistic, 1e6});
  for (std::size_t i = 0; i < head.weights.size(); ++i) {
    EXPECT_NEAR(head.weights[i], shipped.weights[i], 1e-4);
  }
}

TEST(Heads, GaussianNeverNamesAClassWithoutExamples) {
  auto shipped = blank_head(4, 2);
  shipped.bias[3] = 100;
  const auto head = fit_head(clouds(30), shipped, {HeadKind::gaussian, 0.5});
  EXPECT_NE(named(head, {50, 50}), 3);
}

TEST(Folds, KeepFamiliesWholeAndDealClassesEvenly) {
  std::vector<int> truths;
  std::vector<std::string> families;
  for (int i = 0; i < 60; ++i) {
    truths.push_back(i % 3);
    families.push_back(fmt::format("f{}", i / 6 * 3 + i % 3));  // two cells each
  }
  const auto folds = folds_of(truths, families, 5, 1);
  std::map<std::string, std::set<int>> of_family;
  std::map<std::pair<int, int>, int> counts;
  for (std::size_t i = 0; i < folds.size(); ++i) {
    of_family[families[i]].insert(folds[i]);
    ++counts[{truths[i], folds[i]}];
  }
  for (const auto& [family, where] : of_family) EXPECT_EQ(where.size(), 1U);
  for (const auto& [place, count] : counts) EXPECT_EQ(count, 4);
}

}  // namespace
}  // namespace bloodcell::adapt
