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
  for (const char* path : {"/api/v1/run-comparison", "/api/v1/studies/search%2Ffirst/report",
                           "/api/v1/datasets/cells/report"}) {
    const auto got = server.ask("GET", path);
    EXPECT_EQ(got.status, 200) << path;
    EXPECT_TRUE(got.body.starts_with("<!DOCTYPE html>")) << path;
  }
}

TEST(Shown, ARunTellsWhatWasChosenForIt) {
  const RunningServer server;
  const auto runs = json::parse(server.ask("GET", "/api/v1/runs").body)["runs"];
  EXPECT_EQ(runs[0]["settings"]["architecture"], "compact");
}

TEST(Shown, EvaluationsAreListedAndShown) {
  const RunningServer server;
  const auto got = server.ask("GET", "/api/v1/evaluations");
  ASSERT_EQ(got.status, 200) << got.body;
  const auto list = json::parse(got.body)["evaluations"];
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0]["evaluation"], "mine");
  EXPECT_EQ(list[0]["model"], "wbc");
  EXPECT_EQ(list[0]["image_accuracy"]["value"], 0.5);
  EXPECT_EQ(server.ask("GET", "/api/v1/evaluations/mine/report").body, "<!DOCTYPE html><p>mine");
  EXPECT_EQ(server.ask("GET", "/api/v1/evaluations/other/report").status, 404);
  EXPECT_EQ(server.ask("GET", "/api/v1/evaluations/..%2Fruns/report").status, 404);
}

TEST(Shown, LeaksOfASplitAreTold) {
  const RunningServer server;
  const auto clean = json::parse(server.ask("GET", "/api/v1/runs/first/audit").body);
  EXPECT_EQ(clean["leaks_found"], 0);
  EXPECT_EQ(clean["images"], 1);
  const auto leaky = json::parse(server.ask("GET", "/api/v1/datasets/cells/audit").body);
  EXPECT_EQ(leaky["leaks_found"], 1);
  EXPECT_EQ(leaky["leaking_images"], 2);
  EXPECT_EQ(leaky["leaks"][0]["family"], "f1");
  EXPECT_EQ(leaky["conflicts_found"], 1);
  EXPECT_EQ(server.ask("GET", "/api/v1/runs/..%2Fruns%2Ffirst/audit").status, 404);
  EXPECT_EQ(server.ask("GET", "/api/v1/datasets/other/audit").status, 404);
}

TEST(Shown, NothingElseIsReached) {
  const RunningServer server;
  EXPECT_EQ(server.ask("GET", "/api/v1/studies/other/report").status, 404);
  EXPECT_EQ(server.ask("GET", "/api/v1/datasets/..%2Fcells/report").status, 404);
}

}  // namespace
}  // namespace bloodcell::serve
