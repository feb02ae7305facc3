#include <bloodcell/predict/quantise.hpp>

#include <array>
#include <cmath>
#include <numeric>

#include <bloodcell/graph/builder.hpp>
#include <bloodcell/infer/session.hpp>
#include <bloodcell/infer/verify.hpp>
#include <bloodcell/model_file/quantised.hpp>
#include <bloodcell/test/colour_model.hpp>
#include <bloodcell/test/support.hpp>
#include <value_range.hpp>

namespace bloodcell::predict {
namespace {

using ::testing::HasSubstr;

TEST(ValueRange, HoldsZeroAndAllIsShown) {
  ValueRange range;
  range.widen(std::vector<float>{3, 5});
  EXPECT_EQ(range.low, 0);
  EXPECT_EQ(range.high, 5);
  range.widen(std::vector<float>{-2, 1});
  EXPECT_EQ(range.low, -2);
  EXPECT_EQ(range.high, 5);
}

TEST(ValueHistogram, KeepsTheWholeRangeOfEvenValues) {
  std::vector<float> values(1000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) / 100;
  ValueRange range;
  range.widen(values);
  ValueHistogram histogram(range);
  histogram.add(values);
  EXPECT_EQ(histogram.least_error().high, range.high);
}

TEST(ValueHistogram, CutsOneValueFarFromAMillion) {
  std::vector<float> values(1'000'000);
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(i % 1000 + 1) / 1000;
  }
  values.push_back(8);
  ValueRange range;
  range.widen(values);
  ValueHistogram histogram(range);
  histogram.add(values);
  const auto kept = histogram.least_error();
  EXPECT_GE(kept.high, 1);
  EXPECT_LT(kept.high, 6);
  EXPECT_EQ(kept.low, 0);
}

TEST(ValueHistogram, OfNothingIsTheRangeItself) {
  ValueHistogram histogram({-1, 2});
  histogram.add(std::vector<float>{0, 0});
  EXPECT_EQ(histogram.least_error().high, 2);
  ValueHistogram flat({0, 0});
  flat.add(std::vector<float>{0});
  EXPECT_EQ(flat.least_error().high, 0);
}

// Names the strongest colour by way of a convolution.
model_file::ModelFile convolving_model() {
  graph::Builder net("convolving", {3, 8, 8});
  const auto maps = net.relu(net.conv2d("mix", net.input(), {.out_channels = 3, .kernel = 1}));
  net.dense("logits", net.global_average_pool(maps), 3);
  graph::Weights weights;
  const std::vector<float> ten{10, 0, 0, 0, 10, 0, 0, 0, 10};
  weights["mix.weight"] = {{3, 3, 1, 1}, {1, 0, 0, 0, 1, 0, 0, 0, 1}};
  weights["mix.bias"] = {{3}, {0, 0, 0}};
  weights["logits.weight"] = {{3, 3}, ten};
  weights["logits.bias"] = {{3}, {0, 0, 0}};
  auto description = test::colour_model().description;
  description.architecture = "convolving";
  return model_file::make(std::move(net).build().value(), weights, description).value();
}

class Quantise : public testing::Test {
 protected:
  void SetUp() override {
    if (!infer::Session::open(int8_at_hand(),
                              {.precision = infer::Precision::int8, .cache_folder = {}})) {
      GTEST_SKIP() << "this processor has no int8";
    }
    dataset_.root = folder_.path();
    dataset_.labels = model_.description.labels;
    const std::array colours{test::kRed, test::kGreen, test::kBlue};
    for (int i = 0; i < 24; ++i) {
      const auto file = fmt::format("{:03}.png", i);
      test::write_png(folder_ / file, colours[static_cast<std::size_t>(i % 3)]);
      dataset_.samples.push_back({file, i % 3, file, {}, {}, {}});
      (i < 12 ? known_ : held_out_).push_back(static_cast<std::size_t>(i));
    }
  }

  [[nodiscard]] model_file::ModelFile int8_at_hand() const {
    return model_file::with_int8_layers(model_, {"mix.out"}, {{"images", 0, 1}}).value();
  }

