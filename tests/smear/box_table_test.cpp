#include <bloodcell/smear/box_table.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/test/support.hpp>

namespace bloodcell::smear {
namespace {

class Boxes : public testing::Test {
 protected:
  Result<BoxTable> read(const std::string& text) {
    EXPECT_TRUE(write_text(folder_ / "boxes.csv", text).has_value());
    return load_boxes(folder_ / "boxes.csv", Limits{});
  }
  test::TemporaryFolder folder_;
};

TEST_F(Boxes, AreReadByFileAndKind) {
  const auto boxes = read(
      "file,x,y,width,height,class\n"
      "a.jpg,1.5,2,30,40,WBC\na.jpg,5,6,7,8,RBC\nb.jpg,0,0,9,9,Platelets\nb.jpg,1,1,9,9,"
      "basophil\n");
  ASSERT_OK(boxes);
  ASSERT_EQ(boxes->at("a.jpg").size(), 2U);
  EXPECT_EQ(boxes->at("a.jpg")[0].kind, Kind::white);
  EXPECT_EQ(boxes->at("a.jpg")[0].x, 1.5);
  EXPECT_EQ(boxes->at("a.jpg")[1].kind, Kind::red);
  EXPECT_EQ(boxes->at("b.jpg")[0].kind, Kind::platelet);
  EXPECT_EQ(boxes->at("b.jpg")[1].kind, Kind::white);
}

TEST_F(Boxes, WithoutAreaAreLeftOutButTheirFileStays) {
  const auto boxes = read("file,x,y,width,height,class\na.jpg,1,2,0,0,RBC\n");
  ASSERT_OK(boxes);
  EXPECT_TRUE(boxes->at("a.jpg").empty());
}

TEST_F(Boxes, ThatAreWrongAreNamedByLine) {
  const std::string head = "file,x,y,width,height,class\na.jpg,1,2,3,4,WBC\n";
  for (const char* wrong : {"b.jpg,nan,2,3,4,WBC\n", "b.jpg,1,2,3,1e9,WBC\n", "b.jpg,,2,3,4,WBC\n",
                            "b.jpg,1x,2,3,4,WBC\n", "b.jpg,1,2,3,4,yeast\n"}) {
    const auto boxes = read(head + wrong);
    EXPECT_ERROR(boxes, ErrorCode::malformed);
    EXPECT_THAT(boxes.error().message, ::testing::HasSubstr("line 3")) << wrong;
  }
  EXPECT_ERROR(read("file,x,y,width,class\n"), ErrorCode::malformed);
  EXPECT_ERROR(load_boxes(folder_ / "none.csv", Limits{}), ErrorCode::not_found);
}

}  // namespace
}  // namespace bloodcell::smear
