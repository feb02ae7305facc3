#include <bloodcell/data/families.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <set>

#include <rapidcheck.h>

#include <bloodcell/base/random.hpp>
#include <bloodcell/data/synthetic.hpp>
#include <bloodcell/image/geometry.hpp>

#include "small_sets.hpp"

namespace bloodcell::data {
namespace {

namespace fs = std::filesystem;
using image::Affine;
using image::Image;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

constexpr int kWidth = 320;
constexpr int kHeight = 240;

// Red cells and one white cell. Fields of one seed look alike and share nothing.
Image field(std::uint64_t index, int width = kWidth, int height = kHeight) {
  constexpr std::string_view kWhite[] = {"neutrophil"};
  const int red_cells = width * height / 2200;
  auto drawn = synthetic_field(kWhite, red_cells, 11, index, width, height);
  EXPECT_TRUE(drawn.has_value()) << to_text(drawn.error());
  return std::move(drawn->image);
}

struct Change {
  double turn_degrees = 0;
  bool mirror = false;
  double scale = 1;
  double shear = 0;
  double shift_x_px = 0;
  double shift_y_px = 0;
};

// About the middle; black where the picture does not reach.
Image changed(const Image& picture, const Change& change) {
  const double angle = change.turn_degrees * std::numbers::pi / 180;
  const double sign = change.mirror ? -1 : 1;
  const double c = std::cos(angle) / change.scale;
  const double s = std::sin(angle) / change.scale;
  const double a = sign * c;
  const double b = sign * (s + change.shear * c);
  const double d = -s;
  const double e = c - change.shear * s;
  const double middle_x = 0.5 * (picture.width_px - 1);
  const double middle_y = 0.5 * (picture.height_px - 1);
  const double x = middle_x + change.shift_x_px;
  const double y = middle_y + change.shift_y_px;
  const Affine to_source{a, b, middle_x - a * x - b * y, d, e, middle_y - d * x - e * y};
  return image::warp(picture, to_source, image::Border::constant);
}

Image times(Image picture, double factor) {
  for (auto& value : picture.rgb) {
    value = static_cast<std::uint8_t>(std::min(255L, std::lround(factor * value)));
  }
  return picture;
}

Image part(const Image& picture, int x, int y, int width, int height) {
  return image::crop(picture, {x, y, width, height}, {0, 0, 0});
}

class Families : public ::testing::Test {
 protected:
  fs::path write(const std::string& name, const Image& picture) {
    write_picture(folder_ / name, picture);
    return folder_ / name;
  }

  fs::path write_jpeg(const std::string& name, const Image& picture, int quality) {
    const auto bytes = image::encode_jpeg(picture, quality);
    EXPECT_TRUE(bytes.has_value());
    EXPECT_TRUE(write_file(folder_ / name, *bytes).has_value());
    return folder_ / name;
  }

  FoundFamilies find(const std::vector<fs::path>& files,
                     const std::vector<fs::path>& originals = {},
                     const FamilyOptions& options = {}) {
    auto found = find_families(own_.get(), files, originals, options);
    EXPECT_TRUE(found.has_value()) << to_text(found.error());
    return found.value_or(FoundFamilies{});
  }

  // Family by the name of the file alone.
  std::map<std::string, std::string> families(const std::vector<fs::path>& files,
                                              const std::vector<fs::path>& originals = {}) {
    std::map<std::string, std::string> result;
    for (const auto& member : find(files, originals).members) {
      result[fs::path(member.file).filename()] = fs::path(member.family).filename();
    }
    return result;
  }

  // True if the copy joins field 0, and fields 1 … 4 stay alone.
  bool joins(const fs::path& copy) {
    std::vector<fs::path> files{copy};
    for (std::uint64_t i = 0; i < 5; ++i) {
      files.push_back(write("field" + std::to_string(i) + ".png", field(i)));
    }
    const auto family = families(files);
    std::set<std::string> different;
    for (const auto& [file, name] : family) different.insert(name);
    EXPECT_LE(different.size(), 6U);
    EXPECT_GE(different.size(), 5U);
    return family.at("field0.png") == family.at(copy.filename());
  }
  bool joins(const Image& copy) { return joins(write("copy.png", copy)); }

