#include <bloodcell/graph/architectures.hpp>
#include <bloodcell/infer/session.hpp>
#include <bloodcell/infer/tensor_watch.hpp>
#include <bloodcell/infer/verify.hpp>
#include <bloodcell/model_file/quantised.hpp>

#include "processor.hpp"
#include "sessions.hpp"

namespace bloodcell::infer {
namespace {

using ::testing::HasSubstr;

graph::Graph small() { return *graph::compact({3, 32, 40}, 5); }

// All its layers in int8, by the values that random images make.
model_file::ModelFile int8_file(const model_file::ModelFile& plain, const graph::Graph& graph) {
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  const auto layers = model_file::quantisable_layers(plain).value();
  for (const auto& layer : layers) {
    inputs.push_back(layer.input);
    outputs.push_back(layer.output);
  }
  std::vector<model_file::TensorRange> ranges;
  for (const auto& input : inputs) ranges.push_back({input, 0, 0});
  auto watch = TensorWatch::open(plain, inputs, 1).value();
  EXPECT_OK(watch.look(test::random_images(graph, 8), 8,
                       [&](std::size_t i, std::span<const float> values) {
                         for (const float value : values) {
                           ranges[i].low = std::min(ranges[i].low, value);
                           ranges[i].high = std::max(ranges[i].high, value);
                         }
                       }));
  return model_file::with_int8_layers(plain, outputs, ranges).value();
}

class Int8 : public testing::Test {
 protected:
  graph::Graph graph_ = small();
  model_file::ModelFile plain_ = test::model_of(graph_, test::random_weights(graph_)).value();
  model_file::ModelFile file_ = int8_file(plain_, graph_);
  std::vector<float> images_ = test::random_images(graph_, 8);

