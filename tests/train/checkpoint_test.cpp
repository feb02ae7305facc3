// Checkpoints that are cut short, foreign, hostile or of another run: a clear error, never a crash
// and never a silent new start.

#include <nlohmann/json.hpp>

#include "small_run.hpp"

namespace bloodcell::train {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class BrokenCheckpoint : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new test::TemporaryFolder;
    set_ = new SmallSet(make_small_set(*folder_ / "set", 4));
    Config config = small_config();
    config.epochs = 2;
    config.augmentation = "none";
    finished_ = new RunDirectory(make_run(*folder_ / "run", config, *set_));
    EXPECT_OK(train_quietly(*finished_, *set_));
  }
  static void TearDownTestSuite() {
    delete finished_;
    delete set_;
    delete folder_;
  }

  // A copy of the finished run for each test to break.
  void SetUp() override {
    static int number = 0;
    const fs::path copy = *folder_ / fmt::format("copy {}", ++number);
    fs::copy(finished_->folder(), copy);
    run_ = RunDirectory::open(copy, Limits{}).value();
  }

  Error resume() {
    const auto result = train_quietly(run_, *set_);
    EXPECT_FALSE(result.has_value());
    return result ? Error{} : result.error();
  }

  // Applies `change` to the metadata of the checkpoint.
  template <class Change>
  void rewrite(Change change) {
    auto file = tensors_of(run_.last_checkpoint());
    json metadata = json::parse(file.metadata.at("checkpoint"));
    change(metadata);
    file.metadata["checkpoint"] = metadata.dump();
    ASSERT_OK(write_file(run_.last_checkpoint(), graph::write_safetensors(file)));
  }
  void expect_state_refused(const std::function<void(json&)>& change) {
    rewrite([&](json& metadata) { change(metadata.at("state")); });
    const Error error = resume();
    EXPECT_EQ(name_of(error.code), "malformed") << to_text(error);
    EXPECT_EQ(error.path, run_.last_checkpoint().string());
  }

  static inline test::TemporaryFolder* folder_ = nullptr;
  static inline SmallSet* set_ = nullptr;
  static inline RunDirectory* finished_ = nullptr;
  RunDirectory run_;
};

TEST_F(BrokenCheckpoint, CutShortAnywhereIsMalformed) {
  const std::string whole = bytes_of(run_.last_checkpoint());
  for (const std::size_t length :
       {std::size_t{0}, std::size_t{7}, std::size_t{100}, whole.size() / 2, whole.size() - 1}) {
    ASSERT_OK(write_text(run_.last_checkpoint(), whole.substr(0, length)));
    const Error error = resume();
    EXPECT_EQ(name_of(error.code), "malformed") << length << ": " << to_text(error);
    EXPECT_EQ(error.path, run_.last_checkpoint().string());
    EXPECT_FALSE(error.remedy.empty());
  }
}

TEST_F(BrokenCheckpoint, OtherBytesAreMalformed) {
  ASSERT_OK(write_text(run_.last_checkpoint(), std::string(5000, '\xff')));
  EXPECT_EQ(name_of(resume().code), "malformed");
}

TEST_F(BrokenCheckpoint, BestWeightsInItsPlaceAreNoCheckpoint) {
  fs::copy_file(run_.best_weights(), run_.last_checkpoint(), fs::copy_options::overwrite_existing);
  const Error error = resume();
  EXPECT_EQ(name_of(error.code), "malformed");
  EXPECT_THAT(error.message, testing::HasSubstr("not a checkpoint"));
}

TEST_F(BrokenCheckpoint, OfAnotherConfigurationIsAMismatch) {
  rewrite([](json& metadata) { metadata["config"]["learning_rate"] = 0.5; });
  const Error error = resume();
  EXPECT_EQ(name_of(error.code), "mismatch");
  EXPECT_THAT(error.message, testing::HasSubstr("config.json"));
}

TEST_F(BrokenCheckpoint, OfALaterFormatIsUnsupported) {
  rewrite([](json& metadata) { metadata["format"] = 2; });
  EXPECT_EQ(name_of(resume().code), "unsupported");
}

TEST_F(BrokenCheckpoint, MetadataThatAreNoObjectAreMalformed) {
  rewrite([](json& metadata) { metadata = json::array(); });
  EXPECT_EQ(name_of(resume().code), "malformed");
}

