#include <bloodcell.hpp>

#include <cstring>
#include <map>
#include <thread>

#include <bloodcell/image/encode.hpp>
#include <bloodcell/test/colour_model.hpp>

namespace bloodcell {
namespace {

using ::testing::HasSubstr;

class Embedded : public testing::Test {
 protected:
  void SetUp() override { ASSERT_OK(model_file::save(test::colour_model(0.5), path_)); }

  test::TemporaryFolder folder_;
  std::string path_ = folder_ / "colour.onnx";
};

TEST_F(Embedded, ClassesAFileItsBytesAndItsPixelsAlike) {
  test::write_png(folder_ / "green.png", test::kGreen);
  auto model = api::Model::open(path_);
  ASSERT_TRUE(model) << model.failure().message;
  EXPECT_EQ(model->name(), "colour");
  EXPECT_EQ(model->labels(), (std::vector<std::string_view>{"red", "green", "blue"}));

  auto by_file = model->classify_file(folder_ / "green.png");
  ASSERT_TRUE(by_file) << by_file.failure().message;
  const auto bytes = read_file(folder_ / "green.png", 1 << 20).value();
  auto by_bytes = model->classify_bytes(bytes);
  const auto picture = test::flat(16, 12, test::kGreen);
  auto by_pixels = model->classify_pixels(picture.rgb.data(), 16, 12, 48);
  for (auto* cells : {&by_file, &by_bytes, &by_pixels}) {
    ASSERT_TRUE(*cells);
    ASSERT_EQ((*cells)->size(), 1U);
    const api::Cell& cell = (**cells)[0];
    EXPECT_EQ(cell.label, "green");
    EXPECT_EQ(cell.status, BLOODCELL_OK);
    EXPECT_EQ(cell.width, 16);
    EXPECT_EQ(cell.height, 12);
    EXPECT_NEAR(cell.probabilities[1], cell.confidence, 1e-12);
  }
}

TEST_F(Embedded, RowsOfPixelsMayBePadded) {
  const auto picture = test::flat(5, 4, test::kBlue);
  std::vector<std::uint8_t> padded(4 * 20, 255);
  for (std::size_t y = 0; y < 4; ++y) {
    std::copy_n(&picture.rgb[15 * y], 15, &padded[20 * y]);
  }
  auto model = api::Model::open(path_);
  ASSERT_TRUE(model);
  auto cells = model->classify_pixels(padded.data(), 5, 4, 20);
  ASSERT_TRUE(cells);
  EXPECT_EQ((*cells)[0].label, "blue");
}

TEST_F(Embedded, SaysWhatIsNotToBeTrusted) {
  const auto grey = test::flat(8, 8, test::kGrey);
  auto model = api::Model::open(path_);
  ASSERT_TRUE(model);
  auto cells = model->classify_pixels(grey.rgb.data(), 8, 8, 24);
  ASSERT_TRUE(cells);
  EXPECT_EQ((*cells)[0].status, BLOODCELL_UNIDENTIFIED);
  EXPECT_THAT((*cells)[0].message, HasSubstr("0.33"));
  auto lenient = api::Model::open(path_, {.min_confidence = 0.1});
  ASSERT_TRUE(lenient);
  EXPECT_EQ((*lenient->classify_pixels(grey.rgb.data(), 8, 8, 24))[0].status, BLOODCELL_OK);
}

TEST_F(Embedded, GivesErrorsAsValues) {
  auto none = api::Model::open(folder_ / "none.onnx");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.failure().code, BLOODCELL_NOT_FOUND);
  EXPECT_THAT(none.failure().message, HasSubstr("none.onnx"));
  auto model = api::Model::open(path_);
  ASSERT_TRUE(model);
  ASSERT_OK(write_text(folder_ / "letter.jpg", "dear diary"));
  auto letter = model->classify_file(folder_ / "letter.jpg");
  ASSERT_FALSE(letter);
  EXPECT_EQ(letter.failure().code, BLOODCELL_MALFORMED);
  EXPECT_THAT(letter.failure().message, HasSubstr("letter.jpg"));
  EXPECT_EQ(model->classify_bytes({}).failure().code, BLOODCELL_MALFORMED);
  const std::uint8_t pixel[3]{};
  EXPECT_EQ(model->classify_pixels(pixel, 1, 1, 2).failure().code, BLOODCELL_USAGE);
  EXPECT_EQ(model->classify_pixels(pixel, -1, 1, 3).failure().code, BLOODCELL_USAGE);
  EXPECT_EQ(model->classify_pixels(nullptr, 1, 1, 3).failure().code, BLOODCELL_USAGE);
  EXPECT_EQ(api::Model::open(path_, {.threads = 0}).failure().code, BLOODCELL_USAGE);
}

TEST_F(Embedded, InCNullIsTakenWhereTheHeaderSaysSo) {
  EXPECT_EQ(bloodcell_open(nullptr, nullptr, nullptr), nullptr);
  bloodcell_model* model = bloodcell_open(path_.c_str(), nullptr, nullptr);
  ASSERT_NE(model, nullptr);
  bloodcell_error* error = nullptr;
  EXPECT_EQ(bloodcell_classify_bytes(model, nullptr, 5, &error), nullptr);
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(bloodcell_error_code(error), BLOODCELL_MALFORMED);
  bloodcell_error_free(error);
  EXPECT_EQ(bloodcell_label(model, 3), nullptr);
  bloodcell_close(model);
  bloodcell_close(nullptr);
  bloodcell_cells_free(nullptr);
  bloodcell_error_free(nullptr);
}

// An older program's struct ends earlier; what it does not say is as if unset.
TEST_F(Embedded, AnOlderCallersOptionsKeepTheirMeaning) {
  bloodcell_options options;
  bloodcell_options_init(&options);
  options.struct_size = offsetof(bloodcell_options, min_confidence);
  options.min_confidence = 77;  // beyond what the caller knows
  bloodcell_model* model = bloodcell_open(path_.c_str(), &options, nullptr);
  EXPECT_NE(model, nullptr);
  bloodcell_close(model);
}

// What lies behind an older caller's struct is the caller's.
TEST_F(Embedded, OptionsAreWrittenNoFartherThanTheCallerKnows) {
  bloodcell_options options;
  std::memset(&options, 0x55, sizeof options);
  const bloodcell_options before = options;
  bloodcell_options_init_sized(&options, offsetof(bloodcell_options, cache_folder));
  EXPECT_EQ(options.struct_size, offsetof(bloodcell_options, cache_folder));
  EXPECT_EQ(options.threads, 1U);
  EXPECT_EQ(options.cache_folder, before.cache_folder);
  EXPECT_EQ(options.second, before.second);
}

TEST_F(Embedded, ASecondNetworkReadsWhenItIsToldTo) {
  const auto two = (folder_ / "two.onnx").string();
  ASSERT_OK(model_file::save(test::colour_model_of_two(), two));
  const auto picture = test::flat(8, 8, {140, 100, 60});
  std::map<bloodcell_second, double> confidence;
  for (const auto second :
       {BLOODCELL_SECOND_WHEN_UNSURE, BLOODCELL_SECOND_READY, BLOODCELL_SECOND_NEVER}) {
    auto model = api::Model::open(two, {.second = second});
    ASSERT_TRUE(model) << model.failure().message;
    auto cells = model->classify_pixels(picture.rgb.data(), 8, 8, 24);
    ASSERT_TRUE(cells);
    EXPECT_EQ((*cells)[0].is_read_twice, second != BLOODCELL_SECOND_NEVER);
    confidence[second] = (*cells)[0].confidence;
  }
  EXPECT_EQ(confidence[BLOODCELL_SECOND_WHEN_UNSURE], confidence[BLOODCELL_SECOND_READY]);
  EXPECT_GT(confidence[BLOODCELL_SECOND_NEVER], confidence[BLOODCELL_SECOND_READY] + 0.1);
  EXPECT_EQ(api::Model::open(two, {.second = static_cast<bloodcell_second>(3)}).failure().code,
            BLOODCELL_USAGE);
}

TEST_F(Embedded, OneModelServesManyThreads) {
  auto model = api::Model::open(path_);
  ASSERT_TRUE(model);
  std::vector<std::thread> threads;
  std::vector<int> right(4);
  const std::array colours{test::kRed, test::kGreen, test::kBlue};
  for (std::size_t t = 0; t < right.size(); ++t) {
    threads.emplace_back([&, t] {
      const auto picture = test::flat(30, 20, colours[t % 3]);
      for (int i = 0; i < 50; ++i) {
        auto cells = model->classify_pixels(picture.rgb.data(), 30, 20, 90);
        if (cells && (*cells)[0].label == model->labels()[t % 3]) ++right[t];
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(right, (std::vector<int>{50, 50, 50, 50}));
}

}  // namespace
}  // namespace bloodcell
