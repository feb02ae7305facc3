#include <bloodcell/predict/stages.hpp>

#include <bloodcell/predict/predictor.hpp>
#include <bloodcell/test/colour_model.hpp>

namespace bloodcell::predict {
namespace {

TEST(Stages, AddUpByName) {
  StageTimes one;
  one.seconds = {1, 2, 3, 4, 5, 6, 7};
  StageTimes all = one;
  all += one;
  EXPECT_EQ(all.of(Stage::decode), 4);
  EXPECT_EQ(all.of(Stage::label), 14);
  EXPECT_EQ(all.total(), 56);
}

TEST(Stages, AClockChargesWhatPassedSinceItWasLastAsked) {
  StageTimes times;
  StageClock clock(times);
  clock.charge(Stage::read);
  const double read = times.of(Stage::read);
  clock.charge(Stage::network);
  EXPECT_GE(times.of(Stage::network), 0);
  EXPECT_EQ(times.of(Stage::read), read);
  EXPECT_EQ(times.total(), read + times.of(Stage::network));
}

TEST(Stages, AFolderChargesEachStageButTheLocatorThatIsNotThere) {
  const bloodcell::test::TemporaryFolder folder;
  for (const char* name : {"a.png", "b.png"}) {
    test::write_png(folder / name, test::kRed, 300, 200);
  }
  OwnContext own(2);
  const auto predictor = Predictor::open(own.get(), test::colour_model());
  ASSERT_OK(predictor);
  const auto totals =
      predictor->run(own.get(), {{folder / "a.png", folder / "b.png"}, {}}, [](const Row&) {});
  ASSERT_OK(totals);
  for (const Stage stage : {Stage::read, Stage::decode, Stage::frame, Stage::network}) {
    EXPECT_GT(totals->times.of(stage), 0) << kStageNames[static_cast<std::size_t>(stage)];
  }
  EXPECT_EQ(totals->times.of(Stage::locate), 0);
}

}  // namespace
}  // namespace bloodcell::predict
