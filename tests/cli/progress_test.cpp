#include <bloodcell/cli/progress.hpp>

#include <sstream>

#include <bloodcell/test/support.hpp>

#include "toy_program.hpp"

namespace bloodcell::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

class Progress : public testing::Test {
 protected:
  TerminalProgress sink(bool is_terminal, int width = 100) {
    return {err_, is_terminal, width, [this] { return std::chrono::duration<double>(now_); }};
  }
  std::string taken() {
    const std::string text = err_.str();
    err_.str("");
    return text;
  }
  static ProgressStep step(std::uint64_t done, std::uint64_t total) {
    return {"reading", done, total, "images", ""};
  }

  std::ostringstream err_;
  double now_ = 1000;
};

TEST_F(Progress, DrawsOneLineWithRateAndTimeLeftOnATerminal) {
  auto progress = sink(true);
  progress.update(step(0, 4000));
  EXPECT_EQ(taken(), "\rreading [........................]   0 % 0 of 4,000 images\x1b[K");
  now_ += 10;
  progress.update(step(1000, 4000));
  EXPECT_EQ(taken(),
            "\rreading [######..................]  25 % 1,000 of 4,000 images, 100/s, 30 s "
            "left\x1b[K");
}

TEST_F(Progress, RedrawsAtMostTenTimesASecond) {
  auto progress = sink(true);
  progress.update(step(0, 100));
  (void)taken();
  now_ += 0.05;
  progress.update(step(5, 100));
  EXPECT_EQ(taken(), "");
  now_ += 0.06;
  progress.update(step(10, 100));
  EXPECT_THAT(taken(), HasSubstr("10 of 100"));
}

TEST_F(Progress, WipesItsLineWhenDone) {
  auto progress = sink(true);
  progress.update(step(1, 2));
  (void)taken();
  progress.finish();
  EXPECT_EQ(taken(), "\r\x1b[K");
  progress.finish();
  EXPECT_EQ(taken(), "");
}

TEST_F(Progress, CutsItsLineToTheTerminal) {
  auto progress = sink(true, 40);
  progress.update({"reading ééééééééééééééééééééééééé", 1, 10, "images", "loss 0.41"});
  EXPECT_EQ(taken(), "\rreading ééééééééééééééééééééééééé [##..\x1b[K");
}

TEST_F(Progress, ShowsANoteAndCopesWithAnUnknownTotal) {
  auto progress = sink(true);
  progress.update({"listing", 12, 0, "files", "loss 0.41"});
  EXPECT_EQ(taken(), "\rlisting 12 files, loss 0.41\x1b[K");
}

TEST_F(Progress, SaysNothingOfShortWorkOffATerminal) {
  auto progress = sink(false);
  for (std::uint64_t i = 0; i <= 100; ++i) {
    progress.update(step(i, 100));
    now_ += 0.02;
  }
  progress.finish();
  EXPECT_EQ(taken(), "");
}

TEST_F(Progress, WritesPlainLinesNowAndThenOffATerminal) {
  auto progress = sink(false);
  std::size_t lines = 0;
  std::string last;
  for (std::uint64_t i = 0; i <= 1000; ++i) {  // 100 seconds
    progress.update(step(i, 1000));
    now_ += 0.1;
    const std::string text = taken();
    if (text.empty()) continue;
    ++lines;
    last = text;
  }
  EXPECT_EQ(lines, 10U);
  EXPECT_EQ(last, "reading: 1,000 of 1,000 images, 10/s\n");
  EXPECT_THAT(last, Not(HasSubstr("\x1b")));
}

TEST_F(Progress, BreaksALongSilence) {
  auto progress = sink(false);
  progress.update(step(0, 1'000'000));
  now_ += 31;
  progress.update(step(100, 1'000'000));
  EXPECT_EQ(taken(), "reading: 100 of 1,000,000 images, 3.2/s, 86 h 06 min left\n");
}

TEST_F(Progress, CountsTheRateFromWhereTheWorkBegan) {
  auto progress = sink(true);
  progress.update(step(900, 1000));  // resumed
  (void)taken();
  now_ += 10;
  progress.update(step(950, 1000));
  EXPECT_THAT(taken(), HasSubstr("5.0/s, 10 s left"));
}

TEST_F(Progress, BeginsAnewWithEachStep) {
  auto progress = sink(true);
  progress.update({"epoch 1", 10, 10, "batches", ""});
  now_ += 0.01;
  progress.update({"epoch 2", 0, 10, "batches", ""});
  EXPECT_THAT(taken(), HasSubstr("epoch 2"));
}

Program counting_program() {
  Program program{"toy", "A toy.", {}, {}};
  program.verbs.push_back({"work", "Work", "", [](CLI::App&) -> Action {
                             return [](const Job& job) -> Result<int> {
                               job.context.progress.update({"working", 1, 2, "steps", ""});
                               job.terminal.out << "answer\n";
                               return 0;
                             };
                           }});
  return program;
}

TEST(ProgressOfAVerb, GoesToErrAndIsWipedAtTheEnd) {
  const auto ran = run_with(counting_program(), {"work"}, {true, true});
  EXPECT_EQ(ran.out, "answer\n");
  EXPECT_THAT(ran.err, HasSubstr("working"));
  EXPECT_THAT(ran.err, testing::EndsWith("\r\x1b[K"));
}

TEST(ProgressOfAVerb, IsSilentWithQuiet) {
  EXPECT_EQ(run_with(counting_program(), {"work", "--quiet"}, {true, true}).err, "");
}

}  // namespace
}  // namespace bloodcell::cli
