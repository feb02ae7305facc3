// What the tests share.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bloodcell/base/result.hpp>

namespace bloodcell::test {

// A new empty folder, removed with the object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const {
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

[[nodiscard]] std::filesystem::path source_folder();
[[nodiscard]] std::filesystem::path binary_folder();  // programs are in bin/ below it

// ../shared/data/<set> or ../shared/weights/<file>, if this checkout has it. A test that needs it:
//   const auto set = shared("data/pbc-cells"); if (!set) GTEST_SKIP() << "no
//   ../shared/data/pbc-cells";
[[nodiscard]] std::optional<std::filesystem::path> shared(const std::string& name);

}  // namespace bloodcell::test

// ASSERT_OK(result); prints the error's text.
#define ASSERT_OK(result) \
  ASSERT_TRUE((result).has_value()) << ::bloodcell::to_text((result).error())
#define EXPECT_OK(result) \
  EXPECT_TRUE((result).has_value()) << ::bloodcell::to_text((result).error())
// EXPECT_ERROR(result, ErrorCode::malformed);
#define EXPECT_ERROR(result, expected_code)                                                       \
  do {                                                                                            \
    const auto& bc_checked = (result);                                                            \
    ASSERT_FALSE(bc_checked.has_value()) << "expected an error";                                  \
    EXPECT_EQ(::bloodcell::name_of(bc_checked.error().code), ::bloodcell::name_of(expected_code)) \
        << ::bloodcell::to_text(bc_checked.error());                                              \
  } while (false)
