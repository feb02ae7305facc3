#include <array>
#include <set>

#include <bloodcell/graph/architectures.hpp>
#include <bloodcell/graph/builder.hpp>
#include <bloodcell/train/learner.hpp>
#include <bloodcell/train/transfer.hpp>

#include "small_run.hpp"

namespace bloodcell::train {
namespace {

namespace fs = std::filesystem;

// Two dense layers of one value each, then two logits.
graph::Graph two_layers() {
  graph::Builder net("two layers", {1, 1, 1});
  net.dense("logits", net.dense("first", net.input(), 1), 2);
  return std::move(net).build().value();
}

// Adam's first step is the rate against the gradient's sign, whatever its length: so must be that
// of a weight which begins to learn later.
TEST(Unfreezing, ALateWeightsFirstStepIsAsLongAsAnyFirstStep) {
  const graph::Weights weights{{"first.weight", {{1, 1}, {1}}},
                               {"first.bias", {{1}, {0}}},
                               {"logits.weight", {{2, 1}, {0.5F, -0.5F}}},
                               {"logits.bias", {{2}, {0, 0}}}};
  LearnerOptions options;
  options.device = "cpu";
  auto learner = Learner::make(two_layers(), weights, options);
  ASSERT_OK(learner);
  const auto first_weight = [&] { return learner->state().weights.at("first.weight").values[0]; };
  const auto step = [&] {
    EXPECT_OK(learner->step({std::array{1.F}, std::array<std::int64_t, 1>{1}}, 0.01, 0));
  };
  learner->learn_from(2, 0);
  for (int i = 0; i < 3; ++i) step();
  EXPECT_EQ(first_weight(), 1.F);
  learner->learn_from(0, 3);
  step();
  EXPECT_NEAR(first_weight(), 1 - 0.01, 1e-5);
}

Config staged() {
  Config config = small_config();
  config.freeze = "backbone";
  config.unfreeze = {"2=block5.conv1", "3=all"};
  return config;
}

class Unfreeze : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new test::TemporaryFolder;
    set_ = new SmallSet(make_small_set(*folder_ / "set", 8));
    Config config = small_config();
    config.epochs = 1;
    first_ = new RunDirectory(make_run(*folder_ / "first", config, *set_));
    EXPECT_OK(train_quietly(*first_, *set_));
  }
  static void TearDownTestSuite() {
    delete first_;
    delete set_;
    delete folder_;
  }
  static RunDirectory new_run(const std::string& name, Config config) {
    config.weights = source_of(first_->best_weights());
    return make_run(*folder_ / name, config, *set_);
  }
  // What differs from the weights begun with, in the last checkpoint.
  static std::set<std::string> changed(const RunDirectory& run) {
    const auto before = tensors_of(first_->best_weights()).weights;
    const auto after = tensors_of(run.last_checkpoint()).weights;
    std::set<std::string> names;
    for (const auto& [name, tensor] : before) {
      if (!(after.at("model." + name) == tensor)) names.insert(name);
    }
    return names;
  }

  static inline test::TemporaryFolder* folder_ = nullptr;
  static inline SmallSet* set_ = nullptr;
  static inline RunDirectory* first_ = nullptr;
};

TEST_F(Unfreeze, LetsLayersLearnStageByStage) {
  Config config = staged();
  config.epochs = 2;
  config.unfreeze.pop_back();
  const auto two = new_run("two stages", config);
  ASSERT_OK(train_quietly(two, *set_));
  for (const auto& name : changed(two)) {
    EXPECT_TRUE(name.starts_with("block5.") || name.starts_with("logits.")) << name;
  }
  EXPECT_TRUE(changed(two).contains("block5.conv1.weight"));
  EXPECT_TRUE(changed(two).contains("block5.conv1.norm.running_mean"));

  const auto three = new_run("three stages", staged());
  ASSERT_OK(train_quietly(three, *set_));
  EXPECT_TRUE(changed(three).contains("stem.weight"));
  EXPECT_TRUE(changed(three).contains("stem.norm.running_mean"));
}

TEST_F(Unfreeze, BeginsLikeARunThatStaysFrozen) {
  Config frozen = small_config();
  frozen.freeze = "backbone";
  const auto one = new_run("frozen", frozen);
  const auto other = new_run("thawed", staged());
  ASSERT_OK(train_quietly(one, *set_));
  ASSERT_OK(train_quietly(other, *set_));
  EXPECT_TRUE(repeatable_history(one)[0] == repeatable_history(other)[0]);
  EXPECT_FALSE(repeatable_history(one)[1] == repeatable_history(other)[1]);
}

