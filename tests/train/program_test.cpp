// The program from outside: its options, its exit status, and that it may be killed at any moment.

#include <signal.h>

#include <map>

#include <nlohmann/json.hpp>

#include <bloodcell/base/hash.hpp>
#include <bloodcell/base/random.hpp>
#include <bloodcell/model_file/model_file.hpp>
#include <bloodcell/test/program.hpp>

#include "small_run.hpp"

namespace bloodcell::train {
namespace {

namespace fs = std::filesystem;

using test::Child;

constexpr const char* kTrainer = "bloodcell-train";

test::Ran run_trainer(std::vector<std::string> arguments) {
  return test::run_program(kTrainer, std::move(arguments));
}

class Program : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new test::TemporaryFolder;
    set_ = new SmallSet(make_small_set(*folder_ / "set", 8));
  }
  static void TearDownTestSuite() {
    delete set_;
    delete folder_;
  }

  using Settings = std::map<std::string, std::string>;

  static std::vector<std::string> train_arguments(const fs::path& run, Settings changed = {},
                                                  const std::vector<std::string>& flags = {}) {
    changed.merge(Settings{{"--model", "compact"},
                           {"--data", set_->folder},
                           {"--families", set_->folder / "families.csv"},
                           {"--run", run},
                           {"--size", "32"},
                           {"--epochs", "6"},
                           {"--batch", "5"},
                           {"--checkpoint-seconds", "1"},
                           {"--threads", "1"},
                           {"--schedule", "cosine"},
                           {"--validation", "0.25"},
                           {"--test", "0.25"}});
    std::vector<std::string> arguments{"train"};
    for (const auto& [option, value] : changed) arguments.insert(arguments.end(), {option, value});
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    return arguments;
  }
  static std::vector<std::string> resume_arguments(const fs::path& run) {
    return {"train", "--resume", run, "--threads", "1"};
  }

  static inline test::TemporaryFolder* folder_ = nullptr;
  static inline SmallSet* set_ = nullptr;
};

TEST_F(Program, ARunThatFailsBeforeItLearnsLeavesItsNameFree) {
  const fs::path run = *folder_ / "unbegun";
  const fs::path weights = *folder_ / "no-weights.safetensors";
  ASSERT_OK(write_text(weights, "not weights"));
  const auto failed = run_trainer(train_arguments(run, {{"--weights", weights}}));
  EXPECT_EQ(failed.status, 1) << failed.err;
  EXPECT_FALSE(fs::exists(run));
  const auto mended = run_trainer(train_arguments(run, {{"--epochs", "1"}}));
  EXPECT_EQ(mended.status, 0) << mended.err;
}

TEST_F(Program, TrainsExportsAndSaysWhatIsNext) {
  const fs::path run = *folder_ / "first";
  const auto trained = run_trainer(train_arguments(run));
  ASSERT_EQ(trained.status, 0) << trained.err;
  EXPECT_THAT(trained.out, testing::HasSubstr("epoch"));
  EXPECT_THAT(trained.out, testing::HasSubstr("bloodcell export --run " + run.string()));

  const fs::path model = *folder_ / "first.onnx";
  const auto exported = run_trainer({"export", "--run", run, "-o", model, "--name", "made-up"});
  ASSERT_EQ(exported.status, 0) << exported.err;
  const auto file = model_file::load(model, Limits{});
  ASSERT_OK(file);
  EXPECT_EQ(file->description.name, "made-up");
}

TEST_F(Program, KilledAtAnyMomentAndResumedEndsTheSame) {
  const fs::path whole = *folder_ / "whole";
  const auto trained = run_trainer(train_arguments(whole));
  ASSERT_EQ(trained.status, 0) << trained.err;
  const auto expected = sha256_of_file(whole / "best.safetensors", Limits{}.max_file_bytes);
  ASSERT_OK(expected);

  const fs::path killed = *folder_ / "killed";
  Random random(7, stream_of("kill"), 0);
  for (int round = 0; round < 7; ++round) {
    const bool exists = fs::exists(killed / "config.json");
    Child child(kTrainer, exists ? resume_arguments(killed) : train_arguments(killed));
    child.read_for(static_cast<int>(100 + random.below(1500)));
    child.signal(SIGKILL);
    const int status = child.wait();
    ASSERT_TRUE(status == 0 || status == 128 + SIGKILL) << child.err();
  }
  const bool exists = fs::exists(killed / "config.json");
  const auto resumed = run_trainer(exists ? resume_arguments(killed) : train_arguments(killed));
  ASSERT_EQ(resumed.status, 0) << resumed.err;
  const auto found = sha256_of_file(killed / "best.safetensors", Limits{}.max_file_bytes);
  ASSERT_OK(found);
  EXPECT_EQ(*found, *expected);
  EXPECT_TRUE(repeatable_history(*RunDirectory::open(killed, Limits{})) ==
              repeatable_history(*RunDirectory::open(whole, Limits{})));
}

