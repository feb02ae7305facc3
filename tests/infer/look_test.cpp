#include <cmath>

#include <bloodcell/graph/architectures.hpp>
#include <bloodcell/graph/builder.hpp>

#include "sessions.hpp"

namespace bloodcell::infer {
namespace {

const SessionOptions kKeepAll{.cache_folder = {}, .keep_embedding = true, .keep_maps = true};

TEST(Look, EmbeddingAndMapsMakeTheLogitsAgain) {
  const graph::Graph graph = *graph::compact({3, 32, 40}, 5);
  const auto weights = test::random_weights(graph);
  const auto session = test::session_of(graph, weights, kKeepAll);
  ASSERT_OK(session);
  const auto looked = session->look(test::random_images(graph, 3), 3);
  ASSERT_OK(looked);

  const Head& head = session->head();
  const auto bias = weights.at("logits.bias").values;
  const auto area =
      static_cast<std::size_t>(session->map_size().height * session->map_size().width);
  EXPECT_EQ(head.values, 112U);
  EXPECT_EQ(head.weights, weights.at("logits.weight").values);
  EXPECT_EQ(session->map_size().height, 2);
  EXPECT_EQ(session->map_size().width, 3);
  ASSERT_EQ(looked->embedding.size(), 3 * head.values);
  ASSERT_EQ(looked->maps.size(), 3 * head.values * area);
  for (std::size_t image = 0; image < 3; ++image) {
    for (std::size_t label = 0; label < 5; ++label) {
      double by_embedding = bias[label];
      double by_maps = bias[label];
      for (std::size_t v = 0; v < head.values; ++v) {
        const double weight = head.weights[label * head.values + v];
        by_embedding += weight * looked->embedding[image * head.values + v];
        for (std::size_t p = 0; p < area; ++p) {
          by_maps += weight * looked->maps[(image * head.values + v) * area + p] /
                     static_cast<double>(area);
        }
      }
      const double logit = looked->logits[image * 5 + label];
      EXPECT_NEAR(by_embedding, logit, 1e-4 * std::max(1.0, std::abs(logit)));
      EXPECT_NEAR(by_maps, logit, 1e-4 * std::max(1.0, std::abs(logit)));
    }
  }
}

TEST(Look, KeepsNothingUnlessAsked) {
  const graph::Graph graph = *graph::compact({3, 32, 32}, 2);
  const auto session = test::session_of(graph, test::random_weights(graph));
  ASSERT_OK(session);
  const auto looked = session->look(test::random_images(graph, 1), 1);
  ASSERT_OK(looked);
  EXPECT_EQ(looked->logits.size(), 2U);
  EXPECT_TRUE(looked->embedding.empty());
  EXPECT_TRUE(looked->maps.empty());
  EXPECT_EQ(session->head().values, 0U);
}

TEST(Look, AnEmbeddingNeedsNoMaps) {
  graph::Builder net("dense", {3, 2, 2});
  net.dense("logits", net.relu(net.dense("hidden", net.flatten(net.input()), 7)), 2);
  const graph::Graph graph = *std::move(net).build();
  const auto weights = test::random_weights(graph);
  const auto session =
      test::session_of(graph, weights, {.cache_folder = {}, .keep_embedding = true});
  ASSERT_OK(session);
  EXPECT_EQ(session->head().values, 7U);
  EXPECT_ERROR(test::session_of(graph, weights, kKeepAll), ErrorCode::unsupported);
}

TEST(Look, RefusesANetworkWithoutADenseEnd) {
  graph::Builder net("maps", {3, 4, 4});
  net.global_average_pool(net.conv2d("maps", net.input(), {.out_channels = 2, .kernel = 1}));
  const graph::Graph graph = *std::move(net).build();
  EXPECT_ERROR(test::session_of(graph, test::random_weights(graph), kKeepAll),
               ErrorCode::unsupported);
}

}  // namespace
}  // namespace bloodcell::infer