  test::TemporaryFolder folder_;
  model_file::ModelFile model_ = convolving_model();
  data::Dataset dataset_;
  std::vector<std::size_t> known_;
  std::vector<std::size_t> held_out_;
  OwnContext own_;
};

TEST_F(Quantise, MakesAFileThatSaysWhatEachPrecisionCosts) {
  const auto done = quantise(own_.get(), model_, dataset_, held_out_, known_, {.batch = 5});
  ASSERT_OK(done);
  EXPECT_EQ(done->layers, 1U);
  EXPECT_TRUE(done->left_float.empty());
  EXPECT_EQ(done->cells, 12U);
  EXPECT_EQ(done->right_float, 12U);
  EXPECT_EQ(done->right_int8, 12U);
  EXPECT_EQ(done->otherwise, 0U);
  EXPECT_TRUE(done->file.has_int8);
  const auto& precisions = done->file.description.precisions;
  ASSERT_GE(precisions.size(), 2U);
  EXPECT_EQ(precisions.front().precision, "float32");
  EXPECT_EQ(precisions.back().precision, "int8");
  for (const auto& figures : precisions) {
    EXPECT_EQ(figures.cells, 12U);
    EXPECT_EQ(figures.right, 12U);
  }
  EXPECT_EQ(done->file.description.provenance["int8"]["cells"], 12);
}

TEST_F(Quantise, IsTheSameForAnyThreads) {
  OwnContext two(2);
  const auto a = quantise(own_.get(), model_, dataset_, held_out_, known_, {.cells = 7});
  const auto b = quantise(two.get(), model_, dataset_, held_out_, known_, {.cells = 7});
  ASSERT_OK(a);
  ASSERT_OK(b);
  EXPECT_EQ(a->cells, 7U);
  EXPECT_EQ(a->file.onnx, b->file.onnx);
}

TEST_F(Quantise, HeldOutCellsChooseNothing) {
  const auto a = quantise(own_.get(), model_, dataset_, held_out_, known_, {});
  const auto b = quantise(own_.get(), model_, dataset_, {held_out_.front()}, known_, {});
  ASSERT_OK(a);
  ASSERT_OK(b);
  EXPECT_EQ(a->file.description.graph_sha256, b->file.description.graph_sha256);
}

// A channel that is thousands of times the others takes all the steps of the tensor's one scale.
TEST_F(Quantise, LeavesALayerFloatThatInt8WouldRuin) {
  graph::Builder net("ruined", {3, 8, 8});
  const auto wide = net.conv2d("wide", net.input(), {.out_channels = 4, .kernel = 1});
  const auto maps = net.conv2d("mix", wide, {.out_channels = 3, .kernel = 1});
  net.dense("logits", net.global_average_pool(maps), 3);
  graph::Weights weights;
  weights["wide.weight"] = {{4, 3, 1, 1}, {1, 0, 0, 0, 1, 0, 0, 0, 1, 9000, 9000, 9000}};
  weights["wide.bias"] = {{4}, {0, 0, 0, 0}};
  weights["mix.weight"] = {{3, 4, 1, 1}, {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0}};
  weights["mix.bias"] = {{3}, {0.1F, 0, 0}};
  weights["logits.weight"] = {{3, 3}, {10, 0, 0, 0, 10, 0, 0, 0, 10}};
  weights["logits.bias"] = {{3}, {0, 0, 0}};
  auto description = model_.description;
  description.architecture = "ruined";
  const auto model = model_file::make(std::move(net).build().value(), weights, description);
  ASSERT_OK(model);
  const auto done = quantise(own_.get(), *model, dataset_, held_out_, known_, {});
  ASSERT_OK(done);
  EXPECT_THAT(done->left_float, ::testing::ElementsAre("mix.out"));
  EXPECT_EQ(done->layers, 1U);
  EXPECT_EQ(done->right_int8, 12U);
  EXPECT_EQ(done->file.description.provenance["int8"]["left_float"][0], "mix.out");
}

TEST_F(Quantise, RefusesWhatItCannotDo) {
  const auto without = test::colour_model();
  EXPECT_ERROR(quantise(own_.get(), without, dataset_, held_out_, known_, {}),
               ErrorCode::unsupported);
  EXPECT_ERROR(quantise(own_.get(), model_, dataset_, held_out_, {}, {}), ErrorCode::usage);
  EXPECT_ERROR(quantise(own_.get(), model_, dataset_, {}, known_, {}), ErrorCode::usage);
  auto locator = model_;
  locator.description.task = graph::Task::locate;
  EXPECT_ERROR(quantise(own_.get(), locator, dataset_, held_out_, known_, {}),
               ErrorCode::unsupported);
  auto strange = dataset_;
  strange.labels[0] = "dragon";
  EXPECT_ERROR(quantise(own_.get(), model_, strange, held_out_, known_, {}), ErrorCode::mismatch);
}

// Names the strongest colour by way of a kernel of 1,056 values.
model_file::ModelFile spreading_model() {
  constexpr int kChannels = 352;
  graph::Builder net("spreading", {3, 8, 8});
  const auto maps =
      net.relu(net.conv2d("spread", net.input(), {.out_channels = kChannels, .kernel = 1}));
  net.dense("logits", net.global_average_pool(maps), 3);
  graph::Weights weights;
  std::vector<float> spread(3 * kChannels, 0.0F);
  std::vector<float> gather(3 * kChannels, 0.0F);
  for (std::size_t k = 0; k < kChannels; ++k) {
    spread[3 * k + k % 3] = 0.37F + 0.001F * static_cast<float>(k);
    gather[k % 3 * kChannels + k] = 0.1F;
  }
  weights["spread.weight"] = {{kChannels, 3, 1, 1}, spread};
  weights["spread.bias"] = {{kChannels}, std::vector<float>(kChannels, 0.0F)};
  weights["logits.weight"] = {{3, kChannels}, gather};
  weights["logits.bias"] = {{3}, {0, 0, 0}};
  auto description = test::colour_model().description;
  description.architecture = "spreading";
  description.golden = {{1, {0, 0, 0}}};
  return model_file::make(std::move(net).build().value(), weights, description).value();
}

TEST(StoreAsBytes, SaysWhatTheNetworkHasBecome) {
  const test::TemporaryFolder folder;
  data::Dataset dataset;
  dataset.root = folder.path();
  dataset.labels = test::colour_model().description.labels;
  const std::array colours{test::kRed, test::kGreen, test::kBlue};
  for (int i = 0; i < 3; ++i) {
    const auto file = fmt::format("{}.png", i);
    test::write_png(folder / file, colours[static_cast<std::size_t>(i)]);
    dataset.samples.push_back({file, i, file, {}, {}, {}});
  }
  OwnContext own;
  const auto plain = spreading_model();
  const auto done = store_as_bytes(own.get(), plain, dataset, {0, 1, 2}, 2);
  ASSERT_OK(done);
  const auto& precisions = done->file.description.precisions;
  ASSERT_GE(precisions.size(), 1U);
  EXPECT_EQ(precisions[0].precision, "float32");
  EXPECT_EQ(precisions[0].cells, 3U);
  EXPECT_EQ(precisions[0].right, 3U);
  const auto session = infer::Session::open(done->file, {.cache_folder = {}});
  ASSERT_OK(session);
  EXPECT_OK(infer::verify(*session, done->file.description));
  const auto before = infer::Session::open(plain, {.cache_folder = {}});
  ASSERT_OK(before);
  const auto input = model_file::golden_input(3, plain.description.preprocessing);
  const auto now = session->run(input, 1).value();
  const auto then = before->run(input, 1).value();
  for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(now[c], then[c], 0.01 * std::abs(then[c]));
  EXPECT_ERROR(store_as_bytes(own.get(), plain, dataset, {}, 2), ErrorCode::usage);
}

}  // namespace
}  // namespace bloodcell::predict
