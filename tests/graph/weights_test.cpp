#include <bloodcell/graph/weights.hpp>

#include <bloodcell/graph/builder.hpp>
#include <bloodcell/test/support.hpp>

#include "random_weights.hpp"

namespace bloodcell::graph {
namespace {

using ::testing::HasSubstr;

Graph small_graph() {
  Builder net("small", {3, 1, 1});
  net.dense("classes", net.batch_norm("norm", net.input()), 2);
  return *std::move(net).build();
}

TEST(CheckWeights, TakesAllParametersOfTheGraph) {
  const Graph graph = small_graph();
  EXPECT_OK(check_weights(graph, test::random_weights(graph)));
}

TEST(CheckWeights, NamesWhatIsMissingExtraOrOfAnotherShape) {
  const Graph graph = small_graph();
  const auto after = [&](const auto& change) {
    Weights weights = test::random_weights(graph);
    change(weights);
    const auto checked = check_weights(graph, weights);
    EXPECT_FALSE(checked.has_value());
    if (checked) return std::string();
    EXPECT_EQ(checked.error().code, ErrorCode::mismatch);
    return checked.error().message;
  };
  EXPECT_THAT(after([](Weights& w) { w.erase("norm.running_var"); }),
              HasSubstr("have no norm.running_var"));
  EXPECT_THAT(after([](Weights& w) { w["other"] = {}; }), HasSubstr("weight other is not part of"));
  EXPECT_THAT(after([](Weights& w) { w["classes.weight"].dims = {3, 2}; }),
              HasSubstr("classes.weight is [3, 2], small needs [2, 3]"));
  EXPECT_THAT(after([](Weights& w) { w["classes.bias"].values.pop_back(); }),
              HasSubstr("classes.bias"));
}

}  // namespace
}  // namespace bloodcell::graph
