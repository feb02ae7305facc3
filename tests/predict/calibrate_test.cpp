#include <bloodcell/predict/calibrate.hpp>

#include <cmath>
#include <numeric>

#include <bloodcell/base/random.hpp>
#include <bloodcell/graph/builder.hpp>
#include <bloodcell/predict/judge.hpp>
#include <bloodcell/test/colour_model.hpp>
#include <bloodcell/test/support.hpp>

namespace bloodcell::predict {
namespace {

TEST(Familiarity, WhitensTheSpreadWithinClasses) {
  // Two classes far apart; within each the second value is 3 times the first plus noise.
  std::vector<float> embeddings;
  std::vector<int> truths;
  for (int i = 0; i < 4000; ++i) {
    Random random(3, stream_of("familiarity"), static_cast<std::uint64_t>(i));
    const double a = random.normal();
    const double b = 3 * a + random.normal();
    embeddings.push_back(static_cast<float>(a + 100 * (i % 2)));
    embeddings.push_back(static_cast<float>(b));
    truths.push_back(i % 2);
  }
  const auto known = fit_familiarity(embeddings, truths, 3);
  EXPECT_EQ(known.values, 2U);
  EXPECT_NEAR(known.means[0], 0, 0.1);
  EXPECT_NEAR(known.means[2], 100, 0.1);
  EXPECT_NEAR(known.means[4], 50, 0.1);  // a class without rows: the mean of all
  double squares = 0;
  for (std::size_t i = 0; i < truths.size(); ++i) {
    squares += std::pow(distance_from_known(std::span(embeddings).subspan(2 * i, 2), known), 2);
  }
  // Chi-squared with 2 degrees of freedom has mean 2; the shrinkage takes some.
  EXPECT_NEAR(squares / static_cast<double>(truths.size()), 2, 0.9);
  // Against the correlation is farther than along it.
  EXPECT_GT(distance_from_known(std::vector<float>{1, -3}, known),
            2 * distance_from_known(std::vector<float>{1, 3}, known));
}

TEST(Familiarity, ValuesThatNeverChangeAreNoError) {
  const std::vector<float> embeddings{1, 1, 1, 1};
  const auto known = fit_familiarity(embeddings, std::vector<int>{0, 0}, 1);
  EXPECT_TRUE(std::isfinite(distance_from_known(std::vector<float>{1, 2}, known)));
}

// Files of three colours, each its own family.
data::Dataset coloured(const test::TemporaryFolder& folder, int each) {
  data::Dataset dataset;
  dataset.root = folder.path();
  dataset.labels = test::colour_model().description.labels;
  const std::array colours{test::kRed, test::kGreen, test::kBlue};
  for (int i = 0; i < 3 * each; ++i) {
    const auto file = fmt::format("{:03}.png", i);
    test::write_png(folder / file, colours[static_cast<std::size_t>(i % 3)]);
    dataset.samples.push_back({file, i % 3, file, {}, {}, {}});
  }
  return dataset;
}

std::vector<std::size_t> all_of(const data::Dataset& dataset) {
  std::vector<std::size_t> samples(dataset.samples.size());
  std::iota(samples.begin(), samples.end(), std::size_t{0});
  return samples;
}

TEST(Calibrate, StatesWhatTheFamiliesBear) {
  const test::TemporaryFolder folder;
  const auto dataset = coloured(folder, 20);
  OwnContext own;
  const auto model = test::colour_model();
  const auto done = calibrate(own.get(), model, dataset, all_of(dataset), {}, {});
  ASSERT_OK(done);
  EXPECT_EQ(done->families_fitted, 30U);
  EXPECT_EQ(done->families_judged, 30U);
  const auto& trust = *done->description.trust;
  ASSERT_EQ(trust.sets.size(), 2U);  // 30 families bear 90 and 95 %, not 99 %
  EXPECT_EQ(trust.sets[1].coverage, 0.95);
  EXPECT_EQ(trust.ranges.size(), kPictureMeasures);
  const auto& precisions = done->description.precisions;
  ASSERT_GE(precisions.size(), 1U);  // bfloat16 only where the processor has it
  EXPECT_EQ(precisions[0].precision, "float32");
  for (const auto& figures : precisions) {
    EXPECT_EQ(figures.cells, 60U);
    EXPECT_EQ(figures.right, 60U);  // the colours are its classes
  }
  const auto written = model_file::with_description(model, done->description);
  ASSERT_OK(written);
  EXPECT_OK(Judge::make(written->description));
}

TEST(Calibrate, LeavesFamiliarityOutWhereItWouldNotFitTheFile) {
  graph::Builder net("wide", {3, 20, 20});
  net.dense("logits", net.flatten(net.input()), 3);
  graph::Weights weights;
  weights["logits.weight"] = {{3, 1200}, std::vector<float>(3600)};
  for (std::size_t i = 0; i < 3600; ++i) {
    weights["logits.weight"].values[i] = i % 1200 / 400 == i / 1200 ? 0.01F : 0;
  }
  weights["logits.bias"] = {{3}, {0, 0, 0}};
  auto description = test::colour_model().description;
  description.architecture = "wide";
  description.preprocessing.width_px = description.preprocessing.height_px = 20;
  const auto model = model_file::make(std::move(net).build().value(), weights, description);
  ASSERT_OK(model);
  const test::TemporaryFolder folder;
  const auto dataset = coloured(folder, 20);
  OwnContext own;
  const auto done = calibrate(own.get(), *model, dataset, all_of(dataset), {}, {});
  ASSERT_OK(done);
  EXPECT_FALSE(done->description.trust->familiarity.has_value());
  EXPECT_OK(model_file::with_description(*model, done->description));
}

TEST(Calibrate, IsTheSameEachTime) {
  const test::TemporaryFolder folder;
  const auto dataset = coloured(folder, 10);
  OwnContext one(1);
  OwnContext two(2);
  const auto model = test::colour_model();
  const auto a = calibrate(one.get(), model, dataset, all_of(dataset), {}, {.batch = 1});
  const auto b = calibrate(two.get(), model, dataset, all_of(dataset), {}, {.batch = 1});
  ASSERT_OK(a);
  ASSERT_OK(b);
  EXPECT_EQ(model_file::to_json(a->description), model_file::to_json(b->description));
}

TEST(Calibrate, LeavesOutWhatHasNoBoxForAModelOfLocatedCells) {
  const test::TemporaryFolder folder;
  auto dataset = coloured(folder, 10);
  for (std::size_t i = 0; i < 25; ++i) dataset.samples[i].box = image::Box{2, 2, 8, 8};
  auto located = test::colour_model();
  located.description.preprocessing.cell_margin = 1.5;
  OwnContext own;
  const auto done = calibrate(own.get(), located, dataset, all_of(dataset), {}, {});
  ASSERT_OK(done);
  EXPECT_EQ(done->without_box, 5U);
  EXPECT_EQ(done->families_fitted + done->families_judged, 25U);
}

TEST(Calibrate, NeedsFamiliesAndLabelsItKnows) {
  const test::TemporaryFolder folder;
  auto dataset = coloured(folder, 5);
  OwnContext own;
  EXPECT_ERROR(calibrate(own.get(), test::colour_model(), dataset, all_of(dataset), {}, {}),
               ErrorCode::usage);
  dataset = coloured(folder, 10);
  auto located = test::colour_model();
  located.description.preprocessing.cell_margin = 1.5;
  EXPECT_ERROR(calibrate(own.get(), located, dataset, all_of(dataset), {}, {}), ErrorCode::usage);
  dataset.labels[0] = "dragon";
  EXPECT_ERROR(calibrate(own.get(), test::colour_model(), dataset, all_of(dataset), {}, {}),
               ErrorCode::mismatch);
}

}  // namespace
}  // namespace bloodcell::predict
