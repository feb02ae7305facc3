#include <bloodcell/graph/published.hpp>

#include <bloodcell/graph/architectures.hpp>
#include <bloodcell/graph/builder.hpp>
#include <bloodcell/test/support.hpp>

#include "random_weights.hpp"

namespace bloodcell::graph {
namespace {

Graph small_network() {
  Builder net("small", {3, 4, 4});
  net.batch_norm("norm", net.conv2d("conv", net.input(), {.out_channels = 2}), {.epsilon = 1e-3});
  return std::move(net).build().value();
}

TEST(TorchWeights, LeaveOutWhatServesTrainingAlone) {
  const Graph graph = small_network();
  const Weights ours = test::random_weights(graph);
  Weights theirs = ours;
  theirs["norm.num_batches_tracked"] = {{}, {5}};
  theirs["AuxLogits.fc.bias"] = {{1}, {1}};
  const auto imported = import_torch_weights(graph, theirs);
  ASSERT_OK(imported);
  EXPECT_EQ(*imported, ours);
  theirs["head.bias"] = {{1}, {1}};
  EXPECT_ERROR(import_torch_weights(graph, theirs), ErrorCode::mismatch);
}

// Variance 0.5 with epsilon 1e-5 and 0.49901 with 1e-3 are the same norm.
TEST(TorchWeights, KeepTheNormsOfAnotherEpsilon) {
  const Graph graph = small_network();
  Weights theirs = test::random_weights(graph);
  theirs["norm.running_var"].values = {0.5F, 1.0F};
  const auto imported = import_torch_weights(graph, theirs, 1e-5);
  ASSERT_OK(imported);
  EXPECT_NEAR(imported->at("norm.running_var").values[0], 0.49901, 1e-7);
  EXPECT_NEAR(imported->at("norm.running_var").values[1], 0.99901, 1e-7);
}

TEST(PublishedWeights, EachBelongsToANetworkThatIsThere) {
  for (const PublishedWeights& published : published_weights()) {
    EXPECT_OK(find_architecture(published.architecture));
    EXPECT_EQ(published.sha256.size(), 64U);
    EXPECT_FALSE(published.licence.empty());
  }
  EXPECT_FALSE(published_weights_of("baseline").has_value());
  EXPECT_EQ(published_weights_of("efficientnet_lite0-ibn")->architecture, "efficientnet_lite0");
}

}  // namespace
}  // namespace bloodcell::graph
