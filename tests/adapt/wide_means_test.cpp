#include "../../src/adapt/wide_means.hpp"

#include <cmath>

#include <bloodcell/base/random.hpp>
#include <bloodcell/test/support.hpp>

#include "../../src/adapt/heads.hpp"

namespace bloodcell::adapt {
namespace {

constexpr std::size_t kValues = 7;
constexpr std::size_t kLabels = 4;  // of which the last is never taught

struct Cloud {
  std::vector<float> rows;
  std::vector<int> truths;
};

// Three clouds; every fourth row is taught by nobody.
Cloud clouds(int count) {
  Random random(11, stream_of("wide clouds"), 0);
  Cloud cloud;
  for (int i = 0; i < count; ++i) {
    for (std::size_t v = 0; v < kValues; ++v) {
      const double middle = static_cast<int>(v) == i % 3 ? 4 : 0;
      const double scale = std::pow(1.4, static_cast<double>(v) - 3);
      cloud.rows.push_back(static_cast<float>(scale * (middle + random.normal() + 2)));
    }
    cloud.truths.push_back(i % 4 == 3 ? WideMeans::kUntaught : i % 3);
  }
  return cloud;
}

std::span<const float> row_of(const Cloud& cloud, std::size_t row) {
  return std::span(cloud.rows).subspan(row * kValues, kValues);
}

TEST(WideMeans, NameTheCloudARowLiesIn) {
  const auto cloud = clouds(120);
  const WideMeans means(cloud.rows, kValues);
  const auto fit = means.fit(cloud.truths, kLabels);
  int right = 0;
  for (int i = 3; i < 120; i += 4) {
    const auto logits = means.logits(fit, static_cast<std::size_t>(i));
    right += std::max_element(logits.begin(), logits.end()) - logits.begin() == i % 3 ? 1 : 0;
  }
  EXPECT_GE(right, 28);  // of 30
}

TEST(WideMeans, TheHeadSaysOfValuesWhatProductsSay) {
  const auto cloud = clouds(40);
  const WideMeans means(cloud.rows, kValues);
  const auto fit = means.fit(cloud.truths, kLabels);
  const auto head = means.head(fit);
  ASSERT_EQ(head.values, kValues);
  for (std::size_t row = 0; row < 40; ++row) {
    const auto by_products = means.logits(fit, row);
    const auto by_values = logits_of(head, row_of(cloud, row));
    for (std::size_t k = 0; k < kLabels; ++k) {
      EXPECT_NEAR(by_values[k], by_products[k], 1e-3 * (1 + std::abs(by_products[k])));
    }
  }
}

// The same method written with the values' covariance (heads.cpp), for values brought to
// deviation 1.
TEST(WideMeans, AreTheMeansOfOneShrunkCovariance) {
  Cloud cloud = clouds(60);
  std::fill(cloud.truths.begin(), cloud.truths.end(), 0);
  for (std::size_t i = 0; i < 60; ++i) cloud.truths[i] = static_cast<int>(i % 3);
  Examples standard{kValues, {}, cloud.truths};
  standard.embeddings = cloud.rows;
  for (std::size_t v = 0; v < kValues; ++v) {
    double sum = 0;
    double squares = 0;
    for (std::size_t i = 0; i < 60; ++i) {
      sum += cloud.rows[i * kValues + v];
      squares += std::pow(cloud.rows[i * kValues + v], 2);
    }
    const double mean = sum / 60;
    const double deviation = std::sqrt(squares / 60 - mean * mean);
    for (std::size_t i = 0; i < 60; ++i) {
      auto& value = standard.embeddings[i * kValues + v];
      value = static_cast<float>((value - mean) / deviation);
    }
  }
  const model_file::DenseHead blank{kValues, std::vector<float>(3 * kValues),
                                    std::vector<float>(3)};
  const auto expected = fit_head(standard, blank, {HeadKind::gaussian, 0.5});

  const WideMeans means(standard.embeddings, kValues);
  const auto head = means.head(means.fit(cloud.truths, 3));
  for (std::size_t i = 0; i < expected.weights.size(); ++i) {
    EXPECT_NEAR(head.weights[i], expected.weights[i], 2e-3 * (1 + std::abs(expected.weights[i])));
  }
}

TEST(WideMeans, NeverNameAClassWithoutRows) {
  const auto cloud = clouds(40);
  const WideMeans means(cloud.rows, kValues);
  const auto fit = means.fit(cloud.truths, kLabels);
  for (std::size_t row = 0; row < 40; ++row) EXPECT_LT(means.logits(fit, row)[3], -500);
}

TEST(WideMeans, BearRowsThatAreAllOne) {
  const std::vector<float> same(4 * kValues, 3.0F);
  const WideMeans means(same, kValues);
  const auto fit = means.fit(std::vector<int>{0, 0, 1, 1}, 2);
  for (const float logit : means.logits(fit, 0)) EXPECT_TRUE(std::isfinite(logit));
}

}  // namespace
}  // namespace bloodcell::adapt
