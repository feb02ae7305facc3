// The product from outside: what a user types, and what comes back.

#include <signal.h>
#include <sys/stat.h>
#include <turbojpeg.h>

#include <filesystem>
#include <sstream>

#include <nlohmann/json.hpp>

#include <bloodcell/base/csv.hpp>
#include <bloodcell/base/files.hpp>
#include <bloodcell/image/decode.hpp>
#include <bloodcell/model_file/model_file.hpp>
#include <bloodcell/test/colour_model.hpp>
#include <bloodcell/test/made_files.hpp>
#include <bloodcell/test/program.hpp>

namespace bloodcell::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class Product : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(model_file::save(test::colour_model(), model_));
    fs::create_directory(pictures_);
  }

  test::Ran bloodcell(std::vector<std::string> arguments, const test::Surroundings& around = {}) {
    return test::run_program("bloodcell", std::move(arguments), around);
  }
  test::Ran predict(std::vector<std::string> more, const test::Surroundings& around = {}) {
    more.insert(more.begin(), {"predict", "--model", model_.string()});
    return bloodcell(std::move(more), around);
  }

  void write_three() {
    test::write_png(pictures_ / "a.png", test::kRed);
    test::write_png(pictures_ / "b.png", test::kGreen);
    test::write_png(pictures_ / "c.png", test::kBlue);
  }
  void write_many(int count) {
    for (int i = 0; i < count; ++i) {
      test::write_png(pictures_ / fmt::format("{:05}.png", i), test::kRed);
    }
  }

  test::TemporaryFolder folder_;
  fs::path model_ = folder_ / "colour.onnx";
  fs::path pictures_ = folder_ / "pictures";
};

std::vector<std::string> classes_of(const std::string& csv) {
  const auto table = parse_csv(csv);
  EXPECT_TRUE(table.has_value());
  std::vector<std::string> classes;
  for (const auto& row : table->rows) classes.push_back(row.at(6));
  return classes;
}

TEST_F(Product, GivesTheSameAnswerInEveryFormat) {
  write_three();
  const auto csv = predict({pictures_, "--format", "csv"});
  ASSERT_EQ(csv.status, 0) << csv.err;
  EXPECT_THAT(csv.out, StartsWith("file,cell,x,y,width,height,class,confidence,status,message,"
                                  "red,green,blue\n"));
  EXPECT_THAT(classes_of(csv.out), ElementsAre("red", "green", "blue"));

  const auto whole = json::parse(predict({pictures_, "--json"}).out);
  ASSERT_EQ(whole.at("rows").size(), 3U);
  std::istringstream lines(predict({pictures_, "--format", "jsonl"}).out);
  std::size_t row = 0;
  for (std::string line; std::getline(lines, line); ++row) {
    EXPECT_EQ(json::parse(line), whole.at("rows").at(row));
  }
  EXPECT_EQ(row, 3U);
  EXPECT_THAT(predict({pictures_}).out, AllOf(HasSubstr("a.png"), HasSubstr("green")));
}

TEST_F(Product, KeepsCompiledNetworksWhereItIsTold) {
  write_three();
  const auto count = [](const fs::path& folder) {
    std::error_code none;
    return std::distance(fs::directory_iterator(folder, none), fs::directory_iterator());
  };
  const auto first = predict({pictures_, "--format", "csv", "--cache", folder_ / "named"});
  ASSERT_EQ(first.status, 0) << first.err;
  EXPECT_EQ(count(folder_ / "named"), 1);
  EXPECT_EQ(predict({pictures_, "--format", "csv", "--cache", folder_ / "named"}).out, first.out);
  EXPECT_EQ(count(folder_ / "named"), 1);

  const test::Surroundings around{.names = {{"XDG_CACHE_HOME", (folder_ / "xdg").string()}}};
  EXPECT_EQ(predict({pictures_, "--format", "csv", "--cache", "off"}, around).out, first.out);
  EXPECT_EQ(count(folder_ / "xdg"), 0);
  EXPECT_EQ(predict({pictures_, "--format", "csv"}, around).out, first.out);
  EXPECT_EQ(count(folder_ / "xdg" / "bloodcell"), 1);
  const test::Surroundings astray{.names = {{"XDG_CACHE_HOME", "here"}, {"HOME", "there"}}};
  EXPECT_EQ(predict({pictures_, "--format", "csv"}, astray).out, first.out);
  EXPECT_FALSE(fs::exists("here"));
}

