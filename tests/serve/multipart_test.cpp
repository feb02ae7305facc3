#include <bloodcell/serve/multipart.hpp>

#include <bloodcell/test/support.hpp>

namespace bloodcell::serve {
namespace {

constexpr std::string_view kType = "multipart/form-data; boundary=\"cut\"";

std::string part(std::string_view disposition, std::string_view content) {
  return fmt::format("--cut\r\nContent-Disposition: {}\r\n\r\n{}\r\n", disposition, content);
}

TEST(Multipart, GivesEachPartWithItsBytesAsTheyAre) {
  const std::string content("a\r\n--cu\0b", 9);
  const std::string body = "preamble\r\n" +
                           part("form-data; name=\"file\"; filename=\"a.png\"", content) +
                           part("form-data; name=note", "") + "--cut--\r\n";
  const auto parts = parse_multipart(kType, body, 4);
  ASSERT_OK(parts);
  ASSERT_EQ(parts->size(), 2U);
  EXPECT_EQ((*parts)[0].filename, "a.png");
  EXPECT_EQ((*parts)[0].content, content);
  EXPECT_EQ((*parts)[1].name, "note");
  EXPECT_EQ((*parts)[1].content, "");
}

TEST(Multipart, KeepsOnlyTheLastStepOfAPath) {
  for (const char* path : {"../../etc/passwd", "/etc/passwd", "C:\\x\\passwd"}) {
    std::string escaped;
    for (const char* c = path; *c != '\0'; ++c) escaped += *c == '\\' ? "\\\\" : std::string(1, *c);
    const auto parts = parse_multipart(
        kType, part("form-data; name=file; filename=\"" + escaped + "\"", "x") + "--cut--", 4);
    ASSERT_OK(parts);
    EXPECT_EQ((*parts)[0].filename, "passwd");
  }
}

TEST(Multipart, RefusesEveryCutOfABody) {
  const std::string body = part("form-data; name=file", "abc") + "--cut--";
  for (std::size_t length = 0; length < body.size(); ++length) {
    EXPECT_FALSE(parse_multipart(kType, body.substr(0, length), 4).has_value()) << length;
  }
}

TEST(Multipart, RefusesWhatItMustNotGuess) {
  const std::string one = part("form-data; name=file", "x");
  EXPECT_ERROR(parse_multipart("multipart/form-data", one, 4), ErrorCode::malformed);
  EXPECT_ERROR(parse_multipart(kType, one + one + one + "--cut--", 2), ErrorCode::limit_exceeded);
  EXPECT_ERROR(parse_multipart(kType, part("form-data", "x") + "--cut--", 4), ErrorCode::malformed);
  EXPECT_ERROR(
      parse_multipart(kType, "--cut\r\nX: " + std::string(9000, 'a') + "\r\n\r\nx\r\n--cut--", 4),
      ErrorCode::limit_exceeded);
}

}  // namespace
}  // namespace bloodcell::serve
