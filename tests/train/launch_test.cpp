#include <bloodcell/train/launch.hpp>

#include <bloodcell/test/support.hpp>

namespace bloodcell::train {
namespace {

const Environment kTorchrun{{"RANK", "1"},
                            {"WORLD_SIZE", "2"},
                            {"LOCAL_RANK", "1"},
                            {"MASTER_ADDR", "node1"},
                            {"MASTER_PORT", "29400"}};

Environment changed(Environment environment, const std::string& name, const std::string& value) {
  environment[name] = value;
  return environment;
}

TEST(Launch, IsAloneWithoutVariablesOrWhenOff) {
  EXPECT_EQ(place_in("auto", {})->size, 1);
  EXPECT_EQ(place_in("off", kTorchrun)->size, 1);
  EXPECT_EQ(place_in("auto", {{"SLURM_PROCID", "1"}, {"SLURM_NTASKS", "2"}})->size, 1);
}

TEST(Launch, TakesTorchruns) {
  const auto place = place_in("auto", kTorchrun);
  ASSERT_OK(place);
  EXPECT_EQ(place->rank, 1);
  EXPECT_EQ(place->size, 2);
  EXPECT_EQ(place->local_rank, 1);
  EXPECT_EQ(place->address, "node1");
  EXPECT_EQ(place->port, 29400);
  EXPECT_FALSE(place->launcher_hosts);
  EXPECT_TRUE(
      place_in("auto", changed(kTorchrun, "TORCHELASTIC_USE_AGENT_STORE", "True"))->launcher_hosts);
}

TEST(Launch, TakesMpisAndSlurms) {
  const auto mpi = place_in("auto", {{"OMPI_COMM_WORLD_RANK", "1"},
                                     {"OMPI_COMM_WORLD_SIZE", "2"},
                                     {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}});
  ASSERT_OK(mpi);
  EXPECT_EQ(mpi->address, "127.0.0.1");
  EXPECT_EQ(mpi->port, 29500);
  EXPECT_ERROR(place_in("mpi", {{"PMI_RANK", "1"}, {"PMI_SIZE", "2"}}), ErrorCode::usage);
  const auto slurm = place_in("slurm", {{"SLURM_PROCID", "3"},
                                        {"SLURM_NTASKS", "4"},
                                        {"SLURM_JOB_NODELIST", "gpu[07-08]"},
                                        {"SLURM_JOB_ID", "40001"}});
  ASSERT_OK(slurm);
  EXPECT_EQ(slurm->rank, 3);
  EXPECT_EQ(slurm->address, "gpu07");
  EXPECT_EQ(slurm->port, 10001);
}

TEST(Launch, RefusesWhatMakesNoSense) {
  for (const auto& [name, value] : std::map<std::string, std::string>{{"RANK", "2"},
                                                                      {"RANK", "-1"},
                                                                      {"RANK", "one"},
                                                                      {"RANK", ""},
                                                                      {"WORLD_SIZE", "0"},
                                                                      {"MASTER_PORT", ""},
                                                                      {"MASTER_PORT", "70000"},
                                                                      {"MASTER_ADDR", ""}}) {
    const auto place = place_in("auto", changed(kTorchrun, name, value));
    ASSERT_FALSE(place) << name << "=" << value;
    EXPECT_EQ(place.error().code, ErrorCode::usage);
    EXPECT_THAT(place.error().message, testing::HasSubstr(name));
  }
  Environment both = kTorchrun;
  both["OMPI_COMM_WORLD_RANK"] = "0";
  both["OMPI_COMM_WORLD_SIZE"] = "2";
  both["OMPI_COMM_WORLD_LOCAL_SIZE"] = "2";
  EXPECT_ERROR(place_in("auto", both), ErrorCode::usage);
  EXPECT_OK(place_in("torchrun", both));
  EXPECT_ERROR(place_in("mpi", kTorchrun), ErrorCode::usage);
  EXPECT_ERROR(place_in("slurm", kTorchrun), ErrorCode::usage);
  EXPECT_ERROR(place_in("abacus", kTorchrun), ErrorCode::usage);
}

TEST(Launch, FindsTheFirstNode) {
  EXPECT_EQ(first_node("node[003-007,9],login"), "node003");
  EXPECT_EQ(first_node("a,b"), "a");
  EXPECT_EQ(first_node("a[1,3]b[5-6]"), "a1b5");
  EXPECT_EQ(first_node("a[1"), "");
  EXPECT_EQ(first_node(""), "");
}

}  // namespace
}  // namespace bloodcell::train
