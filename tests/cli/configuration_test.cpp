#include <fstream>

#include <rapidcheck.h>
#include <nlohmann/json.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/test/support.hpp>

#include "toy_program.hpp"

namespace bloodcell::cli {
namespace {

using testing::HasSubstr;

class Configuration : public testing::Test {
 protected:
  Ran count_with(const std::string& toml, std::vector<std::string> words = {}) {
    write(toml);
    std::vector<std::string> all{"count", "a", "--config", file()};
    all.insert(all.end(), words.begin(), words.end());
    return run_with(toy_program(), all);
  }
  void write(const std::string& toml) {
    const auto written = write_text(folder_ / "toy.toml", toml);
    EXPECT_OK(written);
  }
  [[nodiscard]] std::string file() const { return (folder_ / "toy.toml").string(); }
  // What is said of the file, without its folder.
  [[nodiscard]] std::string said(const Ran& ran) const {
    const std::string start = "error: " + file() + ":";
    EXPECT_TRUE(ran.err.starts_with(start)) << ran.err;
    return ran.err.starts_with(start) ? ran.err.substr(start.size()) : ran.err;
  }

  test::TemporaryFolder folder_;
};

TEST_F(Configuration, SetsCommonOptionsAtTheTopAndAVerbsInItsTable) {
  const auto ran = count_with(R"(
threads = 3
max-pixels = 1000
json = true
[count]
epochs = 5
rate = 2e-4
fast = true
seed = "18446744073709551615"
format = "csv"
output = "tab\tle"
[deep.dive]
depth = 4
)");
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(ran.out,
            "epochs 5 rate 0.0002 fast 1 seed 18446744073709551615 format csv output 'tab\tle' "
            "threads 3 pixels 1000 json 1 colour 0 inputs <a>\n");
  EXPECT_EQ(run_with(toy_program(), {"--config", file(), "deep", "dive"}).out, "depth 4\n");
}

TEST_F(Configuration, TheCommandLineBeatsTheFile) {
  const auto ran = count_with("threads = 3\n[count]\nepochs = 5\nformat = \"csv\"\n",
                              {"--epochs", "7", "--threads", "2"});
  EXPECT_THAT(ran.out, HasSubstr("epochs 7 "));
  EXPECT_THAT(ran.out, HasSubstr("threads 2 "));
  EXPECT_THAT(ran.out, HasSubstr("format csv "));
}

TEST_F(Configuration, MayNameTheInputs) {
  write("[count]\ninputs = [\"x.jpg\", \"y z.jpg\"]\n");
  EXPECT_THAT(run_with(toy_program(), {"count", "--config", file()}).out,
              HasSubstr("inputs <x.jpg> <y z.jpg>"));
}

TEST_F(Configuration, BadSyntaxNamesLineAndColumn) {
  const auto ran = count_with("[count]\nepochs = = 5\n");
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(said(ran), testing::StartsWith("2:10: "));
}

TEST_F(Configuration, AnUnknownKeyIsRefusedWithTheNearest) {
  const auto ran = count_with("[count]\n\n  epoch = 5\n");
  EXPECT_EQ(ran.status, 2);
  EXPECT_EQ(said(ran),
            "3:3: unknown key 'epoch': toy count has no such option; did you mean epochs?\n");
}

TEST_F(Configuration, AnUnknownKeyOfAnotherVerbIsRefusedToo) {
  EXPECT_THAT(said(count_with("[deep.dive]\ndepht = 1\n")), HasSubstr("did you mean depth?"));
}

TEST_F(Configuration, AnUnknownTableIsRefusedWithTheNearest) {
  EXPECT_EQ(said(count_with("[cuont]\nepochs = 5\n")),
            "1:2: unknown table [cuont]: toy has no such verb; did you mean count?\n");
}

TEST_F(Configuration, TheTableOfASiblingProgramIsPassedOver) {
  EXPECT_EQ(count_with("[elsewhere]\nwhatever = 5\n").status, 0);
}

TEST_F(Configuration, AValueOfAnotherTypeIsRefused) {
  EXPECT_EQ(said(count_with("[count]\nepochs = \"many\"\n")),
            "2:10: 'epochs' takes a whole number, not a string\n");
  EXPECT_EQ(said(count_with("[count]\nepochs = 1.5\n")),
            "2:10: 'epochs' takes a whole number, not a number with a fraction\n");
  EXPECT_EQ(said(count_with("[count]\nfast = 1\n")),
            "2:8: 'fast' takes true or false, not a whole number\n");
  EXPECT_EQ(said(count_with("[count]\noutput = 7\n")),
            "2:10: 'output' takes a string (a path), not a whole number\n");
  EXPECT_EQ(said(count_with("[count]\nepochs = [1, 2]\n")),
            "2:10: 'epochs' takes one value, not a list\n");
  EXPECT_EQ(said(count_with("[count]\nrate = 2020-01-01\n")),
            "2:8: 'rate' takes a number, not a date or time\n");
}

TEST_F(Configuration, AValueOutOfRangeIsRefused) {
  const auto range = said(count_with("[count]\nepochs = 0\n"));
  EXPECT_THAT(range, testing::StartsWith("2:10: 'epochs': "));
  EXPECT_THAT(range, HasSubstr("1 to 1000"));
  EXPECT_THAT(said(count_with("[count]\nformat = \"xml\"\n")), HasSubstr("xml not in {table"));
}

TEST_F(Configuration, IsNotReadBeyondItsLimit) {
  const auto ran = count_with("# " + std::string(2U << 20, 'x') + "\n");
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("more than 1048576 bytes"));
}

TEST_F(Configuration, AFileThatIsNotThereIsWrongUsage) {
  const auto ran = run_with(toy_program(), {"count", "a", "--config", "no/such.toml"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("no/such.toml: no such file"));
  EXPECT_EQ(run_with(toy_program(), {"count", "a", "--config", folder_.path().string()}).status, 2);
}

TEST_F(Configuration, IsNotItselfAnOptionOfTheFile) {
  EXPECT_THAT(said(count_with("config = \"other.toml\"\n")), HasSubstr("unknown key 'config'"));
  EXPECT_THAT(said(count_with("help = true\n")), HasSubstr("unknown key 'help'"));
}

TEST_F(Configuration, PrintsAllThatWasResolvedAndDoesNotRun) {
  const auto ran = run_with(toy_program(), {"count", "--print-config", "--epochs", "5", "-j", "2",
                                            "--seed", "0x10", "a\"b"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(ran.out, R"(quiet = false
verbose = false
colour = "auto"
json = false
threads = 2
max-file-bytes = 268435456
max-pixels = 100000000
max-files = 10000000

[count]
epochs = 5
rate = 0.001
fast = false
seed = 16
format = "table"
inputs = ["a\"b"]
)");
}

TEST_F(Configuration, PrintsWithoutWhatTheWorkWouldNeed) {
  const auto ran = run_with(toy_program(), {"count", "--print-config"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(run_with(toy_program(), {"count", "--", "--print-config"}).status, 0);
}

TEST_F(Configuration, PrintsANestedVerbsTable) {
  EXPECT_THAT(run_with(toy_program(), {"deep", "dive", "--print-config"}).out,
              testing::EndsWith("\n[deep.dive]\ndepth = 1\n"));
}

TEST_F(Configuration, AFlagThatIsOffExcludesNothing) {
  write("quiet = false\nverbose = true\n");
  const auto ran = run_with(toy_program(), {"count", "--config", file(), "a"});
  EXPECT_EQ(ran.status, 0) << ran.err;
}

// What is printed, fed back, gives the same run and prints the same again.
TEST_F(Configuration, PrintedAndFedBackIsTheSame) {
  EXPECT_TRUE(rc::check("round trip", [this] {
    const auto text = [] {
      return *rc::gen::container<std::string>(
          rc::gen::elementOf(std::string("az09 '\"\\#=[],{}\t\n\x01é")));
    };
    const auto epochs = std::to_string(*rc::gen::inRange(1, 1001));
    const auto rate = std::to_string(*rc::gen::inRange(-1000, 1000)) + "e-4";
    const auto seed = std::to_string(*rc::gen::arbitrary<std::uint64_t>());
    std::string output = text();
    std::string input = text();
    // CLI11 takes `[a,b]` as a list; half a letter is no text.
    RC_PRE(!input.empty() && input.front() != '[');
    for (auto* word : {&output, &input}) {
      std::erase_if(*word, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
    }
    RC_PRE(!input.empty());
    std::vector<std::string> words{
        "count", "--epochs", epochs, "--rate=" + rate, "--seed", seed, "--format=json", "-j", "1"};
    if (!output.empty()) words.insert(words.end(), {"--output", output});
    if (*rc::gen::arbitrary<bool>()) words.push_back("--fast");
    words.insert(words.end(), {"--", input});
    const auto direct = run_with(toy_program(), words);
    RC_ASSERT(direct.status == 0);
    words.insert(words.begin(), "--print-config");
    const auto printed = run_with(toy_program(), words);
    RC_ASSERT(printed.status == 0);
    write(printed.out);
    const auto again = run_with(toy_program(), {"count", "--config", file()});
    RC_ASSERT(again.err == "");
    RC_ASSERT(again.out == direct.out);
    RC_ASSERT(run_with(toy_program(), {"count", "--config", file(), "--print-config"}).out ==
              printed.out);
  }));
}

}  // namespace
}  // namespace bloodcell::cli
