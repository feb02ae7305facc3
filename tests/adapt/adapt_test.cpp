// A toy laboratory: cells are flat colours; in the new one a filter has changed them.
#include <bloodcell/adapt/adapt.hpp>

#include <cmath>
#include <numeric>

#include <bloodcell/base/files.hpp>
#include <bloodcell/base/hash.hpp>
#include <bloodcell/graph/builder.hpp>
#include <bloodcell/image/decode.hpp>
#include <bloodcell/infer/session.hpp>
#include <bloodcell/infer/verify.hpp>
#include <bloodcell/model_file/retouch.hpp>
#include <bloodcell/predict/calibrate.hpp>
#include <bloodcell/predict/evaluate.hpp>
#include <bloodcell/test/colour_model.hpp>

#include "../../src/adapt/adapter.hpp"
#include "forgetful_model.hpp"

namespace bloodcell::adapt {
namespace {

namespace fs = std::filesystem;

class NewLaboratory : public testing::Test {
 protected:
  // Colours as the model knows them, or with green and blue exchanged by `filter`.
  data::Dataset laboratory(const std::string& name, bool filter, int cells) {
    for (int i = 0; i < cells; ++i) {
      const auto light = static_cast<std::uint8_t>(180 + (7 * i) % 60);
      const auto dim = static_cast<std::uint8_t>((11 * i) % 50);
      const fs::path root = folder_ / name;
      test::write_png(root / fmt::format("red/{}.png", i), {light, dim, 20});
      test::write_png(root / fmt::format("{}/{}.png", filter ? "blue" : "green", i),
                      {20, light, dim});
      test::write_png(root / fmt::format("{}/{}.png", filter ? "green" : "blue", i),
                      {dim, 20, light});
    }
    auto opened = data::open_dataset(own_.get(), folder_ / name);
    EXPECT_TRUE(opened.has_value());
    return std::move(*opened);
  }

  static std::vector<fs::path> pictures_of(const data::Dataset& dataset) {
    std::vector<fs::path> files;
    for (const auto& sample : dataset.samples) files.push_back(dataset.root / sample.file);
    return files;
  }