TEST_F(BrokenCheckpoint, WithoutAStateIsMalformed) {
  rewrite([](json& metadata) { metadata.erase("state"); });
  EXPECT_EQ(name_of(resume().code), "malformed");
}

TEST_F(BrokenCheckpoint, FieldsOfAnotherTypeAreMalformed) {
  const json state =
      json::parse(tensors_of(run_.last_checkpoint()).metadata.at("checkpoint")).at("state");
  for (const auto& [name, value] : state.items()) {
    const std::string field = name;
    expect_state_refused([&](json& broken) { broken[field] = "many"; });
    rewrite([&](json& metadata) { metadata["state"] = state; });
  }
}

TEST_F(BrokenCheckpoint, StatesThatContradictThemselvesAreMalformed) {
  const json state =
      json::parse(tensors_of(run_.last_checkpoint()).metadata.at("checkpoint")).at("state");
  const std::vector<std::function<void(json&)>> contradictions{
      [](json& broken) { broken["epoch"] = 2; },
      [](json& broken) { broken["epoch"] = 0; },
      [](json& broken) { broken["best_epoch"] = 3; },
      [](json& broken) { broken["best_epoch"] = 0; },
      [](json& broken) { broken["right"] = 10; },
      [](json& broken) { broken["history"].erase(0); },
      [](json& broken) { broken["history"][1]["epoch"] = 1; },
      [](json& broken) { broken["epoch"] = 18'446'744'073'709'551'615ULL; },
      [](json& broken) { broken["next_batch"] = 18'446'744'073'709'551'615ULL; },
  };
  for (const auto& contradict : contradictions) {
    expect_state_refused(contradict);
    rewrite([&](json& metadata) { metadata["state"] = state; });
  }
}

TEST_F(BrokenCheckpoint, ACountOfStepsThatDoesNotFitIsAMismatch) {
  rewrite([](json& metadata) { metadata["state"]["steps"] = 1; });
  EXPECT_EQ(name_of(resume().code), "mismatch");
  rewrite([](json& metadata) { metadata["state"]["next_batch"] = 999; });
  EXPECT_EQ(name_of(resume().code), "mismatch");
}

TEST_F(BrokenCheckpoint, TensorsThatDoNotFitTheNetworkAreNamed) {
  auto file = tensors_of(run_.last_checkpoint());
  auto reshaped = file;
  reshaped.weights["adam.m.logits.bias"] = {{1}, {0}};
  ASSERT_OK(write_file(run_.last_checkpoint(), graph::write_safetensors(reshaped)));
  const Error error = resume();
  EXPECT_EQ(name_of(error.code), "mismatch");
  EXPECT_THAT(error.message, testing::HasSubstr("logits.bias"));
  EXPECT_EQ(error.path, run_.last_checkpoint().string());

  file.weights["else"] = {{1}, {0}};
  ASSERT_OK(write_file(run_.last_checkpoint(), graph::write_safetensors(file)));
  EXPECT_EQ(name_of(resume().code), "malformed");
}

TEST_F(BrokenCheckpoint, BestWeightsOfAnotherEpochAreAMismatch) {
  // Stopped within epoch 2, the best epoch is 1; its file says otherwise.
  auto file = tensors_of(run_.last_checkpoint());
  json metadata = json::parse(file.metadata.at("checkpoint"));
  json& state = metadata["state"];
  state["epoch"] = 2;
  state["best_epoch"] = 1;
  state["history"].erase(1);
  state["next_batch"] = 1;
  state["steps"] = state["steps"].get<int>() / 2 + 1;
  file.metadata["checkpoint"] = metadata.dump();
  ASSERT_OK(write_file(run_.last_checkpoint(), graph::write_safetensors(file)));

  auto best = tensors_of(run_.best_weights());
  json told = json::parse(best.metadata.at("best"));
  told["epoch"] = 2;
  best.metadata["best"] = told.dump();
  ASSERT_OK(write_file(run_.best_weights(), graph::write_safetensors(best)));
  const Error error = resume();
  EXPECT_EQ(name_of(error.code), "mismatch") << to_text(error);
  EXPECT_EQ(error.path, run_.best_weights().string());

  fs::remove(run_.best_weights());
  EXPECT_EQ(name_of(resume().code), "not_found");
}

}  // namespace
}  // namespace bloodcell::train
