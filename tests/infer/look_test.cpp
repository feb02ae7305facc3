#include <cmath>

#include <bloodcell/graph/architectures.hpp>
#include <bloodcell/graph/builder.hpp>
#include <bloodcell/model_file/map_head.hpp>

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

TEST(Look, MeansAreThoseOfTheMapsNamed) {
  const graph::Graph graph = *graph::compact({3, 32, 40}, 5);
  const auto model = test::model_of(graph, test::random_weights(graph)).value();
  const auto names = model_file::map_names(model).value();
  const auto session = Session::open(
      model, {.cache_folder = {}, .keep_embedding = true, .means_of = {names[0], names.back()}});
  ASSERT_OK(session);
  const auto looked = session->look(test::random_images(graph, 3), 3);
  ASSERT_OK(looked);
  const std::size_t values = session->head().values;  // the last maps' means are the embedding
  const std::size_t stem = looked->means.size() / 3 - values;
  EXPECT_EQ(stem, 16U);
  for (std::size_t image = 0; image < 3; ++image) {
    for (std::size_t v = 0; v < values; ++v) {
      EXPECT_NEAR(looked->means[image * (stem + values) + stem + v],
                  looked->embedding[image * values + v], 1e-5);
    }
  }
  EXPECT_ERROR(Session::open(model, {.cache_folder = {}, .means_of = {"nothing"}}),
               ErrorCode::usage);
}

TEST(Look, AMapHeadAddsWhatItMakesOfTheMeans) {
  const graph::Graph graph = *graph::compact({3, 32, 40}, 5);
  const auto model = test::model_of(graph, test::random_weights(graph)).value();
  const auto names = model_file::map_names(model).value();
  const SessionOptions options{.cache_folder = {}, .keep_embedding = true, .means_of = names};
  const auto before = Session::open(model, options);
  ASSERT_OK(before);
  const auto images = test::random_images(graph, 2);
  const auto seen = before->look(images, 2);
  ASSERT_OK(seen);
  const std::size_t values = seen->means.size() / 2;
  model_file::MapHead head{names, std::vector<float>(5 * values)};
  for (std::size_t i = 0; i < head.weights.size(); ++i) {
    head.weights[i] = static_cast<float>(std::sin(static_cast<double>(i)));
  }
  const auto changed = model_file::with_map_head(model, head);
  ASSERT_OK(changed);
  // The last maps no longer tell all that makes the logits.
  EXPECT_ERROR(Session::open(*changed, kKeepAll), ErrorCode::unsupported);
  const auto after = Session::open(*changed, options);
  ASSERT_OK(after);
  const auto now = after->look(images, 2);
  ASSERT_OK(now);
  EXPECT_EQ(now->embedding, seen->embedding);
  EXPECT_EQ(after->head().weights, before->head().weights);
  for (std::size_t i = 0; i < 2; ++i) {
    for (std::size_t k = 0; k < 5; ++k) {
      double expected = seen->logits[i * 5 + k];
      for (std::size_t v = 0; v < values; ++v) {
        expected += double{head.weights[k * values + v]} * seen->means[i * values + v];
      }
      EXPECT_NEAR(now->logits[i * 5 + k], expected, 1e-4 * std::max(1.0, std::abs(expected)));
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
  EXPECT_TRUE(looked->means.empty());
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
