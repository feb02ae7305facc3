#include <bloodcell/report/comparison.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/data/split.hpp>
#include <bloodcell/test/support.hpp>

namespace bloodcell::report {
namespace {

namespace fs = std::filesystem;

std::string epoch_line(int epoch, double loss, double family_accuracy) {
  return fmt::format(
      "{{\"epoch\":{},\"train_loss\":{},\"validation_loss\":{},\"validation_accuracy\":0.5,"
      "\"validation_family_accuracy\":{},\"validation_macro_f1\":0.4,\"seconds\":2.5}}\n",
      epoch, loss / 2, loss, family_accuracy);
}

// Ten families watch, one picture each.
void write_run(const fs::path& folder, const std::string& history, const char* hash = "a") {
  data::Split split;
  split.method = "by family";
  split.labels = {"ig", "monocyte"};
  for (int i = 0; i < 10; ++i) {
    split.entries.push_back({fmt::format("{}.png", i), "ig", fmt::format("f{}", i),
                             std::string(63, *hash) + std::to_string(i), "validation"});
  }
  ASSERT_OK(write_text(folder / "config.json",
                       "{\"architecture\":\"compact\",\"preprocessing\":{\"width_px\":96,"
                       "\"height_px\":64}}"));
  ASSERT_OK(write_text(folder / "history.jsonl", history));
  ASSERT_OK(write_text(folder / "split.json", data::to_json_text(split)));
}

class Compared : public testing::Test {
 protected:
  test::TemporaryFolder folder_;
};

TEST_F(Compared, ARunIsReadFromItsFolder) {
  write_run(folder_ / "a",
            epoch_line(1, 0.9, 0.7) + epoch_line(2, 0.5, 0.8) + epoch_line(3, 0.6, 0.9));
  ASSERT_OK(write_text(folder_ / "a" / "best.safetensors", "12345"));
  const auto run = read_run(folder_ / "a", Limits{});
  ASSERT_OK(run);
  EXPECT_EQ(run->architecture, "compact");
  EXPECT_EQ(run->width_px, 96);
  EXPECT_EQ(run->height_px, 64);
  EXPECT_EQ(run->validation_families, 10U);
  EXPECT_EQ(run->best.epoch, 2);  // the least loss of an unfinished run
  EXPECT_EQ(run->weight_bytes, 5U);
  EXPECT_DOUBLE_EQ(run->seconds, 7.5);
  // Wilson, 8 of 10.
  EXPECT_NEAR(run->family_interval.low, 0.4902, 5e-4);
  EXPECT_NEAR(run->family_interval.high, 0.9433, 5e-4);
}

TEST_F(Compared, TheSummarySaysWhichEpochWasBest) {
  write_run(folder_ / "a", epoch_line(1, 0.5, 0.7) + epoch_line(2, 0.9, 0.8));
  ASSERT_OK(write_text(folder_ / "a" / "summary.json", "{\"best_epoch\": 2}"));
  EXPECT_EQ(read_run(folder_ / "a", Limits{})->best.epoch, 2);
}

TEST_F(Compared, KnowsANewHead) {
  write_run(folder_ / "a", epoch_line(1, 0.5, 0.7));
  EXPECT_EQ(read_run(folder_ / "a", Limits{})->head.kind, "own");
  const std::string begin =
      "{\"architecture\":\"compact\",\"preprocessing\":{\"width_px\":96,\"height_px\":64},";
  ASSERT_OK(write_text(folder_ / "a" / "config.json",
                       begin + "\"head\":\"flat\",\"head_layers\":2,\"head_width\":500,"
                               "\"head_batch_norm\":false}"));
  const auto run = read_run(folder_ / "a", Limits{});
  ASSERT_OK(run);
  EXPECT_EQ(run->head.kind, "flat");
  EXPECT_EQ(run->head.layers, 2);
  EXPECT_EQ(run->head.width, 500);
  ASSERT_OK(write_text(folder_ / "a" / "config.json", begin + "\"head\":\"flat\"}"));
  EXPECT_ERROR(read_run(folder_ / "a", Limits{}), ErrorCode::malformed);
}

TEST_F(Compared, TheBestFamiliesLead) {
  write_run(folder_ / "a", epoch_line(1, 0.5, 0.7));
  write_run(folder_ / "b", epoch_line(1, 0.9, 0.8));
  std::vector<ComparedRun> runs{*read_run(folder_ / "a", Limits{}),
                                *read_run(folder_ / "b", Limits{})};
  sort_by_accuracy(runs);
  EXPECT_THAT(runs[0].name, testing::EndsWith("b"));
  EXPECT_TRUE(have_the_same_judges(runs));
  const auto csv = to_csv(runs);
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 3);
  const auto page = comparison_page(runs);
  for (const char* text : {"Leaderboard", "Validation loss", "<svg", "compact", "96×64"}) {
    EXPECT_THAT(page, testing::HasSubstr(text));
  }
  EXPECT_THAT(page, testing::Not(testing::HasSubstr("cannot be held")));
}

TEST_F(Compared, SaysWhenOthersJudged) {
  write_run(folder_ / "a", epoch_line(1, 0.5, 0.7));
  write_run(folder_ / "b", epoch_line(1, 0.9, 0.8), "b");
  const std::vector<ComparedRun> runs{*read_run(folder_ / "a", Limits{}),
                                      *read_run(folder_ / "b", Limits{})};
  EXPECT_FALSE(have_the_same_judges(runs));
  EXPECT_THAT(comparison_page(runs), testing::HasSubstr("cannot be held against each other"));
}

TEST_F(Compared, RefusesWhatIsNoRun) {
  EXPECT_ERROR(read_run(folder_ / "none", Limits{}), ErrorCode::not_found);
  write_run(folder_ / "empty", "");
  EXPECT_ERROR(read_run(folder_ / "empty", Limits{}), ErrorCode::not_found);
  for (const char* broken : {"{", "[]\n", "{}\n", "{\"epoch\":\"x\"}\n", "{\"epoch\":1}\n"}) {
    SCOPED_TRACE(broken);
    write_run(folder_ / "broken", broken);
    const auto run = read_run(folder_ / "broken", Limits{});
    EXPECT_ERROR(run, ErrorCode::malformed);
    EXPECT_THAT(run.error().path, testing::EndsWith("history.jsonl"));
  }
  write_run(folder_ / "config", epoch_line(1, 1, 1));
  for (const char* broken : {"[]", "{}", "{\"architecture\":3}", "{\"architecture\":\"compact\"}",
                             "{\"architecture\":\"c\",\"preprocessing\":{\"width_px\":\"9\"}}"}) {
    SCOPED_TRACE(broken);
    ASSERT_OK(write_text(folder_ / "config" / "config.json", broken));
    EXPECT_ERROR(read_run(folder_ / "config", Limits{}), ErrorCode::malformed);
  }
}

TEST_F(Compared, EscapesNamesOnThePage) {
  write_run(folder_ / "<b>", epoch_line(1, 0.5, 0.7));
  const auto page = comparison_page({*read_run(folder_ / "<b>", Limits{})});
  EXPECT_THAT(page, testing::Not(testing::HasSubstr("<b>")));
}

}  // namespace
}  // namespace bloodcell::report
