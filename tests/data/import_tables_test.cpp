#include <string>

#include "import_set.hpp"

namespace bloodcell::data {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class ImportCsv : public ImportTest {
 protected:
  ImportCsv() { options_.source = folder_ / "labels.csv"; }
  void name_box_columns() {
    options_.x_column = "x";
    options_.y_column = "y";
    options_.width_column = "w";
    options_.height_column = "h";
  }
  std::string refused(const std::string& text) {
    write("labels.csv", text);
    return refusal("csv");
  }
};

TEST_F(ImportCsv, TakesTheNamedColumns) {
  write("labels.csv", "n,Image,Category,day\n1,a.png,EOSINOPHIL,monday\n");
  options_.file_column = "Image";
  options_.label_column = "Category";
  options_.part_column = "day";
  options_.source_name = "Lahore";
  ASSERT_OK(import("csv"));
  EXPECT_EQ(manifest(), "file,label,part,source\nimages/a.png,eosinophil,monday,Lahore\n");
}

TEST_F(ImportCsv, RefusesFaultyRowsByLine) {
  name_box_columns();
  const auto line_2 = AllOf(HasSubstr("labels.csv"), HasSubstr("line 2"));
  for (const char* row :
       {"../a.png,wbc,1,1,2,2", "/a.png,wbc,1,1,2,2", "b.png,wbc,1,1,2,2", ",wbc,1,1,2,2",
        "a.png,,1,1,2,2", "a.png,wbc,nan,1,2,2", "a.png,wbc,1,1,-2,2", "a.png,wbc,1,1,0,2",
        "a.png,wbc,1,1,2e9,2", "a.png,wbc,,,,", "a.png,wbc,1,1", "a.png,\xff,1,1,2,2"}) {
    EXPECT_THAT(refused(std::string("file,label,x,y,w,h\n") + row + "\n"), line_2) << row;
  }
  EXPECT_THAT(refused("file,label,x,y,w,h\na.png,wbc,1,1,2,2\na.png,rbc,1,1,2,2\n"),
              AllOf(HasSubstr("line 3"), HasSubstr("twice")));
}

TEST_F(ImportCsv, RefusesMissingColumns) {
  EXPECT_THAT(refused("name,label\na.png,wbc\n"), AllOf(HasSubstr("`file`"), HasSubstr("--file")));
  options_.x_column = "x";
  EXPECT_THAT(refused("file,label,x\na.png,wbc,1\n"), HasSubstr("x, y, width and height"));
}

TEST_F(ImportCsv, NeverOverwritesItsSource) {
  write("labels.csv", "file,label\na.png,wbc\n");
  options_.manifest = options_.source;
  EXPECT_ERROR(import("csv"), ErrorCode::usage);
  EXPECT_EQ(*read_text(options_.source, 100), "file,label\na.png,wbc\n");
}

TEST_F(ImportCsv, SaysWhereTheManifestMayStand) {
  write("labels.csv", "file,label\na.png,wbc\n");
  options_.manifest = folder_ / "elsewhere/set.csv";
  EXPECT_THAT(refusal("csv"), HasSubstr("folder that holds the pictures"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "elsewhere"));
}

TEST_F(ImportCsv, StopsAtTheLimitOfCells) {
  write("labels.csv", "file,label\na.png,wbc\na.png,rbc\n");
  options_.format = "csv";
  OwnContext own;
  own.limits.max_files = 1;
  EXPECT_ERROR(import_set(own.get(), options_), ErrorCode::limit_exceeded);
}

TEST_F(ImportCsv, ReadsThePublishedChulaBoxes) {
  const auto set = test::shared("data/chula-fields");
  if (!set) GTEST_SKIP() << "no ../shared/data/chula-fields";
  std::filesystem::create_directory_symlink(*set, folder_ / "chula");
  options_.source = folder_ / "chula/boxes.csv";
  options_.label_column = "class";
  name_box_columns();
  options_.width_column = "width";
  options_.height_column = "height";
  options_.skip_faults = true;
  const auto imported = import("csv");
  ASSERT_OK(imported);
  EXPECT_GT(imported->cells, 300U);
}

using ImportPbc = ImportTest;

TEST_F(ImportPbc, TurnsCodesIntoLabelsAndKeepsThemInTheCounts) {
  options_.source = folder_ / "pbc";
  write_files(options_.source, {"BNE_1.jpg", "x/SNE_2.jpg", "MMY_3.jpg", "PLATELET_4.jpg"});
  const auto imported = import("pbc");
  ASSERT_OK(imported);
  EXPECT_EQ(manifest(),
            "file,label\npbc/BNE_1.jpg,neutrophil\npbc/MMY_3.jpg,ig\npbc/PLATELET_4.jpg,platelet\n"
            "pbc/x/SNE_2.jpg,neutrophil\n");
  EXPECT_EQ(imported->published.at("SNE").label, "neutrophil");
  EXPECT_EQ(imported->published.at("SNE").cells, 1U);
}

TEST_F(ImportPbc, RefusesUnknownCodes) {
  options_.source = folder_ / "pbc";
  write_files(options_.source, {"XX_1.jpg"});
  EXPECT_THAT(refusal("pbc"), AllOf(HasSubstr("XX_1.jpg"), HasSubstr("--map XX=LABEL")));
  options_.map = {{"XX", ""}};
  EXPECT_THAT(refusal("pbc"), HasSubstr("no cell"));
  write_files(options_.source, {"plain.jpg"});
  EXPECT_THAT(refusal("pbc"), AllOf(HasSubstr("plain.jpg"), HasSubstr("code")));
}

using ImportFolders = ImportTest;

TEST_F(ImportFolders, KeepsThePublishedParts) {
  write_files(folder_ / "set", {"TRAIN/MONOCYTE/1.jpg", "TEST/BASOPHIL/2.jpg"});
  options_.source = folder_ / "set";
  ASSERT_OK(import("folders"));
  EXPECT_EQ(manifest(),
            "file,label,part\nset/TEST/BASOPHIL/2.jpg,basophil,TEST\n"
            "set/TRAIN/MONOCYTE/1.jpg,monocyte,TRAIN\n");
}

TEST_F(ImportFolders, RefusesUnknownFormatsAndMissingSources) {
  EXPECT_THAT(refusal("zip"), HasSubstr("coco, csv, folders"));
  options_.source = folder_ / "none";
  for (const std::string_view format : import_formats()) {
    EXPECT_THAT(refusal(std::string(format)), HasSubstr("none")) << format;
  }
}

}  // namespace
}  // namespace bloodcell::data
