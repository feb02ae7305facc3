// The server among clients that are slow, broken or hostile.
#include <sys/resource.h>

#include <memory>

#include "running_server.hpp"

namespace bloodcell::serve {
namespace {

using namespace bloodcell::test;

void expect_well(const RunningServer& server) {
  const auto got =
      server.ask("POST", "/api/v1/predict", "Content-Type: image/png\r\n", png_of(kRed));
  EXPECT_EQ(got.status, 200);
  EXPECT_NE(got.body.find("\"class\":\"red\""), std::string::npos);
}

TEST(Server, AnswersRequestsOneAfterTheOtherOnOneConnection) {
  const RunningServer server;
  const Socket socket(server.port());
  for (int i = 0; i < 3; ++i) {
    socket.send("GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_NE(socket.read("\"live\"}").find("200 OK"), std::string::npos);
  }
}

TEST(Server, SendsTheSecurityHeadersAndTheIdOfTheRequest) {
  const RunningServer server;
  const auto got = server.ask("GET", "/", "X-Request-Id: seven-7\r\n");
  for (const char* header : {"Content-Security-Policy: default-src 'none'", "nosniff",
                             "X-Frame-Options: DENY", "X-Request-Id: seven-7"}) {
    EXPECT_NE(got.head.find(header), std::string::npos) << header;
  }
  EXPECT_EQ(got.head.find("Access-Control-Allow"), std::string::npos);
  EXPECT_EQ(server.ask("GET", "/", "X-Request-Id: a b\r\n").head.find("a b"), std::string::npos);
}

TEST(Server, RefusesBrokenRequestsAndLivesOn) {
  const RunningServer server;
  const std::string host = "Host: localhost\r\n";
  EXPECT_EQ(server.raw("nonsense\r\n\r\n").status, 400);
  EXPECT_EQ(server.raw("GET / HTTP/1.1\r\n\r\n").status, 421);
  EXPECT_EQ(server.raw("GET / HTTP/1.1\r\n" + host + host + "\r\n").status, 400);
  EXPECT_EQ(server.raw("GET /%00 HTTP/1.1\r\n" + host + "\r\n").status, 400);
  EXPECT_EQ(server.raw("GET /../../etc/passwd HTTP/1.1\r\n" + host + "\r\n").status, 404);
  EXPECT_EQ(
      server.raw("GET / HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab")
          .status,
      400);
  EXPECT_EQ(
      server.raw("POST /api/v1/predict HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n").status,
      400);
  EXPECT_EQ(
      server.raw("POST /api/v1/predict HTTP/1.1\r\n" + host + "Content-Length: 99999999999\r\n\r\n")
          .status,
      413);
  EXPECT_EQ(
      server.raw("POST /api/v1/predict HTTP/1.1\r\n" + host + "Content-Length: 100\r\n\r\nshort")
          .status,
      0);
  EXPECT_EQ(server.raw("GET / HTTP/1.1\r\n" + host + "X: " + std::string(40'000, 'a') + "\r\n\r\n")
                .status,
            431);
  std::string many;
  for (int i = 0; i < 150; ++i) many += fmt::format("X-{}: 1\r\n", i);
  EXPECT_EQ(server.raw("GET / HTTP/1.1\r\n" + host + many + "\r\n").status, 413);
  expect_well(server);
}

TEST(Server, SaysNothingToAClientThatLeftInTheMiddle) {
  const RunningServer server;
  const Socket socket(server.port());
  socket.send(
      "POST /api/v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nshort");
  socket.end_sending();
  EXPECT_EQ(socket.read(), "");
}

TEST(Server, RefusesABodyThatBothWaysOfSayingItsLengthDescribe) {
  const RunningServer server;
  const auto got = server.raw(
      "POST /api/v1/predict HTTP/1.1\r\nHost: localhost\r\n"
      "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  EXPECT_EQ(got.status, 400);
}

TEST(Server, RefusesAPictureThatWouldUnfoldIntoBillionsOfPixels) {
  const RunningServer server;
  const std::string huge(
      "\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR\0\0\x75\x30\0\0\x75\x30\x08\x02\0\0\0\0\0\0\0", 33);
  const auto got = server.ask("POST", "/api/v1/predict", "Content-Type: image/png\r\n", huge);
  EXPECT_EQ(got.status, 200);
  EXPECT_NE(got.body.find("\"status\":\"error\""), std::string::npos);
}

TEST(Server, HoldsNoMoreThanItIsAllowedTo) {
  Options options;
  options.max_held_bytes = 1 << 20;
  const RunningServer server(options);
  const auto got = server.ask("POST", "/api/v1/predict", "Content-Type: image/png\r\n",
                              std::string(2 << 20, 'x'));
  EXPECT_EQ(got.status, 503);
  expect_well(server);
}

TEST(Server, CutsOffSlowClients) {
  Options options;
  options.header_time = std::chrono::milliseconds(100);
  options.pause_time = std::chrono::milliseconds(100);
  options.idle_time = std::chrono::milliseconds(100);
  const RunningServer server(options);
  const Socket silent(server.port());
  const Socket half(server.port());
  half.send("GET / HT");
  const Socket body(server.port());
  body.send("POST /api/v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nx");
  EXPECT_EQ(silent.read(), "");
  EXPECT_EQ(half.read(), "");
  EXPECT_EQ(body.read(), "");
}

TEST(Server, AnswersWhileFiveHundredClientsDribble) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = std::min<rlim_t>(files.rlim_max, 4096);
  ::setrlimit(RLIMIT_NOFILE, &files);
  const RunningServer server;
  std::vector<std::unique_ptr<Socket>> slow;
  for (int i = 0; i < 500; ++i) {
    slow.push_back(std::make_unique<Socket>(server.port()));
    ASSERT_TRUE(slow.back()->is_open());
    slow.back()->send("GET / HTTP/1.1\r\nX-");
  }
  for (const auto& socket : slow) socket->send("a");
  expect_well(server);
}

TEST(Server, TakesNoMoreConnectionsThanItSays) {
  Options options;
  options.max_connections = 2;
  const RunningServer server(options);
  const Socket first(server.port());
  const Socket second(server.port());
  first.send("GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n");
  second.send("GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n");
  (void)first.read("live");
  (void)second.read("live");
  EXPECT_EQ(server.ask("GET", "/health/live").status, 0);
}

TEST(Server, FinishesWhatItHasWhenToldToStop) {
  RunningServer server;
  const Socket idle(server.port());
  const Socket working(server.port());
  const std::string png = png_of(kRed);
  working.send(
      fmt::format("POST /api/v1/predict HTTP/1.1\r\nHost: localhost\r\n"
                  "Content-Type: image/png\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n",
                  png.size()));
  EXPECT_NE(working.read("\r\n\r\n").find("100 Continue"), std::string::npos);
  server.ask_to_stop();
  EXPECT_EQ(idle.read(), "");  // returns when the server has begun to stop
  working.send(png);
  const auto got = parsed(working.read());
  EXPECT_EQ(got.status, 200);
  EXPECT_NE(got.head.find("Connection: close"), std::string::npos);
  server.stop();
  EXPECT_FALSE(Socket(server.port()).is_open());
}

TEST(Server, OutlivesAnAnswerThatThrows) {
  Router router;
  router.add({.method = "GET",
              .pattern = "/throws",
              .id = "throws",
              .summary = "",
              .answer = [](const Request&) -> Result<Response> {
                throw std::runtime_error("no memory is left");
              }});
  Options options;
  options.port = 0;
  Workers workers(1, 4);
  Counters counters;
  OwnContext own(1);
  Cancellation cancellation;
  const auto server = Server::open(options, router, workers, counters, own.get().log).value();
  std::thread thread([&] { server->run(cancellation); });
  for (int i = 0; i < 2; ++i) {
    const Socket socket(server->port());
    socket.send("GET /throws HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    socket.end_sending();
    const Got got = parsed(socket.read());
    EXPECT_EQ(got.status, 500);
    EXPECT_EQ(got.body.find("no memory"), std::string::npos);  // for the log alone
  }
  cancellation.request();
  thread.join();
}

}  // namespace
}  // namespace bloodcell::serve
