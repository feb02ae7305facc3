// `bloodcell tune` from outside, where the training program was built.
#include <signal.h>

#include <filesystem>
#include <map>
#include <set>

#include <bloodcell/base/files.hpp>
#include <bloodcell/data/split.hpp>
#include <bloodcell/test/program.hpp>
#include <bloodcell/test/support.hpp>
#include <bloodcell/tune/database_storage.hpp>

#include "postgres_server.hpp"
#include "studies.hpp"

namespace bloodcell::tune {
namespace {

namespace fs = std::filesystem;
using bloodcell::test::Child;
using bloodcell::test::Ran;

constexpr const char* kSpace = R"(
batch = 5
[learning_rate]
low = 1e-4
high = 1e-2
log = true
[optimiser]
choices = ["adamw", "sgd"]
[momentum]
low = 0.5
high = 0.9
when = { optimiser = "sgd" }
)";

std::string program(const char* name) {
  return (bloodcell::test::binary_folder() / "bin" / name).string();
}

class TuneProgram : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(program("bloodcell-train")) || !fs::exists(program("bloodcell")))
      GTEST_SKIP() << "the training program is not built";
    const Ran made = bloodcell::test::run_program(
        program("bloodcell"),
        {"data", "synthesise", "--output", data_.string(), "--cells-per-class", "6", "--copies",
         "2", "--size", "48", "--labels", "lymphocyte", "platelet"});
    ASSERT_EQ(made.status, 0) << made.err;
    ASSERT_OK(write_text(folder_ / "space.toml", kSpace));
  }

  std::vector<std::string> arguments(std::map<std::string, std::string> changed) {
    changed.merge(std::map<std::string, std::string>{{"--storage", storage_},
                                                     {"--data", data_},
                                                     {"--families", data_ / "families.csv"},
                                                     {"--size", "32"},
                                                     {"--epochs", "2"},
                                                     {"--threads", "1"},
                                                     {"--validation", "0.25"},
                                                     {"--test", "0.25"},
                                                     {"--space", folder_ / "space.toml"}});
    std::vector<std::string> all{"tune"};
    for (const auto& [option, value] : changed) all.insert(all.end(), {option, value});
    return all;
  }
  Ran run(std::vector<std::string> all) {
    return bloodcell::test::run_program(program("bloodcell-train"), std::move(all));
  }
  std::vector<TrialRecord> trials() {
    const auto storage = sqlite_storage(storage_).value();
    std::vector<TrialRecord> known;
    EXPECT_OK(storage->refresh(storage->studies().value().at(0).id, known));
    return known;
  }

  bloodcell::test::TemporaryFolder folder_;
  fs::path data_ = folder_ / "set";
  fs::path storage_ = folder_ / "search" / "study.db";
};

TEST_F(TuneProgram, TrainsEachTrialInARunOfItsOwnAndNamesTheBest) {
  const Ran searched = run(arguments({{"--trials", "3"}, {"--pruner", "none"}}));
  ASSERT_EQ(searched.status, 0) << searched.err;
  EXPECT_THAT(searched.out, testing::HasSubstr("bloodcell export --run"));
  const auto known = trials();
  ASSERT_EQ(known.size(), 3U);
  for (const auto& trial : known) {
    EXPECT_EQ(trial.state, TrialState::complete);
    EXPECT_EQ(trial.reports.size(), 2U);
    const fs::path run_folder =
        storage_.parent_path() / fmt::format("compact-trial-{:04}", trial.number);
    EXPECT_TRUE(fs::exists(run_folder / "best.safetensors"));
    const double best = std::max(trial.reports.at(1), trial.reports.at(2));
    EXPECT_DOUBLE_EQ(trial.values[0], best);  // of the best epoch, never just the last
    EXPECT_EQ(trial.find("momentum") != nullptr,
              trial.find("optimiser")->value() == Value{std::string("sgd")});
  }
  EXPECT_EQ(run(arguments({{"--trials", "3"}})).status, 2) << "the study is there already";
  const Ran more = run({"tune", "resume", "--storage", storage_.string(), "--trials", "4"});
  EXPECT_EQ(more.status, 0) << more.err;
  EXPECT_EQ(trials().size(), 4U);
  const Ran status = run({"tune", "status", "--storage", storage_.string()});
  EXPECT_THAT(status.out, testing::HasSubstr("4 of 4 trials: 4 complete"));
  const Ran table = run({"tune", "export", "--storage", storage_.string()});
  EXPECT_THAT(table.out, testing::StartsWith("number,state,validation_macro_f1,"));
  const Ran best = run({"tune", "best", "--storage", storage_.string(), "--json"});
  EXPECT_THAT(best.out, testing::HasSubstr("\"learning_rate\""));
}

