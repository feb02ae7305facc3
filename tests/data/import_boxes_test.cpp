#include <string>

#include "import_set.hpp"

namespace bloodcell::data {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class ImportVoc : public ImportTest {
 protected:
  static std::string object(const std::string& name, const std::string& box) {
    return "<object><name>" + name + "</name>" + box + "</object>\n";
  }
  static std::string box(const std::string& x0, const std::string& y0, const std::string& x1,
                         const std::string& y1) {
    return "<bndbox><xmin>" + x0 + "</xmin><ymin>" + y0 + "</ymin><xmax>" + x1 + "</xmax><ymax>" +
           y1 + "</ymax></bndbox>";
  }
  std::string refused(const std::string& objects, const std::string& file = "a.png") {
    write("annotations/a.xml",
          "<annotation>\n<filename>" + file + "</filename>\n" + objects + "</annotation>\n");
    return refusal("voc");
  }
};

TEST_F(ImportVoc, WritesBoxesWithTheFieldAsFamily) {
  write("annotations/a.xml", "<annotation><filename>a.png</filename>" +
                                 object("WBC", box("10", "5", "30", "45")) +
                                 object("RBC", box("50", "5", "60", "15")) + "</annotation>");
  options_.map = {{"WBC", "neutrophil"}, {"RBC", ""}};
  options_.licence = "MIT";
  const auto imported = import("voc");
  ASSERT_OK(imported);
  EXPECT_EQ(
      manifest(),
      "file,label,family,x,y,width,height\nimages/a.png,neutrophil,images/a.png,10,5,20,40\n");
  EXPECT_EQ(imported->cells, 1U);
  EXPECT_EQ(imported->left_out, 1U);
  EXPECT_THAT(imported->json, AllOf(HasSubstr("\"licence\": \"MIT\""), HasSubstr("\"RBC\"")));
  OwnContext own;
  const auto set = open_dataset(own.get(), folder_ / "set.csv");
  ASSERT_OK(set);
  EXPECT_TRUE(set->has_families);
}

TEST_F(ImportVoc, RefusesWhatCannotBeABoxAndNamesTheLine) {
  const auto line_3 = AllOf(HasSubstr("a.xml"), HasSubstr("line 3"));
  EXPECT_THAT(refused(object("WBC", box("10", "5", "10", "45"))), AllOf(line_3, HasSubstr("area")));
  EXPECT_THAT(refused(object("WBC", box("30", "5", "10", "45"))), AllOf(line_3, HasSubstr("area")));
  EXPECT_THAT(refused(object("WBC", box("-9", "5", "10", "45"))),
              AllOf(line_3, HasSubstr("leaves its picture")));
  EXPECT_THAT(refused(object("WBC", box("1", "5", "1e300", "45"))),
              AllOf(line_3, HasSubstr("leaves its picture")));
  for (const char* text : {"nan", "inf", "", "ten", "1e999", "3 "}) {
    EXPECT_THAT(refused(object("WBC", box("1", "5", text, "45"))),
                AllOf(line_3, HasSubstr("`xmax` is not a number")))
        << text;
  }
  EXPECT_THAT(refused(object("WBC", "")), AllOf(line_3, HasSubstr("bndbox")));
  EXPECT_THAT(refused(object("", box("1", "5", "10", "45"))), AllOf(line_3, HasSubstr("class")));
}

TEST_F(ImportVoc, RefusesPicturesOutsideTheSet) {
  const std::string cell = object("WBC", box("1", "5", "10", "45"));
  EXPECT_THAT(refused(cell, "../../etc/passwd"), HasSubstr("leads outside"));
  EXPECT_THAT(refused(cell, "/etc/passwd"), HasSubstr("leads outside"));
  EXPECT_THAT(refused(cell, "b.png"), AllOf(HasSubstr("no picture"), HasSubstr("--images")));
}

TEST_F(ImportVoc, RefusesBrokenAndHostileXml) {
  write("annotations/a.xml", "<annotation>\n<filename>a.png</filename>\n<object><na");
  EXPECT_THAT(refusal("voc"), AllOf(HasSubstr("a.xml"), HasSubstr("line 3")));
  write("annotations/a.xml", "");
  EXPECT_THAT(refusal("voc"), HasSubstr("a.xml"));
  write("annotations/a.xml", "<html/>");
  EXPECT_THAT(refusal("voc"), HasSubstr("annotation"));
  std::string deep;
  for (int i = 0; i < 200'000; ++i) deep += "<a>";
  write("annotations/a.xml", deep);
  EXPECT_THAT(refusal("voc"), HasSubstr("a.xml"));
  write("annotations/a.xml",
        "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\"><!ENTITY y \"&x;&x;\">]>\n"
        "<annotation><filename>&y;</filename></annotation>");
  EXPECT_THAT(refusal("voc"), AllOf(HasSubstr("no picture"), HasSubstr("&y;")));
}

TEST_F(ImportVoc, PassesOverFaultsOnRequestAndTellsThem) {
  write("annotations/a.xml", "<annotation><filename>a.png</filename>" +
                                 object("WBC", box("10", "5", "30", "45")) +
                                 object("WBC", box("10", "5", "10", "5")) + "</annotation>");
  options_.skip_faults = true;
  const auto imported = import("voc");
  ASSERT_OK(imported);
  EXPECT_EQ(imported->cells, 1U);
  EXPECT_EQ(imported->problems.size(), 1U);
  EXPECT_THAT(imported->json, HasSubstr("\"faults\": 1"));
}

TEST_F(ImportVoc, ReadsThePublishedBccdBoxes) {
  const auto set = test::shared("data/bccd-fields");
  if (!set) GTEST_SKIP() << "no ../shared/data/bccd-fields";
  std::filesystem::create_directory_symlink(*set, folder_ / "bccd");
  options_.source = folder_ / "bccd";
  options_.map = {{"RBC", ""}, {"WBC", "white_cell"}};
  const auto imported = import("voc");
  ASSERT_OK(imported);
  EXPECT_EQ(imported->published.at("WBC").cells, 372U);
  EXPECT_EQ(imported->published.at("Platelets").cells, 361U);
  EXPECT_EQ(imported->left_out, 4155U);
}

class ImportYolo : public ImportTest {
 protected:
  std::string refused(const std::string& text) {
    write("labels/a.txt", text);
    return refusal("yolo");
  }
};

TEST_F(ImportYolo, TurnsPartsOfThePictureIntoPixels) {
  write("classes.txt", "rbc\r\nNeutrophil\r\n");
  write("labels/a.txt", "1 0.2 0.5 0.2 0.8\n\n");
  ASSERT_OK(import("yolo"));
  EXPECT_EQ(
      manifest(),
      "file,label,family,x,y,width,height\nimages/a.png,neutrophil,images/a.png,10,5,20,40\n");
}

TEST_F(ImportYolo, RefusesFaultyLinesByNumber) {
  options_.labels = {"wbc", "rbc"};
  const auto line_2 = AllOf(HasSubstr("a.txt"), HasSubstr("line 2"));
  const std::string good = "0 0.2 0.5 0.2 0.8\n";
  for (const char* line :
       {"2 0.5 0.5 0.1 0.1", "-1 0.5 0.5 0.1 0.1", "0 nan 0.5 0.1 0.1", "0 0.5 0.5 0.1",
        "0 0.5 0.5 0.1 0.1 0.1", "0 9e9 0.5 0.1 0.1", "0 0.5 0.5 -0.1 0.1", "0 0.9 0.5 0.9 0.1",
        "0 0.5 0.5 0 0", "0 0.2 0.5 0.2 0.8", "99999999999999999999 0.5 0.5 0.1 0.1"}) {
    EXPECT_THAT(refused(good + line), line_2) << line;
  }
}

TEST_F(ImportYolo, NeedsClassNames) {
  EXPECT_THAT(refused("0 0.2 0.5 0.2 0.8\n"),
              AllOf(HasSubstr("classes.txt"), HasSubstr("--labels")));
}

class ImportCoco : public ImportTest {
 protected:
  ImportCoco() { options_.source = folder_ / "set.json"; }
  void write_set(const std::string& annotation, const std::string& file = "a.png") {
    write("set.json", R"({"images":[{"id":7,"file_name":")" + file +
                          R"("}],"categories":[{"id":1,"name":"Monocyte"}],"annotations":[)" +
                          annotation + "]}");
  }
  std::string refused(const std::string& annotation, const std::string& file = "a.png") {
    write_set(annotation, file);
    return refusal("coco");
  }
};

