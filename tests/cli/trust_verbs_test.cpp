// evaluate --report, calibrate and differential from outside.

#include <filesystem>

#include <nlohmann/json.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/graph/builder.hpp>
#include <bloodcell/model_file/model_file.hpp>
#include <bloodcell/test/blob_locator.hpp>
#include <bloodcell/test/colour_model.hpp>
#include <bloodcell/test/program.hpp>

namespace bloodcell::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

class TrustVerbs : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(model_file::save(test::colour_model(), path("model.onnx")));
    for (int i = 0; i < 8; ++i) {
      test::write_png(folder_ / fmt::format("cells/red/{}.png", i), test::kRed);
      test::write_png(folder_ / fmt::format("cells/green/{}.png", i), test::kGreen);
      test::write_png(folder_ / fmt::format("cells/blue/{}.png", i),
                      i == 0 ? test::kRed : test::kBlue);
    }
  }
  test::Ran bloodcell(const std::string& verb, std::vector<std::string> more) {
    more.insert(more.begin(), {verb, "--model", path("model.onnx")});
    return test::run_program("bloodcell", std::move(more));
  }
  [[nodiscard]] std::string path(const std::string& name) const {
    return (folder_ / name).string();
  }
  [[nodiscard]] std::string text(const std::string& name) const {
    return read_text(path(name), 1U << 26).value_or("");
  }

  test::TemporaryFolder folder_;
};

TEST_F(TrustVerbs, EvaluateWritesAReportThatComparesWithAReference) {
  ASSERT_EQ(
      bloodcell("evaluate", {"--data", path("cells"), "--predictions", path("before.csv")}).status,
      0);
  ASSERT_OK(write_text(path("run/history.csv"),
                       "epoch,train_loss,train_accuracy,validation_loss,validation_accuracy\n"
                       "1,0.9,0.5,0.8,0.6\n2,0.4,0.8,0.5,0.7\n"));
  const auto ran = bloodcell("evaluate", {"--data", path("cells"), "--report", path("out"),
                                          "--reference", path("before.csv"), "--run", path("run")});
  ASSERT_EQ(ran.status, 0) << ran.err;
  const auto document = json::parse(text("out/report.json"));
  EXPECT_EQ(document["curves"]["comparison"]["mcnemar_p"], 1);
  EXPECT_EQ(document["report"]["image_accuracy"]["right"], 23);
  const auto page = text("out/report.html");
  EXPECT_THAT(page, HasSubstr("Against before.csv"));
  EXPECT_THAT(page, HasSubstr("blue, called red"));
  EXPECT_THAT(page, HasSubstr("(blue/0.png)"));
  for (const char* name : {"confusion", "roc", "reliability", "learning-loss"}) {
    EXPECT_THAT(text(fmt::format("out/{}.svg", name)), HasSubstr("</svg>")) << name;
  }
}

TEST_F(TrustVerbs, EvaluateRefusesAReferenceWithoutAReport) {
  const auto ran =
      bloodcell("evaluate", {"--data", path("cells"), "--reference", path("before.csv")});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("--report"));
}

TEST_F(TrustVerbs, CalibrateWritesAModelFileOfFormatTwo) {
  const auto ran = bloodcell("calibrate", {"--data", path("cells"), "-o", path("trusted.onnx")});
  ASSERT_EQ(ran.status, 0) << ran.err;
  const auto file = model_file::load(path("trusted.onnx"), Limits{});
  ASSERT_OK(file);
  ASSERT_TRUE(file->description.trust.has_value());
  EXPECT_TRUE(file->description.trust->familiarity.has_value());
  EXPECT_EQ(test::run_program("bloodcell", {"info", path("trusted.onnx"), "--verify"}).status, 0);
}

// A convolution before the means that name the colour, so that there is a layer to put into int8.
model_file::ModelFile convolving_model() {
  graph::Builder net("convolving", {3, 8, 8});
  const auto maps = net.relu(net.conv2d("mix", net.input(), {.out_channels = 3, .kernel = 1}));
  net.dense("logits", net.global_average_pool(maps), 3);
  graph::Weights weights;
  weights["mix.weight"] = {{3, 3, 1, 1}, {1, 0, 0, 0, 1, 0, 0, 0, 1}};
  weights["mix.bias"] = {{3}, {0, 0, 0}};
  weights["logits.weight"] = {{3, 3}, {10, 0, 0, 0, 10, 0, 0, 0, 10}};
  weights["logits.bias"] = {{3}, {0, 0, 0}};
  auto description = test::colour_model().description;
  description.architecture = "convolving";
  return model_file::make(std::move(net).build().value(), weights, description).value();
}

