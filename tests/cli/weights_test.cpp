// weights pull and models from outside, against a server on 127.0.0.1.

#include <set>

#include <nlohmann/json.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/base/hash.hpp>
#include <bloodcell/test/http_server.hpp>
#include <bloodcell/test/program.hpp>
#include <bloodcell/test/support.hpp>

namespace bloodcell::cli {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class Weights : public testing::Test {
 protected:
  Weights()
      : server_([this](const test::HttpRequest& request) {
          return test::HttpReply{request.path == "/w.h5" ? 200 : 404, {}, content_};
        }) {}

  test::Ran pull(const std::string& sha256_of) {
    const json file{{"file", "w.h5"}, {"sha256", sha256(as_bytes_of(sha256_of))}};
    const json entry{{"name", "vgg16-keras"},  {"what", "some weights"},
                     {"licence", "CC BY 4.0"}, {"citation", "Nobody 2020"},
                     {"page", "nowhere"},      {"base", server_.url("/")},
                     {"files", {file}},        {"next", "bloodcell train --weights FOLDER/w.h5"}};
    const auto list = folder_ / "weights.json";
    EXPECT_OK(write_text(list, json{{"format", 1}, {"entries", {entry}}}.dump()));
    return test::run_program("bloodcell", {"weights", "pull", "vgg16-keras", "--registry",
                                           list.string(), "-o", (folder_ / "out").string()});
  }

  test::TemporaryFolder folder_;
  const std::string content_ = "0.25 -1.5 3";
  test::HttpServer server_;
};

TEST_F(Weights, ComeWithTheirLicenceAndTheNextCommand) {
  const auto ran = pull(content_);
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("CC BY 4.0"));
  EXPECT_THAT(ran.out, HasSubstr("next: bloodcell train --weights " + (folder_ / "out").string()));
  EXPECT_EQ(*read_text(folder_ / "out/w.h5", 100), content_);
  EXPECT_THAT(*read_text(folder_ / "out/SOURCE.json", 1 << 16), HasSubstr("CC BY 4.0"));
}

TEST_F(Weights, OfAnotherChecksumDoNotArrive) {
  const auto ran = pull("other weights");
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("SHA-256"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out/w.h5"));
}

TEST(Models, TellOfEachNetworksPixelsAndWeights) {
  const auto listed = json::parse(test::run_program("bloodcell", {"models", "--json"}).out);
  std::set<std::string> names;
  for (const auto& network : listed.at("architectures")) {
    names.insert(network.at("name").get<std::string>());
    EXPECT_GT(network.at("parameters"), 0) << network.at("name");
    EXPECT_EQ(network.at("input_scaling").at("mean").size(), 3U) << network.at("name");
    if (network.at("name") != "vgg16-keras") continue;
    EXPECT_EQ(network["input_scaling"]["channels"], "bgr");
    EXPECT_EQ(network["input_scaling"]["mean"][0], 103.939);
    EXPECT_EQ(network["weights"][0]["licence"], "CC BY 4.0");
  }
  const auto pulled =
      json::parse(test::run_program("bloodcell", {"weights", "pull", "--json"}).out);
  EXPECT_GE(pulled.at("weights").size(), 10U);
  for (const auto& entry : pulled.at("weights")) EXPECT_EQ(names.count(entry.at("name")), 1U);
  EXPECT_THAT(test::run_program("bloodcell", {"models"}).out, HasSubstr("efficientnet_lite0"));
}

}  // namespace
}  // namespace bloodcell::cli
