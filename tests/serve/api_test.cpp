#include <nlohmann/json.hpp>

#include "running_server.hpp"

namespace bloodcell::serve {
namespace {

using namespace bloodcell::test;
using nlohmann::json;

constexpr std::string_view kJson = "Content-Type: application/json\r\n";

TEST(Predict, ClassifiesOnePictureSentAsTheBody) {
  const RunningServer server;
  const auto got = server.ask("POST", "/api/v1/predict?name=a.png", "Content-Type: image/png\r\n",
                              png_of(kGreen));
  ASSERT_EQ(got.status, 200) << got.body;
  const auto answer = json::parse(got.body);
  EXPECT_EQ(answer["rows"][0]["class"], "green");
  EXPECT_EQ(answer["rows"][0]["file"], "a.png");
  EXPECT_EQ(answer["totals"]["cells"], 1);
}

TEST(Predict, AnswersSeveralFilesInTheirOrderAndTellsOfBrokenOnes) {
  const RunningServer server;
  const std::string form = form_part("r.png", png_of(kRed)) + form_part("bad.png", "no picture") +
                           form_part("b.png", png_of(kBlue)) + "--cut--\r\n";
  const auto got = server.ask("POST", "/api/v1/predict", kFormType, form);
  ASSERT_EQ(got.status, 200) << got.body;
  const auto rows = json::parse(got.body)["rows"];
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0]["class"], "red");
  EXPECT_EQ(rows[1]["status"], "error");
  EXPECT_EQ(rows[2]["class"], "blue");
}

TEST(Predict, StreamsALineForEachPicture) {
  const RunningServer server;
  const std::string form =
      form_part("r.png", png_of(kRed)) + form_part("b.png", png_of(kBlue)) + "--cut--\r\n";
  const auto got = server.ask("POST", "/api/v1/predict?format=jsonl", kFormType, form);
  ASSERT_EQ(got.status, 200);
  EXPECT_NE(got.head.find("Transfer-Encoding: chunked"), std::string::npos);
  EXPECT_NE(got.body.find("\"class\":\"red\""), std::string::npos);
  EXPECT_NE(got.body.find("\"class\":\"blue\""), std::string::npos);
  EXPECT_TRUE(got.body.ends_with("\r\n0\r\n\r\n"));
}

TEST(Predict, SaysWhatIsWrongInTheWordsOfTheCommandLine) {
  const RunningServer server;
  const auto code = [&](std::string_view target, std::string_view headers, std::string_view body) {
    const auto got = server.ask("POST", target, headers, body);
    return fmt::format("{} {}", got.status, json::parse(got.body)["code"].get<std::string>());
  };
  EXPECT_EQ(code("/api/v1/predict", "Content-Type: text/plain\r\n", "x"), "415 unsupported");
  EXPECT_EQ(code("/api/v1/predict", kFormType, "--cut\r\n"), "400 malformed");
  EXPECT_EQ(code("/api/v1/predict", "Content-Type: image/png\r\n", ""), "400 usage");
  EXPECT_EQ(code("/api/v1/predict?format=xml", kFormType, "--cut--"), "400 usage");
  EXPECT_EQ(code("/api/v1/models", "", ""), "405 usage");
  EXPECT_EQ(code("/nowhere", "", ""), "404 not_found");
}

TEST(Predict, SendsClientsAwayWhenTheQueueIsFull) {
  Options options;
  options.max_waiting_pictures = 1;
  const RunningServer server(options);
  const std::string form =
      form_part("r.png", png_of(kRed)) + form_part("b.png", png_of(kBlue)) + "--cut--\r\n";
  const auto got = server.ask("POST", "/api/v1/predict", kFormType, form);
  EXPECT_EQ(got.status, 503);
  EXPECT_NE(got.head.find("Retry-After: 1"), std::string::npos);
}

TEST(Models, AnotherOneAnswersOnceItIsChosen) {
  const RunningServer server;
  EXPECT_EQ(json::parse(server.ask("GET", "/api/v1/models").body)["active"], "colour");
  const auto chosen = server.ask("PUT", "/api/v1/active-model", kJson, R"({"name":"strict"})");
  ASSERT_EQ(chosen.status, 200) << chosen.body;
  const auto got =
      server.ask("POST", "/api/v1/predict", "Content-Type: image/png\r\n", png_of(kGrey));
  EXPECT_EQ(json::parse(got.body)["rows"][0]["status"], "unidentified");
  EXPECT_EQ(server.ask("PUT", "/api/v1/active-model", kJson, R"({"name":"../x"})").status, 404);
  EXPECT_EQ(json::parse(server.ask("GET", "/api/v1/models/strict").body)["is_active"], true);
}

