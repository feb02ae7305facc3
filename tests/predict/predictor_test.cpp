#include <bloodcell/predict/predictor.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <sstream>

#include <bloodcell/image/encode.hpp>
#include <bloodcell/test/colour_model.hpp>

namespace bloodcell::predict {
namespace {

namespace fs = std::filesystem;
using bloodcell::test::TemporaryFolder;

std::vector<Row> rows_of(const fs::path& folder, unsigned threads, int batch,
                         Totals* totals = nullptr) {
  OwnContext own(threads);
  const Context context = own.get();
  auto predictor = Predictor::open(context, test::colour_model(), {.batch = batch});
  EXPECT_TRUE(predictor.has_value());
  std::istringstream list;
  const std::vector<std::string> names{folder.string()};
  const auto inputs = find_inputs(context, names, list);
  std::vector<Row> rows;
  const auto result =
      predictor->run(context, *inputs, [&](const Row& row) { rows.push_back(row); });
  EXPECT_TRUE(result.has_value());
  if (totals != nullptr && result) *totals = *result;
  return rows;
}

TEST(Predictor, NamesTheStrongestColour) {
  const TemporaryFolder folder;
  test::write_png(folder / "a.png", test::kRed);
  test::write_png(folder / "b.png", test::kGreen, 40, 20);
  const auto rows = rows_of(folder.path(), 1, 4);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].class_index, 0);
  EXPECT_EQ(rows[1].class_index, 1);
  EXPECT_EQ(rows[1].box, (image::Box{0, 0, 40, 20}));
  // Logits 10, 0, 0.
  EXPECT_NEAR(rows[0].confidence, 1 / (1 + 2 * std::exp(-10.0)), 1e-6);
}

// A folder as a careless disk leaves it: each file its row, the rest is classed.
TEST(Predictor, GivesEveryHostileFileItsRowAndClassesTheRest) {
  const TemporaryFolder folder;
  const Bytes jpeg = image::encode_jpeg(test::flat(64, 64, test::kBlue), 90).value();
  test::write_png(folder / "a_good.png", test::kRed);
  ASSERT_OK(write_file(folder / "b_cut.jpg", std::span(jpeg).first(jpeg.size() / 2)));
  ASSERT_OK(write_text(folder / "c_text.jpg", "dear diary"));
  ASSERT_OK(write_text(folder / "d_empty.jpg", ""));
  std::string huge("\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR\0\0\x75\x30\0\0\x75\x30\x08\x02\0\0\0\0\0\0\0",
                   33);
  ASSERT_OK(write_text(folder / "e_huge.png", huge));
  ASSERT_OK(write_file(folder / "f_good.jpg", jpeg));
  fs::create_symlink("g_loop.png", folder / "g_loop.png");
  fs::create_directory_symlink(folder.path(), folder / "h_back");

  Totals totals;
  const auto rows = rows_of(folder.path(), 2, 3, &totals);
  ASSERT_EQ(rows.size(), 8U);
  const auto expect_error = [&](std::size_t i, const char* words) {
    EXPECT_EQ(rows[i].status, Status::error) << rows[i].file;
    EXPECT_THAT(rows[i].message, ::testing::HasSubstr(words));
    EXPECT_EQ(rows[i].class_index, -1);
    EXPECT_TRUE(rows[i].probabilities.empty());
  };
  EXPECT_EQ(rows[0].class_index, 0);
  expect_error(1, "ends early");
  expect_error(2, "text, not a picture");
  expect_error(3, "empty");
  expect_error(4, "30000x30000");
  EXPECT_EQ(rows[5].class_index, 2);
  expect_error(6, "link");
  expect_error(7, "link");
  EXPECT_EQ(totals.cells, 2U);
  EXPECT_EQ(totals.errors, 6U);
}

TEST(Predictor, AnUnreadableFileIsARow) {
  if (::geteuid() == 0) GTEST_SKIP() << "root reads everything";
  const TemporaryFolder folder;
  test::write_png(folder / "a.png", test::kRed);
  fs::permissions(folder / "a.png", fs::perms::none);
  const auto rows = rows_of(folder.path(), 1, 1);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].status, Status::error);
}