TEST_F(TuneProgram, GoesOnWithATrialThatCtrlCStopped) {
  ASSERT_OK(write_text(folder_ / "space.toml", std::string("patience = 0\n") + kSpace));
  Child child(program("bloodcell-train"),
              arguments({{"--trials", "2"}, {"--epochs", "100000"}, {"--pruner", "none"}}));
  const fs::path checkpoint = storage_.parent_path() / "compact-trial-0000" / "last.safetensors";
  for (int i = 0; i < 600 && !fs::exists(checkpoint); ++i) child.read_for(100);
  ASSERT_TRUE(fs::exists(checkpoint));
  child.signal(SIGINT);
  EXPECT_EQ(child.wait(), 128 + SIGINT);
  EXPECT_THAT(child.err(), testing::HasSubstr("bloodcell tune resume"));
  const auto known = trials();
  ASSERT_EQ(known.size(), 2U);
  EXPECT_EQ(known[0].state, TrialState::failed);
  EXPECT_EQ(known[1].state, TrialState::waiting);  // the same again, in the same run
  EXPECT_EQ(known[1].user_attributes.at("run"), "\"compact-trial-0000\"");
  EXPECT_EQ(known[1].find("learning_rate")->inner, known[0].find("learning_rate")->inner);
}

TEST_F(TuneProgram, SharesTheTrialsAmongItsWorkers) {
  const Ran searched = run(arguments(
      {{"--trials", "4"}, {"--workers", "2"}, {"--threads", "2"}, {"--sampler", "random"}}));
  ASSERT_EQ(searched.status, 0) << searched.err;
  const auto known = trials();
  EXPECT_GE(known.size(), 4U);
  EXPECT_LE(known.size(), 5U);  // both may take a last one at the same moment
}

TEST_F(TuneProgram, KeepsAStudyOnAServerAndItsRunsWhereItIsTold) {
  const auto server = test::PostgresServer::start();
  if (!server) GTEST_SKIP() << "no PostgreSQL server here: apt-get install postgresql";
  const std::string url = server->url();
  const std::string runs = (folder_ / "runs").string();
  const Ran none = run({"tune", "status", "--storage", url});
  EXPECT_EQ(none.status, 2) << none.err;
  const Ran searched =
      run(arguments({{"--storage", url}, {"--runs", runs}, {"--trials", "4"}, {"--workers", "2"}}));
  ASSERT_EQ(searched.status, 0) << searched.err;
  EXPECT_THAT(searched.out, testing::HasSubstr("--storage '" + url + "'"));
  EXPECT_TRUE(fs::exists(folder_ / "runs" / "compact-trial-0003"));
  EXPECT_FALSE(fs::exists("postgresql:"));
  bloodcell::test::Child child(
      program("bloodcell-train"),
      {"tune", "resume", "--storage", url, "--runs", runs, "--trials", "40", "--threads", "1"});
  const auto storage = postgres_storage(url).value();
  const auto study = storage->studies().value().at(0).id;
  std::vector<TrialRecord> known;
  while (known.size() < 6) ASSERT_OK(storage->refresh(study, known));
  child.signal(SIGKILL);
  child.wait();
  const Ran status = run({"tune", "status", "--storage", url});
  EXPECT_THAT(status.out, testing::HasSubstr("running"));
  const Ran best = run({"tune", "best", "--storage", url, "--runs", runs});
  EXPECT_THAT(best.out, testing::HasSubstr("bloodcell export --run " + runs)) << best.err;
  const Ran exported = run({"tune", "export", "--storage", url});
  EXPECT_THAT(exported.out, testing::HasSubstr("compact-trial-0003"));
}