TEST(Models, OneOfTwoNetworksSaysWhichCellsBothRead) {
  const RunningServer server;
  ASSERT_EQ(server.ask("PUT", "/api/v1/active-model", kJson, R"({"name":"two"})").status, 200);
  const std::string form =
      form_part("sure.png", png_of(kRed)) + form_part("unsure.png", png_of(kGrey)) + "--cut--\r\n";
  const auto rows =
      json::parse(server.ask("POST", "/api/v1/predict", kFormType, form).body)["rows"];
  EXPECT_FALSE(rows[0].contains("read_twice"));
  EXPECT_EQ(rows[1]["read_twice"], true);
}

TEST(OpenInference, GivesProbabilitiesForATensor) {
  const RunningServer server;
  std::vector<float> image(3 * 8 * 8, 0.0F);
  std::fill_n(image.begin() + 64, 64, 1.0F);  // the green plane
  const json body{
      {"id", "7"},
      {"inputs",
       {{{"name", "image"}, {"datatype", "FP32"}, {"shape", {1, 3, 8, 8}}, {"data", image}}}}};
  const auto got = server.ask("POST", "/v2/models/colour/infer", kJson, body.dump());
  ASSERT_EQ(got.status, 200) << got.body;
  const auto answer = json::parse(got.body);
  EXPECT_EQ(answer["id"], "7");
  EXPECT_EQ(answer["outputs"][1]["shape"], json({1, 3}));
  // Logits 0, 10, 0.
  EXPECT_NEAR(answer["outputs"][0]["data"][1].get<double>(), 10, 1e-4);
  EXPECT_GT(answer["outputs"][1]["data"][1].get<double>(), 0.999);
}

// As Triton's client asks: without a media type, for some of the outputs.
TEST(OpenInference, GivesTheOutputsAskedForAndNeedsNoMediaType) {
  const RunningServer server;
  json body{{"inputs",
             {{{"name", "image"},
               {"datatype", "FP32"},
               {"shape", {1, 3, 8, 8}},
               {"data", std::vector<float>(3 * 8 * 8, 0.5F)}}}},
            {"outputs", {{{"name", "probabilities"}, {"parameters", {{"binary_data", false}}}}}}};
  const auto ask = [&](std::string_view headers) {
    return server.ask("POST", "/v2/models/colour/infer", headers, body.dump());
  };
  const auto got = ask("");
  ASSERT_EQ(got.status, 200) << got.body;
  const auto outputs = json::parse(got.body)["outputs"];
  ASSERT_EQ(outputs.size(), 1U);
  EXPECT_EQ(outputs[0]["name"], "probabilities");
  EXPECT_EQ(ask("Content-Type: text/plain\r\n").status, 415);
  const auto bytes = ask("Inference-Header-Content-Length: 10\r\n");
  EXPECT_EQ(bytes.status, 415);
  EXPECT_NE(bytes.body.find("binary_data=False"), std::string::npos);
  for (const json& wrong : {json("logits"), json::array(), json{{{"name", "embedding"}}},
                            json{{{"name", "logits"}}, 1}, json(3, {{"name", "logits"}})}) {
    body["outputs"] = wrong;
    EXPECT_EQ(ask("").status, 400) << wrong;
  }
}

