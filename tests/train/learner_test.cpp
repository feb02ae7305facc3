#include <bloodcell/train/learner.hpp>

#include <array>
#include <cmath>
#include <limits>

#include <bloodcell/graph/architectures.hpp>
#include <bloodcell/graph/builder.hpp>
#include <bloodcell/nn/network.hpp>
#include <bloodcell/test/support.hpp>

namespace bloodcell::train {
namespace {

// One input x, two logits w·x + b: small enough to work by hand.
graph::Graph two_logits() {
  graph::Builder net("two logits", {1, 1, 1});
  net.dense("logits", net.input(), 2);
  return std::move(net).build().value();
}

graph::Weights weights_of(float w0, float w1, float b0 = 0, float b1 = 0) {
  return {{"logits.weight", {{2, 1}, {w0, w1}}}, {"logits.bias", {{2}, {b0, b1}}}};
}

Learner learner_of(const graph::Weights& weights, LearnerOptions options = {}) {
  options.device = "cpu";
  auto learner = Learner::make(two_logits(), weights, options);
  EXPECT_OK(learner);
  return std::move(*learner);
}

StepResult step(Learner& learner, float x, std::int64_t label, double rate = 0.1) {
  const auto result = learner.step({std::array{x}, std::array{label}}, rate, 0);
  EXPECT_OK(result);
  return result.value_or(StepResult{});
}

std::vector<float> kernel(const graph::Weights& weights) {
  return weights.at("logits.weight").values;
}

TEST(Loss, IsTheCrossEntropyOfTheSoftmax) {
  auto learner = learner_of(weights_of(std::log(3.F), 0));
  const auto result = step(learner, 1, 0);  // probabilities 3/4 and 1/4
  EXPECT_NEAR(result.loss, -std::log(0.75), 1e-6);
  EXPECT_EQ(result.right, 1);
}

TEST(Loss, SmoothsLabelsOverAllClasses) {
  auto learner = learner_of(weights_of(std::log(3.F), 0), {.label_smoothing = 0.2});
  const auto result = step(learner, 1, 1);  // target (0.1, 0.9)
  EXPECT_NEAR(result.loss, -0.1 * std::log(0.75) - 0.9 * std::log(0.25), 1e-6);
  EXPECT_EQ(result.right, 0);
}

TEST(Loss, IsTheMeanOverTheBatch) {
  auto learner = learner_of(weights_of(std::log(3.F), 0));
  const auto result =
      learner.step({std::array{1.F, 1.F, 0.F}, std::array<std::int64_t, 3>{0, 1, 0}}, 0.1, 0);
  ASSERT_OK(result);
  EXPECT_NEAR(result->loss, -(std::log(0.75) + std::log(0.25) + std::log(0.5)) / 3, 1e-6);
}

// The gradient of l2 · Σ w² is 2 · l2 · w, once a step however many parts the batch goes in.
TEST(Penalty, PullsTheKernelsOfItsLayersToZero) {
  graph::Builder net("two logits", {1, 1, 1});
  net.dense("logits", net.input(), {.units = 2, .l2 = 0.25});
  const auto graph = std::move(net).build().value();
  LearnerOptions options{
      .optimiser = {.kind = OptimiserKind::sgd, .momentum = 0}, .accumulate = 2, .device = "cpu"};
  auto pulled = Learner::make(graph, weights_of(2, 3), options).value();
  auto free = learner_of(weights_of(2, 3), options);
  const std::array images{1.F, 2.F};
  const std::array<std::int64_t, 2> labels{0, 1};
  const LearningBatch batch{images, labels};
  const auto with = pulled.step(batch, 0.1, 0);
  const auto without = free.step(batch, 0.1, 0);
  ASSERT_OK(with);
  EXPECT_EQ(with->loss, without->loss);
  for (const std::size_t i : {0U, 1U}) {
    EXPECT_NEAR(kernel(pulled.state().weights)[i],
                kernel(free.state().weights)[i] - 0.1 * 2 * 0.25 * (i == 0 ? 2 : 3), 1e-6);
  }
  EXPECT_EQ(pulled.state().weights.at("logits.bias"), free.state().weights.at("logits.bias"));
}

TEST(Adam, FirstStepIsTheLearningRateAgainstTheGradient) {
  auto learner = learner_of(weights_of(0, 0));
  step(learner, 1, 0, 0.1);  // gradient of the kernel (−1/2, 1/2)
  // m̂/(√v̂ + ε·√1000): 0.1 · 0.5 / (0.5 + 1e-7 · 31.6)
  const double expected = 0.1 * 0.5 / (0.5 + 1e-7 / std::sqrt(0.001));
  EXPECT_NEAR(kernel(learner.state().weights)[0], expected, 1e-7);
  EXPECT_NEAR(kernel(learner.state().weights)[1], -expected, 1e-7);
  EXPECT_EQ(learner.steps(), 1);
}

TEST(Adam, KeepsItsMomentsByParameter) {
  auto learner = learner_of(weights_of(0, 0));
  step(learner, 2, 0);  // gradient of the kernel (−1, 1), of the bias (−1/2, 1/2)
  const auto state = learner.state().optimiser;
  EXPECT_EQ(state.steps, 1);
  EXPECT_NEAR(kernel(state.first_moments)[0], -0.1, 1e-7);
  EXPECT_NEAR(kernel(state.second_moments)[0], 0.001, 1e-9);
  EXPECT_NEAR(state.first_moments.at("logits.bias").values[1], 0.05, 1e-7);
  EXPECT_NEAR(state.second_moments.at("logits.bias").values[1], 0.00025, 1e-9);
}

TEST(Adam, FollowsTheAlgorithmOverManySteps) {
  // Kingma & Ba, algorithm 1 with the order of computation of section 2, in double, for w0 alone:
  // biases move too, and by symmetry w1 = −w0, b1 = −b0.
  auto learner = learner_of(weights_of(0, 0));
  double w = 0, b = 0, mw = 0, vw = 0, mb = 0, vb = 0;
  for (int t = 1; t <= 20; ++t) {
    const double x = 1 + 0.3 * (t % 3);
    const double label = t % 4 == 0 ? 1 : 0;
    step(learner, static_cast<float>(x), static_cast<std::int64_t>(label), 0.05);
    const double p0 = 1 / (1 + std::exp(-2 * (w * x + b)));
    const double gradient = p0 - (label == 0 ? 1 : 0);
    mw = 0.9 * mw + 0.1 * gradient * x;
    vw = 0.999 * vw + 0.001 * gradient * x * gradient * x;
    mb = 0.9 * mb + 0.1 * gradient;
    vb = 0.999 * vb + 0.001 * gradient * gradient;
    const double rate = 0.05 * std::sqrt(1 - std::pow(0.999, t)) / (1 - std::pow(0.9, t));
    w -= rate * mw / (std::sqrt(vw) + 1e-7);
    b -= rate * mb / (std::sqrt(vb) + 1e-7);
  }
  const auto weights = learner.state().weights;
  EXPECT_NEAR(kernel(weights)[0], w, 1e-5);
  EXPECT_NEAR(kernel(weights)[1], -w, 1e-5);
  EXPECT_NEAR(weights.at("logits.bias").values[0], b, 1e-5);
}

TEST(WeightDecay, ShrinksKernelsApartFromTheGradientAndLeavesBiases) {
  // x = 0: the kernel has no gradient. 2 · (1 − 0.1 · 0.5) = 1.9.
  auto learner = learner_of(weights_of(2, -2, 1, 1), {.weight_decay = 0.5});
  step(learner, 0, 0, 0.1);
  EXPECT_FLOAT_EQ(kernel(learner.state().weights)[0], 1.9F);
  EXPECT_FLOAT_EQ(kernel(learner.state().weights)[1], -1.9F);
  EXPECT_NEAR(learner.state().weights.at("logits.bias").values[0], 1.1, 1e-5);
}

TEST(WeightDecay, OfAdamGoesThroughTheGradient) {
  // x = 0: the kernel's gradient is 0.5 · 2 = 1 by the decay alone, so Adam moves it by the rate.
  auto learner =
      learner_of(weights_of(2, -2), {.optimiser = {OptimiserKind::adam}, .weight_decay = 0.5});
  step(learner, 0, 0, 0.1);
  EXPECT_NEAR(kernel(learner.state().weights)[0], 1.9, 1e-5);
  EXPECT_NEAR(kernel(learner.state().weights)[1], -1.9, 1e-5);
}

// The kernel's gradient is x · (p0 − 1) for label 0; w1 = −w0 by symmetry.
double gradient_at(double w, double b, double x) {
  return x * (1 / (1 + std::exp(-2 * (w * x + b))) - 1);
}

TEST(Sgd, FollowsTheMomentum) {
  auto learner = learner_of(weights_of(0, 0), {.optimiser = {OptimiserKind::sgd, 0.8}});
  double w = 0, b = 0, vw = 0, vb = 0;
  for (int t = 0; t < 10; ++t) {
    step(learner, 2, 0, 0.1);
    const double gw = gradient_at(w, b, 2);
    vw = 0.8 * vw + gw;
    vb = 0.8 * vb + gw / 2;
    w -= 0.1 * vw;
    b -= 0.1 * vb;
  }
  EXPECT_NEAR(kernel(learner.state().weights)[0], w, 1e-6);
  EXPECT_NEAR(kernel(learner.state().optimiser.first_moments)[0], vw, 1e-6);
  EXPECT_TRUE(learner.state().optimiser.second_moments.empty());
}

TEST(Sgd, LooksAheadWithNesterov) {
  auto learner = learner_of(weights_of(0, 0), {.optimiser = {OptimiserKind::sgd, 0.8, true}});
  double w = 0, b = 0, vw = 0, vb = 0;
  for (int t = 0; t < 10; ++t) {
    step(learner, 2, 0, 0.1);
    const double gw = gradient_at(w, b, 2);
    vw = 0.8 * vw + gw;
    vb = 0.8 * vb + gw / 2;
    w -= 0.1 * (gw + 0.8 * vw);
    b -= 0.1 * (gw / 2 + 0.8 * vb);
  }
  EXPECT_NEAR(kernel(learner.state().weights)[0], w, 1e-6);
}

TEST(Sgd, WithoutMomentumStepsAlongTheGradientAndTheDecay) {
  auto learner =
      learner_of(weights_of(0, 0), {.optimiser = {OptimiserKind::sgd, 0}, .weight_decay = 0.5});
  step(learner, 1, 0, 0.1);
  EXPECT_NEAR(kernel(learner.state().weights)[0], 0.05, 1e-7);
  const double w = 0.05, b = 0.05;
  step(learner, 1, 0, 0.1);
  EXPECT_NEAR(kernel(learner.state().weights)[0], w - 0.1 * (gradient_at(w, b, 1) + 0.5 * w), 1e-6);
}

TEST(ClassWeights, CountImagesByTheirClass) {
  auto learner = learner_of(weights_of(std::log(3.F), 0), {.class_weights = {1, 3}});
  const auto result =
      learner.step({std::array{1.F, 1.F}, std::array<std::int64_t, 2>{0, 1}}, 0.1, 0);
  ASSERT_OK(result);
  EXPECT_NEAR(result->loss, -(std::log(0.75) + 3 * std::log(0.25)) / 4, 1e-6);
}

TEST(SoftLabels, StandInTheLossForTheLabels) {
  auto learner = learner_of(weights_of(std::log(3.F), 0));
  const std::array shares{0.3F, 0.7F};
  const auto result =
      learner.step({std::array{1.F}, std::array<std::int64_t, 1>{1}, shares}, 0.1, 0);
  ASSERT_OK(result);
  EXPECT_NEAR(result->loss, -0.3 * std::log(0.75) - 0.7 * std::log(0.25), 1e-6);
}

TEST(Distillation, IsTheDivergenceFromTheSoftenedTeacher) {
  // T = 2: the student's logits (ln 9, 0) become probabilities (3/4, 1/4), the teacher's (0, 0)
  // halves. Divergence ½ ln(½ / ¾) + ½ ln(½ / ¼), times T² = 4; the label's part ln(10/9).
  auto learner = learner_of(weights_of(std::log(9.F), 0),
                            {.distillation_weight = 0.25, .distillation_temperature = 2});
  const std::array teacher{0.F, 0.F};
  const auto result =
      learner.step({std::array{1.F}, std::array<std::int64_t, 1>{0}, {}, teacher}, 0.1, 0);
  ASSERT_OK(result);
  const double divergence = 0.5 * std::log(2.0 / 3) + 0.5 * std::log(2.0);
  EXPECT_NEAR(result->loss, 0.75 * std::log(10.0 / 9) + 0.25 * 4 * divergence, 1e-5);
}

TEST(Clipping, CutsTheGradientToItsLength) {
  // Gradients: kernel (−1/2, 1/2), bias (−1/2, 1/2): length 1. SGD shows them as they are.
  const LearnerOptions options{.optimiser = {OptimiserKind::sgd, 0}, .clip_norm = 0.5};
  auto clipped = learner_of(weights_of(0, 0), options);
  EXPECT_NEAR(step(clipped, 1, 0, 1).gradient_norm, 1, 1e-6);
  EXPECT_NEAR(kernel(clipped.state().weights)[0], 0.25, 1e-6);

  auto short_enough =
      learner_of(weights_of(0, 0), {.optimiser = {OptimiserKind::sgd, 0}, .clip_norm = 2});
  step(short_enough, 1, 0, 1);
  EXPECT_NEAR(kernel(short_enough.state().weights)[0], 0.5, 1e-6);
}

TEST(Accumulation, GivesTheGradientOfTheWholeBatch) {
  const std::array images{1.F, 2.F, -1.F, 0.5F, 3.F};
  const std::array<std::int64_t, 5> labels{0, 1, 1, 0, 0};
  const auto after = [&](int parts) {
    auto learner = learner_of(
        weights_of(0.3F, -0.2F),
        {.optimiser = {OptimiserKind::sgd, 0}, .class_weights = {1, 4}, .accumulate = parts});
    const auto result = learner.step({images, labels}, 0.5, 0);
    EXPECT_OK(result);
    return std::pair(*result, kernel(learner.state().weights));
  };
  const auto [whole, weights] = after(1);
  for (const int parts : {2, 3, 5}) {
    const auto [result, found] = after(parts);
    EXPECT_NEAR(result.loss, whole.loss, 1e-6);
    EXPECT_EQ(result.right, whole.right);
    EXPECT_NEAR(result.gradient_norm, whole.gradient_norm, 1e-6);
    EXPECT_NEAR(found[0], weights[0], 1e-6);
  }
}

TEST(Ema, FollowsTheWeightsAndAnswersInTheirPlace) {
  // The decay of step t is min(0.5, (1 + t)/(10 + t)): 2/11, then 3/12.
  auto learner =
      learner_of(weights_of(0, 0), {.optimiser = {OptimiserKind::sgd, 0}, .ema_decay = 0.5});
  step(learner, 1, 0, 0.1);
  const double w1 = kernel(learner.state().weights)[0];
  const double average1 = w1 * 9 / 11;
  EXPECT_NEAR(kernel(learner.answering_weights())[0], average1, 1e-7);
  step(learner, 1, 0, 0.1);
  const double w2 = kernel(learner.state().weights)[0];
  const double average2 = average1 / 4 + w2 * 3 / 4;
  EXPECT_NEAR(kernel(learner.answering_weights())[0], average2, 1e-7);
  const auto logits = learner.logits(std::array{1.F}, 1);
  ASSERT_OK(logits);
  EXPECT_NEAR((*logits)[0], 2 * average2, 1e-6);  // weight and bias move alike
}

TEST(Ema, ComesBackWithTheState) {
  const LearnerOptions options{.ema_decay = 0.9};
  auto first = learner_of(weights_of(1, 2), options);
  step(first, 1, 0);
  auto second = learner_of(weights_of(0, 0), options);
  ASSERT_OK(second.restore(first.state()));
  EXPECT_EQ(second.answering_weights(), first.answering_weights());
  EXPECT_NE(second.answering_weights(), second.state().weights);
  auto without = first.state();
  without.averages.clear();
  EXPECT_ERROR(second.restore(without), ErrorCode::mismatch);
}

TEST(Learner, SaysWhichImagesLossWasNotFinite) {
  auto learner = learner_of(weights_of(1, 2), {.accumulate = 2});
  const float infinite = std::numeric_limits<float>::infinity();
  const auto result = learner.step(
      {std::array{1.F, 2.F, 3.F, infinite}, std::array<std::int64_t, 4>{0, 1, 0, 1}}, 0.1, 0);
  EXPECT_ERROR(result, ErrorCode::internal);
  EXPECT_THAT(learner.strange(), testing::ElementsAre(3U));
  EXPECT_EQ(learner.state().weights, weights_of(1, 2));
  // Nothing of the failed batch is left in the next step's gradient.
  auto fresh = learner_of(weights_of(1, 2), {.accumulate = 2});
  step(learner, 1, 0);
  step(fresh, 1, 0);
  EXPECT_EQ(learner.state().weights, fresh.state().weights);
  EXPECT_TRUE(learner.strange().empty());
}

TEST(Learner, RefusesALossThatIsNotFiniteAndKeepsItsWeights) {
  auto learner = learner_of(weights_of(1, 2));
  const float infinite = std::numeric_limits<float>::infinity();
  const auto result = learner.step({std::array{infinite}, std::array<std::int64_t, 1>{0}}, 0.1, 0);
  EXPECT_ERROR(result, ErrorCode::internal);
  EXPECT_EQ(learner.state().weights, weights_of(1, 2));
  EXPECT_EQ(learner.steps(), 0);
  step(learner, 1, 0);  // and goes on
  EXPECT_EQ(learner.steps(), 1);
}

TEST(Learner, TurnsLibtorchsExceptionsIntoErrors) {
  auto learner = learner_of(weights_of(1, 2));
  const std::array one{1.F};
  EXPECT_ERROR(learner.step({one, std::array<std::int64_t, 1>{2}}, 0.1, 0), ErrorCode::internal);
  EXPECT_ERROR(learner.step({one, std::array<std::int64_t, 2>{0, 1}}, 0.1, 0), ErrorCode::internal);
  EXPECT_ERROR(learner.logits(one, 3), ErrorCode::internal);
}

TEST(Learner, RefusesWeightsThatDoNotFit) {
  auto weights = weights_of(1, 2);
  weights.erase("logits.bias");
  EXPECT_ERROR(Learner::make(two_logits(), weights, {}), ErrorCode::mismatch);
}

TEST(Learner, RefusesADeviceThatIsNotThere) {
  EXPECT_ERROR(check_device("abacus"), ErrorCode::usage);
  EXPECT_OK(check_device("cpu"));
  EXPECT_OK(check_device("auto"));
  if (nn::torch_version().ends_with("CUDA")) GTEST_SKIP() << "this libtorch has CUDA";
  EXPECT_ERROR(check_device("cuda"), ErrorCode::usage);
  EXPECT_ERROR(Learner::make(two_logits(), weights_of(1, 2), {.device = "cuda"}), ErrorCode::usage);
}

std::vector<float> pictures(const graph::Graph& graph, int count) {
  std::vector<float> input(static_cast<std::size_t>(count * graph.input_shape().values()));
  for (std::size_t i = 0; i < input.size(); ++i) input[i] = std::sin(static_cast<float>(i));
  return input;
}

TEST(Learner, RestoredGoesOnBitForBit) {
  const auto graph = graph::compact({3, 32, 32}, 3).value();
  const auto input = pictures(graph, 4);
  const std::array<std::int64_t, 4> labels{0, 1, 2, 1};
  const LearnerOptions options{.weight_decay = 0.1, .label_smoothing = 0.1, .device = "cpu"};
  auto first = Learner::make(graph, nn::initial_weights(graph, 1), options);
  ASSERT_OK(first);
  for (std::uint64_t i = 0; i < 3; ++i) ASSERT_OK(first->step({input, labels}, 0.01, i));

  auto second = Learner::make(graph, nn::initial_weights(graph, 2), options);
  ASSERT_OK(second);
  ASSERT_OK(second->restore(first->state()));
  for (std::uint64_t i = 3; i < 6; ++i) {
    const auto a = first->step({input, labels}, 0.01, i);
    const auto b = second->step({input, labels}, 0.01, i);
    ASSERT_OK(a);
    ASSERT_OK(b);
    EXPECT_EQ(a->loss, b->loss);
  }
  EXPECT_EQ(first->state().weights, second->state().weights);
  EXPECT_EQ(first->state().optimiser.second_moments, second->state().optimiser.second_moments);
}

TEST(Learner, RefusesMomentsThatDoNotFit) {
  auto learner = learner_of(weights_of(1, 2));
  const auto good = learner.state().optimiser;
  auto missing = good;
  missing.first_moments.erase("logits.bias");
  EXPECT_ERROR(learner.restore({weights_of(1, 2), missing, {}}), ErrorCode::mismatch);
  auto other = good;
  other.second_moments["logits.weight"] = {{1, 2}, {0, 0}};
  EXPECT_ERROR(learner.restore({weights_of(1, 2), other, {}}), ErrorCode::mismatch);
  EXPECT_ERROR(learner.restore({{}, good, {}}), ErrorCode::mismatch);
  EXPECT_OK(learner.restore({weights_of(1, 2), good, {}}));
}

}  // namespace
}  // namespace bloodcell::train
