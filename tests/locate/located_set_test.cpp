#include <bloodcell/locate/located_set.hpp>

#include <set>
#include <sstream>

#include <bloodcell/base/files.hpp>
#include <bloodcell/image/encode.hpp>
#include <bloodcell/test/blob_locator.hpp>
#include <bloodcell/test/colour_model.hpp>

namespace bloodcell::locate {
namespace {

class LocateSet : public testing::Test {
 protected:
  void SetUp() override {
    auto field = test::flat(64, 64, {230, 230, 230});
    test::draw_square(field, 8, 8, 16);
    test::draw_square(field, 40, 40, 16);
    write("field.png", field);
    write("bare.png", test::flat(64, 64, {230, 230, 230}));
    ASSERT_OK(write_text(folder_ / "cells.csv",
                         "file,label,family,source,x,y,width,height\n"
                         "bare.png,monocyte,b,lab,,,,\n"
                         "field.png,monocyte,a,lab,6,6,20,20\n"
                         "field.png,basophil,a,lab,38,38,20,20\n"
                         "field.png,basophil,a,lab,30,2,5,5\n"));
  }

  void write(const char* name, const image::Image& picture) {
    ASSERT_OK(write_file(folder_ / name, image::encode_png(picture).value()));
  }

  test::TemporaryFolder folder_;
};

std::multiset<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::multiset<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.insert(line);
  return lines;
}

TEST_F(LocateSet, EachSampleGetsTheFoundBoxThatIsItsOwn) {
  OwnContext own(2);
  const auto locator = Locator::open(test::blob_locator());
  ASSERT_OK(locator);
  auto dataset = data::open_dataset(own.get(), folder_ / "cells.csv");
  ASSERT_OK(dataset);
  const auto located = locate_set(own.get(), *locator, std::move(*dataset));
  ASSERT_OK(located);
  EXPECT_EQ(located->found, 2U);
  EXPECT_EQ(located->drawn, 1U);
  EXPECT_EQ(located->without, 1U);
  for (const auto& sample : located->dataset.samples) {
    const auto& label = located->dataset.labels[static_cast<std::size_t>(sample.label)];
    if (sample.file == "bare.png") {
      EXPECT_FALSE(sample.box);
    } else if (label == "monocyte") {
      EXPECT_NEAR(sample.box->x + sample.box->width / 2, 16, 4);
    } else if (sample.box->width == 5) {
      EXPECT_EQ(*sample.box, (image::Box{30, 2, 5, 5}));
    } else {
      EXPECT_NEAR(sample.box->x + sample.box->width / 2, 48, 4);
    }
  }

  ASSERT_OK(write_text(folder_ / "located.csv", data::manifest_text(located->dataset)));
  const auto again = data::open_dataset(own.get(), folder_ / "located.csv");
  ASSERT_OK(again);
  EXPECT_EQ(lines_of(data::manifest_text(*again)), lines_of(data::manifest_text(located->dataset)));
}

TEST_F(LocateSet, ABrokenPictureIsAProblem) {
  ASSERT_OK(write_text(folder_ / "bare.png", "broken"));
  OwnContext own;
  const auto locator = Locator::open(test::blob_locator());
  ASSERT_OK(locator);
  auto dataset = data::open_dataset(own.get(), folder_ / "cells.csv");
  ASSERT_OK(dataset);
  const auto located = locate_set(own.get(), *locator, std::move(*dataset));
  ASSERT_OK(located);
  EXPECT_EQ(located->dataset.samples.size(), 3U);
  ASSERT_EQ(located->dataset.problems.size(), 1U);
  EXPECT_THAT(located->dataset.problems[0].path, ::testing::EndsWith("bare.png"));
}

}  // namespace
}  // namespace bloodcell::locate
