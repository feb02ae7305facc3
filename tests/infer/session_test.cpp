#include <bloodcell/infer/session.hpp>
#include <bloodcell/infer/verify.hpp>

#include <algorithm>
#include <limits>
#include <string_view>
#include <thread>

#include <bloodcell/graph/architectures.hpp>
#include <bloodcell/graph/builder.hpp>

#include "sessions.hpp"

namespace bloodcell::infer {
namespace {

using ::testing::HasSubstr;

graph::Graph small() { return *graph::compact({3, 32, 40}, 5); }

TEST(Session, GivesEachImageTheSameLogitsInAnyBatch) {
  const graph::Graph graph = small();
  const auto session = test::session_of(graph, test::random_weights(graph));
  ASSERT_OK(session);
  const auto values = static_cast<std::size_t>(graph.input_shape().values());
  const auto images = test::random_images(graph, 7);
  const auto together = session->run(images, 7);
  ASSERT_OK(together);
  for (std::size_t i = 0; i < 7; ++i) {
    const auto alone = session->run(std::span(images).subspan(i * values, values), 1);
    ASSERT_OK(alone);
    for (std::size_t c = 0; c < 5; ++c) EXPECT_NEAR((*alone)[c], (*together)[i * 5 + c], 1e-5);
  }
}

TEST(Session, GivesTheSameWhenItTakesOneAtATime) {
  const graph::Graph graph = small();
  const auto weights = test::random_weights(graph);
  const auto any = test::session_of(graph, weights, {.keep_embedding = true, .keep_maps = true});
  const auto one = test::session_of(
      graph, weights, {.keep_embedding = true, .keep_maps = true, .one_at_a_time = true});
  ASSERT_OK(any);
  ASSERT_OK(one);
  for (const int batch : {1, 3}) {
    const auto images = test::random_images(graph, batch);
    const auto expected = any->look(images, batch);
    const auto looked = one->look(images, batch);
    ASSERT_OK(expected);
    ASSERT_OK(looked);
    using ::testing::FloatNear;
    using ::testing::Pointwise;
    EXPECT_THAT(looked->logits, Pointwise(FloatNear(1e-5F), expected->logits));
    EXPECT_THAT(looked->embedding, Pointwise(FloatNear(1e-5F), expected->embedding));
    EXPECT_THAT(looked->maps, Pointwise(FloatNear(1e-5F), expected->maps));
  }
  EXPECT_ERROR(one->look(test::random_images(graph, 2), 3), ErrorCode::usage);
}

// Maps of 4 MiB an image: two at a time, the last of five alone.
TEST(Session, GivesTheSameForImagesThatDoNotFitTogether) {
  graph::Builder net("wide", {3, 512, 512});
  const auto maps = net.relu(net.conv2d("maps", net.input(), {.out_channels = 4, .kernel = 1}));
  net.dense("classes", net.global_average_pool(maps), 2);
  const graph::Graph graph = *std::move(net).build();
  const auto session =
      test::session_of(graph, test::random_weights(graph), {.keep_embedding = true});
  ASSERT_OK(session);
  const auto values = static_cast<std::size_t>(graph.input_shape().values());
  const auto images = test::random_images(graph, 5);
  const auto together = session->look(images, 5);
  ASSERT_OK(together);
  ASSERT_EQ(together->logits.size(), 10U);
  ASSERT_EQ(together->embedding.size(), 20U);
  for (std::size_t i = 0; i < 5; ++i) {
    const auto alone = session->look(std::span(images).subspan(i * values, values), 1);
    ASSERT_OK(alone);
    for (std::size_t c = 0; c < 2; ++c) {
      EXPECT_NEAR(together->logits[2 * i + c], alone->logits[c], 1e-5);
    }
    for (std::size_t c = 0; c < 4; ++c) {
      EXPECT_NEAR(together->embedding[4 * i + c], alone->embedding[c], 1e-5);
    }
  }
}

TEST(Session, GivesTheSameFromManyThreadsAtOnce) {
  const graph::Graph graph = small();
  const auto session =
      test::session_of(graph, test::random_weights(graph), {.threads = 2, .cache_folder = {}});
  ASSERT_OK(session);
  constexpr int kImages = 4;
  std::vector<std::vector<float>> images;
  std::vector<std::vector<float>> expected;
  for (int i = 0; i < kImages; ++i) {
    images.push_back(test::random_images(graph, 1 + i % 2, static_cast<std::uint64_t>(i)));
    expected.push_back(*session->run(images.back(), 1 + i % 2));
  }
  std::vector<int> wrong(4);
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < wrong.size(); ++t) {
      threads.emplace_back([&, t] {
        for (int turn = 0; turn < 25; ++turn) {
          const auto i = (t + static_cast<std::size_t>(turn)) % kImages;
          const auto logits = session->run(images[i], 1 + static_cast<int>(i % 2));
          wrong[t] += !logits || *logits != expected[i];
        }
      });
    }
  }
  EXPECT_THAT(wrong, ::testing::Each(0));
}

