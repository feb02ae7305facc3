#include <bloodcell/serve/routes.hpp>

#include <bloodcell/serve/gate.hpp>
#include <bloodcell/test/support.hpp>

namespace bloodcell::serve {
namespace {

Route route(std::string method, std::string pattern) {
  return {.method = std::move(method),
          .pattern = std::move(pattern),
          .id = "",
          .tag = "",
          .summary = ""};
}

TEST(Target, IsDecodedOnce) {
  const auto target = parse_target("/a%20b/%2525?x=1+2&y&x=3#z");
  ASSERT_OK(target);
  EXPECT_EQ(target->path, "/a b/%25");
  EXPECT_EQ(target->sent_path, "/a%20b/%2525");
  EXPECT_EQ(target->query.at("x"), "3");
  EXPECT_EQ(target->query.at("y"), "");
}

TEST(Target, RefusesBrokenEscapesControlsAndOtherBytes) {
  for (const char* bad :
       {"", "x", "http://a/", "/%", "/%4", "/%zz", "/%00", "/%0a", "/%ff", "/?a=%c3"}) {
    EXPECT_FALSE(parse_target(bad).has_value()) << bad;
  }
  std::string many = "/?";
  for (int i = 0; i < 65; ++i) many += fmt::format("p{}&", i);
  EXPECT_ERROR(parse_target(many), ErrorCode::limit_exceeded);
}

TEST(Router, PrefersWhatIsWrittenOutAndSaysWhatIsAllowed) {
  Router router;
  router.add(route("GET", "/a/{name}"));
  router.add(route("GET", "/a/fixed"));
  router.add(route("POST", "/a/{name}/rest/{file...}"));
  EXPECT_EQ(router.find("GET", "/a/fixed").route->pattern, "/a/fixed");
  EXPECT_EQ(router.find("HEAD", "/a/x").captured.at("name"), "x");
  EXPECT_EQ(router.find("POST", "/a/x/rest/b/c").captured.at("file"), "b/c");
  EXPECT_EQ(router.find("GET", "/a/x%2Fy").captured.at("name"), "x/y");
  EXPECT_EQ(router.find("GET", "/%61/f%69xed").route->pattern, "/a/fixed");
  EXPECT_EQ(router.find("GET", "/a%2Fx").route, nullptr);
  EXPECT_EQ(router.find("PUT", "/a/fixed").allowed, std::vector<std::string>{"GET"});
  for (const char* none : {"/", "/a", "/a/", "/a/x/", "/b/x"}) {
    EXPECT_EQ(router.find("GET", none).route, nullptr) << none;
  }
}

TEST(Gate, AsksForATokenBeyondThisMachine) {
  Options options;
  EXPECT_OK(check_options(options));
  options.host = "0.0.0.0";
  EXPECT_ERROR(check_options(options), ErrorCode::usage);
  options.token = "short";
  EXPECT_ERROR(check_options(options), ErrorCode::usage);
  options.token = "0123456789abcdef";
  EXPECT_OK(check_options(options));
}

int asked(const Options& options, std::map<std::string, std::string, std::less<>> headers) {
  Request request;
  request.method = "POST";
  request.headers = std::move(headers);
  const auto refused = refusal(request, route("POST", "/"), options);
  return refused ? refused->status : 200;
}

TEST(Gate, TellsThisMachineFromOthers) {
  const Options options;
  for (const char* host : {"localhost:1", "127.0.0.1", "[::1]:80", "LOCALHOST"}) {
    EXPECT_EQ(asked(options, {{"host", host}}), 200) << host;
  }
  EXPECT_EQ(asked(options, {{"host", "evil.example:8080"}}), 421);
  EXPECT_EQ(asked(options, {{"host", "localhost.evil.example"}}), 421);
  EXPECT_EQ(asked(options, {}), 421);
  EXPECT_EQ(asked(options, {{"host", "localhost"}, {"origin", "http://localhost"}}), 200);
  EXPECT_EQ(asked(options, {{"host", "localhost"}, {"origin", "http://evil.example"}}), 403);
  EXPECT_EQ(asked(options, {{"host", "localhost"}, {"origin", "null"}}), 403);
  EXPECT_EQ(asked(options, {{"host", "localhost"}, {"sec-fetch-site", "cross-site"}}), 403);
}

TEST(Gate, TakesTheTokenAndNoOther) {
  Options options;
  options.token = "0123456789abcdef";
  EXPECT_EQ(asked(options, {{"host", "localhost"}}), 401);
  EXPECT_EQ(asked(options, {{"host", "localhost"}, {"authorization", "Bearer 0123456789abcdeg"}}),
            401);
  EXPECT_EQ(asked(options, {{"host", "localhost"}, {"authorization", "Basic 0123456789abcdef"}}),
            401);
  EXPECT_EQ(asked(options, {{"host", "localhost"}, {"authorization", "bearer  0123456789abcdef"}}),
            200);
}

}  // namespace
}  // namespace bloodcell::serve
