#include <nlohmann/json.hpp>

#include <bloodcell/base/base64.hpp>
#include <bloodcell/image/decode.hpp>

#include "running_server.hpp"

namespace bloodcell::serve {
namespace {

using namespace bloodcell::test;
using nlohmann::json;

constexpr std::string_view kPng = "Content-Type: image/png\r\n";

TEST(Explain, ShowsWhereACellsClassIsSeenAndWhichKnownCellsAreAlike) {
  const RunningServer server;
  const auto got = server.ask("POST", "/api/v1/explain?name=a.png", kPng, png_of(kGreen));
  ASSERT_EQ(got.status, 200) << got.body;
  const auto answer = json::parse(got.body);
  EXPECT_EQ(answer["model"], "colour");
  EXPECT_EQ(answer["method"], "cam");
  const auto& cell = answer["cells"][0];
  EXPECT_EQ(cell["file"], "a.png");
  EXPECT_EQ(cell["class"], "green");
  EXPECT_EQ(cell["maps"][0]["class"], "green");
  EXPECT_EQ(cell["maps"][0]["values"].size(), 64U);
  // The lead of green: its logit, 10, less the mean of 0, 10, 0.
  EXPECT_NEAR(cell["maps"][0]["values"][9].get<double>(), 10 - 10.0 / 3, 1e-4);
  ASSERT_EQ(cell["neighbours"].size(), 2U);
  EXPECT_EQ(cell["neighbours"][0]["label"], "green");
  for (const auto& text : {cell["seen"], cell["neighbours"][0]["thumbnail"]}) {
    const auto picture = image::decode(from_base64(text.get<std::string>()).value(), Limits{});
    ASSERT_TRUE(picture.has_value());
    EXPECT_EQ(picture->width_px, 8);
  }
}

TEST(Explain, AnswersForTheClassAndByTheMethodThatAreAskedFor) {
  const RunningServer server;
  for (const char* method : {"cam", "occlusion", "rise"}) {
    const auto got =
        server.ask("POST", fmt::format("/api/v1/explain?cell=0&class=blue&method={}", method), kPng,
                   png_of(kRed));
    ASSERT_EQ(got.status, 200) << got.body;
    const auto answer = json::parse(got.body);
    EXPECT_EQ(answer["method"], method);
    EXPECT_EQ(answer["cells"][0]["method"], method);
    EXPECT_EQ(answer["cells"][0]["class"], "red");
    EXPECT_EQ(answer["cells"][0]["maps"][0]["class"], "blue");
  }
}

TEST(Explain, DrawsASheetForWhoAsksForAPicture) {
  const RunningServer server;
  const auto got = server.ask("POST", "/api/v1/explain",
                              "Content-Type: image/png\r\nAccept: image/png\r\n", png_of(kRed));
  ASSERT_EQ(got.status, 200) << got.body;
  EXPECT_TRUE(got.body.starts_with("\x89PNG"));
}

TEST(Explain, FollowsTheModelThatIsChosen) {
  const RunningServer server;
  EXPECT_EQ(server.ask("POST", "/api/v1/explain", kPng, png_of(kRed)).status, 200);
  const auto chosen = server.ask("PUT", "/api/v1/active-model",
                                 "Content-Type: application/json\r\n", R"({"name":"strict"})");
  EXPECT_EQ(chosen.status, 200);
  const auto got = server.ask("POST", "/api/v1/explain", kPng, png_of(kRed));
  EXPECT_EQ(json::parse(got.body)["model"], "strict");
}

TEST(Explain, RefusesWhatIsNoQuestion) {
  const RunningServer server;
  const auto asked = [&](std::string_view query, std::string_view type, std::string_view body) {
    const auto got = server.ask("POST", fmt::format("/api/v1/explain{}", query), type, body);
    return fmt::format("{} {}", got.status, json::parse(got.body)["code"].get<std::string>());
  };
  const auto png = png_of(kRed);
  EXPECT_EQ(asked("?cell=1", kPng, png), "404 not_found");
  EXPECT_EQ(asked("?cell=2147483647", kPng, png), "404 not_found");
  EXPECT_EQ(asked("?cell=2147483648", kPng, png), "400 usage");
  EXPECT_EQ(asked("?cell=-1", kPng, png), "400 usage");
  EXPECT_EQ(asked("?cell=0x", kPng, png), "400 usage");
  EXPECT_EQ(asked("?cell=", kPng, png), "400 usage");
  EXPECT_EQ(asked("?class=violet", kPng, png), "404 not_found");
  EXPECT_EQ(asked("?method=magic", kPng, png), "400 usage");
  EXPECT_EQ(asked("", kPng, "no picture"), "400 malformed");
  EXPECT_EQ(asked("", kPng, png.substr(0, png.size() / 2)), "400 malformed");
  EXPECT_EQ(asked("", "Content-Type: text/plain\r\n", png), "415 unsupported");
  EXPECT_EQ(asked("", kPng, ""), "400 usage");
  EXPECT_EQ(asked("", kFormType, "--cut\r\n"), "400 malformed");
  EXPECT_EQ(asked("", kFormType, form_part("a", png) + form_part("b", png) + "--cut--\r\n"),
            "413 limit_exceeded");
  const std::string huge(
      "\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR\0\0\x75\x30\0\0\x75\x30\x08\x02\0\0\0\0\0\0\0", 33);
  EXPECT_EQ(asked("", kPng, huge), "413 limit_exceeded");
}

}  // namespace
}  // namespace bloodcell::serve
