#include <bloodcell/train/transfer.hpp>

#include <bloodcell/graph/architectures.hpp>
#include <bloodcell/graph/backbone.hpp>
#include <bloodcell/graph/published.hpp>
#include <bloodcell/model_file/model_file.hpp>
#include <bloodcell/nn/network.hpp>
#include <bloodcell/train/export.hpp>

#include "small_run.hpp"

namespace bloodcell::train {
namespace {

namespace fs = std::filesystem;

graph::Graph compact_for(int classes) { return graph::compact({3, 32, 32}, classes).value(); }

SourceFile write_weights(const fs::path& path, const graph::Weights& weights) {
  EXPECT_OK(write_file(path, graph::write_safetensors({weights, {}})));
  return source_of(path);
}

TEST(Freeze, NamesTheFirstLayerThatLearns) {
  const auto graph = compact_for(4);
  EXPECT_EQ(first_that_learns(graph, "none").value(), 0U);
  EXPECT_EQ(first_that_learns(graph, "backbone").value(), graph.features + 1);
  const auto block = first_that_learns(graph, "block5.conv1");
  ASSERT_OK(block);
  EXPECT_EQ(graph.nodes[*block].name, "block5.conv1");
  EXPECT_ERROR(first_that_learns(graph, "block9"), ErrorCode::usage);
}

class Begin : public testing::Test {
 protected:
  test::TemporaryFolder folder_;
  graph::Graph four_ = compact_for(4);
  graph::Weights known_ = nn::initial_weights(four_, 1);
  image::Preprocessing input_ = small_config().preprocessing;
};

TEST_F(Begin, TakesEveryTensorOfTheSameNetwork) {
  const auto source = write_weights(folder_ / "w.safetensors", known_);
  const auto begun = begin_with(four_, nn::initial_weights(four_, 2), source, input_, Limits{});
  ASSERT_OK(begun);
  EXPECT_EQ(begun->weights, known_);
  EXPECT_EQ(begun->taken, known_.size());
}

TEST_F(Begin, DrawsTheHeadForOtherClasses) {
  const auto source = write_weights(folder_ / "w.safetensors", known_);
  const auto seven = compact_for(7);
  const auto drawn = nn::initial_weights(seven, 2);
  const auto begun = begin_with(seven, drawn, source, input_, Limits{});
  ASSERT_OK(begun);
  EXPECT_EQ(begun->taken, known_.size() - 2);
  EXPECT_EQ(begun->weights.at("logits.weight"), drawn.at("logits.weight"));
  EXPECT_EQ(begun->weights.at("stem.weight"), known_.at("stem.weight"));
}

TEST_F(Begin, RefusesABackboneThatDoesNotFit) {
  auto broken = known_;
  broken.erase("stem.weight");
  const auto missing = begin_with(
      four_, known_, write_weights(folder_ / "missing.safetensors", broken), input_, Limits{});
  EXPECT_ERROR(missing, ErrorCode::mismatch);
  EXPECT_THAT(missing.error().message, testing::HasSubstr("stem.weight is missing"));
  broken["stem.weight"] = {{1}, {0}};
  EXPECT_ERROR(begin_with(four_, known_, write_weights(folder_ / "other.safetensors", broken),
                          input_, Limits{}),
               ErrorCode::mismatch);
}

// Left out, the layer would leave the others with pictures that they have not learned.
TEST_F(Begin, RefusesToLeaveAnInputNormOut) {
  const auto normed = graph::with_input_norm(four_);
  const auto source = write_weights(folder_ / "normed.safetensors", nn::initial_weights(normed, 9));
  const auto begun = begin_with(four_, known_, source, input_, Limits{});
  EXPECT_ERROR(begun, ErrorCode::mismatch);
  EXPECT_THAT(begun.error().remedy, testing::HasSubstr("--input-norm"));
  EXPECT_OK(begin_with(normed, nn::initial_weights(normed, 1), source, input_, Limits{}));
}

TEST_F(Begin, RefusesAFileThatHasChanged) {
  auto source = write_weights(folder_ / "w.safetensors", known_);
  write_weights(folder_ / "w.safetensors", nn::initial_weights(four_, 9));
  EXPECT_ERROR(begin_with(four_, known_, source, input_, Limits{}), ErrorCode::mismatch);
}

// Of a network for four classes at its usual size.
Result<Beginning> begin_with_published(std::string_view file, std::string_view architecture,
                                       std::string_view scale_of, const fs::path& folder) {
  const auto info = graph::find_architecture(architecture).value();
  const int side = info.default_width_px;
  const auto graph = info.build({3, side, side}, 4).value();
  const auto scale = graph::find_architecture(scale_of).value();
  return begin_with(graph, nn::initial_weights(graph, 1), source_of(folder / std::string(file)),
                    model_file::preprocessing_of(scale, side, side), Limits{});
}

TEST(BeginPublished, TakesTheWholeBackboneOfEachFile) {
  const auto folder = test::shared("weights");
  if (!folder) GTEST_SKIP() << "no ../shared/weights";
  for (const auto& known : graph::published_weights()) {
    SCOPED_TRACE(known.file);
    const auto begun =
        begin_with_published(known.file, known.architecture, known.architecture, *folder);
    ASSERT_OK(begun);
    const auto graph = graph::find_architecture(known.architecture)->build({3, 224, 224}, 4);
    EXPECT_EQ(begun->taken, graph::parameters_before(*graph, graph->features + 1).size());
    EXPECT_EQ(begun->remark, "");
  }
}

TEST(BeginPublished, LeavesAnInputNormAsItIs) {
  const auto folder = test::shared("weights");
  if (!folder) GTEST_SKIP() << "no ../shared/weights";
  for (const char* name : {"efficientnet_lite0", "mobilenet_v2-keras", "squeezenet1_1-keras"}) {
    const auto known = graph::published_weights_of(name);
    ASSERT_TRUE(known) << name;
    const auto info = graph::find_architecture(name).value();
    const auto plain = info.build({3, 96, 96}, 4).value();
    const auto graph = graph::with_input_norm(plain);
    auto first = nn::initial_weights(graph, 1);
    const graph::Tensor given{{3}, {0.5F, 0.25F, 2}};
    first["input_norm.weight"] = given;
    const auto begun = begin_with(graph, first, source_of(*folder / std::string(known->file)),
                                  model_file::preprocessing_of(info, 96, 96), Limits{});
    ASSERT_OK(begun);
    EXPECT_EQ(begun->taken, graph::parameters_before(plain, plain.features + 1).size()) << name;
    EXPECT_EQ(begun->weights.at("input_norm.weight"), given);
  }
}

TEST(BeginPublished, TakesAVariantOfTheSameLayers) {
  const auto folder = test::shared("weights");
  if (!folder) GTEST_SKIP() << "no ../shared/weights";
  const auto begun =
      begin_with_published("efficientnet_lite0.safetensors", "efficientnet_lite0-ibn",
                           "efficientnet_lite0-ibn", *folder);
  ASSERT_OK(begun);
  const auto graph = graph::find_architecture("efficientnet_lite0-ibn")->build({3, 224, 224}, 4);
  EXPECT_EQ(begun->taken, graph::parameters_before(*graph, graph->features + 1).size());
  EXPECT_EQ(begun->remark, "");
  const auto other = begin_with_published("squeezenet1_1.safetensors", "efficientnet_lite0-ibn",
                                          "efficientnet_lite0-ibn", *folder);
  EXPECT_ERROR(other, ErrorCode::mismatch);
}

TEST(BeginPublished, KnowsTheFilesNetworkAndItsScaling) {
  const auto folder = test::shared("weights");
  if (!folder) GTEST_SKIP() << "no ../shared/weights";
  const auto other =
      begin_with_published("mobilenet_v2.safetensors", "mobilenet_v2", "mobilenet_v2", *folder);
  EXPECT_ERROR(other, ErrorCode::mismatch);
  EXPECT_THAT(other.error().remedy, testing::HasSubstr("--model mobilenet_v2-keras"));
  const auto forgotten =
      begin_with_published("mobilenet_v2.safetensors", "mobilenet_v2-keras", "baseline", *folder);
  ASSERT_OK(forgotten);
  EXPECT_THAT(forgotten->remark, testing::HasSubstr("EXPECT PIXELS SCALED AS `signed`"));
}

class Transfer : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new test::TemporaryFolder;
    set_ = new SmallSet(make_small_set(*folder_ / "set", 4));
    Config config = small_config();
    config.epochs = 2;
    config.ema_decay = 0.9;
    first_ = new RunDirectory(make_run(*folder_ / "first", config, *set_));
    EXPECT_OK(train_quietly(*first_, *set_));
  }
  static void TearDownTestSuite() {
    delete first_;
    delete set_;
    delete folder_;
  }
  static Config from(const fs::path& weights) {
    Config config = small_config();
    config.epochs = 1;
    config.weights = source_of(weights);
    return config;
  }

