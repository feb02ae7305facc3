#include <bloodcell/base/base64.hpp>

#include <gtest/gtest.h>

#include <bloodcell/base/files.hpp>

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

}  // namespace
}  // namespace bloodcell