TEST_F(TuneProgram, StudiesOfOneFileKeepTheirRunsApart) {
  ASSERT_EQ(run(arguments({{"--trials", "1"}, {"--name", "one"}})).status, 0);
  const Ran other = run(arguments({{"--trials", "1"}, {"--name", "two"}, {"--seed", "7"}}));
  EXPECT_EQ(other.status, 0) << other.err;
  EXPECT_TRUE(fs::exists(storage_.parent_path() / "one-trial-0000" / "config.json"));
  EXPECT_TRUE(fs::exists(storage_.parent_path() / "two-trial-0000" / "config.json"));
}

TEST_F(TuneProgram, JudgesATrialByTheMeanOverFoldsThatTheTestPartIsNotIn) {
  const Ran searched = run(
      arguments({{"--trials", "2"}, {"--folds", "3"}, {"--epochs", "1"}, {"--pruner", "none"}}));
  ASSERT_EQ(searched.status, 0) << searched.err;
  EXPECT_THAT(searched.out, testing::HasSubstr("means of 3 folds"));
  const auto known = trials();
  ASSERT_EQ(known.size(), 2U);
  for (const auto& trial : known) {
    ASSERT_EQ(trial.reports.size(), 3U);  // a figure a fold: optuna#4373
    EXPECT_DOUBLE_EQ(trial.values[0],
                     (trial.reports.at(0) + trial.reports.at(1) + trial.reports.at(2)) / 3);
  }
  std::map<std::string, std::set<std::string>> parts;  // of a family, over all folds
  for (int fold = 0; fold < 3; ++fold) {
    const auto split = data::load_split(
        storage_.parent_path() / "compact-trial-0000" / fmt::format("fold{}", fold) / "split.json",
        Limits{});
    ASSERT_OK(split);
    EXPECT_TRUE(data::find_leaks(*split).empty());
    for (const auto& entry : split->entries) parts[entry.family].insert(entry.part);
  }
  const std::set<std::string> held_out{"test"};
  const std::set<std::string> dealt{"train", "validation"};
  int tested = 0;
  for (const auto& [family, seen] : parts) {
    tested += seen == held_out ? 1 : 0;
    EXPECT_TRUE(seen == held_out || seen == dealt) << family;
  }
  EXPECT_GE(tested, 2);
}

TEST_F(TuneProgram, TrainsTheBestAgainForLonger) {
  ASSERT_EQ(run(arguments({{"--trials", "2"}, {"--pruner", "none"}})).status, 0);
  const Ran again = run({"tune", "retrain", "--storage", storage_.string(), "--epochs", "3"});
  ASSERT_EQ(again.status, 0) << again.err;
  const fs::path folder = storage_.parent_path() / "compact-retrained";
  EXPECT_THAT(again.out, testing::HasSubstr("bloodcell export --run " + folder.string()));
  const std::string history = read_text(folder / "history.jsonl", 1 << 20).value();
  EXPECT_EQ(std::ranges::count(history, '\n'), 3);
  const auto known = trials();
  const std::vector<Direction> directions{Direction::maximize};
  const auto* best = best_of(StudyView{"compact", directions, known});
  ASSERT_NE(best, nullptr);
  const auto number = fmt::format("compact-trial-{:04}", best->number);
  const std::string trial_split =
      read_text(storage_.parent_path() / number / "split.json", 1 << 20).value();
  EXPECT_EQ(read_text(folder / "split.json", 1 << 20).value(), trial_split);
  const Ran other = run({"tune", "retrain", "--storage", storage_.string(), "--epochs", "4"});
  EXPECT_EQ(other.status, 1);
  EXPECT_THAT(other.err, testing::HasSubstr("holds a run of other settings"));
}

