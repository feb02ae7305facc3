#include <cstdio>
#include <cstdlib>

#include <bloodcell/base/files.hpp>
#include <bloodcell/test/support.hpp>

#include "toy_program.hpp"

namespace bloodcell::cli {
namespace {

using testing::HasSubstr;

bool has_program(const std::string& name) {
  return std::system(("command -v " + name + " >/dev/null 2>&1").c_str()) == 0;
}

std::string output_of(const std::string& command) {
  std::string text;
  FILE* pipe = ::popen(command.c_str(), "r");
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) text += static_cast<char>(c);
  EXPECT_EQ(::pclose(pipe), 0) << command;
  return text;
}

std::string script(const std::string& shell) {
  const auto ran = run_with(toy_program(), {"completion", shell});
  EXPECT_EQ(ran.status, 0) << ran.err;
  return ran.out;
}

class Completion : public testing::Test {
 protected:
  // What bash offers for the last of the words.
  std::string offered(const std::string& words) {
    const auto written =
        write_text(folder_ / "try.bash", script("bash") + "COMP_WORDS=(" + words +
                                             ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_toy\n"
                                             "printf '%s\\n' \"${COMPREPLY[@]}\"\n");
    EXPECT_OK(written);
    return output_of("cd " + folder_.path().string() + " && bash try.bash");
  }
  test::TemporaryFolder folder_;
};

TEST_F(Completion, EveryShellsScriptParses) {
  std::size_t checked = 0;
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    const auto path = folder_ / ("script." + shell);
    const auto written = write_text(path, script(shell));
    ASSERT_OK(written);
    if (!has_program(shell)) continue;
    EXPECT_EQ(std::system((shell + " -n " + path.string()).c_str()), 0) << shell;
    ++checked;
  }
  if (checked == 0) GTEST_SKIP() << "no bash, zsh or fish here";
}

TEST_F(Completion, NamesEveryVerbAndOption) {
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    const auto text = script(shell);
    for (const std::string word : {"count", "deep", "dive", "fail", "completion", "depth", "epochs",
                                   "max-pixels", "always", "version"}) {
      EXPECT_THAT(text, HasSubstr(word)) << shell;
    }
  }
}

TEST_F(Completion, QuotesAnApostropheInAText) {
  EXPECT_THAT(script("zsh"), HasSubstr(R"(how fast it'\''s learnt)"));
  EXPECT_THAT(script("fish"), HasSubstr(R"(how fast it\'s learnt)"));
}

TEST_F(Completion, BashOffersVerbsOptionsValuesAndFiles) {
  if (!has_program("bash")) GTEST_SKIP() << "no bash here";
  const auto written = write_text(folder_ / "a picture.jpg", "");
  ASSERT_OK(written);
  EXPECT_EQ(offered("toy co"), "count\ncompletion\n");
  EXPECT_EQ(offered("toy deep ''"), "dive\n");
  EXPECT_EQ(offered("toy deep dive --de"), "--depth\n");
  EXPECT_EQ(offered("toy count --format ''"), "table\ncsv\njson\n");
  EXPECT_EQ(offered("toy count --format = c"), "csv\n");
  EXPECT_EQ(offered("toy count --output a"), "a picture.jpg\n");
  EXPECT_EQ(offered("toy count a"), "a picture.jpg\n");
  EXPECT_EQ(offered("toy completion ''"), "bash\nzsh\nfish\n");
}

TEST_F(Completion, LeavesOutWhatHasNoEffect) {
  if (!has_program("bash")) GTEST_SKIP() << "no bash here";
  EXPECT_EQ(offered("toy deep dive --th"), "\n");
  EXPECT_EQ(offered("toy count --th"), "--threads\n");
}

TEST_F(Completion, AnotherShellIsWrongUsage) {
  EXPECT_EQ(run_with(toy_program(), {"completion", "tcsh"}).status, 2);
}

}  // namespace
}  // namespace bloodcell::cli
