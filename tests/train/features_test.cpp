// Head training on kept features of a frozen backbone.
#include <cmath>

#include <bloodcell/base/hash.hpp>
#include <bloodcell/graph/architectures.hpp>
#include <bloodcell/graph/backbone.hpp>
#include <bloodcell/nn/network.hpp>

#include "small_run.hpp"

namespace bloodcell::train {
namespace {

TEST(Seam, LiesBehindTheMeanOfMapsAndBeforeDropout) {
  const auto net = graph::find_architecture("mobilenet_v2")->build({3, 64, 64}, 4).value();
  const auto seam = graph::seam_after(net, net.features);
  EXPECT_EQ(net.nodes[seam].shape, (graph::Shape{1280, 1, 1}));
  EXPECT_TRUE(std::holds_alternative<graph::GlobalAveragePool>(net.nodes[seam].operation));
  const auto squeeze = graph::find_architecture("squeezenet1_1")->build({3, 64, 64}, 4).value();
  EXPECT_EQ(graph::seam_after(squeeze, squeeze.features), squeeze.features);  // dropout follows
}

class KeptFeatures : public testing::Test {
 protected:
  void SetUp() override {
    set_ = make_small_set(folder_ / "set", 6);
    const auto graph = graph::compact({3, 32, 32}, 2).value();
    const auto path = folder_ / "w.safetensors";
    ASSERT_OK(write_file(path, graph::write_safetensors({nn::initial_weights(graph, 5), {}})));
    frozen_ = small_config();
    frozen_.weights = {path.string(), sha256_of_file(path, Limits{}.max_file_bytes).value()};
    frozen_.freeze = "backbone";
    frozen_.head = "pooled";
    frozen_.head_width = 16;
    frozen_.augmentation = "none";
    frozen_.ema_decay = 0.9;
  }
  Result<Summary> train_within(const RunDirectory& run, std::uint64_t cache_bytes) {
    OwnContext own(1);
    own.limits.cache_bytes = cache_bytes;
    return train(own.get(), run, set_.dataset);
  }

  test::TemporaryFolder folder_;
  SmallSet set_;
  Config frozen_;
};

TEST_F(KeptFeatures, TeachTheHeadWhatThePicturesWould) {
  const auto kept = make_run(folder_ / "kept", frozen_, set_);
  ASSERT_OK(train_within(kept, Limits{}.cache_bytes));
  const auto anew = make_run(folder_ / "anew", frozen_, set_);
  ASSERT_OK(train_within(anew, 0));  // no room: each epoch runs the whole network
  const auto ours = tensors_of(kept.best_weights()).weights;
  const auto whole = tensors_of(anew.best_weights()).weights;
  ASSERT_EQ(ours.size(), whole.size());
  for (const auto& [name, tensor] : whole) {
    const auto& mine = ours.at(name).values;
    ASSERT_EQ(mine.size(), tensor.values.size());
    for (std::size_t i = 0; i < mine.size(); ++i) {
      ASSERT_NEAR(mine[i], tensor.values[i], 1e-4) << name;
    }
  }
  const auto a = repeatable_history(kept);
  const auto b = repeatable_history(anew);
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_NEAR(a[i].train_loss, b[i].train_loss, 1e-4);
    EXPECT_NEAR(a[i].validation_loss, b[i].validation_loss, 1e-4);
  }
}

TEST_F(KeptFeatures, OfAugmentedVariantsMakeARunThatRepeatsAndResumes) {
  frozen_.augmentation = "turn";
  frozen_.feature_variants = 2;
  const auto whole = make_run(folder_ / "whole", frozen_, set_);
  ASSERT_OK(train_quietly(whole, set_));
  Config one = frozen_;
  one.feature_variants = 1;
  const auto other = make_run(folder_ / "other", one, set_);
  ASSERT_OK(train_quietly(other, set_));
  EXPECT_NE(bytes_of(whole.best_weights()), bytes_of(other.best_weights()));

  const auto stopped = make_run(folder_ / "stopped", frozen_, set_);
  OwnContext own(1);
  const auto stop_after_one = [&](const EpochRecord&) { own.cancellation.request(); };
  EXPECT_ERROR(train(own.get(), stopped, set_.dataset, stop_after_one), ErrorCode::cancelled);
  ASSERT_OK(train_quietly(stopped, set_));
  expect_same_result(whole, stopped);
}

TEST_F(KeptFeatures, ThatWereAskedForAndDoNotFitAreRefused) {
  frozen_.augmentation = "turn";
  frozen_.feature_variants = 3;
  const auto run = make_run(folder_ / "run", frozen_, set_);
  const auto refused = train_within(run, 1000);
  EXPECT_ERROR(refused, ErrorCode::limit_exceeded);
  EXPECT_THAT(refused.error().message, testing::HasSubstr("--feature-variants"));
}

TEST_F(KeptFeatures, AreRefusedWhereTheyWouldNotServe) {
  frozen_.augmentation = "turn";
  frozen_.feature_variants = 2;
  EXPECT_OK(check(frozen_));
  const auto refused = [&](auto change) {
    Config config = frozen_;
    change(config);
    EXPECT_ERROR(check(config), ErrorCode::usage);
  };
  refused([](Config& c) { c.freeze = "none"; });
  refused([](Config& c) { c.mixup = 0.2; });
  refused([](Config& c) { c.tensorboard = true; });
  refused([](Config& c) { c.augmentation = "none"; });
  refused([](Config& c) { c.feature_variants = -1; });
}

}  // namespace
}  // namespace bloodcell::train