TEST(OpenInference, RefusesAbsurdJson) {
  const RunningServer server;
  const auto infer = [&](std::string_view body) {
    return server.ask("POST", "/v2/models/colour/infer", kJson, body).status;
  };
  EXPECT_EQ(infer(std::string(100'000, '[')), 400);
  EXPECT_EQ(infer("{"), 400);
  EXPECT_EQ(infer("[]"), 400);
  EXPECT_EQ(
      infer(R"({"inputs":[{"name":"image","datatype":"FP32","shape":[1e99,3,8,8],"data":[]}]})"),
      409);
  EXPECT_EQ(
      infer(R"({"inputs":[{"name":"image","datatype":"FP32","shape":[1,3,8,8],"data":[1,2]}]})"),
      400);
  EXPECT_EQ(infer(R"({"inputs":{"a":1},"inputs":[]})"), 400);
  EXPECT_EQ(server.ask("POST", "/v2/models/strict/infer", kJson, "{}").status, 404);
}

std::string filled_in(std::string path, const std::string& key) {
  const std::map<std::string, std::string> values{
      {"{model}", "colour"},        {"{case}", key},          {"{picture}", "1"},
      {"{dataset}", "cells"},       {"{evaluation}", "mine"}, {"{run}", "first"},
      {"{study}", "search%2Ffirst"}};
  for (const auto& [name, value] : values) {
    if (const auto at = path.find(name); at != std::string::npos)
      path.replace(at, name.size(), value);
  }
  return path;
}

TEST(OpenApi, DocumentsEveryRouteAndEveryDocumentedRouteAnswers) {
  const RunningServer server;
  const auto document = json::parse(server.ask("GET", "/openapi.json").body);
  const auto made = server.ask("POST", "/api/v1/cases", kJson, R"({"name":"a","by":"b"})");
  const std::string key = json::parse(made.body)["case"];
  const auto picture = server.ask("POST", "/api/v1/cases/" + key + "/pictures?by=b",
                                  "Content-Type: image/png\r\n", png_of(kRed));
  ASSERT_EQ(picture.status, 200) << picture.body;
  std::size_t documented = 0;
  for (const auto& [path, operations] : document["paths"].items()) {
    for (const auto& [method, operation] : operations.items()) {
      ++documented;
      std::string verb = method;
      std::transform(verb.begin(), verb.end(), verb.begin(), ::toupper);
      const auto got = server.ask(verb, filled_in(path, key));
      EXPECT_TRUE(got.status != 404 && got.status != 405 && got.status < 500 && got.status != 0)
          << verb << ' ' << path << ' ' << got.status;
      EXPECT_TRUE(operation.contains("summary") && operation.contains("operationId")) << path;
    }
  }
  std::size_t routes = 0;
  for (const Route& route : server.router().routes()) {
    if (route.is_documented) ++routes;
    const bool is_api = route.pattern.starts_with("/api/") || route.pattern.starts_with("/v2");
    EXPECT_TRUE(route.is_documented || !is_api) << route.pattern;
  }
  EXPECT_EQ(documented, routes);
}

TEST(OpenApi, NamesNoSchemaThatIsMissing) {
  const RunningServer server;
  const auto document = json::parse(server.ask("GET", "/openapi.json").body);
  const std::string text = document.dump();
  constexpr std::string_view kReference = "#/components/schemas/";
  for (auto at = text.find(kReference); at != std::string::npos;
       at = text.find(kReference, at + 1)) {
    const auto begin = at + kReference.size();
    const std::string name = text.substr(begin, text.find('"', begin) - begin);
    EXPECT_TRUE(document["components"]["schemas"].contains(name)) << name;
  }
}

TEST(Page, IsSmallCompressedAndFetchesNothingFromElsewhere) {
  const RunningServer server;
  std::size_t bytes = 0;
  for (const char* path :
       {"/",           "/style.css",       "/app.js",     "/api.js",    "/dom.js",
        "/strings.js", "/classify.js",     "/gallery.js", "/field.js",  "/camera.js",
        "/models.js",  "/differential.js", "/case.js",    "/counts.js", "/crops.js",
        "/report.js",  "/runs.js",         "/tuning.js",  "/dialog.js", "/icon.svg"}) {
    const auto plain = server.ask("GET", path);
    EXPECT_EQ(plain.status, 200) << path;
    EXPECT_EQ(plain.body.find("https://"), std::string::npos) << path;
    const auto packed = server.ask("GET", path, "Accept-Encoding: gzip\r\n");
    EXPECT_NE(packed.head.find("Content-Encoding: gzip"), std::string::npos) << path;
    bytes += packed.body.size();
  }
  EXPECT_LT(bytes, 300'000U);
  const auto samples = json::parse(server.ask("GET", "/api/v1/samples").body)["samples"];
  EXPECT_EQ(samples.size(), 11U);
  EXPECT_EQ(server.ask("GET", samples[0].get<std::string>()).body.substr(0, 2), "\xFF\xD8");
}

TEST(Page, IsNotSentAgainWhenNothingChanged) {
  const RunningServer server;
  const auto first = server.ask("GET", "/app.js");
  const auto at = first.head.find("ETag: ") + 6;
  const std::string tag = first.head.substr(at, first.head.find("\r\n", at) - at);
  EXPECT_EQ(server.ask("GET", "/app.js", "If-None-Match: " + tag + "\r\n").status, 304);
}

TEST(Metrics, CountWhatWasDone) {
  const RunningServer server;
  (void)server.ask("POST", "/api/v1/predict", "Content-Type: image/png\r\n", png_of(kRed));
  const auto text = server.ask("GET", "/metrics").body;
  EXPECT_NE(text.find("bloodcell_cells_total{class=\"red\"} 1\n"), std::string::npos);
  EXPECT_NE(text.find("bloodcell_requests_total{route=\"/api/v1/predict\",status=\"200\"} 1\n"),
            std::string::npos);
}

}  // namespace
}  // namespace bloodcell::serve