TEST(Session, RefusesAnInputOfTheWrongLength) {
  const graph::Graph graph = small();
  const auto session = test::session_of(graph, test::random_weights(graph));
  ASSERT_OK(session);
  const auto images = test::random_images(graph, 2);
  EXPECT_ERROR(session->run(images, 1), ErrorCode::usage);
  EXPECT_ERROR(session->run(images, 3), ErrorCode::usage);
  EXPECT_ERROR(session->run(images, -2), ErrorCode::usage);
  EXPECT_ERROR(session->run({}, 0), ErrorCode::usage);
  EXPECT_OK(session->run(images, 2));
}

TEST(Session, SaysWhichImageGaveNoNumbers) {
  graph::Builder net("dense", {3, 1, 1});
  net.dense("classes", net.input(), 2);
  const graph::Graph graph = *std::move(net).build();
  const auto session = test::session_of(graph, test::random_weights(graph));
  ASSERT_OK(session);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const std::vector<float> images{1, 2, 3, 4, kInfinity, 6, 7, 8, 9};
  const auto logits = session->run(images, 3);
  EXPECT_ERROR(logits, ErrorCode::mismatch);
  EXPECT_THAT(logits.error().message, HasSubstr("image 1 of the batch"));
}

TEST(Session, ChoosesAPrecisionByItselfOnlyWhereItCostsLittle) {
  const graph::Graph graph = small();
  const auto model = test::model_of(graph, test::random_weights(graph));
  ASSERT_OK(model);
  const auto precision_with = [&](std::vector<model_file::PrecisionFigures> measured) {
    auto file = *model;
    file.description.precisions = std::move(measured);
    return Session::open(file, {.precision = Precision::automatic, .cache_folder = {}})
        ->precision();
  };
  EXPECT_EQ(precision_with({}), Precision::float32);
  EXPECT_EQ(precision_with({{"float32", 1000, 900}, {"bfloat16", 1000, 890}}), Precision::float32);
  const auto coarse = Session::open(*model, {.precision = Precision::bfloat16, .cache_folder = {}});
  if (!coarse) {  // a processor without
    EXPECT_EQ(coarse.error().code, ErrorCode::unsupported);
    EXPECT_EQ(precision_with({{"float32", 9, 9}, {"bfloat16", 9, 9}}), Precision::float32);
    return;
  }
  if (precision_with({{"float32", 9, 9}, {"bfloat16", 9, 9}}) == Precision::float32) {
    GTEST_SKIP() << "without AMX it is never chosen by itself";
  }
  const auto fine = Session::open(*model, {.cache_folder = {}});
  ASSERT_OK(fine);
  const auto images = test::random_images(graph, 4);
  const auto a = fine->run(images, 4);
  const auto b = coarse->run(images, 4);
  ASSERT_OK(a);
  ASSERT_OK(b);
  EXPECT_NE(*a, *b);
  for (std::size_t i = 0; i < a->size(); ++i) {
    EXPECT_NEAR((*a)[i], (*b)[i], 0.05 * std::max(1.0F, std::abs((*a)[i])));
  }
}