TEST_F(Program, InterruptedSaysHowToResume) {
  const fs::path run = *folder_ / "interrupted";
  Child child(kTrainer, train_arguments(run, {{"--epochs", "100000"}}));
  while (child.out().find("macro F1") == std::string::npos) child.read_for(50);
  child.signal(SIGINT);
  EXPECT_NE(child.wait(), 0);
  EXPECT_THAT(child.err(),
              testing::HasSubstr("resume with: bloodcell train --resume " + run.string()));
  EXPECT_TRUE(fs::exists(run / "last.safetensors"));
}

TEST_F(Program, GivesOneDocumentWithJson) {
  const fs::path run = *folder_ / "json";
  const auto trained =
      run_trainer(train_arguments(run, {{"--epochs", "1"}}, {"--json", "--quiet"}));
  ASSERT_EQ(trained.status, 0) << trained.err;
  const auto document = nlohmann::json::parse(trained.out, nullptr, false);
  ASSERT_TRUE(document.is_object()) << trained.err;
  EXPECT_EQ(document.at("run"), run.string());
  EXPECT_EQ(document.at("summary").at("epochs_run"), 1);
  EXPECT_EQ(document.at("history").size(), 1U);
}

TEST_F(Program, CrossValidatesByFamilyAndGoesOnWhereItStopped) {
  const fs::path run = *folder_ / "folds";
  auto arguments = train_arguments(
      run, {{"--epochs", "1"}, {"--folds", "3"}, {"--test", "0.15"}, {"--validation", "0.15"}},
      {"--json"});
  const auto trained = run_trainer(arguments);
  ASSERT_EQ(trained.status, 0) << trained.err;
  const auto document = nlohmann::json::parse(trained.out, nullptr, false);
  ASSERT_TRUE(document.is_object()) << trained.out;
  ASSERT_EQ(document.at("rounds").size(), 3U);
  std::size_t images = 0;
  for (const auto& round : document.at("rounds")) images += round.at("images").get<std::size_t>();
  EXPECT_EQ(images, set_->dataset.samples.size());  // each tested once
  EXPECT_TRUE(document.at("together").at("image_accuracy").contains("interval_95"));
  EXPECT_TRUE(fs::exists(run / "fold2" / "model.onnx"));
  EXPECT_TRUE(fs::exists(run / "predictions.csv"));

  const auto written = fs::last_write_time(run / "fold0" / "last.safetensors");
  fs::remove_all(run / "fold2");
  const auto again = run_trainer(arguments);
  ASSERT_EQ(again.status, 0) << again.err;
  EXPECT_EQ(nlohmann::json::parse(again.out, nullptr, false), document);
  EXPECT_EQ(fs::last_write_time(run / "fold0" / "last.safetensors"), written);

  arguments.insert(arguments.end(), {"--lr", "0.5"});
  const auto other = run_trainer(arguments);
  EXPECT_EQ(other.status, 1);
  EXPECT_THAT(other.out + other.err, testing::HasSubstr("other settings"));
}

TEST_F(Program, LeavesOutNoSourceWhereNoneIsNamed) {
  const auto refused =
      run_trainer(train_arguments(*folder_ / "sources", {}, {"--leave-out-source"}));
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.err, testing::HasSubstr("source"));
}

TEST_F(Program, BeginsWithWeightsAndLearnsFromATeacher) {
  const fs::path first = *folder_ / "teacher";
  ASSERT_EQ(run_trainer(train_arguments(first, {{"--epochs", "1"}})).status, 0);
  const fs::path model = *folder_ / "teacher.onnx";
  ASSERT_EQ(run_trainer({"export", "--run", first, "-o", model}).status, 0);
  const fs::path second = *folder_ / "student";
  const auto trained =
      run_trainer(train_arguments(second, {{"--epochs", "1"},
                                           {"--weights", first / "best.safetensors"},
                                           {"--freeze", "block4.conv1"},
                                           {"--teacher", model},
                                           {"--optimiser", "sgd"}}));
  ASSERT_EQ(trained.status, 0) << trained.err;
  const fs::path exported = *folder_ / "student.onnx";
  ASSERT_EQ(run_trainer({"export", "--run", second, "-o", exported}).status, 0);
  const auto file = model_file::load(exported, Limits{});
  ASSERT_OK(file);
  EXPECT_EQ(file->description.provenance.at("training").at("weights").at("path"),
            "best.safetensors");
  EXPECT_EQ(file->description.provenance.at("training").at("teachers").at(0).at("path"),
            "teacher.onnx");
}

