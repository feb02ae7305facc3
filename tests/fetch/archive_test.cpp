#include <bloodcell/fetch/archive.hpp>

#include <sys/stat.h>

#include <zip.h>

#include <bloodcell/base/files.hpp>
#include <bloodcell/test/support.hpp>

namespace bloodcell::fetch {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class UnpackZip : public ::testing::Test {
 protected:
  struct Content {
    std::string name;
    std::string text;
    bool is_link = false;
  };

  void make(const std::vector<Content>& contents) {
    fs::remove(archive_);
    zip_t* zip = zip_open(archive_.c_str(), ZIP_CREATE, nullptr);
    ASSERT_NE(zip, nullptr);
    for (const auto& [name, text, is_link] : contents) {
      if (name.ends_with('/')) {
        ASSERT_GE(zip_dir_add(zip, name.c_str(), 0), 0);
        continue;
      }
      const zip_int64_t number = zip_file_add(
          zip, name.c_str(), zip_source_buffer(zip, text.data(), text.size(), 0), ZIP_FL_ENC_UTF_8);
      ASSERT_GE(number, 0) << name;
      if (is_link) {
        zip_file_set_external_attributes(zip, static_cast<zip_uint64_t>(number), 0, ZIP_OPSYS_UNIX,
                                         (S_IFLNK | 0777U) << 16U);
      }
    }
    ASSERT_EQ(zip_close(zip), 0);
  }
  Result<Unpacked> unpack(const ArchiveLimits& limits = {}) {
    return unpack_zip(context_.get(), archive_, out_, limits);
  }
  void expect_refused(const std::vector<Content>& contents, ErrorCode code) {
    make(contents);
    EXPECT_ERROR(unpack(), code);
    expect_nothing_written();
  }
  void expect_nothing_written() const {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : fs::directory_iterator(folder_.path())) ++count;
    EXPECT_EQ(count, 1U) << "the archive alone";
  }

  test::TemporaryFolder folder_;
  OwnContext context_;
  const fs::path archive_ = folder_ / "set.zip";
  const fs::path out_ = folder_ / "set";
};

TEST_F(UnpackZip, WritesFilesAndFolders) {
  make({{"cells/", ""},
        {"cells/a.txt", "one"},
        {"b.txt", std::string(100'000, 'b')},
        {"empty", ""}});
  const auto done = unpack();
  ASSERT_OK(done);
  EXPECT_EQ(done->files, 3U);
  EXPECT_EQ(done->bytes, 100'003U);
  EXPECT_EQ(*read_text(out_ / "cells/a.txt", 10), "one");
  EXPECT_EQ(read_text(out_ / "b.txt", 1 << 20)->size(), 100'000U);
  EXPECT_ERROR(unpack(), ErrorCode::usage);
  EXPECT_EQ(*read_text(out_ / "cells/a.txt", 10), "one");
}

TEST_F(UnpackZip, KeepsEveryNameBelowTheFolder) {
  for (const char* name : {"../evil", "a/../../evil", "/etc/evil", "a\\..\\evil"}) {
    expect_refused({{"good.txt", "x"}, {name, "x"}}, ErrorCode::malformed);
  }
  expect_refused({{"../evil/", ""}}, ErrorCode::malformed);
}

TEST_F(UnpackZip, RefusesLinks) {
  expect_refused({{"good.txt", "x"}, {"link", "/etc/passwd", true}}, ErrorCode::malformed);
}

TEST_F(UnpackZip, RefusesAFileThatIsAlsoAFolder) {
  make({{"a", "x"}, {"a/b", "x"}});
  EXPECT_FALSE(unpack());
  expect_nothing_written();
}

TEST_F(UnpackZip, RefusesBombs) {
  make({{"zeros", std::string(20'000'000, '\0')}});
  const auto grown = unpack({.max_ratio = 500});
  EXPECT_ERROR(grown, ErrorCode::limit_exceeded);
  EXPECT_THAT(grown.error().message, HasSubstr("500 times"));
  EXPECT_ERROR(unpack({.max_bytes = 1'000'000}), ErrorCode::limit_exceeded);
  make({{"a", "x"}, {"b", "x"}, {"c", "x"}});
  EXPECT_ERROR(unpack({.max_entries = 2}), ErrorCode::limit_exceeded);
  EXPECT_ERROR(unpack({.max_bytes = 2}), ErrorCode::limit_exceeded);
  expect_nothing_written();
}

TEST_F(UnpackZip, RefusesArchivesCutShortOrDamaged) {
  make({{"cells/a.txt", "ABCDEFGH"}, {"b.txt", "x"}});
  const std::string whole = *read_text(archive_, 1 << 20);
  for (std::size_t length = 0; length < whole.size(); length += 5) {
    ASSERT_OK(write_text(archive_, whole.substr(0, length)));
    EXPECT_ERROR(unpack(), ErrorCode::malformed);
    expect_nothing_written();
  }
  std::string damaged = whole;
  const std::size_t at = damaged.find("ABCDEFGH");
  ASSERT_NE(at, std::string::npos) << "is stored packed";
  damaged[at] = 'Z';
  ASSERT_OK(write_text(archive_, damaged));
  const auto done = unpack();
  EXPECT_ERROR(done, ErrorCode::malformed);
  EXPECT_THAT(done.error().message, HasSubstr("a.txt"));
  expect_nothing_written();
}

}  // namespace
}  // namespace bloodcell::fetch
