#include <bloodcell/train/export.hpp>

#include <cmath>

#include <bloodcell/base/random.hpp>
#include <bloodcell/infer/session.hpp>
#include <bloodcell/predict/evaluate.hpp>

#include "small_run.hpp"

namespace bloodcell::train {
namespace {

namespace fs = std::filesystem;

// Four classes that a small network can tell apart, trained once.
class Export : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new test::TemporaryFolder;
    set_ = new SmallSet(make_small_set(*folder_ / "set", 24,
                                       {"eosinophil", "lymphocyte", "neutrophil", "platelet"}));
    Config config = small_config();
    config.preprocessing.width_px = config.preprocessing.height_px = 48;
    config.label_smoothing = 0;
    config.learning_rate = 3e-3;
    config.batch = 16;
    config.epochs = 10;
    config.patience = 0;
    run_ = new RunDirectory(make_run(*folder_ / "four-classes", config, *set_));
    EXPECT_OK(train_quietly(*run_, *set_));
    OwnContext own(1);
    exported_ =
        new Result<Exported>(export_run(own.get(), *run_, &set_->dataset, {"", "CC0: made up"}));
  }
  static void TearDownTestSuite() {
    delete exported_;
    delete run_;
    delete set_;
    delete folder_;
  }

  Result<Exported> exported_with(const ExportOptions& options, const data::Dataset* dataset) {
    OwnContext own(1);
    return export_run(own.get(), *run_, dataset, options);
  }

  static inline test::TemporaryFolder* folder_ = nullptr;
  static inline SmallSet* set_ = nullptr;
  static inline RunDirectory* run_ = nullptr;
  static inline Result<Exported>* exported_ = nullptr;
};

TEST_F(Export, TellsCellsOfUnseenFamiliesApart) {
  ASSERT_OK(*exported_);
  OwnContext own(1);
  const auto predictor = predict::Predictor::open(own.get(), (*exported_)->file);
  ASSERT_OK(predictor);
  const auto unseen = data::samples_of(set_->dataset, set_->split, "test");
  ASSERT_OK(unseen);
  const auto evaluation = predict::evaluate(own.get(), *predictor, set_->dataset, *unseen, 1);
  ASSERT_OK(evaluation);
  EXPECT_GE(evaluation->report.family_accuracy_mean.of, 20U);
  EXPECT_GE(evaluation->report.family_accuracy_mean.value, 0.9);
}

TEST_F(Export, GivesTheFiguresThatTrainingSaw) {
  ASSERT_OK(*exported_);
  OwnContext own(1);
  const auto predictor = predict::Predictor::open(own.get(), (*exported_)->file);
  ASSERT_OK(predictor);
  const auto watched = data::samples_of(set_->dataset, set_->split, "validation");
  ASSERT_OK(watched);
  const auto evaluation = predict::evaluate(own.get(), *predictor, set_->dataset, *watched, 1);
  ASSERT_OK(evaluation);
  const auto& told = (*exported_)->file.description.provenance.at("validation");
  EXPECT_DOUBLE_EQ(told.at("accuracy"), evaluation->report.image_accuracy.value);
  EXPECT_DOUBLE_EQ(told.at("macro_f1"), evaluation->report.macro.f1);
}

TEST_F(Export, OpenVinoGivesLibtorchsLogits) {
  ASSERT_OK(*exported_);
  EXPECT_LE((*exported_)->largest_difference, 1e-4);
  EXPECT_EQ((*exported_)->file.description.golden.size(), 2U);
  EXPECT_NE((*exported_)->file.description.golden[0].logits,
            (*exported_)->file.description.golden[1].logits);
}

TEST_F(Export, AfterAnInputNormLightAndContrastOfAPictureAreGone) {
  Config config = run_->config();
  config.input_norm = true;
  config.epochs = 2;
  const auto run = make_run(*folder_ / "input-norm", config, *set_);
  ASSERT_OK(train_quietly(run, *set_));
  OwnContext own(1);
  const auto exported = export_run(own.get(), run, &set_->dataset, {});
  ASSERT_OK(exported);
  EXPECT_LE(exported->largest_difference, 1e-4);
  auto session = infer::Session::open(exported->file, {});
  ASSERT_OK(session);
  Random random(1, stream_of("picture"), 0);
  std::vector<float> picture(3 * 48 * 48);
  for (float& value : picture) value = static_cast<float>(random.uniform(-1, 1));
  auto darker = picture;
  for (float& value : darker) value = 0.5F * value - 0.4F;
  const auto plain = session->run(picture, 1);
  const auto other = session->run(darker, 1);
  ASSERT_OK(plain);
  ASSERT_OK(other);
  for (std::size_t i = 0; i < plain->size(); ++i) EXPECT_NEAR((*plain)[i], (*other)[i], 0.1) << i;
}

