#include <bloodcell/train/train_locator.hpp>

#include <set>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/files.hpp>
#include <bloodcell/data/synthetic.hpp>
#include <bloodcell/image/encode.hpp>
#include <bloodcell/test/colour_model.hpp>
#include <bloodcell/test/support.hpp>

namespace bloodcell::train {
namespace {

namespace fs = std::filesystem;

class TrainLocator : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new test::TemporaryFolder;
    write_set(*folder_ / "monday", 1);
    write_set(*folder_ / "tuesday", 2);
  }
  static void TearDownTestSuite() { delete folder_; }

  static void write_set(const fs::path& folder, std::uint64_t seed) {
    std::string boxes = "file,x,y,width,height,class\n";
    for (std::uint64_t i = 0; i < 14; ++i) {
      constexpr std::string_view kWhite[] = {"lymphocyte"};
      const auto field = data::synthetic_field(kWhite, 10, seed, i, 160, 120);
      ASSERT_OK(field);
      const std::string file = fmt::format("{}.png", i);
      ASSERT_OK(write_file(folder / "images" / file, image::encode_png(field->image).value()));
      for (const auto& cell : field->cells) {
        const auto& b = cell.box;
        const bool is_red = cell.label == "red" || cell.label == "red_cell";
        boxes += fmt::format("{},{},{},{},{},{}\n", file, b.x, b.y, b.width, b.height,
                             is_red ? "RBC" : "WBC");
      }
    }
    ASSERT_OK(write_text(folder / "boxes.csv", boxes));
  }

  static LocatorTraining small() {
    LocatorTraining how;
    how.sets = {*folder_ / "monday", *folder_ / "tuesday"};
    how.epochs = 2;
    how.batch = 8;
    how.width_px = 64;
    how.height_px = 64;
    how.folds = 4;
    return how;
  }

  static Result<TrainedLocator> trained(const LocatorTraining& how) {
    OwnContext own(1);
    return train_locator(own.get(), how, [](const LocatorEpoch&) {});
  }

  static inline test::TemporaryFolder* folder_ = nullptr;
};

TEST_F(TrainLocator, GivesAModelFileThatLocatesAndTheSameAgain) {
  const auto first = trained(small());
  ASSERT_OK(first);
  EXPECT_EQ(first->file.description.task, graph::Task::locate);
  EXPECT_EQ(first->file.description.golden.size(), 2U);
  ASSERT_EQ(first->history.size(), 2U);
  EXPECT_LT(first->history[1].loss, first->history[0].loss);
  const auto again = trained(small());
  ASSERT_OK(again);
  EXPECT_EQ(first->file.onnx, again->file.onnx);
}

TEST_F(TrainLocator, SaysWhatEachPrecisionCosts) {
  const auto made = trained(small());
  ASSERT_OK(made);
  const auto& precisions = made->file.description.precisions;
  ASSERT_FALSE(precisions.empty());
  EXPECT_EQ(precisions.front().precision, "float32");
  EXPECT_GE(precisions.front().cells, 7U);  // one is drawn in each of seven fields
  auto description = made->file.description;
  description.precisions.clear();
  const auto without = model_file::with_description(made->file, std::move(description));
  ASSERT_OK(without);
  OwnContext own(1);
  const auto measured = measure_locator(own.get(), small(), *without);
  ASSERT_OK(measured);
  EXPECT_EQ(measured->onnx, made->file.onnx);
  EXPECT_ERROR(measure_locator(own.get(), small(), test::colour_model()), ErrorCode::usage);
  auto otherwise = small();
  otherwise.test_fold = 1;  // what it learned from would judge
  EXPECT_ERROR(measure_locator(own.get(), otherwise, *without), ErrorCode::mismatch);
}

TEST_F(TrainLocator, ASetThatIsLeftOutOnlyTests) {
  auto how = small();
  how.epochs = 1;
  how.left_out = {"tuesday"};
  const auto result = trained(how);
  ASSERT_OK(result);
  std::size_t of_tuesday = 0;
  for (const auto& file : result->test_files) of_tuesday += file.starts_with("tuesday/") ? 1 : 0;
  EXPECT_EQ(of_tuesday, 14U);
}

TEST_F(TrainLocator, EachFieldTestsInOneFoldOfAll) {
  std::multiset<std::string> tested;
  for (int fold = 0; fold < 4; ++fold) {
    auto how = small();
    how.epochs = 1;
    how.test_fold = fold;
    const auto result = trained(how);
    ASSERT_OK(result);
    tested.insert(result->test_files.begin(), result->test_files.end());
  }
  EXPECT_EQ(tested.size(), 28U);
  EXPECT_EQ(std::set<std::string>(tested.begin(), tested.end()).size(), 28U);
}

TEST_F(TrainLocator, RefusesWhatItCannotUse) {
  const auto refused = [](auto change) {
    auto how = small();
    change(how);
    return trained(how);
  };
  EXPECT_ERROR(refused([](auto& how) { how.sets.clear(); }), ErrorCode::usage);
  EXPECT_ERROR(refused([](auto& how) { how.test_fold = 4; }), ErrorCode::usage);
  EXPECT_ERROR(refused([](auto& how) { how.learning_rate = 0; }), ErrorCode::usage);
  EXPECT_ERROR(refused([](auto& how) { how.width_px = 60; }), ErrorCode::usage);
  EXPECT_ERROR(refused([](auto& how) { how.sets = {*folder_ / "none"}; }), ErrorCode::not_found);
}

}  // namespace
}  // namespace bloodcell::train