TEST_F(TrustVerbs, QuantiseWritesAFileThatRunsInEachPrecision) {
  ASSERT_OK(model_file::save(convolving_model(), path("model.onnx")));
  ASSERT_EQ(test::run_program("bloodcell", {"data", "split", path("cells"), "--by-image", "-o",
                                            path("split.json")})
                .status,
            0);
  const auto ran = bloodcell("quantise", {"--data", path("cells"), "--split", path("split.json"),
                                          "-o", path("int8.onnx"), "--json"});
  if (ran.status != 0 && ran.out.find("does not calculate in int8") != std::string::npos) {
    EXPECT_FALSE(fs::exists(path("int8.onnx")));
    GTEST_SKIP() << "this processor has no int8";
  }
  ASSERT_EQ(ran.status, 0) << ran.err;
  const auto said = json::parse(ran.out);
  EXPECT_EQ(said["layers"], 1);
  EXPECT_EQ(said["precisions"][0]["precision"], "float32");
  EXPECT_EQ(test::run_program("bloodcell", {"info", path("int8.onnx"), "--verify"}).status, 0);
  const auto rows = [&](const std::string& model, const std::string& precision) {
    const auto predicted = test::run_program(
        "bloodcell", {"predict", path("cells"), "--model", path(model), "--precision", precision,
                      "--format", "csv", "--cache", "off"});
    EXPECT_EQ(predicted.status, 0) << predicted.err;
    return predicted.out;
  };
  EXPECT_EQ(rows("int8.onnx", "float32"), rows("model.onnx", "float32"));
  EXPECT_THAT(rows("int8.onnx", "int8"), HasSubstr("green/0.png,0,0,0,16,12,green"));
  const auto refused = bloodcell("predict", {path("cells"), "--precision", "int8"});
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.err, HasSubstr("no layer in int8"));
  EXPECT_THAT(refused.err, HasSubstr("bloodcell quantise"));
}

TEST_F(TrustVerbs, QuantiseNeedsCellsToChooseBy) {
  auto ran = bloodcell("quantise", {"--data", path("cells"), "-o", path("int8.onnx")});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("--split"));
  ASSERT_EQ(test::run_program("bloodcell", {"data", "split", path("cells"), "--by-image", "-o",
                                            path("split.json")})
                .status,
            0);
  ran = bloodcell("quantise", {"--data", path("cells"), "--split", path("split.json"), "--part",
                               "train", "-o", path("int8.onnx")});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("cannot judge"));
  ran = bloodcell("quantise", {"--data", path("cells"), "--split", path("split.json"), "-o",
                               path("int8.onnx")});
  EXPECT_EQ(ran.status, 1);  // one dense layer alone, which stays float
  EXPECT_THAT(ran.err, HasSubstr("no layer that could be in int8"));
  EXPECT_FALSE(fs::exists(path("int8.onnx")));
}

TEST_F(TrustVerbs, JoinPutsASecondNetworkIntoAFileAndCalibrateSaysWhenItReads) {
  ASSERT_OK(model_file::save(test::next_colour_model(), path("large.onnx")));
  const auto ran = bloodcell("join", {"--second", path("large.onnx"), "-o", path("both.onnx"),
                                      "--below", "1", "--weight", "1", "--json"});
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(json::parse(ran.out)["below"], 1.0);
  const auto rows = [&](std::vector<std::string> more) {
    std::vector<std::string> words{"predict",  path("cells"), "--model", path("both.onnx"),
                                   "--format", "jsonl",       "--cache", "off"};
    words.insert(words.end(), more.begin(), more.end());
    const auto predicted = test::run_program("bloodcell", words);
    EXPECT_EQ(predicted.status, 0) << predicted.err;
    return predicted.out;
  };
  EXPECT_THAT(rows({}), HasSubstr("\"read_twice\":true"));
  EXPECT_THAT(rows({"--no-second"}), Not(HasSubstr("read_twice")));
  const auto info = test::run_program("bloodcell", {"info", path("both.onnx")});
  EXPECT_THAT(info.out, HasSubstr("reads again under a confidence of 1, weight 1"));
  EXPECT_EQ(test::run_program("bloodcell", {"info", path("both.onnx"), "--verify"}).status, 0);
  // The second network is wrong of every cell, so it is never asked.
  const auto fitted =
      test::run_program("bloodcell", {"calibrate", "--model", path("both.onnx"), "--data",
                                      path("cells"), "-o", path("fitted.onnx"), "--json"});
  ASSERT_EQ(fitted.status, 0) << fitted.err;
  const auto said = json::parse(fitted.out)["second"];
  EXPECT_EQ(said["below"], 0.0);
  EXPECT_EQ(said["read_again"], 0);
  EXPECT_EQ(said["right"], said["right_alone"]);
  const auto file = model_file::load(path("fitted.onnx"), Limits{});
  ASSERT_OK(file);
  EXPECT_EQ(file->description.second->below, 0.0);
  EXPECT_OK(model_file::second_of(*file, Limits{}));
}