TEST_F(Export, DescribesTheModel) {
  ASSERT_OK(*exported_);
  const auto& description = (*exported_)->file.description;
  EXPECT_EQ(description.name, "four-classes");
  EXPECT_EQ(description.architecture, "compact");
  EXPECT_EQ(description.labels, set_->split.labels);
  EXPECT_EQ(description.preprocessing, run_->config().preprocessing);
  EXPECT_GT(description.temperature, 0);
  const auto& provenance = description.provenance;
  EXPECT_EQ(provenance.at("licence"), "CC0: made up");
  EXPECT_EQ(provenance.at("data"), "set");
  EXPECT_EQ(provenance.at("split").at("has_families"), true);
  EXPECT_EQ(provenance.at("training").at("seed"), 42);
  EXPECT_GE(provenance.at("best_epoch"), 1);
  EXPECT_EQ(provenance.dump().find(folder_->path().string()), std::string::npos)
      << "a model file names no folder of this machine";
}

TEST_F(Export, IsTheSameFileAgain) {
  ASSERT_OK(*exported_);
  const auto again = exported_with({"", "CC0: made up"}, &set_->dataset);
  ASSERT_OK(again);
  EXPECT_TRUE(again->file.onnx == (*exported_)->file.onnx);
}

TEST_F(Export, StoresKernelsAsFloat16WhenAsked) {
  ASSERT_OK(*exported_);
  const auto halved =
      exported_with({"", "CC0: made up", true, /*half_kernels=*/true}, &set_->dataset);
  ASSERT_OK(halved);
  EXPECT_TRUE(halved->file.has_halves);
  EXPECT_LT(halved->file.onnx.size(), 2 * (*exported_)->file.onnx.size() / 3);
  EXPECT_LT(halved->largest_difference, 1e-4);
  EXPECT_EQ(halved->file.description.provenance.at("half_kernels"), true);
  const auto& exact = (*exported_)->file.description.golden.front().logits;
  const auto& rounded = halved->file.description.golden.front().logits;
  for (std::size_t i = 0; i < exact.size(); ++i) EXPECT_NEAR(rounded[i], exact[i], 0.02);
}

TEST_F(Export, CalibratesOnlyWhenAsked) {
  const auto plain = exported_with({"plain", "", false}, nullptr);
  ASSERT_OK(plain);
  EXPECT_EQ(plain->file.description.temperature, 1);
  EXPECT_EQ(plain->file.description.name, "plain");
  EXPECT_EQ(plain->file.description.provenance.at("calibrated"), false);
  EXPECT_EQ(plain->file.description.golden[0].logits,
            (*exported_)->file.description.golden[0].logits);
  EXPECT_ERROR(exported_with({}, nullptr), ErrorCode::usage);
}

TEST_F(Export, RefusesDataOfOtherClasses) {
  data::Dataset other = set_->dataset;
  other.labels.back() = "unknown";
  EXPECT_ERROR(exported_with({}, &other), ErrorCode::mismatch);
}

TEST_F(Export, RefusesARunWithoutAnEpoch) {
  const auto run = make_run(*folder_ / "new", run_->config(), *set_);
  OwnContext own(1);
  const auto exported = export_run(own.get(), run, &set_->dataset, {});
  EXPECT_ERROR(exported, ErrorCode::not_found);
  EXPECT_THAT(exported.error().remedy, testing::HasSubstr("--resume"));
}

TEST_F(Export, RefusesBrokenWeights) {
  const auto run = make_run(*folder_ / "broken", run_->config(), *set_);
  const std::string whole = bytes_of(run_->best_weights());
  ASSERT_OK(write_text(run.best_weights(), whole.substr(0, whole.size() / 2)));
  OwnContext own(1);
  EXPECT_ERROR(export_run(own.get(), run, &set_->dataset, {}), ErrorCode::malformed);

  auto file = tensors_of(run_->best_weights());
  file.weights.erase("logits.bias");
  ASSERT_OK(write_file(run.best_weights(), graph::write_safetensors(file)));
  const auto exported = export_run(own.get(), run, &set_->dataset, {});
  EXPECT_ERROR(exported, ErrorCode::mismatch);
  EXPECT_EQ(exported.error().path, run.best_weights().string());
}

TEST_F(Export, RefusesWeightsThatAreNotNumbers) {
  const auto run = make_run(*folder_ / "nan", run_->config(), *set_);
  auto file = tensors_of(run_->best_weights());
  file.weights["logits.bias"].values[0] = std::nanf("");
  ASSERT_OK(write_file(run.best_weights(), graph::write_safetensors(file)));
  OwnContext own(1);
  EXPECT_FALSE(export_run(own.get(), run, &set_->dataset, {}).has_value());
}

}  // namespace
}  // namespace bloodcell::train
