// weights average: from files of runs to one that a run can begin with.

#include <nlohmann/json.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/base/hash.hpp>
#include <bloodcell/graph/weights.hpp>
#include <bloodcell/test/program.hpp>
#include <bloodcell/test/support.hpp>

namespace bloodcell::cli {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class AverageWeights : public testing::Test {
 protected:
  std::string put(const std::string& name, float value, const json& metadata,
                  const std::string& entry = "best") {
    const auto path = folder_ / name;
    EXPECT_OK(write_file(path, graph::write_safetensors(
                                   {{{"kernel", {{2}, {value, 1}}}}, {{entry, metadata.dump()}}})));
    return path.string();
  }
  test::Ran average(std::vector<std::string> files) {
    files.insert(files.begin(), {"weights", "average"});
    files.insert(files.end(), {"-o", mean_.string()});
    return test::run_program("bloodcell", files);
  }

  test::TemporaryFolder folder_;
  const std::filesystem::path mean_ = folder_ / "mean.safetensors";
  const json compact_{{"architecture", "compact"}, {"preprocessing", {{"mean", 127.5}}}};
};

TEST_F(AverageWeights, SayWhatTheyAreOf) {
  const auto first = put("a", 2, compact_);
  const auto ran = average({first, put("b", 5, compact_), put("c", 8, compact_)});
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("1 tensors, the mean of 3 files"));
  EXPECT_THAT(ran.out, HasSubstr("bloodcell train --model compact --weights " + mean_.string()));
  const auto mean = graph::load_safetensors(mean_, Limits{});
  ASSERT_OK(mean);
  EXPECT_EQ(mean->weights.at("kernel").values, (std::vector<float>{5, 1}));
  const auto said = json::parse(mean->metadata.at("average"));
  EXPECT_EQ(said["architecture"], "compact");
  EXPECT_EQ(said["preprocessing"], compact_["preprocessing"]);
  ASSERT_EQ(said["of"].size(), 3U);
  EXPECT_EQ(said["of"][0], *sha256_of_file(first, 1 << 20));
}

TEST_F(AverageWeights, OfDifferentNetworksOrPixelsAreRefusedByName) {
  const auto refused = [&](const json& other, const std::string& entry, const std::string& why) {
    const auto path = put("other", 3, other, entry);
    const auto ran = average({put("a", 2, compact_), path});
    EXPECT_NE(ran.status, 0) << why;
    EXPECT_THAT(ran.err, HasSubstr(path));
    EXPECT_THAT(ran.err, HasSubstr(why));
    EXPECT_FALSE(std::filesystem::exists(mean_));
  };
  json changed = compact_;
  changed["architecture"] = "compact-ibn";
  refused(changed, "best", "another network");
  changed = compact_;
  changed["preprocessing"]["mean"] = 0;
  refused(changed, "best", "saw pixels otherwise");
  refused(compact_, "checkpoint", "give best.safetensors of that run");
  refused(compact_, "note", "does not say what network");
  refused({{"architecture", 7}, {"preprocessing", {}}}, "best", "does not say what network");
}

TEST_F(AverageWeights, TakeTwoFilesAtLeast) {
  EXPECT_EQ(average({put("a", 2, compact_)}).status, 2);
}

}  // namespace
}  // namespace bloodcell::cli