TEST(Session, PrecisionsHaveNames) {
  for (const auto precision :
       {Precision::automatic, Precision::float32, Precision::bfloat16, Precision::int8}) {
    EXPECT_EQ(precision_named(name_of(precision)), precision);
  }
  EXPECT_EQ(precision_named("float16"), std::nullopt);
}

TEST(Session, TakesAnImageOfAnotherSizeWhereTheNetworkDoes) {
  const graph::Graph graph = small();  // 40 × 32
  const auto weights = test::random_weights(graph);
  const graph::Graph wide = *graph::compact({3, 48, 64}, 5);
  const auto image = test::random_images(wide, 1);
  const auto expected = test::session_of(wide, weights)->run(image, 1);
  ASSERT_OK(expected);
  const test::TemporaryFolder folder;
  const SessionOptions options{.cache_folder = folder / "cache", .other_size = {48, 64}};
  for (int i = 0; i < 2; ++i) {  // compiled, then recalled
    const auto session = test::session_of(graph, weights, options);
    ASSERT_OK(session);
    ASSERT_TRUE(session->takes_other_size());
    EXPECT_OK(session->run(test::random_images(graph, 2), 2));
    const auto logits = session->run_other_size(image);
    ASSERT_OK(logits);
    ASSERT_EQ(logits->size(), 5U);
    for (std::size_t c = 0; c < 5; ++c) EXPECT_NEAR((*logits)[c], (*expected)[c], 1e-5);
    EXPECT_ERROR(session->run_other_size(std::span(image).first(3)), ErrorCode::usage);
    EXPECT_ERROR(session->run(image, 1), ErrorCode::usage);
  }
}

TEST(Session, SaysThatANetworkOfOneSizeTakesNoOther) {
  graph::Builder net("dense", {3, 2, 2});
  net.dense("classes", net.flatten(net.input()), 2);
  const graph::Graph graph = *std::move(net).build();
  const std::vector<float> image(3 * 2 * 2, 0.5F);
  for (const InputSize& size : {InputSize{8, 8}, InputSize{}}) {
    const auto session = test::session_of(graph, test::random_weights(graph),
                                          {.cache_folder = {}, .other_size = size});
    ASSERT_OK(session);
    EXPECT_FALSE(session->takes_other_size());
    EXPECT_OK(session->run(image, 1));
    EXPECT_ERROR(session->run_other_size(image), ErrorCode::usage);
  }
}

TEST(Session, NeedsAThread) {
  const graph::Graph graph = small();
  EXPECT_ERROR(
      test::session_of(graph, test::random_weights(graph), {.threads = 0, .cache_folder = {}}),
      ErrorCode::usage);
}

TEST(Session, KeepsTheCompiledNetworkWhereItIsTold) {
  const test::TemporaryFolder folder;
  const graph::Graph graph = small();
  const auto weights = test::random_weights(graph);
  const SessionOptions options{.cache_folder = folder / "cache"};
  const auto images = test::random_images(graph, 1);
  const auto first = test::session_of(graph, weights, options);
  ASSERT_OK(first);
  EXPECT_FALSE(std::filesystem::is_empty(folder / "cache"));
  const auto second = test::session_of(graph, weights, options);
  ASSERT_OK(second);
  EXPECT_EQ(*first->run(images, 1), *second->run(images, 1));
}

TEST(Session, Bfloat16IsNearFloat32) {
  const graph::Graph graph = small();
  const auto weights = test::random_weights(graph);
  const auto exact = test::session_of(graph, weights);
  const auto fast =
      test::session_of(graph, weights, {.precision = Precision::bfloat16, .cache_folder = {}});
  ASSERT_OK(exact);
  if (!fast && fast.error().code == ErrorCode::unsupported) {
    GTEST_SKIP() << "this processor has no bfloat16";
  }
  ASSERT_OK(fast);
  const auto images = test::random_images(graph, 1);
  const auto expected = *exact->run(images, 1);
  const auto logits = *fast->run(images, 1);
  const float size = *std::max_element(expected.begin(), expected.end());
  for (std::size_t c = 0; c < 5; ++c) EXPECT_NEAR(logits[c], expected[c], 0.1 * std::abs(size));
}

