#include <bloodcell/train/teachers.hpp>

#include <array>
#include <cmath>

#include <bloodcell/base/hash.hpp>
#include <bloodcell/graph/builder.hpp>
#include <bloodcell/model_file/model_file.hpp>
#include <bloodcell/nn/network.hpp>

#include "small_run.hpp"

namespace bloodcell::train {
namespace {

namespace fs = std::filesystem;

constexpr float kBias = 2;  // of the teacher's first logit

// Its logits are (mean pixel of channel 0 as it scales it + bias, 0).
graph::Graph watcher(int side) {
  graph::Builder net("watcher", {3, side, side});
  net.dense("logits", net.global_average_pool(net.input()), 2);
  return std::move(net).build().value();
}

SourceFile write_teacher(const fs::path& path, const image::Preprocessing& preprocessing,
                         std::vector<std::string> labels = {"lymphocyte", "platelet"}) {
  model_file::Description description;
  description.name = "watcher";
  description.labels = std::move(labels);
  description.preprocessing = preprocessing;
  description.provenance = nlohmann::json::object();
  const graph::Weights weights{{"logits.weight", {{2, 3}, {1, 0, 0, 0, 0, 0}}},
                               {"logits.bias", {{2}, {kBias, 0}}}};
  const auto file = model_file::make(watcher(preprocessing.width_px), weights, description);
  EXPECT_OK(file);
  EXPECT_OK(model_file::save(*file, path));
  return {path.string(), sha256(file->onnx)};
}

image::Preprocessing scaled(int side, double mean, double deviation) {
  image::Preprocessing preprocessing;
  preprocessing.width_px = preprocessing.height_px = side;
  preprocessing.mean.fill(mean);
  preprocessing.deviation.fill(deviation);
  return preprocessing;
}

const std::vector<std::string> kLabels{"lymphocyte", "platelet"};

TEST(OtherInput, IsTheSamePixelsInAnotherScale) {
  const std::vector<float> images(3 * 4 * 4, 0.5F);  // of −1 … 1: pixels 191.25
  const auto other = as_other_input(images, 1, scaled(4, 127.5, 127.5), scaled(4, 0, 255));
  ASSERT_EQ(other.size(), images.size());
  for (const float value : other) EXPECT_NEAR(value, 0.75, 1e-6);
}

TEST(OtherInput, TurnsChannelsRoundAndKeepsFlatColoursInAnotherSize) {
  std::vector<float> images(3 * 8 * 8);
  for (std::size_t i = 0; i < images.size(); ++i) images[i] = static_cast<float>(i / 64);
  auto to = scaled(5, 0, 1);
  to.channels = image::ChannelOrder::bgr;
  const auto other = as_other_input(images, 1, scaled(8, 0, 1), to);
  ASSERT_EQ(other.size(), 75U);
  for (std::size_t i = 0; i < other.size(); ++i) {
    EXPECT_NEAR(other[i], 2 - static_cast<float>(i / 25), 1e-5);
  }
}

TEST(Teachers, AnswerWithTheirMeanInTheirOwnScale) {
  const test::TemporaryFolder folder;
  OwnContext own(1);
  const auto student = scaled(8, 127.5, 127.5);
  const std::vector<SourceFile> files{
      write_teacher(folder / "unit.onnx", scaled(8, 0, 255)),
      write_teacher(folder / "small.onnx", scaled(4, 127.5, 127.5))};
  const auto teachers = Teachers::open(own.get(), files, student, kLabels);
  ASSERT_OK(teachers);
  const std::vector<float> images(2 * 3 * 8 * 8, 0.5F);
  const auto logits = teachers->logits(images, 2);
  ASSERT_OK(logits);
  ASSERT_EQ(logits->size(), 4U);
  EXPECT_NEAR((*logits)[0], ((0.75 + kBias) + (0.5 + kBias)) / 2, 1e-5);
  EXPECT_NEAR((*logits)[1], 0, 1e-6);
}

TEST(Teachers, MustKnowTheSameClassesAndBeTheSameFile) {
  const test::TemporaryFolder folder;
  OwnContext own(1);
  const auto student = scaled(8, 127.5, 127.5);
  auto file = write_teacher(folder / "t.onnx", student);
  EXPECT_ERROR(Teachers::open(own.get(), {file}, student, {"ig", "platelet"}), ErrorCode::mismatch);
  auto letterboxed = student;
  letterboxed.fit = image::Fit::letterbox;
  EXPECT_ERROR(Teachers::open(own.get(), {file}, letterboxed, kLabels), ErrorCode::mismatch);
  auto closer = student;
  closer.cell_margin = 1.5;
  EXPECT_ERROR(Teachers::open(own.get(), {file}, closer, kLabels), ErrorCode::mismatch);
  auto whiter = student;
  whiter.white_point = 240;
  EXPECT_ERROR(Teachers::open(own.get(), {file}, whiter, kLabels), ErrorCode::mismatch);
  file.sha256 = std::string(64, '0');
  EXPECT_ERROR(Teachers::open(own.get(), {file}, student, kLabels), ErrorCode::mismatch);
  file.path += ".gone";
  EXPECT_ERROR(Teachers::open(own.get(), {file}, student, kLabels), ErrorCode::not_found);
}

TEST(Distillation, TeachesWhatTheTeacherSays) {
  const test::TemporaryFolder folder;
  const auto set = make_small_set(folder / "set", 4);
  Config config = small_config();
  config.epochs = 1;
  config.teachers = {write_teacher(folder / "t.onnx", scaled(32, 0, 255))};
  config.distillation_weight = 1;
  config.mixup = 0.4;
  const auto run = make_run(folder / "run", config, set);
  ASSERT_OK(train_quietly(run, set));
  const auto again = make_run(folder / "again", config, set);
  ASSERT_OK(train_quietly(again, set));
  expect_same_result(run, again);
  config.distillation_weight = 0;
  const auto without = make_run(folder / "without", config, set);
  ASSERT_OK(train_quietly(without, set));
  EXPECT_NE(repeatable_history(without)[0].train_loss, repeatable_history(run)[0].train_loss);
}

}  // namespace
}  // namespace bloodcell::train
