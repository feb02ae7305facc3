#include <bloodcell/model_file/retouch.hpp>

#include <cmath>

#include <bloodcell/test/support.hpp>

#include "classifier_file.hpp"

namespace bloodcell::model_file {
namespace {

TEST(Retouch, StatisticsComeBackAsTheyWerePut) {
  const auto file = classifier_file("compact");
  auto statistics = norm_statistics(file);
  ASSERT_OK(statistics);
  ASSERT_EQ(statistics->size(), 14U);
  EXPECT_EQ(statistics->front().mean.size(), 16U);
  statistics->back().mean[3] = 0.25F;
  statistics->front().variance[0] = 2;
  const auto changed = with_norm_statistics(file, *statistics);
  ASSERT_OK(changed);
  EXPECT_NE(changed->description.graph_sha256, file.description.graph_sha256);
  const auto again = norm_statistics(*changed);
  ASSERT_OK(again);
  EXPECT_EQ(again->back().mean[3], 0.25F);
  EXPECT_EQ(again->front().variance[0], 2);
}

TEST(Retouch, TheSameStatisticsGiveTheSameGraph) {
  const auto file = classifier_file("compact");
  const auto same = with_norm_statistics(file, *norm_statistics(file));
  ASSERT_OK(same);
  EXPECT_EQ(same->description.graph_sha256, file.description.graph_sha256);
}

TEST(Retouch, StatisticsThatDoNotFitAreRefused) {
  const auto file = classifier_file("compact");
  const auto statistics = *norm_statistics(file);
  const auto with = [&](auto&& change) {
    auto changed = statistics;
    change(changed.front());
    return with_norm_statistics(file, changed);
  };
  EXPECT_ERROR(with([](auto& one) { one.output = "elsewhere"; }), ErrorCode::mismatch);
  EXPECT_ERROR(with([](auto& one) { one.mean.pop_back(); }), ErrorCode::mismatch);
  EXPECT_ERROR(with([](auto& one) { one.mean[0] = std::nanf(""); }), ErrorCode::mismatch);
  EXPECT_ERROR(with([](auto& one) { one.variance[0] = -1; }), ErrorCode::mismatch);
}

TEST(Retouch, TheHeadComesBackAsItWasPut) {
  const auto file = classifier_file("compact");
  auto head = dense_head(file);
  ASSERT_OK(head);
  EXPECT_EQ(head->values, 112U);
  EXPECT_EQ(head->weights.size(), 448U);
  head->bias[2] = 7;
  head->weights[112 + 5] = -3;
  const auto changed = with_dense_head(file, *head);
  ASSERT_OK(changed);
  const auto again = dense_head(*changed);
  ASSERT_OK(again);
  EXPECT_EQ(again->bias, head->bias);
  EXPECT_EQ(again->weights, head->weights);
  head->bias.pop_back();
  EXPECT_ERROR(with_dense_head(file, *head), ErrorCode::mismatch);
}

}  // namespace
}  // namespace bloodcell::model_file