TEST(Predictor, GivesTheSameRowsForAnyThreadsAndBatch) {
  const TemporaryFolder folder;
  for (int i = 0; i < 23; ++i) {
    const auto value = static_cast<std::uint8_t>(10 * i);
    test::write_png(folder / fmt::format("{:02}.png", i),
                    {value, static_cast<std::uint8_t>(255 - value), 50}, 10 + i, 20);
  }
  ASSERT_OK(write_text(folder / "07a.png", "broken"));
  const auto expected = rows_of(folder.path(), 1, 1);
  ASSERT_EQ(expected.size(), 24U);
  for (const unsigned threads : {1U, 2U, 5U}) {
    for (const int batch : {1, 7, 64}) {
      const auto rows = rows_of(folder.path(), threads, batch);
      ASSERT_EQ(rows.size(), expected.size());
      for (std::size_t i = 0; i < rows.size(); ++i) {
        EXPECT_EQ(rows[i].file, expected[i].file);
        EXPECT_EQ(rows[i].class_index, expected[i].class_index);
        EXPECT_NEAR(rows[i].confidence, expected[i].confidence, 1e-5);
      }
    }
  }
}

TEST(Predictor, ClassesPicturesTogetherAsOneByOne) {
  OwnContext own(1);
  const auto predictor = Predictor::open(own.get(), test::colour_model(), {.batch = 2});
  ASSERT_OK(predictor);
  const Bytes red = image::encode_png(test::flat(16, 12, test::kRed)).value();
  const Bytes blue = image::encode_png(test::flat(8, 8, test::kBlue)).value();
  const Bytes broken(20);
  const std::vector<Predictor::Encoded> pictures{
      {"r", red}, {"x", broken}, {"b", blue}, {"r2", red}};
  const auto together = predictor->classify_together(pictures, Limits{});
  ASSERT_EQ(together.size(), 4U);
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const auto alone = predictor->classify_bytes(pictures[i].bytes, pictures[i].name, Limits{});
    ASSERT_EQ(together[i].has_value(), alone.has_value()) << i;
    if (!alone) {
      EXPECT_EQ(together[i].error().message, alone.error().message);
      continue;
    }
    ASSERT_EQ(together[i]->size(), 1U);
    EXPECT_EQ(together[i]->front().file, pictures[i].name);
    EXPECT_EQ(together[i]->front().class_index, alone->front().class_index);
    EXPECT_EQ(together[i]->front().box, alone->front().box);
  }
  EXPECT_TRUE(predictor->classify_together({}, Limits{}).empty());
}

TEST(Predictor, UnderTheThresholdACellIsUnidentified) {
  OwnContext own;
  const auto predictor = Predictor::open(own.get(), test::colour_model(0.5));
  ASSERT_OK(predictor);
  const auto rows = predictor->classify(test::flat(8, 8, test::kGrey), "grey");
  ASSERT_OK(rows);
  EXPECT_EQ(rows->front().status, Status::unidentified);
  EXPECT_NEAR(rows->front().confidence, 1.0 / 3, 1e-6);
  EXPECT_THAT(rows->front().message, ::testing::HasSubstr("0.33 is under 0.50"));

  const auto lenient =
      Predictor::open(own.get(), test::colour_model(0.5), {.judge = {.min_confidence = 0.2}});
  ASSERT_OK(lenient);
  EXPECT_EQ(lenient->classify(test::flat(8, 8, test::kGrey), "grey")->front().status, Status::ok);
}

TEST(Predictor, WhatIsNoCellIsUnidentifiedAndSaysHowSurely) {
  auto description = test::colour_model().description;
  description.trust.emplace().other_things = {{0, 0, 4}, -2, 1};  // blue is no cell
  description.trust->familiarity = {3, std::vector<float>(9), {1, 0, 1, 0, 0, 1}, 0.5};
  OwnContext own;
  const auto predictor = Predictor::open(own.get(), test::colour_model(description));
  ASSERT_OK(predictor);
  const auto blue = predictor->classify(test::flat(8, 8, test::kBlue), "blue")->front();
  EXPECT_EQ(blue.status, Status::unidentified);
  EXPECT_EQ(blue.message, "not a picture of a blood cell");  // and said before what is unfamiliar
  ASSERT_TRUE(blue.other_thing.has_value());
  EXPECT_NEAR(*blue.other_thing, 1 / (1 + std::exp(-2)), 0.02);
  const auto red = predictor->classify(test::flat(8, 8, test::kRed), "red")->front();
  EXPECT_LT(*red.other_thing, 0.2);
  EXPECT_EQ(red.message, "not like any cell it learnt from");
}

