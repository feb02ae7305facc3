#include <bloodcell/predict/second_reader.hpp>

#include <cmath>

#include <bloodcell/graph/builder.hpp>
#include <bloodcell/model_file/quantised.hpp>
#include <bloodcell/predict/evaluate.hpp>
#include <bloodcell/test/blob_locator.hpp>
#include <bloodcell/test/colour_model.hpp>

#include "second_choice.hpp"

namespace bloodcell::predict {
namespace {

constexpr std::array<std::uint8_t, 3> kReddish{140, 100, 60};

std::vector<double> softmax(std::vector<double> logits) {
  double sum = 0;
  for (double& one : logits) sum += one = std::exp(one);
  for (double& one : logits) one /= sum;
  return logits;
}

// What both networks of colour_model_of_two() say of a flat colour, by hand.
std::vector<double> mean_of_both(const std::array<std::uint8_t, 3>& colour) {
  const auto part = [&](std::size_t c) { return colour[c] / 255.0; };
  auto p = softmax({10 * part(0), 10 * part(1), 10 * part(2)});
  const auto q = softmax({20 * part(2), 20 * part(0), 20 * part(1)});
  for (std::size_t c = 0; c < 3; ++c) p[c] = 0.75 * p[c] + 0.25 * q[c];
  return p;
}

void expect_near(const std::vector<double>& found, const std::vector<double>& wanted) {
  ASSERT_EQ(found.size(), wanted.size());
  for (std::size_t c = 0; c < found.size(); ++c) EXPECT_NEAR(found[c], wanted[c], 1e-6) << c;
}

TEST(SecondReader, ReadsAgainWhatTheFirstIsUnsureOf) {
  OwnContext own;
  const auto predictor = Predictor::open(own.get(), test::colour_model_of_two());
  ASSERT_OK(predictor);
  EXPECT_TRUE(predictor->reads_twice());
  const auto unsure = predictor->classify(test::flat(30, 20, kReddish), "a");
  ASSERT_OK(unsure);
  EXPECT_TRUE(unsure->front().is_read_twice);
  expect_near(unsure->front().probabilities, mean_of_both(kReddish));
  EXPECT_EQ(unsure->front().confidence, unsure->front().probabilities[0]);
  const auto sure = predictor->classify(test::flat(30, 20, test::kBlue), "b");
  ASSERT_OK(sure);
  EXPECT_FALSE(sure->front().is_read_twice);
  EXPECT_NEAR(sure->front().confidence, 1 / (1 + 2 * std::exp(-10.0)), 1e-6);
}

TEST(SecondReader, StaysOutWhenItIsToldTo) {
  OwnContext own;
  const auto predictor =
      Predictor::open(own.get(), test::colour_model_of_two(), {.reads_twice = false});
  ASSERT_OK(predictor);
  EXPECT_FALSE(predictor->reads_twice());
  const auto alone = Predictor::open(own.get(), test::colour_model());
  ASSERT_OK(alone);
  const auto picture = test::flat(30, 20, kReddish);
  EXPECT_EQ(predictor->classify(picture, "a")->front().probabilities,
            alone->classify(picture, "a")->front().probabilities);
}

// Sure of one of two, the first needs no second.
TEST(SecondReader, IsAskedByTheConfidenceAmongThePossible) {
  OwnContext own;
  const auto predictor = Predictor::open(own.get(), test::colour_model_of_two(),
                                         {.judge = {.classes = {"red", "blue"}}});
  ASSERT_OK(predictor);
  const auto rows = predictor->classify(test::flat(30, 20, kReddish), "a");
  ASSERT_OK(rows);
  EXPECT_FALSE(rows->front().is_read_twice);  // 0.96, where of three it is 0.79
}

TEST(SecondReader, TheSameCellsOfABatchAreReadAgainWhateverItsSize) {
  OwnContext own;
  const test::TemporaryFolder folder;
  test::write_png(folder / "a.png", test::kRed);
  test::write_png(folder / "b.png", kReddish);
  test::write_png(folder / "c.png", test::kGreen);
  test::write_png(folder / "d.png", {100, 140, 60});
  const Inputs inputs{{folder / "a.png", folder / "b.png", folder / "c.png", folder / "d.png"}, {}};
  for (const int batch : {1, 3, 16}) {
    const auto predictor =
        Predictor::open(own.get(), test::colour_model_of_two(), {.batch = batch});
    ASSERT_OK(predictor);
    std::vector<Row> rows;
    ASSERT_OK(predictor->run(own.get(), inputs, [&](const Row& row) { rows.push_back(row); }));
    ASSERT_EQ(rows.size(), 4U);
    for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(rows[i].is_read_twice, i % 2 == 1);
    expect_near(rows[1].probabilities, mean_of_both(kReddish));
    expect_near(rows[3].probabilities, mean_of_both({100, 140, 60}));
  }
}

TEST(SecondReader, SeesTheCellsOfAFieldAsItsOwnPreprocessingHasThem) {
  OwnContext own;
  auto small = test::colour_model().description;
  small.preprocessing.cell_margin = 1;
  const auto large = test::next_colour_model(16, 1);
  const auto model = model_file::with_locator(
      model_file::with_second(test::colour_model(small), large, 0.9, 0.25).value(),
      test::blob_locator());
  ASSERT_OK(model);
  auto field = test::flat(128, 96, {230, 230, 230});
  test::draw_square(field, 72, 20, 32, {0, 0, 90});
  const auto predictor = Predictor::open(own.get(), *model, {.shows = Shows::field});
  ASSERT_OK(predictor);
  const auto rows = predictor->classify(field, "field");
  ASSERT_OK(rows);
  ASSERT_EQ(rows->size(), 1U);
  EXPECT_TRUE(rows->front().is_read_twice);
  const Predictor alone =
      Predictor::open(own.get(), *model, {.shows = Shows::field, .reads_twice = false}).value();
  const auto p = alone.classify(field, "field")->front().probabilities;
  EXPECT_GT(rows->front().probabilities[0], p[0] + 0.1);  // red follows blue
}

// However sure the first is: 1 is always, which no confidence is under.
TEST(SecondReader, ReadsEveryCellWhereItIsToldTo) {
  OwnContext own;
  const auto always =
      model_file::with_second(test::colour_model(), test::next_colour_model(), 1, 0.25);
  ASSERT_OK(always);
  auto description = always->description;
  description.temperature = 0.01;  // the first gives 1 − 10⁻⁴³⁴, that is, 1
  const auto sure = model_file::with_description(*always, description);
  ASSERT_OK(sure);
  const auto predictor = Predictor::open(own.get(), *sure);
  ASSERT_OK(predictor);
  const auto rows = predictor->classify(test::flat(30, 20, test::kRed), "a");
  ASSERT_OK(rows);
  EXPECT_TRUE(rows->front().is_read_twice);
  EXPECT_NEAR(rows->front().probabilities[0], 0.75, 1e-6);
  const auto never = model_file::with_second(test::colour_model(), test::next_colour_model(), 0, 1);
  ASSERT_OK(never);
  const auto unasked = Predictor::open(own.get(), *never);
  ASSERT_OK(unasked);
  EXPECT_FALSE(unasked->classify(test::flat(30, 20, test::kGrey), "a")->front().is_read_twice);
}

TEST(SecondReader, ProvesTheGoldenOutputsOfBoth) {
  OwnContext own;
  const auto with_golden = [](model_file::ModelFile model, float off) {
    auto description = model.description;
    const auto session = infer::Session::open(model, {.cache_folder = {}});
    auto logits = session->run(model_file::golden_input(1, description.preprocessing), 1).value();
    logits[0] += off;
    description.golden = {{1, logits}};
    return model_file::with_description(model, description).value();
  };
  for (const float off : {0.0F, 1.0F}) {
    const auto model =
        model_file::with_second(with_golden(test::colour_model(), 0),
                                with_golden(test::next_colour_model(), off), 0.9, 0.25);
    ASSERT_OK(model);
    const auto predictor = Predictor::open(own.get(), *model);
    ASSERT_OK(predictor);
    const auto of_file = infer::verify_file(*model, 1, Limits{});
    if (off == 0) {
      EXPECT_EQ(predictor->verify()->outputs_checked, 6U);
      EXPECT_EQ(of_file->outputs_checked, 6U);
    } else {
      EXPECT_ERROR(predictor->verify(), ErrorCode::mismatch);
      EXPECT_ERROR(of_file, ErrorCode::mismatch);
    }
  }
}

TEST(SecondReader, EvaluationSeesWhatPredictionSees) {
  OwnContext own;
  const test::TemporaryFolder folder;
  test::write_png(folder / "a.png", kReddish, 300, 200);
  data::Dataset dataset;
  dataset.root = folder.path();
  dataset.labels = test::colour_model().description.labels;
  dataset.samples.push_back({"a.png", 0, "a", {}, {}, {}});
  const auto predictor = Predictor::open(own.get(), test::colour_model_of_two());
  ASSERT_OK(predictor);
  const auto evaluated = evaluate(own.get(), *predictor, dataset, {0}, 1);
  ASSERT_OK(evaluated);
  const auto predicted =
      predictor->classify_bytes(*read_file(folder / "a.png", 1 << 20), "a.png", Limits{});
  ASSERT_OK(predicted);
  EXPECT_EQ(evaluated->table.rows[0].probabilities, predicted->front().probabilities);
  expect_near(predicted->front().probabilities, mean_of_both(kReddish));
}

// next_colour_model() by way of a convolution whose values end at 0.5 when it is in int8.
model_file::ModelFile clipping_model() {
  graph::Builder net("clipping", {3, 16, 16});
  const auto maps = net.conv2d("same", net.input(), {.out_channels = 3, .kernel = 1});
  net.dense("logits", net.global_average_pool(maps), 3);
  graph::Weights weights;
  weights["same.weight"] = {{3, 3, 1, 1}, {1, 0, 0, 0, 1, 0, 0, 0, 1}};
  weights["same.bias"] = {{3}, {0, 0, 0}};
  weights["logits.weight"] = {{3, 3}, {0, 0, 20, 20, 0, 0, 0, 20, 0}};
  weights["logits.bias"] = {{3}, {0, 0, 0}};
  auto description = test::next_colour_model().description;
  description.architecture = "clipping";
  const auto model = model_file::make(std::move(net).build().value(), weights, description);
  return model_file::with_int8_layers(model.value(), {"same.out"}, {{"images", 0, 0.5F}}).value();
}

TEST(SecondReader, RunsInInt8WhereThatIsAskedForAndItsFileHasIt) {
  const auto joined = model_file::with_second(test::colour_model(), clipping_model(), 0.9, 0.25);
  ASSERT_OK(joined);
  const auto read_in = [&](infer::Precision precision) {
    const auto reader =
        SecondReader::of(joined->description, joined->second, {.precision = precision}, Limits{});
    const auto frame = test::flat(16, 16, {255, 102, 0});
    const image::Image* const frames[] = {&frame};
    return reader->read(frames);
  };
  const auto exact = read_in(infer::Precision::float32);
  ASSERT_OK(exact);
  expect_near(exact->front(), softmax({0, 20, 8}));
  const auto whole = read_in(infer::Precision::int8);
  if (!whole && whole.error().code == ErrorCode::unsupported) {
    GTEST_SKIP() << "this processor has no int8";
  }
  ASSERT_OK(whole);
  const auto clipped = softmax({0, 10, 8});
  for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(whole->front()[c], clipped[c], 0.02);
}

TEST(SecondReader, ABrokenOneIsFoundWhenItIsMadeReady) {
  OwnContext own;
  auto model = test::colour_model_of_two();
  model.second[100] = model.second[100] == 'A' ? 'B' : 'A';
  EXPECT_ERROR(Predictor::open(own.get(), model, {.prepares_second = true}), ErrorCode::malformed);
  const auto predictor = Predictor::open(own.get(), model);
  ASSERT_OK(predictor);
  EXPECT_OK(predictor->classify(test::flat(30, 20, test::kBlue), "sure"));
  const auto unsure = predictor->classify(test::flat(30, 20, kReddish), "unsure");
  EXPECT_ERROR(unsure, ErrorCode::internal);
  EXPECT_THAT(unsure.error().message, testing::HasSubstr("the second network of `colour`"));
}

metrics::PredictionTable table_of(const std::vector<double>& confidences) {
  metrics::PredictionTable table{{"a", "b"}, {}};
  for (const double p : confidences) table.rows.push_back({"", "", 0, {p, 1 - p}});
  return table;
}

TEST(ChooseSecond, TakesWhatIsLeastSurprisedByTheTruth) {
  // The second knows the rows the first is unsure of, and is a little worse where it is sure.
  const auto table = table_of({0.99, 0.98, 0.55, 0.45});
  const SecondReadings second{{0.9, 0.1}, {0.9, 0.1}, {0.95, 0.05}, {0.95, 0.05}};
  const auto how = choose_second(table, second, 1);
  EXPECT_EQ(how.below, 0.6);
  EXPECT_EQ(how.weight, 1);
  auto both = table;
  EXPECT_EQ(read_again(both, second, how), 2U);
  EXPECT_EQ(both.rows[3].probabilities[0], 0.95);
  EXPECT_EQ(both.rows[1].probabilities[0], 0.98);
}

TEST(ChooseSecond, ReadsNoMoreAgainThanItMay) {
  const auto table = table_of({0.99, 0.98, 0.75, 0.55});
  const SecondReadings second{{0.99, 0.01}, {0.99, 0.01}, {0.95, 0.05}, {0.95, 0.05}};
  EXPECT_EQ(choose_second(table, second, 0.5).below, 0.8);
  EXPECT_EQ(choose_second(table, second, 0.25).below, 0.6);
  EXPECT_EQ(choose_second(table, second, 0.1).below, 0);  // never
}

TEST(ChooseSecond, NeverAsksOneThatKnowsLess) {
  const auto table = table_of({0.9, 0.6});
  const SecondReadings second{{0.2, 0.8}, {0.2, 0.8}};
  EXPECT_EQ(choose_second(table, second, 1).below, 0);
}

}  // namespace
}  // namespace bloodcell::predict
