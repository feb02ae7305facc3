#include <bloodcell/base/result.hpp>

#include <bloodcell/base/cancel.hpp>
#include <bloodcell/base/files.hpp>
#include <bloodcell/base/hash.hpp>
#include <bloodcell/base/version.hpp>
#include <bloodcell/test/support.hpp>

namespace bloodcell {
namespace {

Result<int> half_of(int value) {
  if (value % 2 != 0) return fail(ErrorCode::usage, fmt::format("{} is odd", value));
  return value / 2;
}

Result<int> quarter_of(int value) {
  BC_ASSIGN(const int half, half_of(value));
  BC_ASSIGN(const int quarter, half_of(half));
  return quarter;
}

TEST(Result, AssignPassesValuesAndErrorsOn) {
  EXPECT_EQ(quarter_of(8), 2);
  EXPECT_EQ(quarter_of(6).error().message, "3 is odd");
}

TEST(Error, ReadsAsFileProblemRemedy) {
  EXPECT_EQ(to_text({ErrorCode::malformed, "ends early", "cells/12.jpg", "copy it again"}),
            "cells/12.jpg: ends early; copy it again");
  EXPECT_EQ(to_text({ErrorCode::usage, "no such class", "", ""}), "no such class");
}

TEST(Error, KeepsTheInnermostPath) {
  EXPECT_EQ(with_path({ErrorCode::malformed, "", "", ""}, "a").path, "a");
  EXPECT_EQ(with_path({ErrorCode::malformed, "", "inner", ""}, "a").path, "inner");
}

TEST(Error, WrongUsageEndsWithTwoAndAllElseWithOne) {
  EXPECT_EQ(exit_status(ErrorCode::usage), 2);
  EXPECT_EQ(exit_status(ErrorCode::leak), 1);
  EXPECT_EQ(exit_status(ErrorCode::cancelled), 1);
}

TEST(Cancellation, IsAnErrorOnceRequested) {
  Cancellation cancellation;
  EXPECT_OK(cancellation.check());
  cancellation.request();
  EXPECT_ERROR(cancellation.check(), ErrorCode::cancelled);
}

TEST(Hash, MatchesThePublishedValues) {
  EXPECT_EQ(sha256(as_bytes_of("")),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256(as_bytes_of("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Hash, OfAFileIsThatOfItsBytes) {
  const test::TemporaryFolder folder;
  ASSERT_OK(write_text(folder / "abc", "abc"));
  EXPECT_EQ(sha256_of_file(folder / "abc", 100).value(), sha256(as_bytes_of("abc")));
  EXPECT_ERROR(sha256_of_file(folder / "none", 100), ErrorCode::not_found);
}

TEST(Version, IsThreeNumbers) {
  EXPECT_THAT(std::string(version()), ::testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+"));
}

}  // namespace
}  // namespace bloodcell