TEST_F(TrustVerbs, QuantiseOfWeightsAloneTakesNoFlagThatItWouldIgnore) {
  for (const char* flag : {"--cells", "--seed"}) {
    const auto ran = bloodcell("quantise", {"--data", path("cells"), "--weights-only", flag, "5",
                                            "-o", path("bytes.onnx")});
    EXPECT_EQ(ran.status, 2);
    EXPECT_THAT(ran.err, HasSubstr(flag));
  }
  ASSERT_EQ(test::run_program("bloodcell", {"data", "split", path("cells"), "--by-image", "-o",
                                            path("split.json")})
                .status,
            0);
  auto ran = bloodcell("quantise", {"--data", path("cells"), "--split", path("split.json"),
                                    "--part", "train", "--weights-only", "-o", path("b.onnx")});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("learnt from"));
  ran = bloodcell("quantise", {"--data", path("cells"), "--weights-only", "-o", path("b.onnx")});
  EXPECT_EQ(ran.status, 1);  // nothing in it is large enough
  EXPECT_THAT(ran.err, HasSubstr("without a kernel of 1024 values"));
  EXPECT_FALSE(fs::exists(path("b.onnx")));
}

TEST_F(TrustVerbs, JoinNamesTheFileThatDoesNotFit) {
  ASSERT_OK(model_file::save(test::colour_model_of_two(), path("two.onnx")));
  const auto ran =
      bloodcell("join", {"--second", path("two.onnx"), "-o", path("both.onnx"), "--below", "0.9"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("two.onnx"));
  EXPECT_FALSE(fs::exists(path("both.onnx")));
}

TEST_F(TrustVerbs, JoinPutsAnotherLocatorIntoAFile) {
  ASSERT_OK(model_file::save(test::blob_locator(), path("locator.onnx")));
  auto ran = bloodcell("join", {"--locator", path("locator.onnx"), "-o", path("both.onnx")});
  ASSERT_EQ(ran.status, 0) << ran.err;
  const auto file = model_file::load(path("both.onnx"), Limits{});
  ASSERT_OK(file);
  EXPECT_EQ(file->locator, test::blob_locator().onnx);
  for (const std::vector<std::string> wrong :
       {std::vector<std::string>{},
        {"--locator", path("locator.onnx"), "--below", "0.5"},
        {"--locator", path("locator.onnx"), "--second", path("locator.onnx")}}) {
    auto words = wrong;
    words.insert(words.end(), {"-o", path("none.onnx")});
    ran = bloodcell("join", words);
    EXPECT_EQ(ran.status, 2) << ran.out;
    EXPECT_FALSE(fs::exists(path("none.onnx")));
  }
}

TEST_F(TrustVerbs, DifferentialCountsWarnsAndWritesItsFiles) {
  ASSERT_OK(write_text(path("ranges.toml"), "source = \"ours\"\n[percent]\nred = [30, 45]\n"));
  const auto ran =
      bloodcell("differential", {path("cells"), "--name", "case 7", "--ranges", path("ranges.toml"),
                                 "-o", path("count"), "--pdf", path("count.pdf")});
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("For research use only"));
  const auto document = json::parse(text("count/differential.json"));
  EXPECT_EQ(document["white_cells"], 24);
  EXPECT_EQ(document["classes"][0]["count"], 9);
  EXPECT_EQ(document["classes"][0]["placed"], "unclear");  // 37.5 %, 19 to 59, of 30 to 45
  EXPECT_EQ(document["warnings"].size(), 1U);
  EXPECT_THAT(text("count/differential.csv"), HasSubstr("red,9,37.50,"));
  EXPECT_THAT(text("count/differential.html"), HasSubstr("case 7"));
  EXPECT_TRUE(text("count.pdf").starts_with("%PDF-"));
}

TEST_F(TrustVerbs, DifferentialRefusesARedCountForCellsAlone) {
  const auto ran = bloodcell("differential", {path("cells"), "--red-cells", "4.8"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("--red-cells is for fields"));
}

TEST_F(TrustVerbs, DifferentialRefusesRangesWithoutASource) {
  ASSERT_OK(write_text(path("ranges.toml"), "[percent]\nred = [60, 70]\n"));
  const auto ran = bloodcell("differential", {path("cells"), "--ranges", path("ranges.toml")});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("no source"));
}

TEST_F(TrustVerbs, DifferentialRefusesRangesOfNoClass) {
  ASSERT_OK(write_text(path("ranges.toml"), "source = \"x\"\n[percent]\nredd = [60, 70]\n"));
  const auto ran = bloodcell("differential", {path("cells"), "--ranges", path("ranges.toml")});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("`redd` is no class of the model"));
}

TEST_F(TrustVerbs, DifferentialCountsNothingOfWhatCannotBeRead) {
  ASSERT_OK(write_text(path("text.jpg"), "dear diary"));
  const auto ran =
      bloodcell("differential", {path("text.jpg"), "--output", path("count_of_nothing")});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("text.jpg"));
  EXPECT_FALSE(std::filesystem::exists(path("count_of_nothing")));
}

}  // namespace
}  // namespace bloodcell::cli
