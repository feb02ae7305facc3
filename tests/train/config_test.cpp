#include <bloodcell/train/config.hpp>

#include <limits>

#include <rapidcheck.h>
#include <nlohmann/json.hpp>

#include <bloodcell/test/support.hpp>

namespace bloodcell::train {
namespace {

using nlohmann::json;

Config valid_config() {
  Config config;
  config.preprocessing.width_px = 320;
  config.preprocessing.height_px = 240;
  return config;
}

// As it is read from a file.
json valid_json() { return json::parse(to_json(valid_config()).dump()); }

TEST(Config, DefaultsWithASizeAreValid) { EXPECT_OK(check(valid_config())); }

TEST(Config, ComesBackFromItsJson) {
  EXPECT_TRUE(rc::check([] {
    Config config = valid_config();
    config.architecture = *rc::gen::element<std::string>("baseline", "compact");
    config.augmentation = *rc::gen::element<std::string>("none", "seed", "turn");
    config.schedule = *rc::gen::element<std::string>("constant", "cosine", "plateau");
    config.optimiser = *rc::gen::element<std::string>("adamw", "adam", "sgd");
    config.nesterov = config.optimiser == "sgd";
    config.warmup_epochs = *rc::gen::inRange(0, 10) / 11.0;
    config.mixup = *rc::gen::element(0.0, 0.05, 0.4);
    config.cutmix = *rc::gen::element(0.0, 1.0);
    if (*rc::gen::arbitrary<bool>()) {
      config.weights = {"/w.safetensors", std::string(64, 'a')};
      config.freeze = *rc::gen::element<std::string>("none", "backbone", "block5.conv1");
      config.freeze_norm = *rc::gen::arbitrary<bool>();
      config.teachers = {{"/a.onnx", "b"}, {"/c.onnx", "d"}};
      if (config.freeze != "none") config.unfreeze = {"2=block2.conv1", "3=all"};
    }
    config.head = *rc::gen::element<std::string>("own", "pooled", "flat");
    if (config.head != "own") {
      config.head_layers = *rc::gen::inRange(0, 9);
      config.head_batch_norm = *rc::gen::arbitrary<bool>();
      config.head_l2 = *rc::gen::inRange(0, 10) / 3.0;
    }
    config.input_norm = *rc::gen::arbitrary<bool>();
    config.clip_norm = *rc::gen::inRange(0, 100) / 7.0;
    config.ema_decay = *rc::gen::inRange(0, 999) / 1001.0;
    config.class_weights = *rc::gen::element<std::string>("none", "balanced", "ig=0.5");
    config.learning_rate = *rc::gen::inRange(1, 1'000'000) * 1.1e-7;
    config.weight_decay = *rc::gen::inRange(0, 1000) / 333.0;
    config.label_smoothing = *rc::gen::inRange(0, 9) / 11.0;
    config.batch = *rc::gen::inRange(1, 512);
    config.epochs = *rc::gen::inRange(1, 1000);
    if (config.epochs < 3) config.unfreeze.clear();
    config.patience = *rc::gen::inRange(0, 100);
    config.checkpoint_seconds = *rc::gen::inRange(0, 3600);
    config.seed = *rc::gen::arbitrary<std::uint64_t>();
    config.device = *rc::gen::element<std::string>("auto", "cpu", "cuda");
    config.monitor = *rc::gen::element<std::string>("validation_loss", "validation_accuracy");
    config.preprocessing.mean = {127.5, 1.0 / 3, 0};
    const json written = to_json(config);
    const auto read = config_from_json(json::parse(written.dump()));
    RC_ASSERT(read.has_value());
    RC_ASSERT(to_json(*read) == written);
    RC_ASSERT(read->seed == config.seed);
    RC_ASSERT(read->learning_rate == config.learning_rate);
    RC_ASSERT(read->preprocessing == config.preprocessing);
  }));
}

struct Refused {
  const char* option;
  void (*spoil)(Config&);
};

void PrintTo(const Refused& refused, std::ostream* out) { *out << refused.option; }

class RefusedConfig : public testing::TestWithParam<Refused> {};

TEST_P(RefusedConfig, NamesTheOption) {
  Config config = valid_config();
  GetParam().spoil(config);
  const auto checked = check(config);
  EXPECT_ERROR(checked, ErrorCode::usage);
  EXPECT_THAT(checked.error().message, testing::HasSubstr(GetParam().option));
}

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

INSTANTIATE_TEST_SUITE_P(
    EachField, RefusedConfig,
    testing::Values(
        Refused{"--model", [](Config& c) { c.architecture = "vgg"; }},
        Refused{"--size", [](Config& c) { c.preprocessing.width_px = 0; }},
        Refused{"--augment", [](Config& c) { c.augmentation = "all"; }},
        Refused{"--lr", [](Config& c) { c.learning_rate = 0; }},
        Refused{"--lr", [](Config& c) { c.learning_rate = kNan; }},
        Refused{"--schedule", [](Config& c) { c.schedule = "step"; }},
        Refused{"--weight-decay", [](Config& c) { c.weight_decay = -1; }},
        Refused{"--mixup", [](Config& c) { c.mixup = 0.01; }},
        Refused{"--cutmix", [](Config& c) { c.cutmix = 2; }},
        Refused{"--head", [](Config& c) { c.head = "round"; }},
        Refused{"--head-width", [](Config& c) { c.head_width = 0; }},
        Refused{"--head-dropout", [](Config& c) { c.head_dropout = 1; }},
        Refused{"--head-l2", [](Config& c) { c.head_l2 = kNan; }},
        Refused{"--head-layers", [](Config& c) { c.head_layers = 2; }},  // of the network's own
        Refused{"--freeze", [](Config& c) { c.freeze = "backbone"; }},
        Refused{"--freeze-norm", [](Config& c) { c.freeze_norm = true; }},
        Refused{"--backbone-lr-factor", [](Config& c) { c.backbone_rate_factor = -1; }},
        Refused{"--distillation-weight", [](Config& c) { c.distillation_weight = 2; }},
        Refused{"--distillation-temperature", [](Config& c) { c.distillation_temperature = 0; }},
        Refused{"--optimiser", [](Config& c) { c.optimiser = "lion"; }},
        Refused{"--momentum", [](Config& c) { c.momentum = 1; }},
        Refused{"--nesterov", [](Config& c) { c.nesterov = true; }},
        Refused{"--warmup-epochs", [](Config& c) { c.warmup_epochs = 21; }},
        Refused{"--warmup-epochs",
                [](Config& c) {
                  c.schedule = "one-cycle";
                  c.warmup_epochs = 1;
                }},
        Refused{"--plateau-factor", [](Config& c) { c.plateau_factor = 1; }},
        Refused{"--plateau-patience", [](Config& c) { c.plateau_patience = 0; }},
        Refused{"--clip-norm", [](Config& c) { c.clip_norm = kNan; }},
        Refused{"--ema", [](Config& c) { c.ema_decay = 1; }},
        Refused{"--accumulate", [](Config& c) { c.accumulate = c.batch + 1; }},
        Refused{"--class-weights", [](Config& c) { c.class_weights = "heavy"; }},
        Refused{"--class-weights", [](Config& c) { c.class_weights = c.sampling = "balanced"; }},
        Refused{"--sampling", [](Config& c) { c.sampling = "some"; }},
        Refused{"--epoch-images", [](Config& c) { c.epoch_images = 100; }},
        Refused{"--label-smoothing", [](Config& c) { c.label_smoothing = 1; }},
        Refused{"--batch", [](Config& c) { c.batch = 0; }},
        Refused{"--epochs", [](Config& c) { c.epochs = 0; }},
        Refused{"--patience", [](Config& c) { c.patience = -1; }},
        Refused{"--checkpoint-seconds", [](Config& c) { c.checkpoint_seconds = -1; }},
        Refused{"--device", [](Config& c) { c.device = "tpu"; }},
        Refused{"--monitor", [](Config& c) { c.monitor = "train_loss"; }}));

TEST(ConfigJson, RefusesWhatIsNotAnObject) {
  for (const char* text : {"null", "[]", "3", "\"config\""}) {
    EXPECT_ERROR(config_from_json(json::parse(text)), ErrorCode::malformed);
  }
}

// What the first version wrote.
json first_versions_json() {
  json object = json::object();
  const json whole = valid_json();
  for (const char* name : {"architecture", "preprocessing", "augmentation", "learning_rate",
                           "schedule", "weight_decay", "label_smoothing", "batch", "epochs",
                           "patience", "checkpoint_seconds", "seed", "device", "monitor"}) {
    object[name] = whole.at(name);
  }
  return object;
}

TEST(ConfigJson, ReadsWhatTheFirstVersionWrote) {
  const auto read = config_from_json(first_versions_json());
  ASSERT_OK(read);
  EXPECT_EQ(to_json(*read), to_json(valid_config()));
}

TEST(ConfigJson, NamesEachFieldThatIsMissing) {
  const json whole = first_versions_json();
  for (const auto& [name, value] : whole.items()) {
    json part = whole;
    part.erase(name);
    const auto read = config_from_json(part);
    EXPECT_ERROR(read, ErrorCode::malformed);
    EXPECT_THAT(read.error().message, testing::HasSubstr(name));
  }
}

TEST(ConfigJson, RefusesEachFieldOfAnotherType) {
  const json whole = valid_json();
  for (const auto& [name, value] : whole.items()) {
    json wrong = whole;
    wrong[name] = json::array({1});
    const auto read = config_from_json(wrong);
    EXPECT_ERROR(read, ErrorCode::malformed);
  }
}

TEST(ConfigJson, RefusesNumbersThatDoNotFit) {
  for (const auto& wrong : {json(-1), json(3.5), json(5'000'000'000U), json(nullptr)}) {
    json object = valid_json();
    object["batch"] = wrong;
    EXPECT_ERROR(config_from_json(object), ErrorCode::malformed);
  }
}

TEST(ConfigJson, RefusesAFieldItDoesNotKnow) {
  json object = valid_json();
  object["inertia"] = 0.9;
  const auto read = config_from_json(object);
  EXPECT_ERROR(read, ErrorCode::malformed);
  EXPECT_THAT(read.error().message, testing::HasSubstr("inertia"));
}

TEST(ConfigJson, RefusesAValueOutOfRange) {
  json object = valid_json();
  object["epochs"] = 0U;
  EXPECT_ERROR(config_from_json(object), ErrorCode::usage);
}

}  // namespace
}  // namespace bloodcell::train