TEST_F(ImportCoco, JoinsAnnotationsImagesAndCategories) {
  write_set(R"({"image_id":7,"category_id":1,"bbox":[10.2,5,20,40]})");
  ASSERT_OK(import("coco"));
  EXPECT_EQ(manifest(),
            "file,label,family,x,y,width,height\nimages/a.png,monocyte,images/a.png,10,5,20,40\n");
}

TEST_F(ImportCoco, RefusesFaultyAnnotationsByPlace) {
  const auto first = AllOf(HasSubstr("set.json"), HasSubstr("annotations[0]"));
  for (const char* annotation :
       {R"({"image_id":8,"category_id":1,"bbox":[1,1,2,2]})",
        R"({"image_id":7,"category_id":2,"bbox":[1,1,2,2]})", R"({"image_id":7,"bbox":[1,1,2,2]})",
        R"({"image_id":7,"category_id":1,"bbox":[1,1,2]})",
        R"({"image_id":7,"category_id":1,"bbox":[1,1,2,"2"]})",
        R"({"image_id":7,"category_id":1,"bbox":[1,1,-2,2]})",
        R"({"image_id":7,"category_id":1,"bbox":[1,1,1e300,2]})",
        R"({"image_id":7,"category_id":1})", "7", "null"}) {
    EXPECT_THAT(refused(annotation), first) << annotation;
  }
  EXPECT_THAT(refused(R"({"image_id":7,"category_id":1,"bbox":[1,1,2,2]})", "../a.png"),
              AllOf(first, HasSubstr("leads outside")));
}

TEST_F(ImportCoco, RefusesBrokenJson) {
  for (const char* text : {"", "{", "[]", "{}", "null", R"({"images":[)", R"({"images":7})",
                           R"({"images":[{"id":1}]})", R"({"images":[1e999]})", R"([NaN])",
                           R"({"images":[{"id":1,"file_name":"a"},{"id":1,"file_name":"b"}]})"}) {
    write("set.json", text);
    EXPECT_THAT(refusal("coco"), HasSubstr("set.json")) << text;
  }
  write("set.json", std::string(100'000, '['));
  EXPECT_THAT(refusal("coco"), HasSubstr("set.json"));
}

}  // namespace
}  // namespace bloodcell::data
