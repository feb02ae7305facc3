#include <bloodcell/base/digest.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/base/hash.hpp>
#include <bloodcell/test/support.hpp>

namespace bloodcell {
namespace {

// FIPS 180-4 (of "abc") and RFC 1321, A.5.
TEST(Digest, GivesThePublishedDigests) {
  const test::TemporaryFolder folder;
  ASSERT_OK(write_text(folder / "abc", "abc"));
  const std::string expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  EXPECT_EQ(sha256(as_bytes_of("abc")), expected);
  EXPECT_EQ(digest_of_file(folder / "abc", Digest::sha256), expected);
  EXPECT_EQ(digest_of_file(folder / "abc", Digest::md5), "900150983cd24fb0d6963f7d28e17f72");
}

TEST(Digest, ReadsFilesLongerThanOnePiece) {
  const test::TemporaryFolder folder;
  const std::string long_text(3'000'001, 'x');
  ASSERT_OK(write_text(folder / "long", long_text));
  EXPECT_EQ(digest_of_file(folder / "long", Digest::sha256), sha256(as_bytes_of(long_text)));
}

TEST(Digest, SaysWhatCannotBeRead) {
  const test::TemporaryFolder folder;
  EXPECT_ERROR(digest_of_file(folder / "none", Digest::md5), ErrorCode::not_found);
  EXPECT_ERROR(digest_of_file(folder.path(), Digest::md5), ErrorCode::unreadable);
}

}  // namespace
}  // namespace bloodcell