TEST_F(Program, RefusesOptionsThatOthersLeaveWithoutEffect) {
  for (const Settings& settings :
       {Settings{{"--folds", "3"}}, Settings{{"--split", set_->folder / "families.csv"}},
        Settings{{"--distillation-weight", "0.9"}}, Settings{{"--folds", "2"}}}) {
    const auto refused = run_trainer(train_arguments(*folder_ / "refused", settings));
    EXPECT_EQ(refused.status, 2);
  }
  EXPECT_FALSE(fs::exists(*folder_ / "refused"));
  const auto printed = run_trainer(train_arguments(*folder_ / "refused", {}, {"--print-config"}));
  ASSERT_EQ(printed.status, 0);
  ASSERT_OK(write_text(*folder_ / "again.toml", printed.out));
  const auto again = run_trainer({"train", "--config", *folder_ / "again.toml", "--data",
                                  *folder_ / "none", "--families", ""});
  EXPECT_EQ(again.status, 1) << again.err;  // for want of data alone
}

TEST_F(Program, RefusesASplitThatLeaks) {
  data::Split split = set_->split;
  const auto& first = split.entries.front();
  const auto second = std::find_if(split.entries.begin() + 1, split.entries.end(),
                                   [&](const auto& entry) { return entry.family == first.family; });
  ASSERT_NE(second, split.entries.end());
  second->part = first.part == "train" ? "validation" : "train";
  const fs::path file = *folder_ / "leaky.json";
  ASSERT_OK(write_text(file, data::to_json_text(split)));

  const fs::path run = *folder_ / "leaky";
  const Settings parted{{"--split", file}, {"--test", "0.15"}, {"--validation", "0.15"}};
  const auto refused = run_trainer(train_arguments(run, parted));
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.err, testing::HasSubstr(first.family));
  EXPECT_FALSE(fs::exists(run));
  Settings short_one = parted;
  short_one["--epochs"] = "1";
  const auto allowed = run_trainer(train_arguments(run, short_one, {"--allow-leak"}));
  EXPECT_EQ(allowed.status, 0) << allowed.err;
  EXPECT_THAT(allowed.err, testing::HasSubstr("leaks"));
}

TEST_F(Program, WarnsLoudlyWithoutFamilies) {
  const fs::path run = *folder_ / "no families";
  const auto trained = run_trainer({"train", "--model", "compact", "--data", set_->folder, "--run",
                                    run, "--size", "32", "--epochs", "1", "--threads", "1"});
  EXPECT_EQ(trained.status, 0) << trained.err;
  EXPECT_THAT(trained.err, testing::HasSubstr("NO FAMILIES ARE KNOWN"));
}

TEST_F(Program, WrongUsageEndsWithTwoAndLeavesNoRun) {
  const fs::path run = *folder_ / "never";
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"--size", "32x"},         {"--lr", "-1"},         {"--model", "vgg99"},
      {"--input-scale", "huge"}, {"--device", "abacus"}, {"--resume", run}};
  for (const auto& [option, value] : wrong) {
    const auto refused = run_trainer(train_arguments(run, {{option, value}}));
    EXPECT_EQ(refused.status, 2) << option << " " << value << ": " << refused.err;
    EXPECT_THAT(refused.err, testing::HasSubstr(option));
  }
  EXPECT_EQ(run_trainer({"train"}).status, 2);
  EXPECT_EQ(run_trainer({"export"}).status, 2);
  EXPECT_FALSE(fs::exists(run));
}

TEST_F(Program, SaysWhichRunIsNotThere) {
  const auto missing = run_trainer({"train", "--resume", *folder_ / "nowhere"});
  EXPECT_EQ(missing.status, 1);
  EXPECT_THAT(missing.err, testing::HasSubstr("nowhere"));
  const auto nothing =
      run_trainer({"export", "--run", *folder_ / "nowhere", "--output", *folder_ / "nothing.onnx"});
  EXPECT_EQ(nothing.status, 1);
  EXPECT_FALSE(fs::exists(*folder_ / "nothing.onnx"));
}

TEST_F(Program, SaysHowToNameDataThatHaveMoved) {
  const test::TemporaryFolder folder;
  fs::copy(set_->folder, folder / "set", fs::copy_options::recursive);
  ASSERT_EQ(
      run_trainer(train_arguments(folder / "run", {{"--data", folder / "set"}, {"--epochs", "1"}}))
          .status,
      0);
  fs::rename(folder / "set", folder / "elsewhere");
  const auto lost = run_trainer(resume_arguments(folder / "run"));
  EXPECT_EQ(lost.status, 1);
  EXPECT_THAT(lost.err, testing::HasSubstr("--data"));
  auto found = resume_arguments(folder / "run");
  found.insert(found.end(), {"--data", folder / "elsewhere"});
  EXPECT_EQ(run_trainer(found).status, 0);
}

}  // namespace
}  // namespace bloodcell::train
