#include <string>
#include <vector>

#include "small_sets.hpp"

namespace bloodcell::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::string_literals;

class Manifest : public ::testing::Test {
 protected:
  Manifest() { write_files(folder_.path(), {"a.png", "b.png", "deep/c.png"}); }

  Result<Dataset> open(const std::string& text, const OpenOptions& options = {}) {
    EXPECT_TRUE(write_text(folder_ / "set.csv", text).has_value());
    OwnContext own;
    return open_dataset(own.get(), folder_ / "set.csv", options);
  }

  // Opens and expects a malformed table; returns its message.
  std::string malformed(const std::string& text) {
    const auto dataset = open(text);
    if (dataset) return "was read";
    EXPECT_EQ(dataset.error().code, ErrorCode::malformed) << to_text(dataset.error());
    EXPECT_THAT(dataset.error().path, HasSubstr("set.csv"));
    return dataset.error().message;
  }

  test::TemporaryFolder folder_;
};

TEST_F(Manifest, NeedsOnlyFileAndLabel) {
  const auto dataset = open("label,file\nMONOCYTE,deep/c.png\nbasophil,a.png\n");
  ASSERT_OK(dataset);
  EXPECT_THAT(dataset->labels, ElementsAre("basophil", "monocyte"));
  EXPECT_THAT(files_of(*dataset), ElementsAre("a.png", "deep/c.png"));
  EXPECT_FALSE(dataset->has_families);
  EXPECT_EQ(dataset->samples[0].family, "a.png");
  EXPECT_FALSE(dataset->samples[0].box.has_value());
}

TEST_F(Manifest, CarriesFamilyPartSourceAndBox) {
  const auto dataset = open(
      "file,label,family,part,source,x,y,width,height\n"
      "a.png,ig,f1,TEST,Lahore,10,20,30,40\n"
      "b.png,ig,,,,,,,\n");
  ASSERT_OK(dataset);
  EXPECT_TRUE(dataset->has_families);
  const Sample& first = dataset->samples[0];
  EXPECT_EQ(first.family, "f1");
  EXPECT_EQ(first.part, "TEST");
  EXPECT_EQ(first.source, "Lahore");
  EXPECT_EQ(first.box, (image::Box{10, 20, 30, 40}));
  EXPECT_EQ(dataset->samples[1].family, "b.png");
  EXPECT_FALSE(dataset->samples[1].box.has_value());
}

TEST_F(Manifest, TwoBoxesOfOneFileAreTwoSamplesOfOneFamily) {
  const auto dataset =
      open("file,label,x,y,width,height\na.png,ig,50,0,9,9\na.png,monocyte,0,0,9,9\n");
  ASSERT_OK(dataset);
  ASSERT_EQ(dataset->samples.size(), 2U);
  EXPECT_EQ(dataset->samples[0].box->x, 0);
  EXPECT_EQ(dataset->samples[0].family, dataset->samples[1].family);
}

TEST_F(Manifest, AMissingFileIsAProblemWithItsLine) {
  const auto dataset = open("file,label\na.png,ig\ngone.png,ig\n");
  ASSERT_OK(dataset);
  EXPECT_EQ(dataset->samples.size(), 1U);
  ASSERT_EQ(dataset->problems.size(), 1U);
  EXPECT_THAT(to_text(dataset->problems[0]), HasSubstr("line 3"));
  EXPECT_THAT(to_text(dataset->problems[0]), HasSubstr("gone.png"));
}

TEST_F(Manifest, WithoutOneFileThatExistsIsAUsageError) {
  EXPECT_ERROR(open("file,label\ngone.png,ig\n"), ErrorCode::usage);
  EXPECT_ERROR(open("file,label\n"), ErrorCode::usage);
}

TEST_F(Manifest, AFileThatLeadsOutsideIsRefused) {
  for (const auto* file :
       {"../a.png", "deep/../../a.png", "/etc/passwd", "deep/..", "..", "a/../b"}) {
    const std::string message = malformed(std::string("file,label\na.png,ig\n") + file + ",ig\n");
    EXPECT_THAT(message, HasSubstr("line 3, column `file`")) << file;
    EXPECT_THAT(message, HasSubstr("outside")) << file;
  }
}

TEST_F(Manifest, AFolderInPlaceOfAFileIsRefused) {
  for (const auto* file : {".", "deep/", "./"}) {
    EXPECT_THAT(malformed(std::string("file,label\n") + file + ",ig\n"), HasSubstr("a folder"));
  }
  EXPECT_ERROR(open("file,label\ndeep,ig\n"), ErrorCode::usage);
}