TEST(Predictor, TrustOfAnotherNetworkIsRefused) {
  OwnContext own;
  auto description = test::colour_model().description;
  description.trust.emplace().other_things = {{1, 1}, 0, 0};
  EXPECT_ERROR(Predictor::open(own.get(), test::colour_model(description)), ErrorCode::malformed);
  description.trust.emplace().familiarity = {2, std::vector<float>(6), {1, 0, 1}, 0.5};
  const auto refused = Predictor::open(own.get(), test::colour_model(description));
  EXPECT_ERROR(refused, ErrorCode::malformed);
  EXPECT_THAT(refused.error().message, ::testing::HasSubstr("trust.familiarity is of 2 values"));
}

// Flat colours are the embeddings (their means, 0 … 1): red and green are known, grey is neither.
TEST(Predictor, WhatIsLikeNoCellItKnowsIsUnidentified) {
  auto description = test::colour_model().description;
  model_file::Trust trust;
  trust.familiarity = {3, {1, 0, 0, 0, 1, 0, 0, 0, 1}, {1, 0, 1, 0, 0, 1}, 0.5};
  trust.sets = {{"lac", 0.9, 0.7, 0, 0, 100}};
  description.trust = trust;
  OwnContext own;
  const auto predictor = Predictor::open(own.get(), test::colour_model(description));
  ASSERT_OK(predictor);
  const auto red = predictor->classify(test::flat(8, 8, test::kRed), "red")->front();
  EXPECT_EQ(red.status, Status::ok);
  EXPECT_THAT(red.set, ::testing::ElementsAre(0));
  const auto grey = predictor->classify(test::flat(8, 8, test::kGrey), "grey")->front();
  EXPECT_EQ(grey.status, Status::unidentified);
  EXPECT_EQ(grey.message, "not like any cell it learnt from");
  EXPECT_EQ(grey.set.size(), 3U);
}

TEST(Predictor, GivesOnlyClassesThatAreSaidToBePossible) {
  OwnContext own;
  const auto predictor =
      Predictor::open(own.get(), test::colour_model(), {.judge = {.classes = {"blue", "green"}}});
  ASSERT_OK(predictor);
  EXPECT_THAT(predictor->labels(), ::testing::ElementsAre("blue", "green"));
  const auto row = predictor->classify(test::flat(8, 8, {255, 51, 0}), "red")->front();
  EXPECT_EQ(row.class_index, 1);
  // Logits 2 of green and 0 of blue; red's 10 are not possible.
  EXPECT_NEAR(row.confidence, 1 / (1 + std::exp(-2.0)), 1e-6);
  EXPECT_EQ(row.probabilities.size(), 2U);
}

TEST(Predictor, CalibratesAsTheFileSays) {
  auto description = test::colour_model().description;
  model_file::Trust trust;
  trust.calibration = {{1, 0, 0, 0, 1, 0, 0, 0, 1}, {0, 20, 0}};
  description.trust = trust;
  OwnContext own;
  const auto predictor = Predictor::open(own.get(), test::colour_model(description));
  ASSERT_OK(predictor);
  EXPECT_EQ(predictor->classify(test::flat(8, 8, test::kRed), "red")->front().class_index, 1);
}

TEST(Predictor, ABoxIsInTheFilesOwnPixelsThoughTheJpegWasDecodedSmaller) {
  const TemporaryFolder folder;
  const auto jpeg = image::encode_jpeg(test::flat(640, 480, test::kGreen), 90).value();
  ASSERT_OK(write_file(folder / "field.jpg", jpeg));
  const auto rows = rows_of(folder.path(), 1, 1);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].box, (image::Box{0, 0, 640, 480}));
}

TEST(Predictor, StopsWhenAsked) {
  const TemporaryFolder folder;
  test::write_png(folder / "a.png", test::kRed);
  OwnContext own;
  own.cancellation.request();
  const auto predictor = Predictor::open(own.get(), test::colour_model());
  ASSERT_OK(predictor);
  EXPECT_ERROR(predictor->run(own.get(), {{folder / "a.png"}, {}}, [](const Row&) {}),
               ErrorCode::cancelled);
}

TEST(Predictor, RefusesOptionsOutOfRange) {
  OwnContext own;
  EXPECT_ERROR(Predictor::open(own.get(), test::colour_model(), {.batch = 0}), ErrorCode::usage);
  EXPECT_ERROR(Predictor::open(own.get(), test::colour_model(), {.judge = {.min_confidence = 1.5}}),
               ErrorCode::usage);
}

}  // namespace
}  // namespace bloodcell::predict
