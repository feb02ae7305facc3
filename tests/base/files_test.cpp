#include <bloodcell/base/files.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <bloodcell/test/support.hpp>

namespace bloodcell {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

TEST(Files, WhatIsWrittenIsRead) {
  const test::TemporaryFolder folder;
  const std::string content("a\0b\r\n", 5);
  ASSERT_OK(write_text(folder / "new" / "note.txt", content));
  const auto read = read_text(folder / "new" / "note.txt", 100);
  ASSERT_OK(read);
  EXPECT_EQ(*read, content);
}

TEST(Files, WritingLeavesNoTemporaryBehind) {
  const test::TemporaryFolder folder;
  ASSERT_OK(write_text(folder / "a", "1"));
  ASSERT_OK(write_text(folder / "a", "2"));
  EXPECT_EQ(names_in(folder.path()), std::vector<std::string>{"a"});
}

TEST(Files, AFailedWriteKeepsTheOldContent) {
  const test::TemporaryFolder folder;
  fs::create_directories(folder / "taken" / "inside");
  EXPECT_ERROR(write_text(folder / "taken", "x"), ErrorCode::unreadable);
  EXPECT_TRUE(fs::exists(folder / "taken" / "inside"));
  EXPECT_EQ(names_in(folder.path()), std::vector<std::string>{"taken"});
}

TEST(Files, ReadingNamesWhatIsWrong) {
  const test::TemporaryFolder folder;
  EXPECT_ERROR(read_file(folder / "missing", 10), ErrorCode::not_found);
  EXPECT_ERROR(read_file(folder.path(), 10), ErrorCode::unreadable);
  ASSERT_OK(write_text(folder / "big", "0123456789A"));
  EXPECT_ERROR(read_file(folder / "big", 10), ErrorCode::limit_exceeded);
  EXPECT_OK(read_file(folder / "big", 11));
}

TEST(Files, APipeIsRefusedInsteadOfWaitedFor) {
  const test::TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_ERROR(read_file(folder / "pipe", 10), ErrorCode::unreadable);
}

TEST(Files, AnUnreadableFileSaysSo) {
  if (::geteuid() == 0) GTEST_SKIP() << "root reads everything";
  const test::TemporaryFolder folder;
  ASSERT_OK(write_text(folder / "secret", "x"));
  fs::permissions(folder / "secret", fs::perms::none);
  const auto read = read_file(folder / "secret", 10);
  EXPECT_ERROR(read, ErrorCode::unreadable);
}

TEST(Walk, FindsFilesInOrderAndLeavesHiddenOnesOut) {
  const test::TemporaryFolder folder;
  for (const char* name : {"b/2.txt", "a.txt", "b/1.txt", ".hidden", ".git/x"}) {
    ASSERT_OK(write_text(folder / name, ""));
  }
  const auto walked = walk_folder(folder.path(), Limits{});
  ASSERT_OK(walked);
  EXPECT_EQ(walked->files, (std::vector<fs::path>{folder / "a.txt", folder / "b" / "1.txt",
                                                  folder / "b" / "2.txt"}));
  EXPECT_TRUE(walked->problems.empty());
}

TEST(Walk, ALoopOfLinksIsAProblemNotALoop) {
  const test::TemporaryFolder folder;
  ASSERT_OK(write_text(folder / "a" / "cell.jpg", ""));
  fs::create_directory_symlink(folder.path(), folder / "a" / "back");
  fs::create_symlink("self", folder / "self");
  const auto walked = walk_folder(folder.path(), Limits{});
  ASSERT_OK(walked);
  EXPECT_EQ(walked->files.size(), 1U);
  EXPECT_EQ(walked->problems.size(), 2U);
}

TEST(Walk, AFolderReachedTwiceBesideItselfIsWalkedTwice) {
  const test::TemporaryFolder folder;
  ASSERT_OK(write_text(folder / "a" / "cell.jpg", ""));
  fs::create_directory_symlink(folder / "a", folder / "b");
  const auto walked = walk_folder(folder.path(), Limits{});
  ASSERT_OK(walked);
  EXPECT_EQ(walked->files.size(), 2U);
}

TEST(Walk, ADeadLinkIsAProblem) {
  const test::TemporaryFolder folder;
  fs::create_symlink("nowhere", folder / "dead.jpg");
  const auto walked = walk_folder(folder.path(), Limits{});
  ASSERT_OK(walked);
  ASSERT_EQ(walked->problems.size(), 1U);
  EXPECT_EQ(walked->problems[0].code, ErrorCode::not_found);
}

TEST(Walk, APipeIsAProblem) {
  const test::TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe.png").c_str(), 0600), 0);
  const auto walked = walk_folder(folder.path(), Limits{});
  ASSERT_OK(walked);
  EXPECT_TRUE(walked->files.empty());
  ASSERT_EQ(walked->problems.size(), 1U);
  EXPECT_EQ(walked->problems[0].path, folder / "pipe.png");
}

TEST(Walk, LimitsHold) {
  const test::TemporaryFolder folder;
  for (const char* name : {"1", "2", "3", "d/e/f"}) ASSERT_OK(write_text(folder / name, ""));
  Limits few;
  few.max_files = 3;
  EXPECT_ERROR(walk_folder(folder.path(), few), ErrorCode::limit_exceeded);
  Limits shallow;
  shallow.max_folder_depth = 1;
  EXPECT_ERROR(walk_folder(folder.path(), shallow), ErrorCode::limit_exceeded);
  EXPECT_ERROR(walk_folder(folder / "missing", Limits{}), ErrorCode::not_found);
}

}  // namespace
}  // namespace bloodcell