TEST_F(Manifest, AFileNamedTwiceIsRefusedInAnySpelling) {
  const std::string message = malformed("file,label\na.png,ig\nb.png,ig\n.//a.png,monocyte\n");
  EXPECT_THAT(message, HasSubstr("line 4, column `file`"));
  EXPECT_THAT(message, HasSubstr("line 2"));
}

TEST_F(Manifest, MissingUnknownAndDoubledColumnsAreNamed) {
  EXPECT_THAT(malformed("file\na.png\n"), HasSubstr("`label`"));
  EXPECT_THAT(malformed("label\nig\n"), HasSubstr("`file`"));
  EXPECT_THAT(malformed("file,label,famly\na.png,ig,x\n"), HasSubstr("column 3 is `famly`"));
  EXPECT_THAT(malformed("file,label,label\na.png,ig,ig\n"), HasSubstr("twice"));
  EXPECT_THAT(malformed("file,label,x,y,width\na.png,ig,1,2,3\n"), HasSubstr("a box needs"));
}

TEST_F(Manifest, AnAbsurdBoxIsRefused) {
  const std::vector<std::pair<std::string, std::string>> boxes{
      {"-1,0,5,5", "`x`"},
      {"0,0,0,5", "`width`"},
      {"0,0,5,-5", "`height`"},
      {"0,0,5,", "`height`"},
      {"0,1.5,5,5", "`y`"},
      {"0,0,5,5px", "`height`"},
      {"0,0,99999999999,5", "`width`"},
      {"2147483647,0,5,5", "`x`"},
      {"0,0, 5,5", "`width`"},
      {"0,0,nan,5", "`width`"},
      {"0,0,70000,5", "`width`"},
  };
  for (const auto& [box, column] : boxes) {
    const std::string message = malformed("file,label,x,y,width,height\na.png,ig," + box + "\n");
    EXPECT_THAT(message, HasSubstr("line 2, column " + column)) << box;
  }
}

TEST_F(Manifest, UnreadableTextIsRefused) {
  EXPECT_THAT(malformed(""), HasSubstr("line 1"));
  EXPECT_THAT(malformed("file,label\na.png\n"), HasSubstr("line 2"));
  EXPECT_THAT(malformed("file,label\n\"a.png,ig\n"), HasSubstr("line 2"));
  EXPECT_THAT(malformed("file,label\na.png,\n"), HasSubstr("column `label`"));
  EXPECT_THAT(malformed("file,label\n,ig\n"), HasSubstr("column `file`"));
  EXPECT_THAT(malformed("file,label\na.png,\"i\x1Bg\"\n"), HasSubstr("column `label`"));
  EXPECT_THAT(malformed("file,label\n\xFF.png,ig\n"), HasSubstr("column `file`"));
  EXPECT_THAT(malformed("file,label,family\na.png,ig,\xED\xA0\x80\n"),
              HasSubstr("column `family`"));
}

TEST_F(Manifest, ANulIsRefusedInsideAndOutsideQuotes) {
  EXPECT_THAT(malformed("file,label\na\0.png,ig\n"s), HasSubstr("line 2"));
  EXPECT_THAT(malformed("file,label\n\"a.png\0\",ig\n"s), HasSubstr("line 2"));
}

TEST_F(Manifest, ALabelOutsideAFixedEncodingNamesTheLine) {
  OpenOptions options;
  options.labels = {"ig"};
  const auto dataset = open("file,label\na.png,ig\nb.png,smudge\n", options);
  EXPECT_ERROR(dataset, ErrorCode::usage);
  EXPECT_THAT(dataset.error().message, HasSubstr("line 3, column `label`"));
  EXPECT_THAT(dataset.error().message, HasSubstr("smudge"));
}

TEST_F(Manifest, MoreRowsOrBytesThanTheLimitAreRefused) {
  ASSERT_OK(open("file,label\na.png,ig\nb.png,ig\n"));
  OwnContext own;
  own.limits.max_files = 1;
  EXPECT_ERROR(open_dataset(own.get(), folder_ / "set.csv"), ErrorCode::limit_exceeded);
  own.limits.max_file_bytes = 10;
  EXPECT_ERROR(open_dataset(own.get(), folder_ / "set.csv"), ErrorCode::limit_exceeded);
}

}  // namespace
}  // namespace bloodcell::data
