#include <bloodcell/fetch/download.hpp>

#include <atomic>

#include <bloodcell/base/files.hpp>
#include <bloodcell/base/hash.hpp>
#include <bloodcell/test/http_server.hpp>
#include <bloodcell/test/support.hpp>

namespace bloodcell::fetch {
namespace {

namespace fs = std::filesystem;
using test::HttpReply;
using test::HttpRequest;
using test::HttpServer;
using ::testing::HasSubstr;

std::string made_content(std::size_t bytes) {
  std::string text(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>((i * 131 + i / 256) % 251);
  return text;
}

std::string digest_of(const std::string& text) { return sha256(as_bytes_of(text)); }

class Download : public ::testing::Test {
 protected:
  Result<Downloaded> get(const HttpServer& server, const std::string& path = "/cells.bin") {
    return download(context_.get(), {server.url(path), file_, checksum_, bytes_}, limits_);
  }
  std::string kept() const { return read_text(file_, 1 << 24).value_or("none"); }
  // Nothing but the file itself is left.
  void expect_clean(bool with_file) const {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : fs::directory_iterator(folder_.path())) ++count;
    EXPECT_EQ(count, with_file ? 1U : 0U);
  }

  test::TemporaryFolder folder_;
  OwnContext context_;
  DownloadLimits limits_{.connect_s = 5, .stall_s = 1, .total_s = 20, .attempts = 1};
  const std::string content_ = made_content(300'000);
  const fs::path file_ = folder_ / "cells.bin";
  Checksum checksum_{Digest::sha256, digest_of(content_)};
  std::uint64_t bytes_ = 0;
};

TEST_F(Download, BringsAWholeFileOnce) {
  const HttpServer server([&](const HttpRequest& request) {
    return test::reply_with_file(request, content_, "\"a\"");
  });
  const auto done = get(server);
  ASSERT_OK(done);
  EXPECT_EQ(done->bytes, content_.size());
  EXPECT_FALSE(done->was_there);
  EXPECT_EQ(kept(), content_);
  expect_clean(true);
  const auto again = get(server);
  ASSERT_OK(again);
  EXPECT_TRUE(again->was_there);
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(Download, TakesMd5WhereNothingBetterIsPublished) {
  const HttpServer server([](const HttpRequest&) { return HttpReply{200, {}, "abc"}; });
  checksum_ = {Digest::md5, "900150983cd24fb0d6963f7d28e17f72"};  // RFC 1321, A.5
  ASSERT_OK(get(server));
  EXPECT_EQ(kept(), "abc");
}

TEST_F(Download, BringsAnEmptyFile) {
  const HttpServer server([](const HttpRequest&) { return HttpReply{}; });
  checksum_.hex = digest_of("");
  ASSERT_OK(get(server));
  EXPECT_EQ(kept(), "");
  expect_clean(true);
}

// The first answer is cut after 100,000 bytes.
HttpServer::Handler cut_once(const std::string& content, const std::string& first_tag,
                             const std::string& then_tag) {
  return [&content, first_tag, then_tag,
          count = std::make_shared<std::atomic<int>>(0)](const HttpRequest& request) {
    const bool is_first = (*count)++ == 0;
    auto reply = test::reply_with_file(request, content, is_first ? first_tag : then_tag);
    if (is_first) reply.sends = 100'000;
    return reply;
  };
}

TEST_F(Download, GoesOnWhereTheLastCallWasCut) {
  const HttpServer server(cut_once(content_, "\"a\"", "\"a\""));
  EXPECT_ERROR(get(server), ErrorCode::unreadable);
  EXPECT_FALSE(fs::exists(file_));
  const auto done = get(server);
  ASSERT_OK(done);
  EXPECT_EQ(done->resumed_at, 100'000U);
  EXPECT_EQ(server.requests()[1].headers.at("range"), "bytes=100000-");
  EXPECT_EQ(server.requests()[1].headers.at("if-range"), "\"a\"");
  EXPECT_EQ(kept(), content_);
  expect_clean(true);
}

TEST_F(Download, GoesOnWithinOneCall) {
  limits_.attempts = 2;
  const HttpServer server(cut_once(content_, "\"a\"", "\"a\""));
  const auto done = get(server);
  ASSERT_OK(done);
  EXPECT_EQ(done->resumed_at, 100'000U);
  EXPECT_EQ(kept(), content_);
}

TEST_F(Download, BeginsAnewWhenTheFileWasChangedBetween) {
  const HttpServer server(cut_once(content_, "\"old\"", "\"new\""));
  EXPECT_ERROR(get(server), ErrorCode::unreadable);
  const auto done = get(server);
  ASSERT_OK(done);
  EXPECT_EQ(done->resumed_at, 0U);
  EXPECT_EQ(kept(), content_);
}

TEST_F(Download, BeginsAnewWithoutAStrongValidator) {
  const HttpServer server(cut_once(content_, "W/\"a\"", "W/\"a\""));
  EXPECT_ERROR(get(server), ErrorCode::unreadable);
  ASSERT_OK(get(server));
  EXPECT_FALSE(server.requests()[1].headers.contains("range"));
  EXPECT_EQ(kept(), content_);
}

TEST_F(Download, TakesAllFromAServerThatIgnoresRange) {
  std::atomic<int> count{0};
  const HttpServer server([&](const HttpRequest&) {
    HttpReply reply{200, {{"Last-Modified", "Wed, 01 Jan 2020 00:00:00 GMT"}}, content_};
    if (count++ == 0) reply.sends = 1000;
    return reply;
  });
  EXPECT_ERROR(get(server), ErrorCode::unreadable);
  ASSERT_OK(get(server));
  EXPECT_EQ(server.requests()[1].headers.at("if-range"), "Wed, 01 Jan 2020 00:00:00 GMT");
  EXPECT_EQ(kept(), content_);
}

TEST_F(Download, BeginsAnewWhenThePiecesDoNotFit) {
  // The tag says that nothing changed, but the first piece is another file's.
  std::atomic<int> count{0};
  const std::string other(content_.size(), 'x');
  const HttpServer server([&](const HttpRequest& request) {
    const bool is_first = count++ == 0;
    auto reply = test::reply_with_file(request, is_first ? other : content_, "\"a\"");
    if (is_first) reply.sends = 100'000;
    return reply;
  });
  EXPECT_ERROR(get(server), ErrorCode::unreadable);
  const auto done = get(server);
  ASSERT_OK(done);
  EXPECT_EQ(server.requests().size(), 3U);
  EXPECT_EQ(kept(), content_);
}

TEST_F(Download, RefusesAnotherPartThanAsked) {
  std::atomic<int> count{0};
  const HttpServer server([&](const HttpRequest& request) {
    auto reply = test::reply_with_file(request, content_, "\"a\"");
    if (count++ == 0) {
      reply.sends = 1000;
    } else {
      reply.headers.back().second = "bytes 7-299999/300000";
    }
    return reply;
  });
  EXPECT_ERROR(get(server), ErrorCode::unreadable);
  EXPECT_ERROR(get(server), ErrorCode::mismatch);
  expect_clean(false);
}

TEST_F(Download, RefusesAWrongChecksumAndLeavesNothing) {
  const HttpServer server([](const HttpRequest&) { return HttpReply{200, {}, "other"}; });
  const auto done = get(server);
  EXPECT_ERROR(done, ErrorCode::mismatch);
  EXPECT_THAT(done.error().message, HasSubstr(checksum_.hex));
  expect_clean(false);
}

TEST_F(Download, KeepsAFileThatIsThereWithAnotherContent) {
  ASSERT_OK(write_text(file_, "mine"));
  const HttpServer server([](const HttpRequest&) { return HttpReply{}; });
  EXPECT_ERROR(get(server), ErrorCode::mismatch);
  EXPECT_EQ(kept(), "mine");
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(Download, RefusesAnotherLengthBeforeItReads) {
  bytes_ = content_.size() - 1;
  const HttpServer server([&](const HttpRequest& request) {
    return test::reply_with_file(request, content_, "\"a\"");
  });
  EXPECT_ERROR(get(server), ErrorCode::mismatch);
  expect_clean(false);
}

TEST_F(Download, EndsABodyWithoutEnd) {
  limits_.max_bytes = 1'000'000;
  const HttpServer server([](const HttpRequest&) {
    HttpReply reply{200, {{"ETag", "\"a\""}}, std::string(10'000, 'x')};
    reply.is_endless = true;
    return reply;
  });
  EXPECT_ERROR(get(server), ErrorCode::limit_exceeded);
  expect_clean(false);
}

TEST_F(Download, LeavesAServerThatFallsSilentAndKeepsThePart) {
  const HttpServer server([&](const HttpRequest& request) {
    auto reply = test::reply_with_file(request, content_, "\"a\"");
    reply.sends = 500;
    reply.stalls = true;
    return reply;
  });
  const auto done = get(server);
  EXPECT_ERROR(done, ErrorCode::unreadable);
  EXPECT_THAT(done.error().message, HasSubstr("too slow"));
  EXPECT_EQ(fs::file_size(folder_ / "cells.bin.part"), 500U);
}

TEST_F(Download, EndsALoopOfRedirects) {
  const HttpServer server([](const HttpRequest& request) {
    return HttpReply{302, {{"Location", request.path == "/a" ? "/b" : "/a"}}};
  });
  EXPECT_ERROR(get(server, "/a"), ErrorCode::limit_exceeded);
  EXPECT_EQ(server.requests().size(), 1U + static_cast<unsigned>(limits_.redirects));
}

TEST_F(Download, FollowsARedirectButNotToAFile) {
  const HttpServer server([&](const HttpRequest& request) {
    if (request.path == "/moved") return HttpReply{301, {{"Location", "/cells.bin"}}, "elsewhere"};
    if (request.path == "/trap") return HttpReply{302, {{"Location", "file:///etc/passwd"}}};
    return HttpReply{200, {}, content_};
  });
  EXPECT_ERROR(get(server, "/trap"), ErrorCode::unreadable);
  ASSERT_OK(get(server, "/moved"));
  EXPECT_EQ(kept(), content_);
}

TEST_F(Download, SaysWhatTheServerAnswered) {
  const HttpServer server([](const HttpRequest& request) {
    return HttpReply{request.path == "/none" ? 404 : 503, {}, "a page that is no cell"};
  });
  EXPECT_ERROR(get(server, "/none"), ErrorCode::not_found);
  const auto busy = get(server, "/busy");
  EXPECT_ERROR(busy, ErrorCode::unreadable);
  EXPECT_THAT(busy.error().message, HasSubstr("503"));
  expect_clean(false);
}

TEST_F(Download, RefusesAddressesAndChecksumsThatAreNone) {
  for (const char* url : {"file:///etc/passwd", "ftp://a/b", "http://me:secret@a/b", "http://a/b c",
                          "http://a/\r\nHost: b", ""}) {
    EXPECT_ERROR(download(context_.get(), {url, file_, checksum_, 0}), ErrorCode::usage);
  }
  for (const char* hex : {"", "abc", "0123456789ABCDEF0123456789ABCDEF"}) {
    EXPECT_ERROR(download(context_.get(), {"http://a/b", file_, {Digest::md5, hex}, 0}),
                 ErrorCode::usage);
  }
}

TEST_F(Download, StopsOnRequest) {
  const HttpServer server([&](const HttpRequest& request) {
    context_.cancellation.request();
    auto reply = test::reply_with_file(request, content_, "\"a\"");
    reply.sends = 500;
    reply.stalls = true;
    return reply;
  });
  limits_.stall_s = 20;
  EXPECT_ERROR(get(server), ErrorCode::cancelled);
}

}  // namespace
}  // namespace bloodcell::fetch
