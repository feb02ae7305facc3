#include <bloodcell/predict/inputs.hpp>

#include <sstream>

#include <bloodcell/base/files.hpp>
#include <bloodcell/test/support.hpp>

namespace bloodcell::predict {
namespace {

namespace fs = std::filesystem;

class FindInputs : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"b.jpg", "a.png", "notes.txt", "deep/c.JPG", "deep/er/d.tif"}) {
      ASSERT_OK(write_text(folder_ / name, "x"));
    }
  }

  Inputs find(const std::vector<std::string>& names, const std::string& list = "") {
    std::istringstream stream(list);
    auto found = find_inputs(own_.get(), names, stream);
    EXPECT_TRUE(found.has_value());
    return found.value_or(Inputs{});
  }

  std::vector<std::string> names_of(const Inputs& inputs) const {
    std::vector<std::string> names;
    for (const auto& file : inputs.files) {
      names.push_back(fs::relative(file, folder_.path()).string());
    }
    return names;
  }

  [[nodiscard]] std::string at(const std::string& name) const { return (folder_ / name).string(); }

  bloodcell::test::TemporaryFolder folder_;
  OwnContext own_;
};

using Names = std::vector<std::string>;

TEST_F(FindInputs, AFolderGivesItsPicturesInOrder) {
  EXPECT_EQ(names_of(find({folder_.path().string()})),
            (Names{"a.png", "b.jpg", "deep/c.JPG", "deep/er/d.tif"}));
}

TEST_F(FindInputs, AFileIsTakenWhateverItsName) {
  EXPECT_EQ(names_of(find({at("notes.txt"), at("b.jpg")})), (Names{"notes.txt", "b.jpg"}));
}

TEST_F(FindInputs, AMissingFileIsLeftToTheReader) {
  EXPECT_EQ(names_of(find({at("missing.jpg")})), Names{"missing.jpg"});
}

TEST_F(FindInputs, EachFileIsNamedOnce) {
  EXPECT_EQ(names_of(find({at("b.jpg"), at("deep/../b.jpg"), folder_.path().string()})),
            (Names{"b.jpg", "a.png", "deep/c.JPG", "deep/er/d.tif"}));
}

TEST_F(FindInputs, GlobsAreExpandedHereWhenTheShellDidNot) {
  EXPECT_EQ(names_of(find({at("*.jpg")})), Names{"b.jpg"});
  EXPECT_EQ(names_of(find({at("[ab].*")})), (Names{"a.png", "b.jpg"}));
  EXPECT_EQ(names_of(find({at("**/*.tif")})), Names{"deep/er/d.tif"});
}

TEST_F(FindInputs, AFileWithAStarInItsNameIsThatFile) {
  ASSERT_OK(write_text(folder_ / "odd*.jpg", "x"));
  EXPECT_EQ(names_of(find({at("odd*.jpg")})), Names{"odd*.jpg"});
}

TEST_F(FindInputs, AListOnStandardInputNamesOneALine) {
  EXPECT_EQ(names_of(find({"-"}, at("b.jpg") + "\r\n\n" + at("a.png"))), (Names{"b.jpg", "a.png"}));
}

TEST_F(FindInputs, APatternThatFitsNothingIsAProblem) {
  const Inputs inputs = find({at("*.webp"), at("b.jpg")});
  EXPECT_EQ(names_of(inputs), Names{"b.jpg"});
  ASSERT_EQ(inputs.problems.size(), 1U);
  EXPECT_EQ(inputs.problems[0].code, ErrorCode::not_found);
}

TEST_F(FindInputs, ALoopOfLinksIsAProblem) {
  fs::create_directory_symlink(folder_.path(), folder_ / "deep" / "loop");
  const Inputs inputs = find({folder_.path().string()});
  EXPECT_EQ(inputs.files.size(), 4U);
  EXPECT_EQ(inputs.problems.size(), 1U);
}

TEST_F(FindInputs, MoreFilesThanTheLimitIsAnError) {
  own_.limits.max_files = 3;
  std::istringstream list;
  const std::vector<std::string> names{folder_.path().string()};
  EXPECT_ERROR(find_inputs(own_.get(), names, list), ErrorCode::limit_exceeded);
}

}  // namespace
}  // namespace bloodcell::predict
