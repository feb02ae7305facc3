#include <nlohmann/json.hpp>

#include "running_server.hpp"

namespace bloodcell::serve {
namespace {

using namespace bloodcell::test;
using nlohmann::json;

TEST(Shown, RunsStudiesAndSetsAreSeen) {
  const RunningServer server;
  const auto runs = json::parse(server.ask("GET", "/api/v1/runs").body)["runs"];
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_EQ(runs[0]["run"], "first");
  EXPECT_EQ(runs[0]["history"][0]["validation_loss"], 0.6);
  const auto studies = json::parse(server.ask("GET", "/api/v1/studies").body)["studies"];
  EXPECT_EQ(studies[0]["states"]["complete"], 1);
  for (const char* path : {"/api/v1/run-comparison", "/api/v1/studies/search/report",
                           "/api/v1/datasets/cells/report"}) {
    const auto got = server.ask("GET", path);
    EXPECT_EQ(got.status, 200) << path;
    EXPECT_TRUE(got.body.starts_with("<!DOCTYPE html>")) << path;
  }
}

TEST(Shown, NothingElseIsReached) {
  const RunningServer server;
  EXPECT_EQ(server.ask("GET", "/api/v1/studies/other/report").status, 404);
  EXPECT_EQ(server.ask("GET", "/api/v1/datasets/..%2Fcells/report").status, 404);
}

}  // namespace
}  // namespace bloodcell::serve