  Result<std::vector<float>> run(const model_file::ModelFile& file, Precision precision,
                                 const std::filesystem::path& cache = {}) {
    BC_ASSIGN(const auto session,
              Session::open(file, {.precision = precision, .cache_folder = cache}));
    EXPECT_EQ(session.precision(), precision);
    return session.run(images_, 8);
  }
};

TEST_F(Int8, InOtherPrecisionsTheFileIsTheOneItWasMadeFromToTheBit) {
  for (const auto precision : {Precision::float32, Precision::bfloat16}) {
    const auto before = run(plain_, precision);
    if (!before && before.error().code == ErrorCode::unsupported) continue;  // no bfloat16 here
    const auto after = run(file_, precision);
    ASSERT_OK(before);
    ASSERT_OK(after);
    EXPECT_EQ(*before, *after) << name_of(precision);
  }
}

TEST_F(Int8, IsNearFloat32AndNotTheSame) {
  const auto exact = run(file_, Precision::float32);
  const auto coarse = run(file_, Precision::int8);
  ASSERT_OK(exact);
  if (!coarse) GTEST_SKIP() << "this processor has no int8";
  EXPECT_NE(*exact, *coarse);
  double apart = 0;
  double size = 0;
  for (std::size_t i = 0; i < exact->size(); ++i) {
    apart += std::pow((*exact)[i] - (*coarse)[i], 2);
    size += std::pow((*exact)[i], 2);
  }
  EXPECT_LT(std::sqrt(apart / size), 0.1);
}

TEST_F(Int8, SharesACacheWithFloat32) {
  const test::TemporaryFolder folder;
  for (int i = 0; i < 2; ++i) {  // compiled, then recalled
    for (const auto precision : {Precision::float32, Precision::int8}) {
      const auto kept = run(file_, precision, folder / "cache");
      if (!kept && kept.error().code == ErrorCode::unsupported) continue;
      ASSERT_OK(kept);
      EXPECT_EQ(*kept, *run(file_, precision)) << name_of(precision);
    }
  }
}

TEST_F(Int8, KeepsTheEmbedding) {
  const auto session = Session::open(
      file_, {.precision = Precision::int8, .cache_folder = {}, .keep_embedding = true});
  if (!session) GTEST_SKIP() << "this processor has no int8";
  const auto looked = session->look(images_, 8);
  ASSERT_OK(looked);
  EXPECT_EQ(looked->embedding.size(), 8 * session->head().values);
}

TEST_F(Int8, IsVerifiedAsNearAsInt8Gives) {
  auto& d = file_.description;
  const auto input = model_file::golden_input(1, d.preprocessing);
  d.golden.push_back({1, Session::open(file_, {})->run(input, 1).value()});
  const auto session = Session::open(file_, {.precision = Precision::int8, .cache_folder = {}});
  if (!session) GTEST_SKIP() << "this processor has no int8";
  EXPECT_OK(verify(*session, d));
  d.golden[0].logits[0] += std::max(1.0F, std::abs(d.golden[0].logits[0]));
  EXPECT_ERROR(verify(*session, d), ErrorCode::mismatch);
}

TEST_F(Int8, IsRefusedWhereTheFileHasNone) {
  const auto session = Session::open(plain_, {.precision = Precision::int8, .cache_folder = {}});
  EXPECT_ERROR(session, ErrorCode::unsupported);
  EXPECT_THAT(session.error().message, HasSubstr("no layer in int8"));
  EXPECT_THAT(session.error().remedy, HasSubstr("bloodcell quantise"));
}

TEST_F(Int8, IsChosenByItselfWhereItIsTheFastestAndCostsLittle) {
  constexpr Processor kPlain{.has_int8 = true};
  constexpr Processor kProducts{.has_int8 = true, .has_products = true};
  constexpr Processor kNarrow{.has_bfloat16 = true, .has_int8 = true, .has_products = true};
  constexpr Processor kTiles{
      .has_bfloat16 = true, .has_int8 = true, .has_tiles = true, .has_products = true};
  file_.description.precisions = {{"float32", 1000, 950}, {"int8", 1000, 947}};
  EXPECT_EQ(fastest(kPlain, file_), Precision::float32);
  EXPECT_EQ(fastest(kProducts, file_), Precision::int8);
  EXPECT_EQ(fastest(kNarrow, file_), Precision::int8);
  EXPECT_EQ(fastest(kTiles, file_), Precision::int8);
  file_.description.precisions.push_back({"bfloat16", 1000, 949});
  EXPECT_EQ(fastest(kNarrow, file_), Precision::int8);
  EXPECT_EQ(fastest(kTiles, file_), Precision::bfloat16);
  file_.description.precisions[1].right = 946;  // more than 0.3 points
  EXPECT_EQ(fastest(kProducts, file_), Precision::float32);
  EXPECT_EQ(fastest(kNarrow, file_), Precision::float32);
  constexpr Processor kPairs{
      .has_bfloat16 = true, .has_int8 = true, .has_products = true, .has_pairs = true};
  EXPECT_EQ(fastest(kPairs, file_), Precision::bfloat16);
  file_.description.precisions[1].right = 947;
  EXPECT_EQ(fastest(kPairs, file_), Precision::int8);
  plain_.description.precisions = {{"float32", 9, 9}, {"int8", 9, 9}};  // another file's words
  EXPECT_EQ(fastest(kProducts, plain_), Precision::float32);
}

TEST_F(Int8, WatchesTensorsByName) {
  auto watch = TensorWatch::open(file_, {"images", "logits"}, 1);
  ASSERT_OK(watch);
  std::vector<std::vector<float>> seen(2);
  ASSERT_OK(watch->look(images_, 8, [&](std::size_t i, std::span<const float> values) {
    seen[i].assign(values.begin(), values.end());
  }));
  EXPECT_EQ(seen[0], images_);
  const auto logits = run(plain_, Precision::float32);
  ASSERT_OK(logits);
  ASSERT_EQ(seen[1].size(), logits->size());
  for (std::size_t i = 0; i < logits->size(); ++i) EXPECT_NEAR(seen[1][i], (*logits)[i], 1e-4);
  EXPECT_ERROR(watch->look(images_, 7, [](std::size_t, std::span<const float>) {}),
               ErrorCode::usage);
  EXPECT_ERROR(TensorWatch::open(file_, {"nothing"}, 1), ErrorCode::usage);
  EXPECT_ERROR(TensorWatch::open(file_, {}, 0), ErrorCode::usage);
}

}  // namespace
}  // namespace bloodcell::infer
