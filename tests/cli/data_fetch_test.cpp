// data fetch from outside, against a server on 127.0.0.1.

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

class DataFetch : public testing::Test {
 protected:
  DataFetch()
      : server_([this](const test::HttpRequest& request) {
          return test::HttpReply{request.path == "/a.txt" ? 200 : 404, {}, content_};
        }) {}

  void write_registry(const std::string& sha256_of) {
    const json file{{"file", "a.txt"}, {"sha256", sha256(as_bytes_of(sha256_of))}};
    const json entry{{"name", "cells"},   {"what", "some cells"},
                     {"licence", "CC0"},  {"citation", "Nobody 2020"},
                     {"page", "nowhere"}, {"base", server_.url("/")},
                     {"files", {file}},   {"next", "bloodcell data report FOLDER"}};
    ASSERT_OK(write_text(folder_ / "sets.json", json{{"format", 1}, {"entries", {entry}}}.dump()));
  }
  test::Ran fetch(std::vector<std::string> more) {
    more.insert(more.begin(), {"data", "fetch", "--registry", (folder_ / "sets.json").string()});
    return test::run_program("bloodcell", std::move(more), {.folder = folder_.path().string()});
  }

  test::TemporaryFolder folder_;
  const std::string content_ = "cells, all of them";
  test::HttpServer server_;
};

TEST_F(DataFetch, ShowsTheLicenceAndBringsTheFiles) {
  write_registry(content_);
  const auto ran = fetch({"cells"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("CC0"));
  EXPECT_THAT(ran.out, HasSubstr("next: bloodcell data report cells"));
  EXPECT_EQ(*read_text(folder_ / "cells/a.txt", 100), content_);
  const auto again = json::parse(fetch({"cells", "--json"}).out);
  EXPECT_EQ(again["were_there"], 1);
  EXPECT_EQ(again["bytes"], content_.size());
}

TEST_F(DataFetch, EndsWith1WhenTheChecksumDiffers) {
  write_registry("other cells");
  const auto ran = fetch({"cells", "-o", "out"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("SHA-256"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out/a.txt"));
}

TEST_F(DataFetch, ListsTheSetsAndOurOwnListIsSound) {
  write_registry(content_);
  EXPECT_THAT(fetch({}).out, HasSubstr("some cells"));
  EXPECT_THAT(fetch({"sells"}).err, HasSubstr("name one of cells"));
  const auto own = test::run_program("bloodcell", {"data", "fetch", "--json"});
  EXPECT_EQ(own.status, 0) << own.err;
  EXPECT_EQ(json::parse(own.out)["sets"][0]["name"], "bccd");
  EXPECT_EQ(json::parse(own.out)["sets"][0]["files"], 728);
}

}  // namespace
}  // namespace bloodcell::cli
