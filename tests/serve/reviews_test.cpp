#include <nlohmann/json.hpp>

#include "running_server.hpp"

namespace bloodcell::serve {
namespace {

using namespace bloodcell::test;
using nlohmann::json;

class Cases : public ::testing::Test {
 protected:
  void SetUp() override { key = post("", {{"name", "patient 7"}, {"by", "Ada"}}, 201)["case"]; }

  json post(const std::string& below, const json& body, int status = 200) const {
    const auto got = server.ask("POST", "/api/v1/cases" + below,
                                "Content-Type: application/json\r\n", body.dump());
    EXPECT_EQ(got.status, status) << below << ' ' << got.body;
    return json::parse(got.body, nullptr, false);
  }
  json get(const std::string& below = "") const {
    return json::parse(server.ask("GET", "/api/v1/cases/" + key + below).body);
  }
  json add(const std::string& form) const {
    const auto got = server.ask("POST", "/api/v1/cases/" + key + "/pictures?by=Ada", kFormType,
                                form + "--cut--\r\n");
    return json::parse(got.body);
  }

  const RunningServer server;
  std::string key;
};

TEST_F(Cases, GoFromPicturesOverDecisionsToASignature) {
  const auto added = add(form_part("r.png", png_of(kRed)) + form_part("bad.png", "no picture") +
                         form_part("g.png", png_of(kGreen)));
  EXPECT_EQ(added["files"][0]["is_added"], true);
  EXPECT_EQ(added["files"][1]["is_added"], false);
  EXPECT_EQ(added["case"]["pictures"], 2);
  const auto whole = get();
  ASSERT_EQ(whole["cells"].size(), 2U);
  const auto red = whole["cells"][0]["said"] == "red" ? whole["cells"][0] : whole["cells"][1];
  EXPECT_EQ(red["class"], "red");
  const auto decided =
      post("/" + key + "/decisions", {{"cell", red["cell"]}, {"class", "blue"}, {"by", "Bo"}});
  EXPECT_EQ(decided["cell"]["class"], "blue");
  const auto count = [](const json& side, std::string_view label) {
    for (const auto& of : side["classes"]) {
      if (of["label"] == label) return of["count"].get<int>();
    }
    return -1;
  };
  EXPECT_EQ(count(decided["differential"]["before"], "red"), 1);
  EXPECT_EQ(count(decided["differential"]["after"], "red"), 0);
  EXPECT_EQ(count(decided["differential"]["after"], "blue"), 1);
  EXPECT_EQ(post("/" + key + "/undo", {{"by", "Bo"}})["cell"]["class"], "red");
  post("/" + key + "/decisions", {{"cell", red["cell"]}, {"class", "blue"}, {"by", "Bo"}});
  const auto revision = get()["case"]["revision"];
  post("/" + key + "/signature", {{"by", "Ada"}, {"revision", 1}}, 409);
  EXPECT_EQ(
      post("/" + key + "/signature", {{"by", "Ada"}, {"revision", revision}})["case"]["is_signed"],
      true);
  post("/" + key + "/decisions", {{"cell", red["cell"]}, {"class", "red"}, {"by", "Bo"}}, 409);
  const auto got =
      server.ask("POST", "/api/v1/cases/" + key + "/exports", "Content-Type: application/json\r\n",
                 R"({"by":"Ada","cells":"corrected"})");
  EXPECT_EQ(got.status, 200);
  EXPECT_TRUE(got.body.starts_with("PK")) << got.body;
  post("/" + key + "/reopening", {{"by", "Bo"}, {"reason", "second look"}});
  const auto trail = get("/trail");
  EXPECT_EQ(trail["is_whole"], true);
  EXPECT_EQ(get("/trail?check=all")["is_whole"], true);
  EXPECT_EQ(server.ask("GET", "/api/v1/cases/" + key + "/trail?check=some").status, 400);
  EXPECT_EQ(trail["entries"].back()["what"], "reopened");
  EXPECT_EQ(trail["head"], trail["entries"].back()["hash"]);
}

TEST_F(Cases, GivePicturesBackAsTheyCame) {
  const std::string png = png_of(kRed);
  const auto added = add(form_part("r.png", png));
  const auto id = added["files"][0]["picture"]["picture"].get<int>();
  const auto got = server.ask("GET", fmt::format("/api/v1/cases/{}/pictures/{}", key, id));
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.body, png);
  EXPECT_EQ(server.ask("GET", "/api/v1/cases/" + key + "/pictures/x").status, 404);
  EXPECT_EQ(add(form_part("again.png", png))["status"], 409);
  EXPECT_EQ(server.ask("DELETE", "/api/v1/cases/" + key + "/pictures?by=Ada").status, 200);
  EXPECT_EQ(server.ask("GET", fmt::format("/api/v1/cases/{}/pictures/{}", key, id)).status, 404);
}

TEST_F(Cases, RefuseWhatIsNotADecision) {
  post("/" + key + "/decisions", {{"cell", "1"}, {"class", "red"}, {"by", "Ada"}}, 400);
  post("/" + key + "/decisions", {{"cell", 1e300}, {"class", "red"}, {"by", "Ada"}}, 400);
  post("/" + key + "/decisions", {{"cell", 77}, {"class", "red"}, {"by", "Ada"}}, 404);
  post("/" + key + "/decisions", {{"cell", 77}, {"class", "red"}, {"by", ""}}, 400);
  post("/" + key + "/signature", {{"by", "Ada"}}, 400);
  post("/nothing/undo", {{"by", "Ada"}}, 404);
  post("", {{"name", "a\nb"}, {"by", "Ada"}}, 400);
  EXPECT_EQ(server.ask("POST", "/api/v1/cases", "", "{}").status, 415);
  EXPECT_EQ(server.ask("GET", "/api/v1/cases?before=0123456789ab").status, 404);
  EXPECT_EQ(server.ask("GET", "/api/v1/cases?before=" + key).status, 200);
}

TEST(ReviewsOff, AreToldSoWithTheRemedy) {
  const RunningServer server({}, false);
  const auto got = server.ask("GET", "/api/v1/cases");
  EXPECT_EQ(got.status, 404);
  EXPECT_NE(got.body.find("--review"), std::string::npos);
  EXPECT_EQ(json::parse(server.ask("GET", "/api/v1/about").body)["keeps_reviews"], false);
}

TEST(Counts, HaveExactIntervals) {
  const RunningServer server;
  const auto got = server.ask("POST", "/api/v1/differential", "Content-Type: application/json\r\n",
                              R"({"counts":{"a":10,"b":0,"platelet":3}})");
  ASSERT_EQ(got.status, 200) << got.body;
  const auto count = json::parse(got.body);
  EXPECT_EQ(count["white_cells"], 10);
  // Ten of ten: the lower end is 0.025^(1/10).
  EXPECT_NEAR(count["classes"][0]["interval_95"][0].get<double>(), 0.6915, 1e-4);
  EXPECT_EQ(count["others"][0]["label"], "platelet");
  const auto wrong = server.ask("POST", "/api/v1/differential",
                                "Content-Type: application/json\r\n", R"({"counts":{"a":-1}})");
  EXPECT_EQ(wrong.status, 400);
}

}  // namespace
}  // namespace bloodcell::serve