  static inline test::TemporaryFolder* folder_ = nullptr;
  static inline SmallSet* set_ = nullptr;
  static inline RunDirectory* first_ = nullptr;
};

TEST_F(Transfer, LeavesAFrozenBackboneAndItsStatisticsAsTheyWere) {
  Config config = from(first_->best_weights());
  config.freeze = "backbone";
  const auto run = make_run(*folder_ / "frozen", config, *set_);
  ASSERT_OK(train_quietly(run, *set_));
  const auto before = tensors_of(first_->best_weights()).weights;
  const auto after = tensors_of(run.best_weights()).weights;
  for (const auto& [name, tensor] : before) {
    const bool learned = name.starts_with("logits.");
    EXPECT_EQ(after.at(name) == tensor, !learned) << name;
  }
  for (const auto& [name, tensor] : tensors_of(run.last_checkpoint()).weights) {
    if (!name.starts_with("adam.")) continue;
    EXPECT_THAT(name, testing::HasSubstr("logits."));
  }
}

TEST_F(Transfer, BeginsWithACheckpointsAveragedWeights) {
  Config config = from(first_->last_checkpoint());
  config.freeze = "backbone";
  const auto run = make_run(*folder_ / "from last", config, *set_);
  ASSERT_OK(train_quietly(run, *set_));
  const auto last = tensors_of(first_->last_checkpoint()).weights;
  EXPECT_EQ(tensors_of(run.best_weights()).weights.at("stem.weight"), last.at("ema.stem.weight"));
}

