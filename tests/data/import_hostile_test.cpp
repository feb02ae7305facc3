// What a set made to do harm, or damaged, may hold: each importer refuses it by name and leaves no
// manifest behind. The faults of one format alone stand with that format's tests.
#include <string>

#include "import_set.hpp"

namespace bloodcell::data {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

using ImportHostile = ImportTest;

// The header of a PNG that claims these sides, and nothing behind it.
std::string png_claiming(std::uint32_t width, std::uint32_t height) {
  std::string text("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16);
  for (const std::uint32_t side : {width, height}) {
    for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(side >> shift & 0xFF);
  }
  return text + std::string("\x08\x02\0\0\0\0\0\0\0", 9);
}

struct Boxed {
  std::string format;
  std::string source;  // below the folder
  std::string file;
  std::string text;
};

// One box of images/a.png in each format that has boxes.
std::vector<Boxed> boxed_sets() {
  return {{"voc", "", "annotations/a.xml",
           "<annotation><filename>a.png</filename><object><name>WBC</name><bndbox><xmin>1</xmin>"
           "<ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object></annotation>"},
          {"yolo", "", "labels/a.txt", "0 0.5 0.5 0.1 0.1\n"},
          {"coco", "set.json", "set.json",
           R"({"images":[{"id":1,"file_name":"a.png"}],"categories":[{"id":1,"name":"WBC"}],)"
           R"("annotations":[{"image_id":1,"category_id":1,"bbox":[1,1,8,8]}]})"},
          {"csv", "boxes.csv", "boxes.csv", "file,label,x,y,w,h\na.png,WBC,1,1,8,8\n"}};
}

TEST_F(ImportHostile, PicturesOfAbsurdSizeAreRefusedByTheirHeader) {
  options_.labels = {"WBC"};
  options_.x_column = "x";
  options_.y_column = "y";
  options_.width_column = "w";
  options_.height_column = "h";
  for (const auto& set : boxed_sets()) {
    write(set.file, set.text);
    options_.source = folder_ / set.source;
    for (const auto& picture :
         {png_claiming(0x7FFFFFFF, 0x7FFFFFFF), png_claiming(0, 0), png_claiming(50'000, 50'000),
          std::string("\x89PNG"), std::string("not a picture"), std::string()}) {
      write("images/a.png", picture);
      EXPECT_THAT(refusal(set.format), HasSubstr("a.png")) << set.format << picture.size();
    }
    fs::remove(folder_ / set.file);
  }
}

TEST_F(ImportHostile, APictureThatIsGoneIsNamed) {
  options_.labels = {"WBC"};
  fs::remove(folder_ / "images/a.png");
  for (const auto& set : boxed_sets()) {
    write(set.file, set.text);
    options_.source = folder_ / set.source;
    const auto said = refusal(set.format);
    EXPECT_THAT(said, set.format == "yolo" ? HasSubstr("no cell") : HasSubstr("no picture `a.png`"))
        << set.format;
    fs::remove(folder_ / set.file);
  }
}

TEST_F(ImportHostile, LinksThatCircleAreRefusedAndEndTheWalk) {
  options_.labels = {"WBC"};
  for (const char* format : {"folders", "pbc", "yolo"}) {
    const fs::path set = folder_ / format;
    write_files(set, {"monocyte/BNE_1.jpg"});
    fs::create_directory_symlink("..", set / "monocyte/loop");
    options_.source = set;
    EXPECT_THAT(refusal(format), HasSubstr("loop")) << format;
  }
}

TEST_F(ImportHostile, AManifestNamesNoFileAboveItsFolder) {
  write_files(folder_ / "secret", {"neutrophil/BNE_1.jpg"});
  fs::create_directories(folder_ / "set");
  options_.manifest = folder_ / "set/set.csv";
  for (const char* format : {"folders", "pbc"}) {
    options_.source = folder_ / "set/../secret";
    EXPECT_THAT(to_text(import(format).error()), HasSubstr("cannot name it")) << format;
    EXPECT_TRUE(fs::is_empty(folder_ / "set")) << format;
  }
}

TEST_F(ImportHostile, FolderTreesAreBoundedInDepthAndFiles) {
  options_.labels = {"WBC"};
  for (const char* format : {"folders", "pbc", "yolo"}) {
    write_files(folder_ / "deep", {"a/b/c/d/BNE_1.jpg"});
    write_files(folder_ / "many", {"a/BNE_1.jpg", "a/BNE_2.jpg", "a/BNE_3.jpg"});
    options_.format = format;
    OwnContext own;
    own.limits.max_folder_depth = 3;
    own.limits.max_files = 2;
    for (const char* set : {"deep", "many"}) {
      options_.source = folder_ / set;
      EXPECT_ERROR(import_set(own.get(), options_), ErrorCode::limit_exceeded);
      EXPECT_FALSE(fs::exists(folder_ / "set.csv")) << format << set;
    }
  }
}

TEST_F(ImportHostile, NamesWithControlCharactersAreRefused) {
  write_files(folder_ / "pbc", {"BNE\n_1.jpg"});
  options_.source = folder_ / "pbc";
  EXPECT_THAT(refusal("pbc"), HasSubstr("control characters"));
  write_files(folder_ / "pbc2", {"BNE_\x01.jpg"});
  options_.source = folder_ / "pbc2";
  EXPECT_THAT(refusal("pbc"), HasSubstr("control characters"));
  write_files(folder_ / "folders", {"mono\xff/1.jpg"});
  options_.source = folder_ / "folders";
  EXPECT_THAT(refusal("folders"), HasSubstr("control characters"));
}

TEST_F(ImportHostile, ClassFoldersThatMissTheirClassOrPicturesStopTheImport) {
  options_.source = folder_ / "set";
  write_files(options_.source, {"monocyte/1.jpg", "stray.jpg"});
  EXPECT_THAT(refusal("folders"),
              AllOf(HasSubstr("stray.jpg"), HasSubstr("outside the class folders")));
  fs::remove(options_.source / "stray.jpg");
  fs::create_directories(options_.source / "basophil");
  EXPECT_THAT(refusal("folders"), AllOf(HasSubstr("basophil"), HasSubstr("without a picture")));
  fs::remove(options_.source / "basophil");
  write_files(options_.source, {"monocyte/notes.exe"});
  EXPECT_THAT(refusal("folders"), HasSubstr("notes.exe"));
  options_.skip_faults = true;
  const auto imported = import("folders");
  ASSERT_OK(imported);
  EXPECT_EQ(imported->cells, 1U);
  EXPECT_EQ(imported->problems.size(), 1U);
}

TEST_F(ImportHostile, EmptySetsAreRefusedInEveryFormatThatReadsFolders) {
  fs::create_directories(folder_ / "empty");
  options_.source = folder_ / "empty";
  options_.labels = {"WBC"};
  for (const char* format : {"folders", "pbc", "voc", "yolo"}) {
    const auto imported = import(format);
    EXPECT_FALSE(imported.has_value()) << format;
    EXPECT_FALSE(fs::exists(folder_ / "set.csv")) << format;
  }
}

}  // namespace
}  // namespace bloodcell::data