TEST_F(Product, TwoAtOnceShareACache) {
  write_three();
  const std::vector<std::string> words{"predict",  "--model", model_,    pictures_,
                                       "--format", "csv",     "--cache", folder_ / "shared"};
  test::Child one("bloodcell", words);
  test::Child other("bloodcell", words);
  EXPECT_EQ(one.wait(), 0) << one.err();
  EXPECT_EQ(other.wait(), 0) << other.err();
  EXPECT_EQ(one.out(), other.out());
}

TEST_F(Product, SaysWhereTheTimeWentBesideTheRows) {
  write_three();
  const auto ran = predict({pictures_, "--format", "csv", "--profile"});
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(classes_of(ran.out).size(), 3U);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("decode"), HasSubstr("network"), HasSubstr("3 pictures")));
  const auto none = predict({folder_ / "nowhere", "--profile"});
  EXPECT_EQ(none.status, 3);
  EXPECT_THAT(none.err, AllOf(HasSubstr("0 pictures"), ::testing::Not(HasSubstr("nan"))));
}

TEST_F(Product, TakesAListOnStandardInputAndAPattern) {
  write_three();
  const std::string list = (pictures_ / "c.png").string() + "\n" + (pictures_ / "a.png").string();
  const auto listed = predict({"-", "--format", "csv"}, {.input = list});
  EXPECT_THAT(classes_of(listed.out), ElementsAre("blue", "red"));
  const auto matched = predict({(pictures_ / "[ab].png").string(), "--format", "csv"});
  EXPECT_THAT(classes_of(matched.out), ElementsAre("red", "green"));
}

