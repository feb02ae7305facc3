#include <cmath>

#include <bloodcell/explain/explainer.hpp>
#include <bloodcell/graph/architectures.hpp>
#include <bloodcell/model_file/retouch.hpp>

#include "../infer/sessions.hpp"
#include "place_model.hpp"

namespace bloodcell::explain {
namespace {

struct Place {
  double x = 0;
  double y = 0;
};

Place peak_of(const HeatMap& map) {
  const auto best = std::max_element(map.values.begin(), map.values.end());
  const auto at = static_cast<int>(best - map.values.begin());
  return {(at % map.width + 0.5) / map.width, (at / map.width + 0.5) / map.height};
}

Result<std::vector<HeatMap>> maps_of(const model_file::ModelFile& model, Method method,
                                     const image::Image& picture) {
  infer::SessionOptions options{.cache_folder = {}};
  options.keep_maps = method == Method::cam;
  BC_ASSIGN(const auto session, infer::Session::open(model, options));
  std::vector<float> input(model.description.preprocessing.input_values());
  image::preprocess(picture, model.description.preprocessing, input);
  const std::vector<int> classes{0, 1};
  return heat_maps(session, model.description.preprocessing, input, classes, method);
}

void expect_red_above_left_blue_below_right(const std::vector<HeatMap>& maps) {
  ASSERT_EQ(maps.size(), 2U);
  const auto red = peak_of(maps[0]);
  const auto blue = peak_of(maps[1]);
  EXPECT_GT(red.x, 2.0 / test::kSide);
  EXPECT_LT(red.x, 10.0 / test::kSide);
  EXPECT_GT(red.y, 2.0 / test::kSide);
  EXPECT_LT(red.y, 10.0 / test::kSide);
  EXPECT_GT(blue.x, 16.0 / test::kSide);
  EXPECT_LT(blue.x, 22.0 / test::kSide);
  EXPECT_GT(blue.y, 16.0 / test::kSide);
  EXPECT_LT(blue.y, 22.0 / test::kSide);
}

TEST(HeatMap, CamPeaksWhereTheEvidenceLies) {
  const auto maps = maps_of(test::place_model(), Method::cam, test::two_squares());
  ASSERT_OK(maps);
  expect_red_above_left_blue_below_right(*maps);
}

TEST(HeatMap, OcclusionPeaksWhereTheEvidenceLies) {
  for (const bool with_mean : {true, false}) {
    const auto maps = maps_of(test::place_model(with_mean), Method::occlusion, test::two_squares());
    ASSERT_OK(maps);
    expect_red_above_left_blue_below_right(*maps);
  }
}

TEST(HeatMap, RisePeaksWhereTheEvidenceLies) {
  for (const bool with_mean : {true, false}) {
    const auto maps = maps_of(test::place_model(with_mean), Method::rise, test::two_squares());
    ASSERT_OK(maps);
    expect_red_above_left_blue_below_right(*maps);
  }
}

// Red pixels: 64 of 576, each 1 on the first map; 40 · 64 / 576 = 4.44 is the logit less its bias.
// The blue square gives 36 · 40 / 576 = 2.5. The lead of red without the bias is therefore
// 4.4444 − (4.4444 + 2.5) / 3 = 2.1296.
TEST(HeatMap, TheMeanOfACamIsTheLeadWithoutTheBias) {
  const auto maps = maps_of(test::place_model(), Method::cam, test::two_squares());
  ASSERT_OK(maps);
  double sum = 0;
  for (const float value : maps->front().values) sum += value;
  EXPECT_NEAR(sum / static_cast<double>(maps->front().values.size()), 2.1296, 1e-4);
}

// A red square of 8 × 8 pixels covered whole loses all that red leads by.
TEST(HeatMap, OcclusionSpeaksInLogits) {
  auto picture = image::blank(test::kSide, test::kSide, {255, 255, 255});
  image::paste(picture, image::blank(2, 2, {255, 0, 0}), 8, 8);  // one place of 12 × 12
  const auto maps = maps_of(test::place_model(), Method::occlusion, picture);
  ASSERT_OK(maps);
  const double logit = 40.0 * 4 / (test::kSide * test::kSide);
  EXPECT_NEAR(largest_of(maps->front()), logit * 2 / 3, 1e-4);
}

// Adebayo et al. 2018: a map that stays when the weights are others shows the picture, not the
// network.
TEST(HeatMap, AnotherNetworkHasAnotherMap) {
  const graph::Graph graph = *graph::compact({3, 64, 64}, 4);
  const auto images = test::random_images(graph, 1);
  const std::vector<int> classes{0};
  for (const auto method : {Method::cam, Method::occlusion}) {
    std::vector<HeatMap> maps;
    for (const std::uint64_t seed : {1U, 2U}) {
      const auto model = test::model_of(graph, test::random_weights(graph, seed));
      ASSERT_OK(model);
      const auto session = infer::Session::open(*model, {.cache_folder = {}, .keep_maps = true});
      ASSERT_OK(session);
      auto made = heat_maps(*session, model->description.preprocessing, images, classes, method);
      ASSERT_OK(made);
      maps.push_back(std::move(made->front()));
    }
    double ab = 0;
    double aa = 0;
    double bb = 0;
    double mean_a = 0;
    double mean_b = 0;
    const auto& a = maps[0].values;
    const auto& b = maps[1].values;
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
      mean_a += a[i] / static_cast<double>(a.size());
      mean_b += b[i] / static_cast<double>(a.size());
    }
    for (std::size_t i = 0; i < a.size(); ++i) {
      ab += (a[i] - mean_a) * (b[i] - mean_b);
      aa += (a[i] - mean_a) * (a[i] - mean_a);
      bb += (b[i] - mean_b) * (b[i] - mean_b);
    }
    EXPECT_GT(aa, 0);
    EXPECT_LT(std::abs(ab) / std::sqrt(aa * bb), 0.6) << name_of(method);
  }
}

TEST(HeatMap, IsTheSameForAnyBatch) {
  const auto model = test::place_model();
  const auto session = infer::Session::open(model, {.cache_folder = {}});
  ASSERT_OK(session);
  std::vector<float> input(model.description.preprocessing.input_values());
  image::preprocess(test::two_squares(), model.description.preprocessing, input);
  const std::vector<int> classes{1};
  for (const auto method : {Method::occlusion, Method::rise}) {
    const auto one = heat_maps(*session, model.description.preprocessing, input, classes, method,
                               {.batch = 1, .masks = 30});
    const auto many = heat_maps(*session, model.description.preprocessing, input, classes, method,
                                {.batch = 64, .masks = 30});
    ASSERT_OK(one);
    ASSERT_OK(many);
    for (std::size_t i = 0; i < one->front().values.size(); ++i) {
      EXPECT_NEAR(one->front().values[i], many->front().values[i], 1e-4);
    }
  }
}

TEST(HeatMap, CamIsRefusedWhereThereIsNone) {
  EXPECT_ERROR(maps_of(test::place_model(false), Method::cam, test::two_squares()),
               ErrorCode::unsupported);
}

TEST(HeatMap, LiesBetweenTheMiddlesOfItsPlaces) {
  const HeatMap map{2, 1, {0, 4}};
  EXPECT_DOUBLE_EQ(value_at(map, 0, 0.5), 0);
  EXPECT_DOUBLE_EQ(value_at(map, 0.25, 0.1), 0);
  EXPECT_DOUBLE_EQ(value_at(map, 0.5, 0.9), 2);
  EXPECT_DOUBLE_EQ(value_at(map, 1, 0), 4);
}

TEST(Explainer, NamesTheClassAndItsRival) {
  OwnContext own;
  const auto explainer = Explainer::open(own.get(), test::place_model(), {});
  ASSERT_OK(explainer);
  EXPECT_EQ(explainer->method(), Method::cam);
  const auto cells = explainer->explain(test::two_squares(), "a.png");
  ASSERT_OK(cells);
  ASSERT_EQ(cells->size(), 1U);
  EXPECT_EQ(cells->front().verdict.class_index, 0);
  EXPECT_EQ(cells->front().second, 1);
  EXPECT_EQ(cells->front().maps[0].class_index, 0);
  EXPECT_EQ(cells->front().maps[1].class_index, 1);
}

TEST(Explainer, ShowsTheClassThatIsAskedForBesideTheOneThatIsNamed) {
  OwnContext own;
  const auto explainer = Explainer::open(own.get(), test::place_model(), {.of_class = "none"});
  ASSERT_OK(explainer);
  const auto cells = explainer->explain(test::two_squares(), "a.png");
  ASSERT_OK(cells);
  EXPECT_EQ(cells->front().maps[0].class_index, 2);
  EXPECT_EQ(cells->front().maps[1].class_index, 0);
  EXPECT_ERROR(Explainer::open(own.get(), test::place_model(), {.of_class = "green"}),
               ErrorCode::usage);
}

TEST(Explainer, AnswersWhatIsAskedOfOnePicture) {
  OwnContext own;
  const auto explainer = Explainer::open(own.get(), test::place_model(), {});
  ASSERT_OK(explainer);
  const auto picture = test::two_squares();
  const auto cells = explainer->explain(
      picture, "a.png", {.method = Method::occlusion, .of_class = "none", .cell = 0});
  ASSERT_OK(cells);
  EXPECT_EQ(cells->front().method, Method::occlusion);
  EXPECT_EQ(cells->front().maps[0].class_index, 2);
  EXPECT_ERROR(explainer->explain(picture, "a.png", {.of_class = "green"}), ErrorCode::usage);
  EXPECT_ERROR(explainer->explain(picture, "a.png", {.cell = 1}), ErrorCode::not_found);
  EXPECT_ERROR(explainer->explain(picture, "a.png", {.cell = -1}), ErrorCode::not_found);
  EXPECT_ERROR(explainer->explain(picture, "a.png", {.most_cells = 0}), ErrorCode::limit_exceeded);
}

TEST(Explainer, TakesRiseWhereThereIsNoCam) {
  OwnContext own;
  const auto explainer = Explainer::open(own.get(), test::place_model(false), {});
  ASSERT_OK(explainer);
  EXPECT_EQ(explainer->method(), Method::rise);
  EXPECT_ERROR(Explainer::open(own.get(), test::place_model(false), {.method = Method::cam}),
               ErrorCode::unsupported);
}

// The answer is that of both networks, as predict has it; the maps are the first's.
TEST(Explainer, SaysWhatPredictSaysWhereASecondNetworkReadsAgain) {
  OwnContext own;
  const auto first = test::place_model();
  auto head = model_file::dense_head(first).value();
  std::fill(head.weights.begin(), head.weights.end(), 0.0F);
  head.bias = {0, 0, 3};
  const auto second = model_file::with_dense_head(first, head).value();
  const auto both = model_file::with_second(first, second, 1, 0.5);
  ASSERT_OK(both);
  const auto predictor = predict::Predictor::open(own.get(), *both);
  ASSERT_OK(predictor);
  const auto predicted = predictor->classify(test::two_squares(), "a");
  ASSERT_OK(predicted);
  ASSERT_TRUE(predicted->front().is_read_twice);
  const auto explainer = Explainer::open(own.get(), *both, {});
  ASSERT_OK(explainer);
  const auto explained = explainer->explain(test::two_squares(), "a");
  ASSERT_OK(explained);
  EXPECT_EQ(explained->front().verdict.probabilities, predicted->front().probabilities);
  const auto alone = Explainer::open(own.get(), *both, {.reads_twice = false});
  ASSERT_OK(alone);
  const auto of_first = alone->explain(test::two_squares(), "a", {.of_class = "red"});
  ASSERT_OK(of_first);
  EXPECT_NE(of_first->front().verdict.probabilities, predicted->front().probabilities);
  const auto of_both = explainer->explain(test::two_squares(), "a", {.of_class = "red"});
  ASSERT_OK(of_both);
  EXPECT_EQ(of_both->front().maps[0].map.values, of_first->front().maps[0].map.values);
}

}  // namespace
}  // namespace bloodcell::explain