  test::TemporaryFolder folder_;
  OwnContext own_{2};
};

TEST_F(Families, JoinsACopyTurnedBy37Degrees) {
  EXPECT_TRUE(joins(changed(field(0), {.turn_degrees = 37})));
}

TEST_F(Families, JoinsACopyTurnedUpsideDown) {
  EXPECT_TRUE(joins(changed(field(0), {.turn_degrees = 180})));
}

TEST_F(Families, JoinsAMirroredCopy) { EXPECT_TRUE(joins(changed(field(0), {.mirror = true}))); }

TEST_F(Families, JoinsAMirroredCopyTurnedBy200Degrees) {
  EXPECT_TRUE(joins(changed(field(0), {.turn_degrees = 200, .mirror = true})));
}

TEST_F(Families, JoinsACopyShiftedByAThird) {
  EXPECT_TRUE(joins(changed(field(0), {.shift_x_px = 105, .shift_y_px = -40})));
}

TEST_F(Families, JoinsACopyShearedByAFifth) {
  EXPECT_TRUE(joins(changed(field(0), {.shear = 0.2})));
}

TEST_F(Families, JoinsACopyDrawnSmallerInItsFrame) {
  EXPECT_TRUE(joins(changed(field(0), {.scale = 0.7})));
}

TEST_F(Families, JoinsAnEnlargedMiddle) { EXPECT_TRUE(joins(changed(field(0), {.scale = 1.5}))); }

TEST_F(Families, JoinsACopyOfTwiceTheSize) {
  EXPECT_TRUE(joins(image::resize(field(0), 640, 480, image::Interpolation::bilinear)));
}

TEST_F(Families, JoinsACropOfThreeFifths) { EXPECT_TRUE(joins(part(field(0), 70, 40, 192, 144))); }

TEST_F(Families, JoinsABrighterAndADarkerCopy) {
  EXPECT_TRUE(joins(times(field(0), 1.2)));
  EXPECT_TRUE(joins(times(field(0), 0.6)));
}

TEST_F(Families, JoinsACopyReencodedAsJpegOfQuality60) {
  EXPECT_TRUE(joins(write_jpeg("copy.jpg", field(0), 60)));
}

TEST_F(Families, JoinsACopyChangedInEveryWayAtOnce) {
  const auto copy = times(changed(field(0), {.turn_degrees = 151,
                                             .mirror = true,
                                             .scale = 0.9,
                                             .shear = 0.1,
                                             .shift_x_px = 30,
                                             .shift_y_px = 20}),
                          0.85);
  EXPECT_TRUE(joins(write_jpeg("copy.jpg", copy, 60)));
}

TEST_F(Families, JoinsCopiesThatAnyTurnFlipAndShiftLiesBetween) {
  const Image picture = field(0);
  const fs::path straight = write("straight.png", picture);
  EXPECT_TRUE(rc::check([&] {
    Random random(*rc::gen::arbitrary<std::uint32_t>(), stream_of("families test"), 0);
    const Change change{.turn_degrees = random.uniform(0, 360),
                        .mirror = random.chance(0.5),
                        .scale = random.uniform(0.8, 1.25),
                        .shear = random.uniform(-0.15, 0.15),
                        .shift_x_px = random.uniform(-60, 60),
                        .shift_y_px = random.uniform(-40, 40)};
    const auto family = families({straight, write("turned.png", changed(picture, change))});
    RC_ASSERT(family.at("straight.png") == family.at("turned.png"));
  }));
}

TEST_F(Families, KeepsDifferentFieldsOfOneLookApart) {
  std::vector<fs::path> files;
  for (std::uint64_t i = 0; i < 16; ++i) {
    files.push_back(write("field" + std::to_string(i) + ".png", field(i)));
  }
  const auto found = find(files);
  ASSERT_THAT(found.members, SizeIs(16));
  for (const auto& member : found.members) EXPECT_EQ(member.family, member.file);
  EXPECT_EQ(found.pairs_verified, 0U);
  EXPECT_THAT(found.too_little, IsEmpty());
}

TEST_F(Families, JoinsPicturesThatShareAThirdOfAField) {
  const Image wide = field(3, 2 * kWidth, kHeight);
  EXPECT_THAT(families({write("left.png", part(wide, 0, 0, kWidth, kHeight)),
                        write("right.png", part(wide, 210, 0, kWidth, kHeight))}),
              ElementsAre(Pair("left.png", "left.png"), Pair("right.png", "left.png")));
}

TEST_F(Families, JoinsTheEndsOfAChainThroughItsMiddle) {
  const Image wide = field(4, 3 * kWidth, kHeight);
  const auto left = write("left.png", part(wide, 0, 0, kWidth, kHeight));
  const auto middle = write("middle.png", part(wide, 180, 0, kWidth, kHeight));
  const auto right = write("right.png", part(wide, 360, 0, kWidth, kHeight));
  EXPECT_NE(families({left, right}).at("right.png"), "left.png");
  EXPECT_EQ(families({left, middle, right}).at("right.png"), "left.png");
}

TEST_F(Families, ListsBlankPicturesAsTooLittleAndLeavesThemAlone) {
  const auto found = find({write("a.png", plain_picture(kWidth, kHeight, 200)),
                           write("b.png", plain_picture(kWidth, kHeight, 200)),
                           write("black.png", plain_picture(kWidth, kHeight, 0)),
                           write("dot.png", plain_picture(1, 1, 90)), write("c.png", field(0))});
  ASSERT_THAT(found.members, SizeIs(5));
  for (const auto& member : found.members) EXPECT_EQ(member.family, member.file);
  EXPECT_THAT(found.too_little, ElementsAre(HasSubstr("a.png"), HasSubstr("b.png"),
                                            HasSubstr("black.png"), HasSubstr("dot.png")));
}

TEST_F(Families, NamesAFamilyByItsFirstFileAndOrdersMembersByFile) {
  const auto z = write("z.png", field(0));
  const auto m = write("m.png", changed(field(0), {.turn_degrees = 20}));
  const auto a = write("a.png", field(1));
  const auto expected =
      ElementsAre(Pair("a.png", "a.png"), Pair("m.png", "m.png"), Pair("z.png", "m.png"));
  EXPECT_THAT(families({z, m, a}), expected);
  const auto found = find({z, m, a});
  EXPECT_TRUE(std::is_sorted(found.members.begin(), found.members.end(),
                             [](const auto& x, const auto& y) { return x.file < y.file; }));
}

TEST_F(Families, AreTheSameForOneThreadAndThree) {
  std::vector<fs::path> files;
  for (std::uint64_t i = 0; i < 8; ++i) {
    const Change change{.turn_degrees = 40.0 * static_cast<double>(i), .mirror = i % 2 == 0};
    files.push_back(write(std::to_string(i) + ".png", changed(field(i % 3), change)));
  }
  OwnContext one(1);
  OwnContext three(3);
  const auto alone = find_families(one.get(), files, {});
  const auto together = find_families(three.get(), files, {});
  ASSERT_OK(alone);
  ASSERT_OK(together);
  ASSERT_EQ(alone->members.size(), together->members.size());
  for (std::size_t i = 0; i < files.size(); ++i) {
    EXPECT_EQ(alone->members[i].family, together->members[i].family);
  }
  EXPECT_EQ(alone->pairs_proposed, together->pairs_proposed);
  EXPECT_EQ(alone->pairs_verified, together->pairs_verified);
}

TEST_F(Families, AreThoseThatCheckingEveryPairFinds) {
  std::vector<fs::path> files;
  for (std::uint64_t i = 0; i < 9; ++i) {
    const Change change{.turn_degrees = 33.0 * static_cast<double>(i), .shift_x_px = 25};
    files.push_back(write(std::to_string(i) + ".png", changed(field(i % 4), change)));
  }
  const auto proposed = find(files);
  const auto every = find(files, {}, {.every_pair = true});
  std::set<std::string> names;
  for (std::size_t i = 0; i < files.size(); ++i) {
    EXPECT_EQ(proposed.members[i].family, every.members[i].family);
    names.insert(every.members[i].family);
  }
  EXPECT_THAT(names, SizeIs(4));
}

TEST_F(Families, TakeTheNameOfTheirOriginal) {
  const auto original = write("originals/photo7.png", field(0));
  const auto turned = write("turned.png", changed(field(0), {.turn_degrees = 25}));
  const auto other = write("other.png", field(1));
  EXPECT_THAT(families({turned, other}, {original, write("originals/photo8.png", field(2))}),
              ElementsAre(Pair("other.png", "other.png"), Pair("turned.png", "photo7")));
}

TEST_F(Families, OfOneOriginalAreOneThoughTheirFilesShareNothing) {
  const Image wide = field(5, 640, 480);
  const auto original = write("originals/wide.png", wide);
  const auto left = write("left.png", part(wide, 0, 0, 300, 480));
  const auto right = write("right.png", part(wide, 340, 0, 300, 480));
  EXPECT_NE(families({left, right}).at("right.png"), "left.png");
  EXPECT_THAT(families({left, right}, {original}),
              ElementsAre(Pair("left.png", "wide"), Pair("right.png", "wide")));
}

TEST_F(Families, OfOverlappingOriginalsAreOneAndTheOverlapIsListed) {
  const Image wide = field(6, 2 * kWidth, kHeight);
  const Image left = part(wide, 0, 0, kWidth, kHeight);
  const Image right = part(wide, 170, 0, kWidth, kHeight);
  const std::vector<fs::path> originals{write("originals/a.png", left),
                                        write("originals/b.png", right),
                                        write("originals/c.png", field(7))};
  const std::vector<fs::path> files{write("1.png", changed(left, {.turn_degrees = 15})),
                                    write("2.png", changed(right, {.mirror = true}))};
  const auto found = find(files, originals);
  EXPECT_THAT(found.overlapping_originals, ElementsAre(Pair("a", "b")));
  ASSERT_THAT(found.members, SizeIs(2));
  EXPECT_EQ(found.members[0].family, "a");
  EXPECT_EQ(found.members[1].family, "a");
}

TEST_F(Families, KeepOriginalsOfOneStemApart) {
  const auto first = write("monday/1.png", field(0));
  const auto second = write("tuesday/1.png", field(1));
  const auto found = find({write("x.png", changed(field(0), {.mirror = true})),
                           write("y.png", changed(field(1), {.mirror = true}))},
                          {first, second});
  ASSERT_THAT(found.members, SizeIs(2));
  EXPECT_EQ(found.members[0].family, first.generic_string());
  EXPECT_EQ(found.members[1].family, second.generic_string());
}

TEST_F(Families, OfNoFilesAreNone) {
  EXPECT_THAT(find({}).members, IsEmpty());
  EXPECT_THAT(find({}, {write("a.png", field(0))}).members, IsEmpty());
}

TEST_F(Families, NameTheFileThatCannotBeDecoded) {
  const auto good = write("good.png", field(0));
  ASSERT_TRUE(write_text(folder_ / "bad.png", "not a picture").has_value());
  const auto found = find_families(own_.get(), {good, folder_ / "bad.png"}, {});
  EXPECT_ERROR(found, ErrorCode::malformed);
  EXPECT_THAT(found.error().path, HasSubstr("bad.png"));
  EXPECT_ERROR(find_families(own_.get(), {folder_ / "none.png"}, {}), ErrorCode::not_found);
}

TEST_F(Families, StopOnRequest) {
  const auto file = write("a.png", field(0));
  own_.cancellation.request();
  EXPECT_ERROR(find_families(own_.get(), {file}, {}), ErrorCode::cancelled);
}

// TEST holds turned copies of 13 photographs. TEST_SIMPLE holds the photographs, but two of them
// twice in place of two others: 11.
TEST_F(Families, OfTheKaggleEosinophilTestFilesAreThirteenPhotographs) {
  const auto set = test::shared("data/kaggle-bccd/images");
  if (!set) GTEST_SKIP() << "no ../shared/data/kaggle-bccd";
  const auto straight = walk_folder(*set / "TEST_SIMPLE/EOSINOPHIL", own_.limits);
  const auto turned = walk_folder(*set / "TEST/EOSINOPHIL", own_.limits);
  ASSERT_OK(straight);
  ASSERT_OK(turned);
  auto files = straight->files;
  for (std::size_t i = 0; i < turned->files.size(); i += 2) files.push_back(turned->files[i]);

  std::set<std::string> all;
  std::set<std::string> with_photograph;
  for (const auto& member : find(files).members) {
    all.insert(member.family);
    if (member.file.find("TEST_SIMPLE") != std::string::npos) with_photograph.insert(member.family);
  }
  EXPECT_THAT(all, SizeIs(13));
  EXPECT_THAT(with_photograph, SizeIs(11));
}

}  // namespace
}  // namespace bloodcell::data
