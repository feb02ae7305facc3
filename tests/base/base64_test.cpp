#include <bloodcell/base/base64.hpp>

#include <algorithm>

#include <bloodcell/base/files.hpp>
#include <bloodcell/test/support.hpp>

namespace bloodcell {
namespace {

// RFC 4648, section 10.
TEST(Base64, AgreesWithTheStandardsVectors) {
  EXPECT_EQ(base64(as_bytes_of("")), "");
  EXPECT_EQ(base64(as_bytes_of("f")), "Zg==");
  EXPECT_EQ(base64(as_bytes_of("fo")), "Zm8=");
  EXPECT_EQ(base64(as_bytes_of("foobar")), "Zm9vYmFy");
}

TEST(Base64, BlocksJoinWithoutPadding) {
  const std::string long_text((3U << 20) + 3, 'a');
  const auto text = base64(as_bytes_of(long_text));
  EXPECT_EQ(text.size(), long_text.size() / 3 * 4);
  EXPECT_EQ(text.find('='), std::string::npos);
}

TEST(Base64, IsReadBack) {
  for (const std::string text : {"", "f", "fo", "foo", "foob", "\xFF\x00\x80"}) {
    const auto again = from_base64(base64(as_bytes_of(text)));
    ASSERT_OK(again);
    EXPECT_TRUE(std::ranges::equal(*again, as_bytes_of(text))) << text;
  }
  const std::string long_text((3U << 20) + 4, 'b');
  EXPECT_EQ(from_base64(base64(as_bytes_of(long_text)))->size(), long_text.size());
}

TEST(Base64, RefusesWhatIsNone) {
  for (const char* text : {"Zg=", "Z", "Zg==Zg==", "Z===", "====", "Zm9 ", "Zm9v\n", "Zm-v"}) {
    EXPECT_ERROR(from_base64(text), ErrorCode::malformed);
  }
}

}  // namespace
}  // namespace bloodcell