  double accuracy(const model_file::ModelFile& model, const data::Dataset& dataset) {
    const auto predictor = predict::Predictor::open(own_.get(), model);
    std::vector<std::size_t> all(dataset.samples.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
    return predict::evaluate(own_.get(), *predictor, dataset, all, 1)->report.image_accuracy.value;
  }

  model_file::ModelFile calibrated() {
    const auto home = laboratory("home", false, 20);
    std::vector<std::size_t> all(home.samples.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
    const auto plain = test::colour_model();
    const auto done = predict::calibrate(own_.get(), plain, home, all, {}, {});
    return model_file::with_description(plain, done->description).value();
  }

  OwnContext own_{2};
  test::TemporaryFolder folder_;
};

TEST_F(NewLaboratory, AFewLabelsTeachTheNewColours) {
  const auto few = laboratory("few", true, 8);
  const auto judging = laboratory("judging", true, 30);
  const auto model = calibrated();
  EXPECT_LT(accuracy(model, judging), 0.5);
  const auto done = adapt(own_.get(), model, pictures_of(few), &few, {});
  ASSERT_OK(done);
  ASSERT_TRUE(done->model.has_value()) << done->refusal;
  EXPECT_GT(accuracy(*done->model, judging), 0.95);
  EXPECT_LT(done->before->accuracy, 0.5);
  EXPECT_GT(done->after->accuracy, 0.9);
  const auto& provenance = done->model->description.provenance["adapted"];
  EXPECT_EQ(provenance["labelled_cells"], 24);
  EXPECT_EQ(provenance["from_sha256"].get<std::string>().size(), 64U);
  const auto session = infer::Session::open(*done->model, {.cache_folder = {}});
  ASSERT_OK(session);
  EXPECT_OK(infer::verify(*session, done->model->description));
}

TEST_F(NewLaboratory, TwentyFourRightCellsPromiseNoHundredPercent) {
  const auto few = laboratory("few", true, 8);
  const auto done = adapt(own_.get(), calibrated(), pictures_of(few), &few, {});
  ASSERT_OK(done);
  ASSERT_TRUE(done->model.has_value()) << done->refusal;
  EXPECT_EQ(done->after->accuracy, 1);
  const auto predictor = predict::Predictor::open(own_.get(), *done->model);
  ASSERT_OK(predictor);
  std::vector<std::size_t> all(few.samples.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  const auto found = predict::evaluate(own_.get(), *predictor, few, all, 1);
  ASSERT_OK(found);
  std::vector<double> sure;
  for (const auto& row : found->table.rows) {
    sure.push_back(*std::max_element(row.probabilities.begin(), row.probabilities.end()));
  }
  std::nth_element(sure.begin(), sure.begin() + 12, sure.end());
  EXPECT_GT(sure[12], 0.9);
  EXPECT_LT(sure[12], 0.99);
}

TEST_F(NewLaboratory, LabelsFindInMapsWhatTheEmbeddingForgot) {
  const auto few = laboratory("few", false, 8);
  const auto judging = laboratory("judging", false, 30);
  const auto model = forgetful_model();
  EXPECT_LT(accuracy(model, judging), 0.7);
  const auto done = adapt(own_.get(), model, pictures_of(few), &few, {});
  ASSERT_OK(done);
  ASSERT_TRUE(done->model.has_value()) << done->refusal;
  EXPECT_THAT(done->head, ::testing::HasSubstr("maps"));
  EXPECT_GT(accuracy(*done->model, judging), 0.95);
  const auto session = infer::Session::open(*done->model, {.cache_folder = {}});
  ASSERT_OK(session);
  EXPECT_OK(infer::verify(*session, done->model->description));
  const auto again = adapt(own_.get(), *done->model, pictures_of(few), &few, {});
  EXPECT_ERROR(again, ErrorCode::unsupported);
  EXPECT_THAT(again.error().remedy, ::testing::HasSubstr("adapted from"));
}

TEST_F(NewLaboratory, IsTheSameForAnyThreads) {
  const auto few = laboratory("few", true, 8);
  const auto model = calibrated();
  const auto once = adapt(own_.get(), model, pictures_of(few), &few, {});
  OwnContext alone(1);
  const auto again = adapt(alone.get(), model, pictures_of(few), &few, {});
  ASSERT_OK(once);
  ASSERT_OK(again);
  EXPECT_EQ(once->model->onnx, again->model->onnx);
}

TEST_F(NewLaboratory, OtherThingsBeginWhereItsCellsEndOrAtNinetyNineToOne) {
  const auto few = laboratory("few", true, 8);
  auto model = calibrated();
  const auto threshold_for = [&](double log_odds_of_all) {
    model.description.trust->other_things = {{0, 0, 0}, log_odds_of_all, 0};
    const auto done = adapt(own_.get(), model, pictures_of(few), &few, {});
    return done.value().model.value().description.trust->other_things->threshold;
  };
  EXPECT_EQ(threshold_for(-3), -3);
  EXPECT_NEAR(threshold_for(9), std::log(99), 1e-12);
}

TEST_F(NewLaboratory, TheOldLaboratoryIsRefused) {
  const auto home = laboratory("again", false, 20);
  const auto model = calibrated();
  const auto with_labels = adapt(own_.get(), model, pictures_of(home), &home, {});
  ASSERT_OK(with_labels);
  EXPECT_FALSE(with_labels->model.has_value());
  EXPECT_THAT(with_labels->refusal, ::testing::HasSubstr("100.0 %"));
  const auto without = adapt(own_.get(), model, pictures_of(home), nullptr, {});
  ASSERT_OK(without);
  EXPECT_FALSE(without->model.has_value());
}

// Paler than the model knows it, under a red lamp: some greens and blues seem red.
void write_under_a_red_lamp(const fs::path& folder, int cells) {
  const auto pale = [](int value) { return static_cast<std::uint8_t>(0.35 * value); };
  const auto red = [&](int value) { return static_cast<std::uint8_t>(pale(value) + 58); };
  for (int i = 0; i < cells; ++i) {
    const int light = 180 + (7 * i) % 60;
    const int dim = (11 * i) % 50;
    test::write_png(folder / fmt::format("red/{}.png", i), {red(light), pale(dim), pale(20)});
    test::write_png(folder / fmt::format("green/{}.png", i), {red(20), pale(light), pale(dim)});
    test::write_png(folder / fmt::format("blue/{}.png", i), {red(dim), pale(20), pale(light)});
  }
}

data::Dataset under_a_red_lamp(const Context& context, const fs::path& folder, int cells) {
  write_under_a_red_lamp(folder, cells);
  return data::open_dataset(context, folder).value();
}

TEST_F(NewLaboratory, PicturesAloneBringItsMeanBack) {
  const auto model = calibrated();
  const auto lamp = under_a_red_lamp(own_.get(), folder_ / "lamp", 30);
  const auto done = adapt(own_.get(), model, pictures_of(lamp), nullptr, {});
  ASSERT_OK(done);
  ASSERT_TRUE(done->model.has_value()) << done->refusal;
  EXPECT_TRUE(done->aligned);
  EXPECT_EQ(done->norm_share, 0);
  EXPECT_EQ(done->model->description.provenance["adapted"]["aligned"], true);
  EXPECT_GT(accuracy(*done->model, lamp), accuracy(model, lamp) + 0.1);
  const auto session = infer::Session::open(*done->model, {.cache_folder = {}});
  ASSERT_OK(session);
  EXPECT_OK(infer::verify(*session, done->model->description));
}

// The first knows the lamp, the second does not.
TEST_F(NewLaboratory, PicturesAloneAlignTheNetworkThatNeedsIt) {
  const auto lamp = under_a_red_lamp(own_.get(), folder_ / "lamp", 30);
  const auto at_home = adapt(own_.get(), calibrated(), pictures_of(lamp), nullptr, {});
  ASSERT_OK(at_home);
  auto strict = at_home->model->description;
  strict.trust->familiarity->threshold = 0.01;
  const auto first = model_file::with_description(*at_home->model, strict);
  ASSERT_OK(first);
  const auto both = model_file::with_second(*first, calibrated(), 1, 1);
  ASSERT_OK(both);
  const auto done = adapt(own_.get(), *both, pictures_of(lamp), nullptr, {});
  ASSERT_OK(done);
  ASSERT_TRUE(done->model.has_value()) << done->refusal;
  EXPECT_FALSE(done->aligned);
  EXPECT_EQ(done->distance, done->distance_before);
  EXPECT_EQ(done->changed, 0);
  EXPECT_GT(done->model->description.trust->familiarity->threshold, 1);  // its pictures' own
  ASSERT_TRUE(done->second.has_value());
  EXPECT_TRUE(done->second->aligned);
  EXPECT_GT(accuracy(*done->model, lamp), accuracy(*both, lamp) + 0.1);
}

// Both would be aligned by themselves; of the first only what is trusted is fitted.
TEST_F(NewLaboratory, PicturesAloneAlignTheSecondOfTwo) {
  const auto lamp = under_a_red_lamp(own_.get(), folder_ / "lamp", 30);
  const auto both = model_file::with_second(calibrated(), calibrated(), 1, 1);
  ASSERT_OK(both);
  const auto done = adapt(own_.get(), *both, pictures_of(lamp), nullptr, {});
  ASSERT_OK(done);
  ASSERT_TRUE(done->model.has_value()) << done->refusal;
  EXPECT_FALSE(done->aligned);
  EXPECT_TRUE(done->second->aligned);
  EXPECT_EQ(model_file::dense_head(*done->model)->weights, model_file::dense_head(*both)->weights);
  EXPECT_GT(accuracy(*done->model, lamp), accuracy(*both, lamp) + 0.1);
}

TEST_F(NewLaboratory, PicturesAloneAlignTheFirstWhereTheSecondKnowsNoFamiliarCells) {
  const auto lamp = under_a_red_lamp(own_.get(), folder_ / "lamp", 30);
  auto plain = calibrated();
  auto description = plain.description;
  description.trust->familiarity.reset();
  const auto second = model_file::with_description(plain, description);
  ASSERT_OK(second);
  const auto both = model_file::with_second(calibrated(), *second, 0.01, 0.01);
  ASSERT_OK(both);
  const auto done = adapt(own_.get(), *both, pictures_of(lamp), nullptr, {});
  ASSERT_OK(done);
  ASSERT_TRUE(done->model.has_value()) << done->refusal;
  EXPECT_TRUE(done->aligned);
  EXPECT_FALSE(done->second.has_value());
  EXPECT_TRUE(done->model->description.second.has_value());
}

// The colours' means behind a batch norm, which pictures alone change where the network has
// instance norm behind a convolution: here beside the colours, adding nothing.
model_file::ModelFile normed_model(model_file::Description description,
                                   bool has_instance_norm = true) {
  graph::Builder net("normed", {3, 8, 8});
  auto colours = net.batch_norm("norm", net.input());
  graph::Weights weights;
  if (has_instance_norm) {
    const auto maps = net.conv2d("beside", net.input(), {.out_channels = 3, .kernel = 1});
    colours = net.add(colours, net.group_norm("instance", maps, {.groups = 3}));
    weights["beside.weight"] = {{3, 3, 1, 1}, {1, 0, 0, 0, 1, 0, 0, 0, 1}};
    weights["beside.bias"] = weights["instance.bias"] = {{3}, {0, 0, 0}};
    weights["instance.weight"] = {{3}, {0, 0, 0}};
  }
  net.dense("logits", net.global_average_pool(colours), 3);
  weights["logits.weight"] = {{3, 3}, {10, 0, 0, 0, 10, 0, 0, 0, 10}};
  weights["logits.bias"] = {{3}, {0, 0, 0}};
  for (const auto* role : {"norm.weight", "norm.running_var"}) weights[role] = {{3}, {1, 1, 1}};
  for (const auto* role : {"norm.bias", "norm.running_mean"}) weights[role] = {{3}, {0, 0, 0}};
  description.architecture = "normed";
  description.golden.clear();
  return model_file::make(std::move(net).build().value(), weights, description).value();
}

TEST_F(NewLaboratory, ASquareFromOutsideStaysWithChangedBatchNorm) {
  auto description = calibrated().description;
  description.preprocessing.cell_margin = 1.4;
  const auto model = normed_model(description);
  const auto lamp = under_a_red_lamp(own_.get(), folder_ / "lamp", 30);
  const AdaptOptions options;
  auto context = own_.get();
  const auto done =
      Adapter(context, model, options, nullptr, {.margin = 1.6}).run(pictures_of(lamp), nullptr);
  ASSERT_OK(done);
  ASSERT_TRUE(done->model.has_value()) << done->refusal;
  EXPECT_EQ(done->norm_share, 0.25);
  EXPECT_EQ(done->model->description.preprocessing.cell_margin, 1.6);
}

TEST_F(NewLaboratory, PicturesAloneLeaveBatchNormThatStainReaches) {
  const auto model = normed_model(calibrated().description, false);
  const auto lamp = under_a_red_lamp(own_.get(), folder_ / "lamp", 30);
  const auto done = adapt(own_.get(), model, pictures_of(lamp), nullptr, {});
  ASSERT_OK(done);
  ASSERT_TRUE(done->model.has_value()) << done->refusal;
  EXPECT_TRUE(done->aligned);
  EXPECT_EQ(done->norm_share, 0);
  EXPECT_EQ(model_file::norm_statistics(*done->model)->front().mean,
            model_file::norm_statistics(model)->front().mean);
}

// Four reds for a green and a blue: batch norm sees as many of each colour.
TEST_F(NewLaboratory, BatchNormSeesTheClassesEvened) {
  write_under_a_red_lamp(folder_ / "lamp", 40);
  std::array<double, 3> evened{};  // a quarter of the mean of the classes' means
  std::array<double, 3> uneven{};  // a quarter of the pictures' mean
  for (const auto& [label, kept] : {std::pair{"red", 40}, {"green", 10}, {"blue", 10}}) {
    for (int i = 0; i < 40; ++i) {
      const auto file = folder_ / fmt::format("lamp/{}/{}.png", label, i);
      if (i >= kept) {
        fs::remove(file);
        continue;
      }
      const auto picture = image::decode(read_file(file, 1 << 20).value(), Limits{}).value();
      for (std::size_t c = 0; c < 3; ++c) {
        evened[c] += picture.rgb[c] / 255.0 / kept / 3 / 4;
        uneven[c] += picture.rgb[c] / 255.0 / 60 / 4;
      }
    }
  }
  const auto lamp = data::open_dataset(own_.get(), folder_ / "lamp").value();
  const auto done =
      adapt(own_.get(), normed_model(calibrated().description), pictures_of(lamp), nullptr, {});
  ASSERT_OK(done);
  ASSERT_TRUE(done->model.has_value()) << done->refusal;
  const auto statistics = model_file::norm_statistics(*done->model);
  ASSERT_OK(statistics);
  for (std::size_t c = 0; c < 3; ++c) {
    EXPECT_NEAR(statistics->front().mean[c], evened[c], 0.003);
    EXPECT_GT(std::abs(uneven[c] - evened[c]), 0.006);
  }
}

TEST_F(NewLaboratory, OneClassAloneIsRefused) {
  write_under_a_red_lamp(folder_ / "lamp", 30);
  fs::remove_all(folder_ / "lamp/green");
  fs::remove_all(folder_ / "lamp/blue");
  const auto red = data::open_dataset(own_.get(), folder_ / "lamp");
  ASSERT_OK(red);
  const auto done = adapt(own_.get(), calibrated(), pictures_of(*red), nullptr, {});
  ASSERT_OK(done);
  EXPECT_FALSE(done->model.has_value());
  EXPECT_THAT(done->refusal, testing::HasSubstr("seem of one class"));
}

TEST_F(NewLaboratory, TooLittleIsAnError) {
  const auto one = laboratory("one", true, 1);
  const auto some = laboratory("some", true, 8);
  const auto model = calibrated();
  EXPECT_ERROR(adapt(own_.get(), model, pictures_of(one), nullptr, {}), ErrorCode::usage);
  EXPECT_ERROR(adapt(own_.get(), model, pictures_of(some), &one, {}), ErrorCode::usage);
  EXPECT_ERROR(adapt(own_.get(), test::colour_model(), pictures_of(some), nullptr, {}),
               ErrorCode::unsupported);
}

// Right of red and blue in the new laboratory, where colour_model() is right of red alone.
model_file::ModelFile half_knowing_model() {
  const auto plain = test::colour_model();
  auto head = model_file::dense_head(plain).value();
  head.weights = {10, 0, 10, 0, 0, 0, 0, 10, 0};
  return model_file::with_dense_head(plain, head).value();
}

TEST_F(NewLaboratory, LabelsTeachBothNetworksOfAFile) {
  const auto few = laboratory("few", true, 8);
  const auto judging = laboratory("judging", true, 30);
  const auto both = model_file::with_second(test::colour_model(), half_knowing_model(), 1, 1);
  ASSERT_OK(both);
  const auto done = adapt(own_.get(), *both, pictures_of(few), &few, {});
  ASSERT_OK(done);
  ASSERT_TRUE(done->model.has_value()) << done->refusal;
  EXPECT_FALSE(done->drops_second);
  ASSERT_TRUE(done->second.has_value());
  EXPECT_NE(done->second->head, "as it was");
  EXPECT_NEAR(done->before->accuracy, accuracy(*both, few), 1e-9);
  EXPECT_NEAR(done->before->accuracy, 2.0 / 3, 1e-9);
  EXPECT_GT(done->after->accuracy, 0.9);
  EXPECT_GT(accuracy(*done->model, judging), 0.95);
  const auto& description = done->model->description;
  EXPECT_EQ(description.second->below, 1);
  EXPECT_EQ(description.second->weight, 0.5);
  EXPECT_EQ(description.provenance["adapted"]["second"]["head"], done->second->head);
  EXPECT_EQ(description.provenance["adapted"]["after_cross_validated"]["accuracy"],
            done->after->accuracy);
  EXPECT_EQ(description.provenance["adapted"]["from_sha256"], sha256(both->onnx));
  // Each of them has learnt: the second alone, too.
  const auto second = model_file::second_of(*done->model, Limits{});
  ASSERT_OK(second);
  EXPECT_GT(accuracy(*second, judging), 0.95);
  EXPECT_EQ(second->description.provenance["adapted"]["labelled_cells"], 24);
  const auto session = infer::Session::open(*second, {.cache_folder = {}});
  ASSERT_OK(session);
  EXPECT_OK(infer::verify(*session, second->description));
}

TEST_F(NewLaboratory, TwoNetworksThatKnowItAreLeftAsTheyAre) {
  const auto home = laboratory("home", false, 20);
  const auto both = model_file::with_second(test::colour_model(), test::colour_model(), 1, 0.5);
  ASSERT_OK(both);
  const auto done = adapt(own_.get(), *both, pictures_of(home), &home, {});
  ASSERT_OK(done);
  EXPECT_FALSE(done->model.has_value());
  EXPECT_THAT(done->refusal, testing::HasSubstr("no more than chance"));
  const auto familiar = model_file::with_second(calibrated(), test::colour_model(), 1, 0.5);
  ASSERT_OK(familiar);
  const auto without = adapt(own_.get(), *familiar, pictures_of(home), nullptr, {});
  ASSERT_OK(without);
  EXPECT_FALSE(without->model.has_value());
}

// It ends in a mean, not in a layer that labels could fit.
TEST_F(NewLaboratory, ASecondNetworkThatLabelsDoNotFitIsLeftOut) {
  graph::Builder net("means", {3, 8, 8});
  net.flatten(
      net.global_average_pool(net.conv2d("logits", net.input(), {.out_channels = 3, .kernel = 1})));
  graph::Weights weights;
  weights["logits.weight"] = {{3, 3, 1, 1}, {10, 0, 0, 0, 10, 0, 0, 0, 10}};
  weights["logits.bias"] = {{3}, {0, 0, 0}};
  auto description = test::colour_model().description;
  description.architecture = "means";
  const auto means = model_file::make(std::move(net).build().value(), weights, description);
  ASSERT_OK(means);
  const auto both = model_file::with_second(test::colour_model(), *means, 1, 0.5);
  ASSERT_OK(both);
  const auto few = laboratory("few", true, 8);
  const auto done = adapt(own_.get(), *both, pictures_of(few), &few, {});
  ASSERT_OK(done);
  ASSERT_TRUE(done->model.has_value()) << done->refusal;
  EXPECT_TRUE(done->drops_second);
  EXPECT_FALSE(done->model->description.second.has_value());
  EXPECT_EQ(done->model->description.provenance["adapted"]["drops_second"], true);
  EXPECT_GT(accuracy(*done->model, few), 0.95);
}

}  // namespace
}  // namespace bloodcell::adapt
