// Shards from outside: killed, continued, joined.
#include <signal.h>

#include <filesystem>
#include <map>

#include <bloodcell/base/csv.hpp>
#include <bloodcell/base/files.hpp>
#include <bloodcell/base/random.hpp>
#include <bloodcell/test/colour_model.hpp>
#include <bloodcell/test/program.hpp>

namespace bloodcell::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class Shards : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(model_file::save(test::colour_model(), folder_ / "colour.onnx"));
    ASSERT_OK(write_text(folder_ / "pictures" / "broken.png", "no picture"));
    test::write_png(folder_ / "red.png", test::kRed);
    for (int i = 0; i < kPictures; ++i) {
      fs::create_symlink(folder_ / "red.png",
                         folder_.path() / "pictures" / fmt::format("{:04}.png", i));
    }
  }

  std::vector<std::string> words(int shard) {
    return {"predict",
            "--model",
            folder_ / "colour.onnx",
            folder_ / "pictures",
            "--shard",
            fmt::format("{}/2", shard),
            "--output",
            folder_ / "cells.csv",
            "--threads",
            "1"};
  }

  static constexpr int kPictures = 3000;
  test::TemporaryFolder folder_;
};

TEST_F(Shards, KilledAtAnyMomentHoldEachPictureOnce) {
  Random random(1, stream_of("kills"), 0);
  for (int kill = 0; kill < 6; ++kill) {
    test::Child child("bloodcell", words(kill % 2));
    child.read_for(static_cast<int>(random.uniform(20, 300)));
    child.signal(SIGKILL);
    child.wait();
  }
  int broken = 0;
  for (int shard : {0, 1}) {
    const int status = test::run_program("bloodcell", words(shard)).status;
    EXPECT_TRUE(status == 0 || status == 3) << status;
    broken += status == 3 ? 1 : 0;
    const auto again = test::run_program("bloodcell", words(shard));
    EXPECT_EQ(again.status, status);
    EXPECT_THAT(again.err, HasSubstr("all done before"));
  }
  EXPECT_EQ(broken, 1);
  const auto merged =
      test::run_program("bloodcell", {"merge", folder_ / "cells.csv", "--shards", "2"});
  ASSERT_EQ(merged.status, 0) << merged.err;
  const auto table = parse_csv(read_text(folder_ / "cells.csv", 1 << 24).value());
  ASSERT_OK(table);
  std::map<std::string, int> times;
  for (const auto& row : table->rows) ++times[row.front()];
  EXPECT_EQ(times.size(), kPictures + 1U);
  for (const auto& [file, count] : times) EXPECT_EQ(count, 1) << file;
}

TEST_F(Shards, SayWhatTheyNeed) {
  const auto unnamed = test::run_program("bloodcell", {"predict", "x", "--shard", "0/2"});
  EXPECT_EQ(unnamed.status, 2);
  EXPECT_THAT(unnamed.err, HasSubstr("--output"));
  const auto wrong =
      test::run_program("bloodcell", {"predict", "x", "--shard", "2/2", "--output", "a.csv"});
  EXPECT_EQ(wrong.status, 2);
  const auto odd = test::run_program(
      "bloodcell", {"predict", "x", "--shard", "0/2", "--format", "csv", "--output", "a.txt"});
  EXPECT_EQ(odd.status, 2);
  EXPECT_EQ(test::run_program("bloodcell", {"merge", "a.txt", "--shards", "2"}).status, 2);
  const auto missing =
      test::run_program("bloodcell", {"merge", folder_ / "none.csv", "--shards", "3"});
  EXPECT_EQ(missing.status, 1);
  EXPECT_THAT(missing.err, HasSubstr("0, 1, 2"));
}

}  // namespace
}  // namespace bloodcell::cli
