// Our networks, whole, through the engine and through the reference.

#include <bloodcell/graph/architectures.hpp>

#include "reference.hpp"
#include "sessions.hpp"

namespace bloodcell::infer {
namespace {

void expect_agreement(const graph::Graph& graph, int batch) {
  const auto weights = test::random_weights(graph);
  const auto session = test::session_of(graph, weights);
  ASSERT_OK(session);
  const auto images = test::random_images(graph, batch);
  const auto logits = session->run(images, batch);
  ASSERT_OK(logits);
  const auto classes = static_cast<std::size_t>(graph.classes());
  const auto values = static_cast<std::size_t>(graph.input_shape().values());
  ASSERT_EQ(logits->size(), static_cast<std::size_t>(batch) * classes);
  test::Reference reference(graph, weights);
  double largest = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(batch); ++i) {
    const auto expected = reference.run(std::span(images).subspan(i * values, values));
    for (std::size_t c = 0; c < classes; ++c) {
      EXPECT_NEAR((*logits)[i * classes + c], expected[c],
                  1e-4 * std::max(1.0, std::abs(expected[c])));
      largest = std::max(largest, std::abs(expected[c]));
    }
  }
  EXPECT_GT(largest, 0.01);  // all zeros would agree with anything
}

TEST(Networks, BaselineAgreesWithTheReference) {
  expect_agreement(*graph::baseline({3, 48, 61}, 4), 2);
}

TEST(Networks, CompactAgreesWithTheReference) {
  expect_agreement(*graph::compact({3, 96, 96}, 8), 1);
  expect_agreement(*graph::compact({3, 37, 50}, 3), 3);
}

// Every operation of the zoo stands in one of these; tests/nn compares the others with libtorch.
TEST(Networks, SmallOnesOfTheZooAgreeWithTheReference) {
  for (const char* name : {"compact-gn", "compact-ibn", "efficientnet_lite0-ibn", "squeezenet1_1",
                           "mobilenet_v3_small", "mobilenet_v2-keras", "nasnet_mobile-keras"}) {
    SCOPED_TRACE(name);
    expect_agreement(*graph::find_architecture(name)->build({3, 37, 34}, 3), 1);
  }
}

}  // namespace
}  // namespace bloodcell::infer