TEST_F(TuneProgram, SearchesAHeadForPublishedWeightsAsTheStudentProjectDid) {
  const auto weights = bloodcell::test::shared("weights/squeezenet1_1.safetensors");
  if (!weights) GTEST_SKIP() << "no ../shared/weights";
  std::vector<std::string> all{"tune",    "--storage",    storage_,   "--data",    data_,
                               "--size",  "48",           "--epochs", "1",         "--trials",
                               "1",       "--threads",    "1",        "--weights", *weights,
                               "--model", "squeezenet1_1"};
  const Ran searched = run(std::move(all));
  ASSERT_EQ(searched.status, 0) << searched.err;
  const auto known = trials();
  ASSERT_EQ(known.size(), 1U);
  for (const char* name :
       {"learning_rate", "head_layers", "head_width", "head_dropout", "head_batch_norm", "head_l2"})
    EXPECT_NE(known[0].find(name), nullptr) << name;
  const std::string config =
      read_text(storage_.parent_path() / "squeezenet1_1-trial-0000" / "config.json", 1 << 20)
          .value();
  EXPECT_THAT(config, testing::HasSubstr("\"freeze\": \"backbone\""));
}

TEST_F(TuneProgram, KeepsPrunersOfEpochsAndOfFoldsApart) {
  EXPECT_THAT(run(arguments({{"--pruner", "median"}, {"--folds", "4"}})).err,
              testing::HasSubstr("--pruner median judges epochs"));
  EXPECT_THAT(run(arguments({{"--pruner", "wilcoxon"}})).err,
              testing::HasSubstr("--pruner wilcoxon judges folds"));
  EXPECT_FALSE(fs::exists(storage_));
}

TEST_F(TuneProgram, MakesNoStudyOfDataThatAreNotThere) {
  const Ran refused = run(arguments({{"--data", (folder_ / "none").string()}}));
  EXPECT_NE(refused.status, 0);
  EXPECT_THAT(refused.err, testing::HasSubstr("none"));
  EXPECT_FALSE(fs::exists(storage_));
}

TEST_F(TuneProgram, RefusesOptionsThatItsActionDoesNotUse) {
  for (const auto& [action, option, value] :
       std::vector<std::array<const char*, 3>>{{"status", "--epochs", "5"},
                                               {"resume", "--sampler", "random"},
                                               {"best", "--output", "x.csv"},
                                               {"run", "--best", "3"}}) {
    const Ran refused = run({"tune", action, option, value, "--storage", storage_.string()});
    EXPECT_EQ(refused.status, 2);
    EXPECT_THAT(refused.err, testing::HasSubstr(std::string(option) + " has no effect on tune"));
  }
  EXPECT_FALSE(fs::exists(storage_));
}

TEST_F(TuneProgram, SaysWhatIsWrongWithASpace) {
  for (const auto& [space, told] : std::vector<std::pair<const char*, const char*>>{
           {"[colour]\nlow = 1\nhigh = 2\n", "colour is no setting of a run"},
           {"[learning_rate]\nlow = 1\n", "learning_rate: give low and high"},
           {"[learning_rate]\nlow = 1\nhigh = 0\n", "is above high"},
           {"seed = 3\n[learning_rate]\nlow = 1e-4\nhigh = 1e-2\n", "seed is not for the space"},
           {"[learning_rate\n", "line 1"}}) {
    ASSERT_OK(write_text(folder_ / "space.toml", space));
    const Ran refused = run(arguments({}));
    EXPECT_NE(refused.status, 0);
    EXPECT_THAT(refused.err, testing::HasSubstr(told));
    EXPECT_FALSE(fs::exists(storage_));
  }
  EXPECT_EQ(run({"tune", "status", "--storage", storage_.string()}).status, 1);
}

}  // namespace
}  // namespace bloodcell::tune