// A forged file passes its own hash; the engine must still say no.
TEST(Session, SaysWhyTheEngineRefusesANetwork) {
  const graph::Graph graph = small();
  auto model = *test::model_of(graph, test::random_weights(graph));
  const std::string_view known = "Conv";
  const auto as_char = [](std::byte byte) { return static_cast<char>(byte); };
  auto at = std::search(model.onnx.begin(), model.onnx.end(), known.begin(), known.end(),
                        [&](std::byte byte, char c) { return as_char(byte) == c; });
  ASSERT_NE(at, model.onnx.end());
  *at = std::byte{'W'};
  const auto session = Session::open(model, {});
  EXPECT_ERROR(session, ErrorCode::malformed);
  EXPECT_THAT(session.error().message, HasSubstr("Wonv"));
  EXPECT_THAT(session.error().message, ::testing::Not(HasSubstr("\n")));
}

TEST(Session, RefusesALayerOfGigabytesBeforeItRuns) {
  graph::Builder net("wide", {3, 2048, 2048});
  net.global_average_pool(net.conv2d("conv", net.input(), {.out_channels = 65}));
  const graph::Graph graph = *std::move(net).build();
  const auto session = test::session_of(graph, test::random_weights(graph));
  EXPECT_ERROR(session, ErrorCode::limit_exceeded);
  EXPECT_THAT(session.error().message, HasSubstr("conv"));
}

TEST(Verify, AcceptsTheFilesOwnLogitsAndCountsThem) {
  const graph::Graph graph = small();
  auto model = *test::model_of(graph, test::random_weights(graph));
  const auto session = Session::open(model, {});
  ASSERT_OK(session);
  auto& d = model.description;
  for (const std::uint64_t seed : {1U, 2U}) {
    const auto logits = session->run(model_file::golden_input(seed, d.preprocessing), 1);
    ASSERT_OK(logits);
    d.golden.push_back({seed, *logits});
  }
  d.golden[1].logits[3] += 2e-5F;
  const auto verified = verify(*session, d);
  ASSERT_OK(verified);
  EXPECT_EQ(verified->outputs_checked, 10U);
  EXPECT_NEAR(verified->largest_difference, 2e-5, 1e-6);

  d.golden[1].logits[3] += 1.0F;
  const auto wrong = verify(*session, d);
  EXPECT_ERROR(wrong, ErrorCode::mismatch);
  EXPECT_THAT(wrong.error().message, HasSubstr("golden input 2, value 3"));
}

TEST(Verify, TakesWhatBfloat16GivesForNearEnough) {
  const graph::Graph graph = small();
  auto model = *test::model_of(graph, test::random_weights(graph));
  const auto fine = Session::open(model, {});
  ASSERT_OK(fine);
  auto& d = model.description;
  d.golden.push_back({1, fine->run(model_file::golden_input(1, d.preprocessing), 1).value()});
  const auto coarse = Session::open(model, {.precision = Precision::bfloat16, .cache_folder = {}});
  if (!coarse) GTEST_SKIP() << "this processor has no bfloat16";
  EXPECT_OK(verify(*coarse, d));
  d.golden[0].logits[0] += 0.2F * std::max(1.0F, std::abs(d.golden[0].logits[0]));
  EXPECT_ERROR(verify(*coarse, d), ErrorCode::mismatch);
}

TEST(Verify, RefusesTheDescriptionOfAnotherNetwork) {
  const graph::Graph graph = small();
  auto model = *test::model_of(graph, test::random_weights(graph));
  const auto session = Session::open(model, {});
  ASSERT_OK(session);
  model.description.golden = {{1, {0, 0}}};
  EXPECT_ERROR(verify(*session, model.description), ErrorCode::mismatch);
}

TEST(Engine, TellsItsVersion) { EXPECT_THAT(engine_version(), HasSubstr("20")); }

}  // namespace
}  // namespace bloodcell::infer