TEST_F(Unfreeze, FrozenNormsKeepTheirStatisticsWhileTheirWeightsLearn) {
  Config config = small_config();
  config.freeze_norm = true;
  const auto run = new_run("frozen norms", config);
  ASSERT_OK(train_quietly(run, *set_));
  const auto names = changed(run);
  for (const auto& name : names) EXPECT_THAT(name, testing::Not(testing::HasSubstr(".running_")));
  EXPECT_TRUE(names.contains("stem.weight"));
  EXPECT_TRUE(names.contains("stem.norm.weight"));
}

// In pixels of 255: a mean of 114.5 and a deviation of 57.6, which this network sees in steps of
// 127.5 from 127.5.
TEST_F(Unfreeze, AnInputNormBeginsWithTheMeanAndDeviationOfImageNetsPictures) {
  Config config = small_config();
  config.input_norm = true;
  config.freeze = "backbone";
  const auto run = new_run("input norm", config);
  ASSERT_OK(train_quietly(run, *set_));
  const auto last = tensors_of(run.last_checkpoint()).weights;
  for (std::size_t channel = 0; channel < 3; ++channel) {
    EXPECT_NEAR(last.at("model.input_norm.weight").values[channel], 57.63 / 127.5, 1e-3);
    EXPECT_NEAR(last.at("model.input_norm.bias").values[channel], (114.5 - 127.5) / 127.5, 1e-3);
  }
}

TEST_F(Unfreeze, AHeadsOwnNormsFollowTheBatchUnderFrozenOnes) {
  Config config = small_config();
  config.freeze_norm = true;
  config.head = "pooled";
  config.head_layers = 1;
  config.head_width = 8;
  config.learning_rate = 1e-4;
  const auto run = new_run("frozen norms under a head", config);
  ASSERT_OK(train_quietly(run, *set_));
  bool moved = false;
  const auto after = tensors_of(run.last_checkpoint()).weights;
  const auto before = tensors_of(first_->best_weights()).weights;
  for (const auto& [name, tensor] : after) {
    if (!name.starts_with("model.") || !name.ends_with(".running_mean")) continue;
    const auto old = before.find(name.substr(6));
    if (old == before.end()) {
      for (const float value : tensor.values) moved = moved || value != 0;
    } else {
      EXPECT_EQ(tensor, old->second) << name;
    }
  }
  EXPECT_TRUE(moved);
}

TEST_F(Unfreeze, StoppedAndResumedEndsTheSame) {
  for (const char* optimiser : {"adamw", "sgd"}) {
    Config config = staged();
    config.optimiser = optimiser;
    const auto whole = new_run(fmt::format("whole {}", optimiser), config);
    const auto run = new_run(fmt::format("stopped {}", optimiser), config);
    ASSERT_OK(train_quietly(whole, *set_));
    for (const int steps : {5, 2, 3}) {  // 4 batches an epoch: in the second, its end, the third
      OwnContext own(1);
      StopAfter progress(steps, own.cancellation);
      const Context plain = own.get();
      EXPECT_ERROR(train({plain.log, plain.limits, plain.pool, plain.cancellation, progress}, run,
                         set_->dataset),
                   ErrorCode::cancelled);
    }
    ASSERT_OK(train_quietly(run, *set_));
    expect_same_result(whole, run);
  }
}

TEST_F(Unfreeze, RefusesStagesThatSayNothing) {
  const auto refused = [](const std::vector<std::string>& stages, const char* freeze,
                          const char* why) {
    Config config = staged();
    config.weights = source_of(first_->best_weights());
    config.freeze = freeze;
    config.unfreeze = stages;
    const auto checked = check(config);
    EXPECT_ERROR(checked, ErrorCode::usage);
    if (checked) return;
    EXPECT_THAT(checked.error().message, testing::HasSubstr(why));
  };
  refused({"block5.conv1"}, "backbone", "EPOCH=LAYER");
  refused({"2="}, "backbone", "EPOCH=LAYER");
  refused({"two=all"}, "backbone", "EPOCH=LAYER");
  refused({"1=all"}, "backbone", "rise");
  refused({"4=all"}, "backbone", "rise");
  refused({"3=block5.conv1", "2=all"}, "backbone", "rise");
  refused({"2=all"}, "none", "--freeze");

  const auto graph = graph::find_architecture("compact")->build({3, 32, 32}, 3);
  ASSERT_OK(graph);
  Config config = staged();
  config.unfreeze = {"2=block5.conv1", "3=block5.conv2"};
  EXPECT_ERROR(learning_stages(*graph, config), ErrorCode::usage);
  config.unfreeze = {"2=block9"};
  EXPECT_ERROR(learning_stages(*graph, config), ErrorCode::usage);
  config.freeze = "block5.conv1";
  config.unfreeze = {"2=block5.conv1"};
  EXPECT_ERROR(learning_stages(*graph, config), ErrorCode::usage);
}

}  // namespace
}  // namespace bloodcell::train
