#include <filesystem>

#include <nlohmann/json.hpp>

#include <bloodcell/test/colour_model.hpp>
#include <bloodcell/test/program.hpp>
#include <measured_child.hpp>

namespace bloodcell::cli {
namespace {

using ::testing::HasSubstr;

TEST(MeasuredChild, TimesTheFirstByteAndSaysThePeak) {
  const auto run = measure_child("/bin/echo", {"one", "two"});
  ASSERT_OK(run);
  EXPECT_GT(run->first_byte_seconds, 0);
  EXPECT_GT(run->peak_bytes, 100'000U);
}

TEST(MeasuredChild, RefusesAProgramThatFailsSaysNothingOrIsNotThere) {
  EXPECT_ERROR(measure_child("/bin/false", {}), ErrorCode::internal);
  EXPECT_ERROR(measure_child("/bin/true", {}), ErrorCode::internal);
  EXPECT_ERROR(measure_child("/nowhere/program", {}), ErrorCode::not_found);
}

class Bench : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(model_file::save(test::colour_model(), folder_ / "colour.onnx"));
  }
  test::TemporaryFolder folder_;
};

TEST_F(Bench, MeasuresEachStageFoldersStartAndMemory) {
  const auto ran = test::run_program(
      "bloodcell", {"bench", "--model", folder_ / "colour.onnx", "--repeats", "3", "--json"});
  ASSERT_EQ(ran.status, 0) << ran.err;
  const auto figures = nlohmann::json::parse(ran.out);
  for (const char* name : {"field", "field: decode", "cell", "cell: network",
                           "start to first label, no cache", "start to first label, cache",
                           "network alone, batch 1, float32", "network alone, batch 32, float32"}) {
    EXPECT_GT(figures.at(name).at("median_ms"), 0) << name;
    EXPECT_GE(figures.at(name).at("p95_ms"), figures.at(name).at("median_ms")) << name;
  }
  EXPECT_FALSE(figures.contains("network alone, batch 1, int8"));  // the file has none
  EXPECT_GT(figures.at("peak memory").at("value"), 10);
  EXPECT_GT(figures.at("folder of them (cell), 1 thread").at("value"), 0);
}

TEST_F(Bench, SaysWhichPictureItCannotRead) {
  const auto ran =
      test::run_program("bloodcell", {"bench", "--model", folder_ / "colour.onnx", "--repeats", "3",
                                      "--field", folder_ / "none.jpg"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("none.jpg"));
}

}  // namespace
}  // namespace bloodcell::cli
