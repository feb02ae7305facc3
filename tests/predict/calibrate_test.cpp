#include <bloodcell/predict/calibrate.hpp>

#include <cmath>
#include <numeric>

#include <bloodcell/base/random.hpp>
#include <bloodcell/graph/builder.hpp>
#include <bloodcell/model_file/retouch.hpp>
#include <bloodcell/predict/judge.hpp>
#include <bloodcell/test/colour_model.hpp>
#include <bloodcell/test/support.hpp>

#include "other_things.hpp"

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

std::vector<float> cloud(std::string_view stream, int rows, double middle) {
  std::vector<float> values;
  for (int i = 0; i < rows; ++i) {
    Random random(5, stream_of(stream), static_cast<std::uint64_t>(i));
    values.push_back(static_cast<float>(middle + random.normal()));
    values.push_back(static_cast<float>(1000 * random.normal()));      // says nothing
    values.push_back(static_cast<float>(7 + 1e-5 * random.normal()));  // rounding
  }
  return values;
}

// Two normal clouds two deviations apart: the odds are exp(2 x), shrunk a little, whatever the
// shares.
TEST(OtherThings, OddsAreThoseOfEvenShares) {
  const auto cells = cloud("cells", 4000, -1);
  const auto others = cloud("others", 400, 1);
  const auto fitted = fit_other_things(cells, others, 3);
  const auto log_odds = [&](float x) {
    return other_thing_log_odds(std::vector<float>{x, 0, 7}, fitted);
  };
  EXPECT_NEAR(log_odds(0), 0, 0.15);
  EXPECT_NEAR(log_odds(1) - log_odds(0), 2, 0.2);
  EXPECT_NEAR(fitted.weights[1] * 1000, 0, 0.15);
  EXPECT_NEAR(fitted.weights[2], 0, 0.1);
}

TEST(OtherThings, CloudsApartKeepFiniteOdds) {
  const auto fitted = fit_other_things(cloud("cells", 50, -900), cloud("others", 50, 900), 3);
  const double odds = other_thing_log_odds(std::vector<float>{900, 0, 7}, fitted);
  EXPECT_GT(odds, 2);
  EXPECT_LT(odds, 50);
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

Result<Calibrated> calibrated(const model_file::ModelFile& model, int each) {
  const test::TemporaryFolder folder;
  const auto dataset = coloured(folder, each);
  OwnContext own;
  return calibrate(own.get(), model, dataset, all_of(dataset), {}, {});
}

TEST(Calibrate, TellsPicturesOfChanceFromItsCells) {
  const auto done = calibrated(test::colour_model(), 20);
  ASSERT_OK(done);
  const auto& others = done->description.trust->other_things;
  ASSERT_TRUE(others.has_value());
  // Pure colours are its cells, and no picture of chance is one.
  EXPECT_LE(other_thing_log_odds(std::vector<float>{1, 0, 0}, *others), others->threshold);
  EXPECT_GT(other_thing_log_odds(std::vector<float>{0.5, 0.5, 0.5}, *others), others->threshold);
}

TEST(Calibrate, StatesWhatTheFamiliesBear) {
  const auto model = test::colour_model();
  const auto done = calibrated(model, 20);
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

// No processor can tell int8 of a file that has none: what was said of the same cells stays.
TEST(Calibrate, KeepsWhatAnotherProcessorMeasured) {
  auto model = test::colour_model();
  const auto int8_after = [&](std::uint64_t cells,
                              std::uint64_t right) -> std::optional<std::uint64_t> {
    model.description.precisions = {{"float32", cells, right}, {"int8", cells, 20}};
    const auto done = calibrated(model, 10).value();
    for (const auto& figures : done.description.precisions) {
      if (figures.precision == "int8") return figures.right;
    }
    return std::nullopt;
  };
  EXPECT_EQ(int8_after(30, 30), 20U);
  EXPECT_EQ(int8_after(31, 30), std::nullopt);  // of more cells
  EXPECT_EQ(int8_after(30, 29), std::nullopt);  // float32 was otherwise there
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

// The first knows nothing, the second all: it is asked about every cell.
TEST(Calibrate, ChoosesWhenASecondNetworkReadsAgain) {
  const auto knowing = test::colour_model();
  auto head = model_file::dense_head(knowing).value();
  std::fill(head.weights.begin(), head.weights.end(), 0.0F);
  const auto blank = model_file::with_dense_head(knowing, head).value();
  const auto both = model_file::with_second(blank, knowing, 0.1, 0.1);
  ASSERT_OK(both);
  const test::TemporaryFolder folder;
  const auto dataset = coloured(folder, 20);
  OwnContext own;
  const auto done =
      calibrate(own.get(), *both, dataset, all_of(dataset), {}, {.most_read_again = 1});
  ASSERT_OK(done);
  EXPECT_EQ(done->description.second->weight, 1);
  EXPECT_EQ(done->description.second->below, 0.5);
  ASSERT_TRUE(done->second.has_value());
  EXPECT_EQ(done->second->cells, 30U);
  EXPECT_EQ(done->second->read_again, 30U);
  EXPECT_EQ(done->second->right, 30U);
  EXPECT_LT(done->second->right_alone, 20U);
  EXPECT_LT(done->error_after, 0.01);
  EXPECT_EQ(done->description.precisions[0].right, 20U);  // of the file's own network
  const auto seldom =
      calibrate(own.get(), *both, dataset, all_of(dataset), {}, {.most_read_again = 0.5});
  ASSERT_OK(seldom);
  EXPECT_EQ(seldom->description.second->below, 0);
  EXPECT_FALSE(calibrated(knowing, 20)->second.has_value());
}

}  // namespace
}  // namespace bloodcell::predict
