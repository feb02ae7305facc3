#include <bloodcell/predict/evaluate.hpp>
#include <bloodcell/test/colour_model.hpp>

#include <numeric>

namespace bloodcell::predict {
namespace {

using bloodcell::test::TemporaryFolder;

Result<Evaluation> evaluate_folder(const std::filesystem::path& folder, OwnContext& own) {
  const Context context = own.get();
  BC_ASSIGN(const auto predictor, Predictor::open(context, test::colour_model()));
  BC_ASSIGN(const auto dataset, data::open_dataset(context, folder));
  std::vector<std::size_t> samples(dataset.samples.size());
  std::iota(samples.begin(), samples.end(), std::size_t{0});
  return evaluate(context, predictor, dataset, samples, 1);
}

TEST(Evaluate, MatchesLabelsByNameNotByPlace) {
  const TemporaryFolder
      folder;  // alphabetical in the data: blue, red; red, green, blue in the model
  test::write_png(folder / "red" / "1.png", test::kRed);
  test::write_png(folder / "red" / "2.png", test::kBlue);
  test::write_png(folder / "blue" / "3.png", test::kBlue);
  OwnContext own(2);
  const auto evaluation = evaluate_folder(folder.path(), own);
  ASSERT_OK(evaluation);
  EXPECT_EQ(evaluation->report.image_accuracy.right, 2U);
  EXPECT_EQ(evaluation->report.image_accuracy.of, 3U);
  EXPECT_EQ(evaluation->report.confusion.counts[0][2], 1U);
  EXPECT_EQ(evaluation->report.classes[1].support, 0U);
}

TEST(Evaluate, ABrokenFileIsAProblemAndInNoFigure) {
  const TemporaryFolder folder;
  test::write_png(folder / "red" / "1.png", test::kRed);
  ASSERT_OK(write_text(folder / "red" / "2.png", "broken"));
  OwnContext own;
  const auto evaluation = evaluate_folder(folder.path(), own);
  ASSERT_OK(evaluation);
  EXPECT_EQ(evaluation->report.image_accuracy.of, 1U);
  ASSERT_EQ(evaluation->problems.size(), 1U);
  EXPECT_THAT(evaluation->problems[0].path, ::testing::HasSubstr("2.png"));
}

TEST(Evaluate, AClassTheModelLacksIsAnError) {
  const TemporaryFolder folder;
  test::write_png(folder / "violet" / "1.png", test::kRed);
  OwnContext own;
  const auto evaluation = evaluate_folder(folder.path(), own);
  EXPECT_ERROR(evaluation, ErrorCode::mismatch);
  EXPECT_THAT(evaluation.error().message, ::testing::HasSubstr("violet"));
}

TEST(Evaluate, TextShowsFiguresClassesAndConfusion) {
  const TemporaryFolder folder;
  test::write_png(folder / "red" / "1.png", test::kRed);
  test::write_png(folder / "green" / "2.png", test::kRed);
  OwnContext own;
  const auto evaluation = evaluate_folder(folder.path(), own);
  ASSERT_OK(evaluation);
  const std::string text = to_text(evaluation->report);
  EXPECT_THAT(text, ::testing::HasSubstr("50.0 %"));
  EXPECT_THAT(text, ::testing::HasSubstr("(1 of 2)"));
  EXPECT_THAT(text, ::testing::HasSubstr("families, by mean probability"));
  EXPECT_THAT(text, ::testing::HasSubstr("is \\ called"));
}

}  // namespace
}  // namespace bloodcell::predict