TEST_F(Transfer, AFactorOfNothingHoldsTheBackbonesWeights) {
  Config config = from(first_->best_weights());
  config.backbone_rate_factor = 0;
  const auto run = make_run(*folder_ / "held", config, *set_);
  ASSERT_OK(train_quietly(run, *set_));
  const auto before = tensors_of(first_->best_weights()).weights;
  const auto after = tensors_of(run.best_weights()).weights;
  EXPECT_EQ(after.at("stem.weight"), before.at("stem.weight"));
  EXPECT_FALSE(after.at("logits.weight") == before.at("logits.weight"));
  EXPECT_FALSE(after.at("stem.norm.running_mean") == before.at("stem.norm.running_mean"));
}

TEST_F(Transfer, RefusesARunThatSawPixelsOtherwise) {
  auto averaged = tensors_of(first_->best_weights());
  averaged.metadata = {{"average", averaged.metadata.at("best")}};
  const auto average = *folder_ / "average.safetensors";
  ASSERT_OK(write_file(average, graph::write_safetensors(averaged)));
  for (const auto& file : {first_->best_weights(), first_->last_checkpoint(), average}) {
    Config config = from(file);
    config.preprocessing.mean.fill(0);
    const auto run = make_run(*folder_ / (file.filename().string() + " raw"), config, *set_);
    const auto trained = train_quietly(run, *set_);
    EXPECT_ERROR(trained, ErrorCode::mismatch);
    EXPECT_THAT(trained.error().message, testing::HasSubstr("scaled pixels otherwise"));
  }
}

TEST_F(Transfer, TeachesANewHeadOnAFrozenBackbone) {
  Config config = from(first_->best_weights());
  config.freeze = "backbone";
  config.head = "pooled";
  config.head_width = 8;
  const auto run = make_run(*folder_ / "new head", config, *set_);
  ASSERT_OK(train_quietly(run, *set_));
  const auto before = tensors_of(first_->best_weights()).weights;
  const auto after = tensors_of(run.best_weights()).weights;
  EXPECT_EQ(after.at("stem.norm.running_mean"), before.at("stem.norm.running_mean"));
  EXPECT_EQ(after.at("head.dense1.weight").dims.front(), 8);
  EXPECT_TRUE(after.contains("head.norm1.running_var"));
  EXPECT_FALSE(after.contains("logits.weight"));
  OwnContext own(1);
  EXPECT_OK(export_run(own.get(), run, &set_->dataset, {}));
}

TEST_F(Transfer, NeedsNoFileOnceThereIsACheckpoint) {
  const fs::path copy = *folder_ / "copy.safetensors";
  fs::copy_file(first_->best_weights(), copy);
  const auto run = make_run(*folder_ / "moved", from(copy), *set_);
  ASSERT_OK(train_quietly(run, *set_));
  fs::remove(copy);
  ASSERT_OK(train_quietly(run, *set_));
}

}  // namespace
}  // namespace bloodcell::train
