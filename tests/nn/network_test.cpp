#include <bloodcell/nn/network.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include <rapidcheck.h>

#include <bloodcell/base/random.hpp>
#include <bloodcell/graph/architectures.hpp>
#include <bloodcell/graph/builder.hpp>
#include <bloodcell/infer/session.hpp>
#include <bloodcell/model_file/model_file.hpp>
#include <bloodcell/test/support.hpp>

#include "../graph/random_weights.hpp"

namespace bloodcell::nn {
namespace {

using graph::Builder;
using graph::Graph;
using graph::Weights;

std::vector<std::string> letters(int count) {
  std::vector<std::string> labels;
  for (int i = 0; i < count; ++i) labels.emplace_back(1, static_cast<char>('a' + i));
  return labels;
}

// Every parameter away from what a new network has, so that none can be forgotten.
Weights random_weights(const Graph& graph, std::uint64_t seed) {
  Weights weights = initial_weights(graph, seed);
  for (auto& [name, tensor] : weights) {
    if (tensor.dims.size() > 1) continue;
    Random random(seed, stream_of(name), 1);
    for (float& value : tensor.values) {
      const double drawn = random.uniform(-0.5, 0.5);
      value = static_cast<float>(
          name.ends_with("running_var") || name.ends_with("weight") ? 1 + drawn : drawn);
    }
  }
  return weights;
}

std::vector<float> random_input(const Graph& graph, int batch, std::uint64_t seed) {
  std::vector<float> input(static_cast<std::size_t>(batch * graph.input_shape().values()));
  Random random(seed, stream_of("input"), 0);
  for (float& value : input) value = static_cast<float>(random.uniform(-1, 1));
  return input;
}

// The largest difference of a logit between libtorch and OpenVINO.
double difference_to_openvino(const Graph& graph, const Weights& weights, int batch,
                              std::uint64_t seed) {
  model_file::Description description;
  description.name = description.architecture = graph.architecture;
  description.labels = letters(static_cast<int>(graph.classes()));
  description.preprocessing.width_px = static_cast<int>(graph.input_shape().width);
  description.preprocessing.height_px = static_cast<int>(graph.input_shape().height);
  const auto file = model_file::make(graph, weights, description);
  EXPECT_OK(file);
  const auto session = infer::Session::open(*file, {});
  EXPECT_OK(session);
  auto network = Network::make(graph, weights);
  EXPECT_OK(network);
  const auto input = random_input(graph, batch, seed);
  const auto ours = network->logits(input, batch);
  const auto theirs = session->run(input, batch);
  EXPECT_OK(ours);
  EXPECT_OK(theirs);
  EXPECT_EQ(ours->size(), theirs->size());
  double largest = 0;
  double scale = 1;
  for (const float logit : *ours) scale = std::max(scale, std::abs(double{logit}));
  for (std::size_t i = 0; i < ours->size(); ++i) {
    largest = std::max(largest, std::abs(double{(*ours)[i]} - (*theirs)[i]));
  }
  return largest / scale;
}

TEST(Network, BaselineHasThePublishedNumberOfParameters) {
  const auto graph = graph::baseline({3, 240, 320}, 4);
  ASSERT_OK(graph);
  auto network = Network::make(*graph, initial_weights(*graph, 1));
  ASSERT_OK(network);
  std::size_t count = 0;
  for (const auto& [name, tensor] : network->weights()) count += tensor.values.size();
  EXPECT_EQ(count, 17'526'468U);
}

TEST(Network, BaselineGivesOpenVinosLogits) {
  const auto graph = graph::baseline({3, 48, 64}, 4);
  ASSERT_OK(graph);
  EXPECT_LE(difference_to_openvino(*graph, random_weights(*graph, 1), 3, 1), 1e-4);
}

TEST(Network, CompactGivesOpenVinosLogits) {
  const auto graph = graph::compact({3, 45, 52}, 5);
  ASSERT_OK(graph);
  EXPECT_LE(difference_to_openvino(*graph, random_weights(*graph, 2), 3, 2), 1e-4);
}

class Zoo : public testing::TestWithParam<graph::ArchitectureInfo> {};

TEST_P(Zoo, GivesOpenVinosLogits) {
  const auto graph = GetParam().build(test::small_input(GetParam()), 5);
  ASSERT_OK(graph);
  EXPECT_LE(difference_to_openvino(*graph, test::random_weights(*graph), 2, 6), 1e-4);
}

// The larger ones are made of the same layers.
std::vector<graph::ArchitectureInfo> quick_classifiers() {
  std::vector<graph::ArchitectureInfo> found;
  for (const auto& info : graph::architectures()) {
    if (info.task != graph::Task::classify || info.name == "benchmark") continue;
    const auto graph = info.build(test::small_input(info), 5);
    if (graph && graph->parameter_count() < 12'000'000) found.push_back(info);
  }
  return found;
}

INSTANTIATE_TEST_SUITE_P(Architectures, Zoo, testing::ValuesIn(quick_classifiers()),
                         [](const auto& info) {
                           std::string name(info.param.name);
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(Network, AnySmallGraphGivesOpenVinosLogits) {
  EXPECT_TRUE(rc::check([] {
    const int kernel = *rc::gen::inRange(1, 5);
    const int stride = *rc::gen::inRange(1, 4);
    const auto padding =
        *rc::gen::element(graph::Padding::valid, graph::Padding::same, graph::Padding::ceil);
    const int groups = *rc::gen::element(1, 3);
    const auto side = [] { return static_cast<std::int64_t>(*rc::gen::inRange(9, 17)); };
    Builder net("any", {3, side(), side()});
    auto x = net.conv2d("conv", net.input(),
                        {.out_channels = 6,
                         .kernel = {kernel, *rc::gen::inRange(1, 5)},
                         .stride = stride,
                         .padding = padding,
                         .groups = groups});
    x = *rc::gen::arbitrary<bool>() ? net.batch_norm("norm", x)
                                    : net.group_norm("norm", x, {.groups = 2});
    x = net.add(
        net.activate(x, *rc::gen::element(graph::Activation::relu, graph::Activation::relu6,
                                          graph::Activation::silu, graph::Activation::hard_swish)),
        x);
    x = *rc::gen::arbitrary<bool>() ? net.max_pool(x, {2, *rc::gen::inRange(1, 3), padding})
                                    : net.average_pool(x, {2, *rc::gen::inRange(1, 3), padding,
                                                           *rc::gen::arbitrary<bool>()});
    x = net.multiply(x, net.activate(net.global_average_pool(x), graph::Activation::hard_sigmoid));
    x = net.concat(
        {x, net.crop(net.zero_pad(x, {.top = 1, .left = 1}), {.bottom = 1, .right = 1})});
    net.dense("logits", net.dropout(net.flatten(x), 0.5), 3);
    const auto graph = std::move(net).build();
    RC_ASSERT(graph.has_value());
    RC_ASSERT(difference_to_openvino(*graph, random_weights(*graph, 3), 2, 3) <= 1e-4);
  }));
}

TEST(Network, ABatchIsItsPicturesOneByOne) {
  const auto graph = graph::compact({3, 32, 32}, 3);
  ASSERT_OK(graph);
  auto network = Network::make(*graph, random_weights(*graph, 4));
  ASSERT_OK(network);
  const auto input = random_input(*graph, 3, 4);
  const auto together = network->logits(input, 3);
  ASSERT_OK(together);
  const auto values = static_cast<std::size_t>(graph->input_shape().values());
  for (std::size_t i = 0; i < 3; ++i) {
    const auto alone = network->logits(std::span(input).subspan(i * values, values), 1);
    ASSERT_OK(alone);
    for (std::size_t k = 0; k < 3; ++k) {
      EXPECT_NEAR((*alone)[k], (*together)[i * 3 + k], 1e-4);
    }
  }
}

TEST(Network, RefusesWeightsThatDoNotFit) {
  const auto graph = graph::compact({3, 32, 32}, 3);
  ASSERT_OK(graph);
  auto weights = initial_weights(*graph, 1);
  weights.erase("logits.bias");
  EXPECT_ERROR(Network::make(*graph, weights), ErrorCode::mismatch);
}

TEST(Network, RefusesAnInputOfAnotherLength) {
  const auto graph = graph::compact({3, 32, 32}, 3);
  ASSERT_OK(graph);
  auto network = Network::make(*graph, initial_weights(*graph, 1));
  ASSERT_OK(network);
  const auto input = random_input(*graph, 2, 1);
  EXPECT_ERROR(network->logits(input, 1), ErrorCode::usage);
  EXPECT_ERROR(network->logits(input, 3), ErrorCode::usage);
  EXPECT_ERROR(network->logits({}, 0), ErrorCode::usage);
  EXPECT_ERROR(network->logits(input, -2), ErrorCode::usage);
}

TEST(InitialWeights, FillTheGraph) {
  for (const auto& architecture : graph::architectures()) {
    const auto graph = architecture.build(test::small_input(architecture), 4);
    ASSERT_OK(graph);
    if (graph->parameter_count() > 8'000'000) continue;
    EXPECT_OK(graph::check_weights(*graph, initial_weights(*graph, 1)));
  }
}

TEST(InitialWeights, AreGlorotUniformWithoutNormalisation) {
  const auto graph = graph::baseline({3, 48, 64}, 4);
  ASSERT_OK(graph);
  const auto weights = initial_weights(*graph, 1);
  const auto& kernel = weights.at("conv2.weight");  // [64, 32, 3, 3]
  const double limit = std::sqrt(6.0 / (32 * 9 + 64 * 9));
  const auto [low, high] = std::minmax_element(kernel.values.begin(), kernel.values.end());
  EXPECT_GE(*low, -limit);
  EXPECT_LE(*high, limit);
  EXPECT_LT(*low, -0.99 * limit);
  EXPECT_GT(*high, 0.99 * limit);
  EXPECT_THAT(weights.at("conv2.bias").values, testing::Each(0.F));
}

TEST(InitialWeights, AreHeNormalWithNormalisation) {
  const auto graph = graph::compact({3, 32, 32}, 4);
  ASSERT_OK(graph);
  const auto weights = initial_weights(*graph, 1);
  const auto& kernel = weights.at("block5.conv2.weight");  // [112, 112, 3, 3]
  double squares = 0;
  for (const double value : kernel.values) squares += value * value;
  const double expected = 2.0 / (112 * 9);
  EXPECT_NEAR(squares / static_cast<double>(kernel.values.size()) / expected, 1, 0.02);
  EXPECT_THAT(weights.at("block5.conv2.norm.weight").values, testing::Each(1.F));
  EXPECT_THAT(weights.at("block5.conv2.norm.bias").values, testing::Each(0.F));
  EXPECT_THAT(weights.at("block5.conv2.norm.running_mean").values, testing::Each(0.F));
  EXPECT_THAT(weights.at("block5.conv2.norm.running_var").values, testing::Each(1.F));
}

TEST(InitialWeights, DependOnSeedAndNameAlone) {
  const auto small = graph::compact({3, 32, 32}, 2);
  const auto large = graph::compact({3, 64, 64}, 8);
  ASSERT_OK(small);
  ASSERT_OK(large);
  EXPECT_EQ(initial_weights(*small, 5).at("stem.weight"),
            initial_weights(*large, 5).at("stem.weight"));
  EXPECT_NE(initial_weights(*small, 5).at("stem.weight"),
            initial_weights(*small, 6).at("stem.weight"));
}

TEST(TorchVersion, NamesVersionThreadsAndDevice) {
  set_torch_threads(1);
  EXPECT_THAT(torch_version(), testing::MatchesRegex("libtorch [0-9.]+.*, 1 thread, C.+"));
  set_torch_threads(2);
  EXPECT_THAT(torch_version(), testing::HasSubstr("2 threads"));
}

}  // namespace
}  // namespace bloodcell::nn
