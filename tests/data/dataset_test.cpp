#include <bloodcell/data/dataset.hpp>

#include <filesystem>

#include "small_sets.hpp"

namespace bloodcell::data {
namespace {

namespace fs = std::filesystem;
using test::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::string_literals;

Result<Dataset> open(const fs::path& path, const OpenOptions& options = {}) {
  OwnContext own;
  return open_dataset(own.get(), path, options);
}

TEST(ClassFolders, BecomeLabelsInAlphabeticalOrder) {
  const TemporaryFolder folder;
  write_files(folder.path(), {"Neutrophils/b.png", "BASOPHIL/c.jpg", "Neutrophils/a.JPEG",
                              "Neutrophils/patient 2/d.tif"});
  const auto dataset = open(folder.path());
  ASSERT_OK(dataset);
  EXPECT_THAT(dataset->labels, ElementsAre("basophil", "neutrophil"));
  EXPECT_THAT(files_of(*dataset), ElementsAre("BASOPHIL/c.jpg", "Neutrophils/a.JPEG",
                                              "Neutrophils/b.png", "Neutrophils/patient 2/d.tif"));
  EXPECT_EQ(dataset->samples[0].label, 0);
  EXPECT_EQ(dataset->samples[3].label, 1);
  EXPECT_EQ(dataset->samples[1].part, "");
  EXPECT_TRUE(dataset->problems.empty());
}

TEST(ClassFolders, WithoutFamiliesEachImageIsItsOwn) {
  const TemporaryFolder folder;
  write_files(folder.path(), {"ig/a.png", "ig/b.png"});
  const auto dataset = open(folder.path());
  ASSERT_OK(dataset);
  EXPECT_FALSE(dataset->has_families);
  EXPECT_EQ(dataset->samples[0].family, "ig/a.png");
  EXPECT_EQ(dataset->samples[1].family, "ig/b.png");
}

TEST(ClassFolders, SpellingsOfOneClassAreMerged) {
  const TemporaryFolder folder;
  write_files(folder.path(), {"Eosinophil/a.png", "EOSINOPHILS/b.png"});
  const auto dataset = open(folder.path());
  ASSERT_OK(dataset);
  EXPECT_THAT(dataset->labels, ElementsAre("eosinophil"));
}

TEST(ClassFolders, PlainDocumentsArePassedOverAndStrangersAreTold) {
  const TemporaryFolder folder;
  write_files(folder.path(), {"README.md", "LICENSE", "SHA256SUMS", "labels.csv", "ig/a.png",
                              "ig/notes.txt", "ig/film.gif", "stray.png"});
  const auto dataset = open(folder.path());
  ASSERT_OK(dataset);
  EXPECT_THAT(files_of(*dataset), ElementsAre("ig/a.png"));
  ASSERT_EQ(dataset->problems.size(), 2U);
  EXPECT_THAT(dataset->problems[0].path, HasSubstr("film.gif"));
  EXPECT_THAT(dataset->problems[1].path, HasSubstr("stray.png"));
  EXPECT_THAT(dataset->problems[1].message, HasSubstr("outside the class folders"));
}

TEST(ClassFolders, AnEmptyOneIsAProblemAndNoLabel) {
  const TemporaryFolder folder;
  write_files(folder.path(), {"ig/a.png", "monocyte/README"});
  fs::create_directory(folder / "basophil");
  const auto dataset = open(folder.path());
  ASSERT_OK(dataset);
  EXPECT_THAT(dataset->labels, ElementsAre("ig"));
  ASSERT_EQ(dataset->problems.size(), 2U);
  EXPECT_THAT(dataset->problems[0].path, HasSubstr("basophil"));
  EXPECT_THAT(dataset->problems[1].path, HasSubstr("monocyte"));
}

TEST(ClassFolders, AFileNameThatIsNotUtf8IsLeftOut) {
  const TemporaryFolder folder;
  write_files(folder.path(), {"ig/a.png", "ig/\xFF\xFE.png", "ig/line\nbreak.png"});
  const auto dataset = open(folder.path());
  ASSERT_OK(dataset);
  EXPECT_THAT(files_of(*dataset), ElementsAre("ig/a.png"));
  EXPECT_EQ(dataset->problems.size(), 2U);
}

TEST(KaggleLayout, GivesEachImageItsPublishedPart) {
  const TemporaryFolder folder;
  write_files(folder.path(), {"TRAIN/MONOCYTE/_0_1.jpeg", "TEST/MONOCYTE/_0_2.jpeg",
                              "TEST_SIMPLE/EOSINOPHIL/_0_3.jpeg", "other/x/a.png"});
  const auto dataset = open(folder.path());
  ASSERT_OK(dataset);
  EXPECT_THAT(dataset->labels, ElementsAre("eosinophil", "monocyte"));
  ASSERT_EQ(dataset->samples.size(), 3U);
  EXPECT_EQ(dataset->samples[0].part, "TEST");
  EXPECT_EQ(dataset->samples[1].part, "TEST_SIMPLE");
  EXPECT_EQ(dataset->samples[2].part, "TRAIN");
  EXPECT_EQ(dataset->samples[2].label, 1);
}

TEST(KaggleLayout, IsFoundInImagesWithTheSameFileNames) {
  const TemporaryFolder folder;
  write_files(folder.path(), {"images/TRAIN/MONOCYTE/a.jpeg", "README.md"});
  const auto outer = open(folder.path());
  const auto inner = open(folder / "images");
  ASSERT_OK(outer);
  ASSERT_OK(inner);
  EXPECT_EQ(files_of(*outer), files_of(*inner));
  EXPECT_EQ(outer->root, folder / "images");
}

TEST(KaggleLayout, APictureBesideTheClassesAndAnEmptyClassAreProblems) {
  const TemporaryFolder folder;
  write_files(folder.path(), {"TRAIN/stray.jpeg", "TRAIN/MONOCYTE/a.jpeg"});
  fs::create_directories(folder / "TEST/BASOPHIL");
  const auto dataset = open(folder.path());
  ASSERT_OK(dataset);
  EXPECT_EQ(dataset->samples.size(), 1U);
  ASSERT_EQ(dataset->problems.size(), 2U);
  EXPECT_THAT(dataset->problems[0].path, HasSubstr("BASOPHIL"));
  EXPECT_THAT(dataset->problems[1].path, HasSubstr("stray.jpeg"));
}

TEST(OpenDataset, AMissingFolderIsNotFound) {
  EXPECT_ERROR(open("no/such/folder"), ErrorCode::not_found);
}

TEST(OpenDataset, AFolderWithoutAnyImageIsAUsageError) {
  const TemporaryFolder folder;
  EXPECT_ERROR(open(folder.path()), ErrorCode::usage);
  write_files(folder.path(), {"README.md", "class/notes.txt"});
  EXPECT_ERROR(open(folder.path()), ErrorCode::usage);
}

TEST(OpenDataset, MoreFilesThanTheLimitAreRefused) {
  const TemporaryFolder folder;
  write_files(folder.path(), {"ig/a.png", "ig/b.png", "ig/c.png"});
  OwnContext own;
  own.limits.max_files = 2;
  EXPECT_ERROR(open_dataset(own.get(), folder.path()), ErrorCode::limit_exceeded);
}

TEST(OpenDataset, AFixedEncodingIsKeptEvenWithoutImagesOfAClass) {
  const TemporaryFolder folder;
  write_files(folder.path(), {"ig/a.png"});
  OpenOptions options;
  options.labels = {"monocyte", "IG"};
  const auto dataset = open(folder.path(), options);
  ASSERT_OK(dataset);
  EXPECT_THAT(dataset->labels, ElementsAre("monocyte", "ig"));
  EXPECT_EQ(dataset->samples[0].label, 1);
}

TEST(OpenDataset, AClassOutsideAFixedEncodingIsAUsageErrorThatNamesTheFile) {
  const TemporaryFolder folder;
  write_files(folder.path(), {"ig/a.png", "blast/b.png"});
  OpenOptions options;
  options.labels = {"ig"};
  const auto dataset = open(folder.path(), options);
  EXPECT_ERROR(dataset, ErrorCode::usage);
  EXPECT_THAT(to_text(dataset.error()), HasSubstr("blast/b.png"));
}

TEST(OpenDataset, AnEncodingThatNamesAClassTwiceIsAUsageError) {
  const TemporaryFolder folder;
  write_files(folder.path(), {"ig/a.png"});
  OpenOptions options;
  options.labels = {"ig", "IG"};
  EXPECT_ERROR(open(folder.path(), options), ErrorCode::usage);
}

TEST(FamiliesTable, IsLaidOverTheSamples) {
  const TemporaryFolder folder;
  write_files(folder.path(), {"ig/a.png", "ig/b.png", "ig/c.png"});
  ASSERT_OK(write_text(folder / "families.csv",
                       "file,family\nig/a.png,cell 1\n./ig/b.png,cell 1\nig/gone.png,cell 2\n"));
  OpenOptions options;
  options.families_csv = folder / "families.csv";
  const auto dataset = open(folder.path(), options);
  ASSERT_OK(dataset);
  EXPECT_TRUE(dataset->has_families);
  EXPECT_EQ(dataset->samples[0].family, "cell 1");
  EXPECT_EQ(dataset->samples[1].family, "cell 1");
  EXPECT_EQ(dataset->samples[2].family, "ig/c.png");
}

TEST(FamiliesTable, CountsTheFilesWithoutARow) {
  const TemporaryFolder folder;
  write_files(folder.path(), {"ig/a.png", "ig/b.png", "ig/c.png"});
  auto dataset = open(folder.path());
  ASSERT_OK(dataset);
  const auto missing = apply_families(*dataset, "file,family\nig/b.png,x\n");
  ASSERT_OK(missing);
  EXPECT_EQ(*missing, 2U);
}

TEST(FamiliesTable, ThatFitsNoFileIsNotFound) {
  const TemporaryFolder folder;
  write_files(folder.path(), {"ig/a.png"});
  auto dataset = open(folder.path());
  ASSERT_OK(dataset);
  EXPECT_ERROR(apply_families(*dataset, "file,family\nother.png,x\n"), ErrorCode::not_found);
  EXPECT_FALSE(dataset->has_families);
}

TEST(FamiliesTable, HostileTextIsMalformedAndNamesItsLine) {
  const TemporaryFolder folder;
  write_files(folder.path(), {"ig/a.png"});
  auto dataset = open(folder.path());
  ASSERT_OK(dataset);
  const std::vector<std::string> texts{
      "",
      "file\nig/a.png\n",
      "file,family\nig/a.png,\n",
      "file,family\nig/a.png,x\nig/a.png,y\n",
      "file,family\n../ig/a.png,x\n",
      "file,family\n/etc/passwd,x\n",
      "file,family\n\"ig/a.png,x\n",
      "file,family\nig/a.png,\"x\ny\"\n",
      "file,family\nig/a.png,\xC3\x28\n",
      "file,family\n\"ig/a.png\",\"x\0y\"\n"s,
  };
  for (const auto& text : texts) {
    const auto result = apply_families(*dataset, text);
    EXPECT_ERROR(result, ErrorCode::malformed);
    EXPECT_THAT(result.error().message, HasSubstr("line ")) << text;
    EXPECT_EQ(dataset->samples[0].family, "ig/a.png") << text;
  }
}

TEST(FamiliesTable, ThatCannotBeReadNamesTheFile) {
  const TemporaryFolder folder;
  write_files(folder.path(), {"ig/a.png"});
  OpenOptions options;
  options.families_csv = folder / "none.csv";
  const auto dataset = open(folder.path(), options);
  EXPECT_ERROR(dataset, ErrorCode::not_found);
  EXPECT_THAT(dataset.error().path, HasSubstr("none.csv"));
}

}  // namespace
}  // namespace bloodcell::data
