#include <bloodcell/base/folder_lock.hpp>

#include <optional>

#include <bloodcell/test/support.hpp>

namespace bloodcell {
namespace {

TEST(FolderLock, IsHeldByOneAtATime) {
  const test::TemporaryFolder folder;
  std::optional<Result<FolderLock>> first = FolderLock::take(folder.path());
  ASSERT_OK(*first);
  EXPECT_ERROR(FolderLock::take(folder.path()), ErrorCode::usage);
  FolderLock moved = std::move(first->value());
  first.reset();
  EXPECT_ERROR(FolderLock::take(folder.path()), ErrorCode::usage);
  {
    const FolderLock ended = std::move(moved);
  }
  EXPECT_OK(FolderLock::take(folder.path()));
}

TEST(FolderLock, NeedsAFolder) {
  const test::TemporaryFolder folder;
  EXPECT_ERROR(FolderLock::take(folder / "nowhere"), ErrorCode::not_found);
}

}  // namespace
}  // namespace bloodcell