// What a careless disk holds. The rest is classed and the exit status says that something was not.
TEST_F(Product, GivesEachHostileFileItsRowAndClassesTheRest) {
  namespace made = image::made;
  const auto put = [&](const char* name, const Bytes& bytes) {
    ASSERT_OK(write_file(pictures_ / name, bytes));
  };
  const Bytes jpeg = made::jpeg(test::flat(64, 64, test::kBlue));
  put("a_cut.jpg",
      Bytes(jpeg.begin(), jpeg.begin() + static_cast<std::ptrdiff_t>(jpeg.size() / 2)));
  put("b_text.jpg", made::text("a letter to a friend"));
  put("c_empty.jpg", {});
  put("d_huge.png", made::png_header(30'000, 30'000));
  const std::vector<std::uint8_t> magenta_ink(64 * 64 * 4, 255);
  put("e_cmyk.jpg", made::jpeg(64, 64, magenta_ink, {TJPF_CMYK, TJSAMP_444, 95, 0}));
  const auto green16 = [](int, int, int sample) { return sample == 1 ? 65'535 : 0; };
  put("f_16bit.tif", made::tiff(40, 30, green16, {.bits = 16}));
  put("g_good.jpg", jpeg);
  fs::create_symlink("h_loop.png", pictures_ / "h_loop.png");
  fs::create_directory_symlink(pictures_, pictures_ / "i_back");
  ASSERT_EQ(::mkfifo((pictures_ / "j_pipe.png").c_str(), 0600), 0);

  const auto ran = predict({pictures_, "--json"});
  EXPECT_EQ(ran.status, 3) << ran.err;
  const auto rows = json::parse(ran.out).at("rows");
  ASSERT_EQ(rows.size(), 10U);
  const auto expect_error = [&](std::size_t i, const char* words) {
    EXPECT_EQ(rows[i].at("status"), "error") << rows[i];
    EXPECT_THAT(rows[i].at("message").get<std::string>(), HasSubstr(words));
  };
  expect_error(0, "ends early");
  expect_error(1, "text, not a picture");
  expect_error(2, "empty");
  expect_error(3, "30000x30000");
  EXPECT_EQ(rows[4].at("status"), "ok");
  EXPECT_EQ(rows[5].at("class"), "green");
  EXPECT_EQ(rows[6].at("class"), "blue");
  expect_error(7, "link");
  expect_error(8, "link");
  expect_error(9, "not a regular file");
}

TEST_F(Product, SaysThatTheDiskIsFull) {
  write_three();
  const auto ran = predict({pictures_, "--format", "csv"}, {.output = "/dev/full"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("No space left"));
}

TEST_F(Product, StopsQuietlyWhenItsReaderGoesAway) {
  write_many(600);
  test::Child child("bloodcell", {"predict", "--model", model_, pictures_, "--format", "jsonl"});
  while (child.out().empty()) child.read_for(10);
  child.close_output();
  EXPECT_EQ(child.wait(), 128 + SIGPIPE);
  EXPECT_THAT(child.err(), ::testing::Not(HasSubstr("error")));
}

TEST_F(Product, InterruptedEndsAfterTheStepAndSaysSo) {
  write_many(2000);
  test::Child child("bloodcell", {"predict", "--model", model_, pictures_, "--format", "jsonl",
                                  "--threads", "1"});
  while (child.out().empty()) child.read_for(5);
  child.signal(SIGINT);
  EXPECT_EQ(child.wait(), 128 + SIGINT);
  EXPECT_THAT(child.err(), HasSubstr("stopped"));
  std::istringstream lines(child.out());
  for (std::string line; std::getline(lines, line);) {
    EXPECT_FALSE(json::parse(line, nullptr, false).is_discarded()) << line;
  }
}

TEST_F(Product, WritesAnOutputFileWholeOrNotAtAll) {
  write_three();
  const fs::path file = folder_ / "cells.csv";
  const auto ran = predict({pictures_, "--output", file});
  ASSERT_EQ(ran.status, 0) << ran.err;
  const auto text = read_text(file, 1 << 20);
  ASSERT_OK(text);
  EXPECT_EQ(classes_of(*text).size(), 3U);

  // A file that cannot be read has its row; a model that cannot be read leaves the old file alone.
  EXPECT_EQ(predict({folder_ / "nowhere", "--output", folder_ / "one.csv"}).status, 3);
  EXPECT_TRUE(fs::exists(folder_ / "one.csv"));
  EXPECT_EQ(
      bloodcell({"predict", "--model", folder_ / "none.onnx", pictures_, "--output", file}).status,
      1);
  EXPECT_EQ(*read_text(file, 1 << 20), *text);
}

TEST_F(Product, TakesItsOptionsFromAFile) {
  write_three();
  const fs::path file = folder_ / "bloodcell.toml";
  ASSERT_OK(write_text(file, fmt::format("[predict]\nmodel = \"{}\"\nformat = \"csv\"\n"
                                         "inputs = [\"{}\"]\n",
                                         model_.string(), pictures_.string())));
  const auto ran = bloodcell({"predict", "--config", file});
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(classes_of(ran.out).size(), 3U);
  const auto printed = bloodcell({"predict", "--config", file, "--print-config"});
  EXPECT_THAT(printed.out, AllOf(HasSubstr("format = \"csv\""), HasSubstr("batch = 16")));

  ASSERT_OK(write_text(file, "[predict]\nfromat = \"csv\"\n"));
  const auto wrong = bloodcell({"predict", "--config", file});
  EXPECT_EQ(wrong.status, 2);
  EXPECT_THAT(wrong.err, AllOf(HasSubstr("fromat"), HasSubstr("bloodcell.toml")));
}

TEST_F(Product, MakesASetAndSplitsItWithoutLeaks) {
  const fs::path set = folder_ / "set";
  ASSERT_EQ(bloodcell({"data", "synthesise", "-o", set, "--cells-per-class", "6", "--copies", "3",
                       "--size", "64", "--labels", "lymphocyte,neutrophil"})
                .status,
            0);
  const fs::path families = set / "families.csv";
  const fs::path split = folder_ / "split.json";
  const auto made = bloodcell({"data", "split", set, "--families", families, "-o", split});
  ASSERT_EQ(made.status, 0) << made.err;
  EXPECT_EQ(bloodcell({"data", "audit", split}).status, 0);

  const fs::path leaky = folder_ / "leaky.json";
  ASSERT_EQ(
      bloodcell({"data", "split", set, "--families", families, "-o", leaky, "--by-image"}).status,
      0);
  const auto audited = bloodcell({"data", "audit", leaky, "--json"});
  EXPECT_EQ(audited.status, 1);
  EXPECT_FALSE(json::parse(audited.out).at("leaks").empty());
}

TEST_F(Product, EvaluatesToTheFiguresThatItsPredictionsGive) {
  for (const auto& [label, colour] :
       {std::pair{"red", test::kRed}, {"green", test::kGreen}, {"blue", test::kGrey}}) {
    for (int i = 0; i < 4; ++i) {
      test::write_png(pictures_ / label / fmt::format("{}.png", i), colour);
    }
  }
  const auto judged = bloodcell({"evaluate", "--model", model_, "--data", pictures_, "--json"});
  ASSERT_EQ(judged.status, 0) << judged.err;
  const auto accuracy = json::parse(judged.out).at("report").at("image_accuracy");
  const auto rows = json::parse(predict({pictures_, "--json"}).out).at("rows");
  int right = 0;
  for (const auto& row : rows) {
    const fs::path file = row.at("file").get<std::string>();
    right += file.parent_path().filename() == row.at("class").get<std::string>() ? 1 : 0;
  }
  EXPECT_NEAR(accuracy.at("value").get<double>(), right / 12.0, 1e-12);
}

TEST_F(Product, ProvesItsModelFileAndRefusesADamagedOne) {
  EXPECT_EQ(bloodcell({"info", model_, "--verify"}).status, 0);
  auto bytes = read_file(model_, 1 << 20);
  ASSERT_OK(bytes);
  bytes->resize(bytes->size() / 2);
  const fs::path half = folder_ / "half.onnx";
  ASSERT_OK(write_file(half, *bytes));
  const auto ran = bloodcell({"info", half});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("half.onnx"));
}

TEST_F(Product, KnowsItselfAndItsSurroundings) {
  EXPECT_THAT(bloodcell({"--version"}).out, HasSubstr("0.1"));
  EXPECT_THAT(bloodcell({"doctor"}).out, HasSubstr("OpenVINO"));
  EXPECT_TRUE(json::parse(bloodcell({"doctor", "--json"}).out, nullptr, false).is_object());
  EXPECT_THAT(bloodcell({"models"}).out, AllOf(HasSubstr("baseline"), HasSubstr("compact")));
  EXPECT_THAT(bloodcell({"completion", "bash"}).out, HasSubstr("predict"));
  for (const char* verb : {"predict", "evaluate", "info", "data", "models", "doctor"}) {
    const auto help = bloodcell({verb, "--help"});
    EXPECT_EQ(help.status, 0);
    EXPECT_THAT(help.out, HasSubstr("Examples")) << verb;
  }
}

TEST_F(Product, RefusesWrongUsageWithTwo) {
  EXPECT_EQ(bloodcell({"predict"}).status, 2);
  EXPECT_EQ(bloodcell({"predikt", "x"}).status, 2);
  EXPECT_THAT(bloodcell({"predikt", "x"}).err, HasSubstr("predict"));
  EXPECT_EQ(predict({pictures_, "--min-confidence", "2"}).status, 2);
  EXPECT_EQ(predict({pictures_, "--format", "xml"}).status, 2);
  EXPECT_EQ(predict({pictures_, "--classes", "zebra,horse"}).status, 2);
}

TEST_F(Product, GivesAnErrorAsADocumentWithJson) {
  const auto ran = bloodcell({"info", folder_ / "none.onnx", "--json"});
  EXPECT_EQ(ran.status, 1);
  const auto document = json::parse(ran.out, nullptr, false);
  ASSERT_TRUE(document.is_object());
  EXPECT_THAT(document.at("error").at("path").get<std::string>(), HasSubstr("none.onnx"));
}

TEST_F(Product, ImportsASetAndSaysWhatBecameOfItsClasses) {
  const test::TemporaryFolder folder;
  ASSERT_OK(write_text(folder / "BNE_1.jpg", "never decoded"));
  ASSERT_OK(write_text(folder / "ERB_2.jpg", "never decoded"));
  const auto ran = bloodcell({"data", "import", "pbc", folder.path().string(), "-o",
                              folder.path().string(), "--map", "ERB=", "--json"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  const json said = json::parse(ran.out);
  EXPECT_EQ(said["labels"], (json{{"neutrophil", 1}}));
  EXPECT_EQ(said["left_out"], 1);
  EXPECT_EQ(*read_text(folder / "manifest.csv.json", 1 << 20), ran.out);
  EXPECT_EQ(bloodcell({"data", "import", "pbc", folder.path().string(), "-o", "x", "--map", "ERB"})
                .status,
            2);
}

}  // namespace
}  // namespace bloodcell::cli
