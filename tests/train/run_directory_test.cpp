#include <bloodcell/train/run_directory.hpp>

#include <rapidcheck.h>
#include <nlohmann/json.hpp>

#include "small_run.hpp"

namespace bloodcell::train {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

data::Split tiny_split() {
  data::Split split;
  split.seed = 3;
  split.method = "by family";
  split.has_families = true;
  split.labels = {"lymphocyte", "monocyte"};
  const std::string hash(64, 'a');
  split.entries = {{"l/1.png", "lymphocyte", "f1", hash, "train"},
                   {"m/2.png", "monocyte", "f2", hash, "validation"}};
  return split;
}

EpochRecord record_of(int epoch) {
  EpochRecord record;
  record.epoch = epoch;
  record.learning_rate = 1.0 / 3;
  record.train_loss = 0.1 * epoch;
  record.validation_loss = 1e-17;
  record.seconds = 12.25;
  return record;
}

TEST(RunDirectory, IsReadBackAsItWasMade) {
  const test::TemporaryFolder folder;
  const auto made =
      RunDirectory::create(folder / "run", small_config(), tiny_split(), folder / "set");
  ASSERT_OK(made);
  const auto opened = RunDirectory::open(folder / "run", Limits{});
  ASSERT_OK(opened);
  EXPECT_EQ(to_json(opened->config()), to_json(small_config()));
  EXPECT_EQ(data::to_json_text(opened->split()), data::to_json_text(tiny_split()));
  EXPECT_EQ(opened->data(), fs::absolute(folder / "set"));
}

TEST(RunDirectory, SaysWhatItWasMadeWith) {
  const test::TemporaryFolder folder;
  ASSERT_OK(RunDirectory::create(folder / "run", small_config(), tiny_split(), "set"));
  const auto audit = json::parse(bytes_of(folder / "run" / "audit.json"));
  EXPECT_EQ(audit.at("leaks"), 1);  // equal hashes on both sides, under two labels
  EXPECT_EQ(audit.at("leaking_images"), 2);
  EXPECT_EQ(audit.at("conflicts"), 1);
  EXPECT_TRUE(audit.contains("families_known"));
  EXPECT_TRUE(audit.contains("method"));
  const auto environment = json::parse(bytes_of(folder / "run" / "environment.json"));
  EXPECT_THAT(environment.at("libtorch").get<std::string>(), testing::HasSubstr("libtorch"));
  EXPECT_TRUE(environment.contains("bloodcell"));
  EXPECT_TRUE(environment.contains("processor"));
}

TEST(RunDirectory, RefusesAFolderThatHoldsARun) {
  const test::TemporaryFolder folder;
  ASSERT_OK(RunDirectory::create(folder / "run", small_config(), tiny_split(), "set"));
  const auto before = bytes_of(folder / "run" / "config.json");
  Config other = small_config();
  other.epochs = 99;
  const auto again = RunDirectory::create(folder / "run", other, tiny_split(), "set");
  EXPECT_ERROR(again, ErrorCode::usage);
  EXPECT_THAT(again.error().remedy, testing::HasSubstr("--resume"));
  EXPECT_EQ(bytes_of(folder / "run" / "config.json"), before);
}

TEST(RunDirectory, IsForgottenUntilItHasLearned) {
  const test::TemporaryFolder folder;
  const auto made = RunDirectory::create(folder / "run", small_config(), tiny_split(), "set");
  ASSERT_OK(made);
  ASSERT_OK(write_text(folder / "run" / "notes.txt", "mine"));
  made->forget_unless_begun();
  EXPECT_FALSE(fs::exists(folder / "run" / "config.json"));
  EXPECT_TRUE(fs::exists(folder / "run" / "notes.txt"));
  fs::remove(folder / "run" / "notes.txt");
  const auto again = RunDirectory::create(folder / "run", small_config(), tiny_split(), "set");
  ASSERT_OK(again);
  again->forget_unless_begun();
  EXPECT_FALSE(fs::exists(folder / "run"));
  const auto begun = RunDirectory::create(folder / "run", small_config(), tiny_split(), "set");
  ASSERT_OK(begun);
  ASSERT_OK(write_text(begun->last_checkpoint(), "learned"));
  begun->forget_unless_begun();
  EXPECT_TRUE(fs::exists(folder / "run" / "config.json"));
}

TEST(RunDirectory, LeavesNothingBehindWhenTheSettingsAreWrong) {
  const test::TemporaryFolder folder;
  Config config = small_config();
  config.batch = 0;
  EXPECT_ERROR(RunDirectory::create(folder / "run", config, tiny_split(), "set"), ErrorCode::usage);
  config = small_config();
  config.architecture = "baseline";
  config.preprocessing.width_px = 4;  // less than its windows need
  EXPECT_ERROR(RunDirectory::create(folder / "run", config, tiny_split(), "set"), ErrorCode::usage);
  EXPECT_FALSE(fs::exists(folder / "run"));
}

TEST(RunDirectory, IsNotFoundWhereThereIsNone) {
  const test::TemporaryFolder folder;
  EXPECT_ERROR(RunDirectory::open(folder / "none", Limits{}), ErrorCode::not_found);
  EXPECT_ERROR(RunDirectory::open(folder.path(), Limits{}), ErrorCode::not_found);
}

TEST(RunDirectory, NamesTheFileThatIsBroken) {
  for (const char* text : {"", "{", "[]", "{\"data\": 3}", "{\"data\": \"set\"}", "\xff\xfe"}) {
    const test::TemporaryFolder folder;
    ASSERT_OK(write_text(folder / "config.json", text));
    const auto opened = RunDirectory::open(folder.path(), Limits{});
    EXPECT_ERROR(opened, ErrorCode::malformed);
    EXPECT_THAT(opened.error().path, testing::EndsWith("config.json"));
  }
}

TEST(RunDirectory, RefusesAHugeConfiguration) {
  const test::TemporaryFolder folder;
  ASSERT_OK(write_text(folder / "config.json", std::string(2000, ' ')));
  Limits limits;
  limits.max_json_bytes = 1000;
  EXPECT_ERROR(RunDirectory::open(folder.path(), limits), ErrorCode::limit_exceeded);
}

TEST(RunDirectory, MissesItsSplit) {
  const test::TemporaryFolder folder;
  ASSERT_OK(RunDirectory::create(folder / "run", small_config(), tiny_split(), "set"));
  fs::remove(folder / "run" / "split.json");
  EXPECT_ERROR(RunDirectory::open(folder / "run", Limits{}), ErrorCode::not_found);
}

class History : public testing::Test {
 protected:
  test::TemporaryFolder folder_;
  RunDirectory run_ =
      RunDirectory::create(folder_ / "run", small_config(), tiny_split(), "set").value();
  fs::path lines_ = folder_ / "run" / "history.jsonl";
};

TEST_F(History, KeepsEveryBit) {
  EXPECT_TRUE(rc::check([this] {
    std::vector<EpochRecord> history;
    const int epochs = *rc::gen::inRange(0, 5);
    for (int epoch = 1; epoch <= epochs; ++epoch) {
      history.push_back(record_of(epoch));
      history.back().train_loss = *rc::gen::arbitrary<double>();
      history.back().validation_macro_f1 = *rc::gen::inRange(0, 1'000'000) / 999'983.0;
    }
    RC_ASSERT(run_.write_history(history).has_value());
    const auto read = run_.read_history(Limits{});
    RC_ASSERT(read.has_value());
    RC_ASSERT(*read == history);
  }));
}

TEST_F(History, IsEmptyBeforeTheFirstEpoch) {
  const auto read = run_.read_history(Limits{});
  ASSERT_OK(read);
  EXPECT_TRUE(read->empty());
}

TEST_F(History, SaysTheSameAsATable) {
  ASSERT_OK(run_.write_history({record_of(1), record_of(2)}));
  EXPECT_EQ(bytes_of(folder_ / "run" / "history.csv"),
            "epoch,learning_rate,train_loss,train_accuracy,gradient_norm,validation_loss,"
            "validation_accuracy,validation_family_accuracy,validation_macro_precision,"
            "validation_macro_recall,validation_macro_f1,seconds,images_per_second,"
            "waiting_seconds,peak_memory_mb\n"
            "1,0.333333333,0.1,0,0,1e-17,0,0,0,0,0,12.25,0,0,0\n"
            "2,0.333333333,0.2,0,0,1e-17,0,0,0,0,0,12.25,0,0,0\n");
}

TEST_F(History, TellsEachClassAsATable) {
  EpochRecord record = record_of(1);
  record.classes = {{1, 0.5, 0.25}, {0.75, 1, 1}};
  ASSERT_OK(run_.write_history({record}));
  EXPECT_EQ(bytes_of(folder_ / "run" / "history_classes.csv"),
            "epoch,class,precision,recall,family_accuracy\n"
            "1,lymphocyte,1,0.5,0.25\n"
            "1,monocyte,0.75,1,1\n");
  const auto read = run_.read_history(Limits{});
  ASSERT_OK(read);
  EXPECT_EQ(to_json(read->front()), to_json(record));
}

TEST_F(History, ReadsWhatTheFirstVersionWrote) {
  ASSERT_OK(
      write_text(lines_,
                 "{\"epoch\":1,\"images_per_second\":9.0,\"learning_rate\":0.1,\"seconds\":2.0,"
                 "\"train_accuracy\":0.5,\"train_loss\":1.0,\"validation_accuracy\":0.25,"
                 "\"validation_family_accuracy\":0.2,\"validation_loss\":1.5,"
                 "\"validation_macro_f1\":0.3}\n"));
  const auto read = run_.read_history(Limits{});
  ASSERT_OK(read);
  EXPECT_EQ(read->front().validation_macro_f1, 0.3);
  EXPECT_TRUE(read->front().classes.empty());
}

TEST_F(History, RefusesBrokenLines) {
  ASSERT_OK(run_.write_history({record_of(1), record_of(2)}));
  const std::string good = bytes_of(lines_);
  const std::string first = good.substr(0, good.find('\n') + 1);
  for (const std::string& text :
       {good.substr(0, good.size() - 10), first + first, std::string("{}\n"), std::string("\n"),
        std::string("{\"epoch\": 0}\n"), std::string("{\"epoch\": -1}\n"), good + "garbage",
        std::string(good).replace(good.find("[]"), 2, "[{}]"),
        std::string(good).replace(good.find("[]"), 2, "{}")}) {
    ASSERT_OK(write_text(lines_, text));
    const auto read = run_.read_history(Limits{});
    EXPECT_ERROR(read, ErrorCode::malformed);
    EXPECT_THAT(read.error().path, testing::EndsWith("history.jsonl"));
  }
}

}  // namespace
}  // namespace bloodcell::train
