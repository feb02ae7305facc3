#include <bloodcell/cli/application.hpp>

#include <csignal>
#include <cstdlib>
#include <streambuf>

#include <nlohmann/json.hpp>

#include <bloodcell/test/support.hpp>

#include "toy_program.hpp"

namespace bloodcell::cli {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class NoColor {
 public:
  explicit NoColor(const char* value) { ::setenv("NO_COLOR", value, 1); }
  ~NoColor() { ::unsetenv("NO_COLOR"); }
  NoColor(const NoColor&) = delete;
  NoColor& operator=(const NoColor&) = delete;
};

TEST(Application, HandsAVerbItsOptionsAndTheCommonOnes) {
  const auto ran =
      run_with(toy_program(), {"count", "--epochs", "5", "a.jpg", "--threads", "3", "b c.jpg",
                               "--fast", "-o", "x", "--max-pixels=77", "--json"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(ran.out,
            "epochs 5 rate 0.001 fast 1 seed 42 format table output 'x' threads 3 pixels 77 json 1 "
            "colour 0 inputs <a.jpg> <b c.jpg>\n");
  EXPECT_EQ(ran.err, "");
}

TEST(Application, TakesCommonOptionsBeforeTheVerbToo) {
  const auto ran = run_with(toy_program(), {"-j", "2", "count", "a"});
  EXPECT_THAT(ran.out, HasSubstr("threads 2"));
}

TEST(Application, TakesAFileNamedLikeAVerbAsAFile) {
  const auto ran = run_with(toy_program(), {"count", "fail", "deep", "count"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("inputs <fail> <deep> <count>"));
}

TEST(Application, TakesEverythingAfterTwoDashesAsAnInput) {
  const auto ran = run_with(toy_program(), {"count", "--", "-odd.jpg", "--json"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("json 0"));
  EXPECT_THAT(ran.out, HasSubstr("inputs <-odd.jpg> <--json>"));
}

TEST(Application, RunsANestedVerb) {
  EXPECT_EQ(run_with(toy_program(), {"deep", "dive", "--depth", "9"}).out, "depth 9\n");
}

TEST(Application, PrintsItsVersion) {
  const auto ran = run_with(toy_program(), {"--version"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.out, testing::MatchesRegex("toy [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST(Application, HelpEndsWithExamples) {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"count", "--help"}, {"deep", "-h"}, {"deep", "dive", "--help"}}) {
    const auto ran = run_with(toy_program(), words);
    EXPECT_EQ(ran.status, 0);
    EXPECT_THAT(ran.out, HasSubstr("Examples:\n  toy " + words.front()));
    EXPECT_EQ(ran.err, "");
  }
}

TEST(Application, HelpShowsUsageChoicesAndDefaults) {
  const auto help = run_with(toy_program(), {"count", "--help"}).out;
  EXPECT_THAT(help, StartsWith("Count things\n\nUsage: toy count [OPTIONS] inputs...\n"));
  EXPECT_THAT(help, HasSubstr("--format table|csv|json [table]"));
  EXPECT_THAT(help, HasSubstr("--epochs INT [20]"));
  EXPECT_THAT(help, HasSubstr("-j,--threads UINT"));
}

TEST(Application, HelpLeavesOutCommonOptionsWithoutEffect) {
  const auto help = run_with(toy_program(), {"deep", "dive", "--help"}).out;
  EXPECT_THAT(help, HasSubstr("--json"));
  EXPECT_THAT(help, HasSubstr("--config"));
  EXPECT_THAT(help, Not(HasSubstr("--threads")));
  EXPECT_THAT(help, Not(HasSubstr("--max-pixels")));
}

TEST(Application, RefusesACommonOptionWithoutEffect) {
  const auto ran = run_with(toy_program(), {"deep", "dive", "--max-pixels", "5"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("--max-pixels has no effect on toy deep dive"));
}

TEST(Application, SuggestsTheNearestVerb) {
  const auto ran = run_with(toy_program(), {"cuont", "a.jpg"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err, "error: 'cuont' is not a verb of toy; did you mean count?\n");
}

TEST(Application, SuggestsTheNearestNestedVerb) {
  const auto ran = run_with(toy_program(), {"deep", "dvie"});
  EXPECT_EQ(ran.err, "error: 'dvie' is not a verb of toy deep; did you mean dive?\n");
}

TEST(Application, SuggestsNothingForANameUnlikeAll) {
  const auto ran = run_with(toy_program(), {"paint"});
  EXPECT_EQ(ran.err, "error: 'paint' is not a verb of toy; see toy --help\n");
}

TEST(Application, SuggestsTheNearestOptionOfVerbAndProgram) {
  EXPECT_THAT(run_with(toy_program(), {"count", "--epoch=4", "a"}).err,
              HasSubstr("toy count has no option --epoch; did you mean --epochs?"));
  EXPECT_THAT(run_with(toy_program(), {"count", "--thread", "4", "a"}).err,
              HasSubstr("did you mean --threads?"));
}

TEST(Application, NamesTheVerbsWhenNoneIsGiven) {
  const auto ran = run_with(toy_program(), {});
  EXPECT_EQ(ran.status, 2);
  EXPECT_EQ(ran.err, "error: name a verb: count, deep, fail, completion; see toy --help\n");
}

TEST(Application, MissingInputsAndWrongValuesAreWrongUsage) {
  EXPECT_EQ(run_with(toy_program(), {"count"}).status, 2);
  EXPECT_EQ(run_with(toy_program(), {"count", "a", "--epochs", "many"}).status, 2);
  EXPECT_EQ(run_with(toy_program(), {"count", "a", "--epochs", "0"}).status, 2);
  EXPECT_EQ(run_with(toy_program(), {"count", "a", "--epochs", "99999999999999999999"}).status, 2);
  EXPECT_EQ(run_with(toy_program(), {"count", "a", "--format", "xml"}).status, 2);
  EXPECT_EQ(run_with(toy_program(), {"count", "a", "--threads", "0"}).status, 2);
  EXPECT_EQ(run_with(toy_program(), {"count", "a", "--threads", "-1"}).status, 2);
  EXPECT_EQ(run_with(toy_program(), {"count", "a", "--quiet", "--verbose"}).status, 2);
  EXPECT_EQ(run_with(toy_program(), {"deep"}).status, 2);
}

TEST(Application, ExitStatusIsTheActionsOrTheErrors) {
  EXPECT_EQ(run_with(toy_program(), {"fail", "some"}).status, 3);
  EXPECT_EQ(run_with(toy_program(), {"fail", "usage"}).status, 2);
  EXPECT_EQ(run_with(toy_program(), {"fail", "malformed"}).status, 1);
}

TEST(Application, PrintsErrorsForPeopleOnErr) {
  const auto ran = run_with(toy_program(), {"fail"});
  EXPECT_EQ(ran.err, "error: cells/12.jpg: ends early; copy it again\n");
  EXPECT_EQ(ran.out, "");
}

TEST(Application, PrintsErrorsForProgramsAsTheDocument) {
  const auto ran = run_with(toy_program(), {"fail", "--json"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.err, "");
  const auto error = nlohmann::json::parse(ran.out).at("error");
  EXPECT_EQ(error.at("code"), "malformed");
  EXPECT_EQ(error.at("message"), "ends early");
  EXPECT_EQ(error.at("path"), "cells/12.jpg");
  EXPECT_EQ(error.at("remedy"), "copy it again");
}

TEST(Application, WrongUsageIsJsonTooWhenAsked) {
  const auto ran = run_with(toy_program(), {"count", "--json", "--nosuch"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_EQ(nlohmann::json::parse(ran.out).at("error").at("code"), "usage");
}

TEST(Application, NeverPutsAnErrorDocumentBehindHalfAnAnswer) {
  const auto ran = run_with(toy_program(), {"fail", "late", "--json"});
  EXPECT_EQ(ran.out, "half an answer\n");
  EXPECT_THAT(ran.err, StartsWith("error: "));
}

TEST(Application, AnExceptionThatEscapesIsAnError) {
  const auto ran = run_with(toy_program(), {"fail", "throw"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.err, "error: thrown by a library\n");
}

TEST(Colour, FollowsTerminalOptionAndNoColor) {
  const Surroundings terminal{true, true};
  const auto coloured = [](const Ran& ran) {
    return ran.out.find("colour 1") != std::string::npos;
  };
  EXPECT_FALSE(coloured(run_with(toy_program(), {"count", "a"})));
  EXPECT_TRUE(coloured(run_with(toy_program(), {"count", "a"}, terminal)));
  EXPECT_TRUE(coloured(run_with(toy_program(), {"count", "a", "--colour", "always"})));
  EXPECT_FALSE(coloured(run_with(toy_program(), {"count", "a", "--colour", "never"}, terminal)));
  const NoColor set("1");
  EXPECT_FALSE(coloured(run_with(toy_program(), {"count", "a"}, terminal)));
  EXPECT_TRUE(coloured(run_with(toy_program(), {"count", "a", "--colour", "always"}, terminal)));
}

TEST(Colour, AnEmptyNoColorSaysNothing) {
  const NoColor empty("");
  EXPECT_THAT(run_with(toy_program(), {"count", "a"}, {true, true}).out, HasSubstr("colour 1"));
}

// A disk that is full after some bytes, or a pipe without a reader.
class FailingBuffer final : public std::streambuf {
 public:
  explicit FailingBuffer(int error_number) : error_number_(error_number) {}

 private:
  int_type overflow(int_type) override {
    errno = error_number_;
    return traits_type::eof();
  }
  int error_number_;
};

Ran run_into(int error_number, const std::vector<const char*>& words) {
  FailingBuffer buffer(error_number);
  std::ostream out(&buffer);
  std::istringstream in;
  std::ostringstream err;
  Terminal terminal{in, out, err};
  Ran ran;
  ran.status = run(toy_program(), static_cast<int>(words.size()), words.data(), terminal);
  ran.err = err.str();
  return ran;
}

TEST(Output, AFullDiskIsAnError) {
  const auto ran = run_into(ENOSPC, {"toy", "count", "a"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.err,
            "error: standard output: cannot write the answer: No space left on device; free some "
            "disk space\n");
}

TEST(Output, AReaderWhoWentAwayIsNotWorthAWord) {
  const auto ran = run_into(EPIPE, {"toy", "count", "a"});
  EXPECT_EQ(ran.status, 141);
  EXPECT_EQ(ran.err, "");
}

TEST(Output, AWriteThatFailsStopsTheWork) {
  int steps = 0;
  Program program{"toy", "A toy.", {}, {}};
  program.verbs.push_back({"work", "Work", "", [&](CLI::App&) -> Action {
                             return [&](const Job& job) -> Result<int> {
                               for (; steps < 1000; ++steps) {
                                 BC_CHECK(job.context.cancellation.check());
                                 job.terminal.out << "row\n";
                               }
                               return 0;
                             };
                           }});
  FailingBuffer buffer(ENOSPC);
  std::ostream out(&buffer);
  std::istringstream in;
  std::ostringstream err;
  Terminal terminal{in, out, err};
  const char* const words[] = {"toy", "work"};
  EXPECT_EQ(run(program, 2, words, terminal), 1);
  EXPECT_EQ(steps, 1);
  EXPECT_THAT(err.str(), HasSubstr("No space left"));
  EXPECT_THAT(err.str(), Not(HasSubstr("stopped on request")));
}

Program interrupted_program(int signal_number) {
  Program program{"toy", "A toy.", {}, {}};
  program.verbs.push_back({"work", "Work", "", [signal_number](CLI::App&) -> Action {
                             return [signal_number](const Job& job) -> Result<int> {
                               std::raise(signal_number);
                               BC_CHECK(job.context.cancellation.check());
                               return 0;
                             };
                           }});
  return program;
}

TEST(Signals, InterruptAndTerminateAskTheWorkToStop) {
  const auto interrupted = run_with(interrupted_program(SIGINT), {"work"});
  EXPECT_EQ(interrupted.status, 130);
  EXPECT_EQ(interrupted.err, "error: stopped on request\n");
  EXPECT_EQ(run_with(interrupted_program(SIGTERM), {"work"}).status, 143);
}

TEST(Signals, AreForgottenByTheNextRun) {
  EXPECT_EQ(run_with(interrupted_program(SIGINT), {"work"}).status, 130);
  EXPECT_EQ(run_with(toy_program(), {"fail"}).status, 1);
}

TEST(SignalsDeathTest, TheSecondEndsAtOnce) {
  Program program{"toy", "A toy.", {}, {}};
  program.verbs.push_back({"work", "Work", "", [](CLI::App&) -> Action {
                             return [](const Job&) -> Result<int> {
                               std::raise(SIGINT);
                               std::raise(SIGINT);
                               return 0;
                             };
                           }});
  EXPECT_EXIT((void)run_with(program, {"work"}), testing::ExitedWithCode(130), "");
}

}  // namespace
}  // namespace bloodcell::cli
