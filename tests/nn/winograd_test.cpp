// Convolutions made another way give what the usual way gives, forwards and backwards.

#include <tuple>

#include <torch/csrc/autograd/autograd.h>

#include <bloodcell/graph/builder.hpp>
#include <bloodcell/nn/module.hpp>
#include <bloodcell/nn/network.hpp>
#include <bloodcell/test/support.hpp>

#include "winograd.hpp"

namespace bloodcell::nn {
namespace {

using torch::Tensor;

double largest(const Tensor& tensor) { return tensor.abs().max().item<double>(); }

void expect_alike(const Tensor& found, const Tensor& expected) {
  ASSERT_EQ(found.sizes(), expected.sizes());
  EXPECT_LT(largest(found - expected), 3e-5 * largest(expected));
}

struct Given {
  Tensor maps;
  Tensor weight;
  Tensor bias;

  Given(std::int64_t batch, std::int64_t in, std::int64_t out, std::int64_t height,
        std::int64_t width) {
    auto generator = at::make_generator<at::CPUGeneratorImpl>(5);
    maps = torch::randn({batch, in, height, width}, generator).requires_grad_();
    weight = torch::randn({out, in, 3, 3}, generator).requires_grad_();
    bias = torch::randn({out}, generator).requires_grad_();
  }
};

// What they become, and the gradients of maps, weight and bias under one pull.
std::vector<Tensor> all_of(const Given& given, const Tensor& made) {
  std::vector<Tensor> found{made};
  const Tensor pull = torch::linspace(-1, 1, made.numel()).reshape(made.sizes());
  for (const auto& each :
       torch::autograd::grad({made}, {given.maps, given.weight, given.bias}, {pull})) {
    found.push_back(each);
  }
  return found;
}

class Shapes : public testing::TestWithParam<std::tuple<int, int, int, int, int>> {};

TEST_P(Shapes, GiveWhatTheDirectWayGives) {
  const auto [batch, in, out, height, width] = GetParam();
  const Given given(batch, in, out, height, width);
  Winograd winograd;
  const Tensor made = winograd(given.maps, given.weight, given.bias);
  if (!made.defined()) GTEST_SKIP() << "this processor or build has no such convolution";
  const auto found = all_of(given, made);
  const auto expected = all_of(given, torch::conv2d(given.maps, given.weight, given.bias, 1, 1));
  for (std::size_t i = 0; i < found.size(); ++i) expect_alike(found[i], expected[i]);
}

INSTANTIATE_TEST_SUITE_P(Winograd, Shapes,
                         testing::Values(std::tuple{2, 64, 64, 24, 24},
                                         std::tuple{1, 64, 128, 12, 8},
                                         std::tuple{3, 128, 64, 14, 14},  // tiles reach beyond
                                         std::tuple{2, 56, 56, 12, 12},   // half a vector
                                         std::tuple{2, 80, 113, 15, 19}));

TEST(Winograd, IsNotAskedWhereItDoesNotPay) {
  EXPECT_TRUE((WinogradShape{1, 64, 64, 24, 24}.pays()));
  EXPECT_TRUE((WinogradShape{1, 56, 32, 12, 12}.pays()));   // an eighth of one side's vectors
  EXPECT_FALSE((WinogradShape{1, 64, 64, 6, 6}.pays()));    // nearly half of the tiles is beyond
  EXPECT_FALSE((WinogradShape{1, 64, 33, 24, 24}.pays()));  // and so of a vector of channels
  EXPECT_FALSE((WinogradShape{1, 16, 64, 24, 24}.pays()));
}

TEST(Winograd, TakesNoOtherNumbers) {
  const Given given(1, 64, 64, 8, 8);
  Winograd winograd;
  EXPECT_FALSE(
      winograd(given.maps.to(torch::kFloat64), given.weight.to(torch::kFloat64), {}).defined());
}

TEST(Winograd, LeavesMapsWithoutGradientAlone) {
  const Given given(1, 64, 64, 8, 8);
  Winograd winograd;
  const Tensor made = winograd(given.maps.detach(), given.weight, {});
  if (!made.defined()) GTEST_SKIP() << "this processor or build has no such convolution";
  made.sum().backward();
  EXPECT_FALSE(given.maps.grad().defined());
  expect_alike(given.weight.grad(),
               torch::autograd::grad({torch::conv2d(given.maps, given.weight, {}, 1, 1).sum()},
                                     {given.weight})[0]);
}

// A network whose second layer would be made so.
class InANetwork : public testing::Test {
 protected:
  static Module module() {
    graph::Builder net("net", {64, 8, 8});
    const auto conv = [&](const char* name, graph::NodeId before) {
      return net.conv2d(name, before,
                        {.out_channels = 64, .kernel = {3, 3}, .padding = graph::Padding::same});
    };
    net.dense("logits",
              net.global_average_pool(net.relu(conv("second", conv("first", net.input())))), 2);
    const auto graph = std::move(net).build();
    EXPECT_OK(graph);
    return {*graph, initial_weights(*graph, 3), torch::kCPU};
  }
  Tensor images_ = torch::linspace(-1, 1, 2 * 64 * 64).reshape({2, 64, 8, 8});
};

TEST_F(InANetwork, LearnsWhatItEvaluates) {
  auto network = module();
  const Tensor expected = network.evaluate(images_);
  const Tensor learned = network.learn(images_, 1).detach();
  expect_alike(learned, expected);
  const Given given(2, 64, 64, 8, 8);
  if (!Winograd()(given.maps, given.weight, {}).defined()) return;
  EXPECT_FALSE(torch::equal(learned, expected)) << "the last digits show which way was taken";
}

TEST_F(InANetwork, RepeatsBitForBit) {
  const auto gradients = [this] {
    auto network = module();
    network.learn(images_, 1).square().sum().backward();
    std::vector<Tensor> found;
    for (const auto& [name, value] : network.trainable()) found.push_back(value.grad());
    return found;
  };
  const auto once = gradients();
  const auto again = gradients();
  for (std::size_t i = 0; i < once.size(); ++i) EXPECT_TRUE(torch::equal(once[i], again[i])) << i;
}

}  // namespace
}  // namespace bloodcell::nn
