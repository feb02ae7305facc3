#include <bloodcell/infer/batch_statistics.hpp>

#include <bloodcell/graph/architectures.hpp>
#include <bloodcell/graph/builder.hpp>

#include "sessions.hpp"

namespace bloodcell::infer {
namespace {

// One normalisation straight on the input: the statistics are those of the pictures.
TEST(BatchStatistics, AreThoseOfThePictures) {
  graph::Builder net("norm", {3, 2, 2});
  net.dense("logits", net.global_average_pool(net.batch_norm("norm", net.input())), 2);
  const graph::Graph graph = *std::move(net).build();
  const auto model = test::model_of(graph, test::random_weights(graph));
  ASSERT_OK(model);
  // Two pictures; the first plane holds 0 … 3 and 4 … 7: mean 3.5, variance 5.25.
  std::vector<float> input(24, 1.0F);
  for (int i = 0; i < 4; ++i) {
    input[static_cast<std::size_t>(i)] = static_cast<float>(i);
    input[static_cast<std::size_t>(12 + i)] = static_cast<float>(4 + i);
  }
  const auto all = batch_statistics(*model, input, 2, 1, 1);
  ASSERT_OK(all);
  ASSERT_EQ(all->size(), 1U);
  EXPECT_NEAR(all->front().mean[0], 3.5, 1e-5);
  EXPECT_NEAR(all->front().variance[0], 5.25, 1e-5);
  EXPECT_NEAR(all->front().mean[1], 1, 1e-5);
  EXPECT_NEAR(all->front().variance[1], 0, 1e-5);

  const auto old = *model_file::norm_statistics(*model);
  const auto quarter = batch_statistics(*model, input, 2, 0.25, 1);
  ASSERT_OK(quarter);
  EXPECT_NEAR(quarter->front().mean[0], 0.75 * old.front().mean[0] + 0.25 * 3.5, 1e-5);
  EXPECT_NEAR(quarter->front().variance[0], 0.75 * old.front().variance[0] + 0.25 * 5.25, 1e-5);
}

// Once they stand in the file, the network normalises these pictures to the same statistics again.
TEST(BatchStatistics, OfEveryLayerAreAFixedPoint) {
  const graph::Graph graph = *graph::compact({3, 32, 32}, 3);
  const auto model = test::model_of(graph, test::random_weights(graph));
  ASSERT_OK(model);
  const auto images = test::random_images(graph, 6);
  const auto first = batch_statistics(*model, images, 6, 1, 1);
  ASSERT_OK(first);
  EXPECT_EQ(first->size(), 14U);
  const auto adapted = model_file::with_norm_statistics(*model, *first);
  ASSERT_OK(adapted);
  const auto again = batch_statistics(*adapted, images, 6, 0.5, 1);
  ASSERT_OK(again);
  for (std::size_t layer = 0; layer < first->size(); ++layer) {
    for (std::size_t c = 0; c < (*first)[layer].mean.size(); ++c) {
      EXPECT_NEAR((*again)[layer].mean[c], (*first)[layer].mean[c], 1e-3);
      EXPECT_NEAR((*again)[layer].variance[c], (*first)[layer].variance[c],
                  1e-3 * (1 + (*first)[layer].variance[c]));
    }
  }
}

TEST(BatchStatistics, OfANetworkWithoutNormAreNone) {
  graph::Builder net("plain", {3, 4, 4});
  net.dense("logits", net.flatten(net.input()), 2);
  const graph::Graph graph = *std::move(net).build();
  const auto model = test::model_of(graph, test::random_weights(graph));
  ASSERT_OK(model);
  const auto none = batch_statistics(*model, test::random_images(graph, 2), 2, 1, 1);
  ASSERT_OK(none);
  EXPECT_TRUE(none->empty());
  EXPECT_ERROR(batch_statistics(*model, test::random_images(graph, 2), 3, 1, 1), ErrorCode::usage);
}

}  // namespace
}  // namespace bloodcell::infer
