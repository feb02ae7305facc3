#include <bloodcell/train/group.hpp>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <future>

#include "small_run.hpp"

namespace bloodcell::train {
namespace {

using std::chrono::seconds;

int free_port() {
  const int opened = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  EXPECT_EQ(::bind(opened, reinterpret_cast<sockaddr*>(&address), length), 0);
  EXPECT_EQ(::getsockname(opened, reinterpret_cast<sockaddr*>(&address), &length), 0);
  ::close(opened);
  return ntohs(address.sin_port);
}

Place place_of(int rank, int port) {
  Place place;
  place.rank = rank;
  place.size = 2;
  place.address = "127.0.0.1";
  place.port = port;
  return place;
}

// What a process of two does, on a thread of its own.
using Act = std::function<Result<void>(int rank, Group&)>;

std::vector<Result<void>> two_do(const Act& act) {
  const int port = free_port();
  std::vector<std::future<Result<void>>> both;
  for (const int rank : {0, 1}) {
    both.push_back(std::async(std::launch::async, [&act, rank, port]() -> Result<void> {
      BC_ASSIGN(auto group, Group::join(place_of(rank, port), seconds(60), false));
      return act(rank, group);
    }));
  }
  std::vector<Result<void>> ended;
  for (auto& one : both) ended.push_back(one.get());
  return ended;
}

Act training(const RunDirectory& run, const SmallSet& set) {
  return [&run, &set](int, Group& group) -> Result<void> {
    OwnContext own(1);
    BC_CHECK(train(own.get(), run, set.dataset, {}, &group));
    return {};
  };
}

// One process is asked to stop when process 0, whose progress alone is told, has done some steps.
std::vector<Result<void>> two_are_stopped(const RunDirectory& run, const SmallSet& set,
                                          int stopped) {
  std::array<OwnContext, 2> own{OwnContext(1), OwnContext(1)};
  StopAfter progress(6, own.at(static_cast<std::size_t>(stopped)).cancellation);
  return two_do([&](int rank, Group& group) -> Result<void> {
    const Context plain = own.at(static_cast<std::size_t>(rank)).get();
    BC_CHECK(train({plain.log, plain.limits, plain.pool, plain.cancellation, progress}, run,
                   set.dataset, {}, &group));
    return {};
  });
}

void expect_near(const graph::Weights& a, const graph::Weights& b, double most) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [name, tensor] : a) {
    const auto& other = b.at(name).values;
    ASSERT_EQ(tensor.values.size(), other.size());
    for (std::size_t i = 0; i < other.size(); ++i) {
      ASSERT_NEAR(tensor.values[i], other[i], most) << name;
    }
  }
}

class TwoProcesses : public testing::Test {
 protected:
  static Config config() {
    Config config = small_config();
    config.optimiser = "sgd";  // Adam's first steps make much of the last digit
    config.learning_rate = 0.01;
    config.ema_decay = 0.9;
    config.clip_norm = 0.5;
    return config;
  }
  RunDirectory new_run(const std::string& name, const Config& config) {
    return make_run(folder_ / name, config, set_);
  }

  // From the weights of a run before.
  void expect_two_go_on_as_one(Config going_on) {
    const auto first = new_run("first", config());
    ASSERT_OK(train_quietly(first, set_));
    going_on.weights = source_of(first.best_weights());
    const auto two = new_run("two", going_on);
    going_on.accumulate = 2;
    const auto one = new_run("one", going_on);
    ASSERT_OK(train_quietly(one, set_));
    for (const auto& ended : two_do(training(two, set_))) ASSERT_OK(ended);
    expect_near(tensors_of(two.last_checkpoint()).weights,
                tensors_of(one.last_checkpoint()).weights, 1e-5);
  }

  test::TemporaryFolder folder_;
  SmallSet set_ = make_small_set(folder_ / "set", 8);
};

TEST_F(TwoProcesses, LearnWhatOneDoesWithTwoParts) {
  Config in_parts = config();
  in_parts.accumulate = 2;
  const auto one = new_run("one", in_parts);
  const auto two = new_run("two", config());
  ASSERT_OK(train_quietly(one, set_));
  for (const auto& ended : two_do(training(two, set_))) ASSERT_OK(ended);
  const auto expected = repeatable_history(one);
  const auto found = repeatable_history(two);
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_NEAR(found[i].train_loss, expected[i].train_loss, 1e-5);
    EXPECT_NEAR(found[i].gradient_norm, expected[i].gradient_norm, 1e-4);
    EXPECT_NEAR(found[i].validation_loss, expected[i].validation_loss, 1e-5);
    EXPECT_EQ(found[i].train_accuracy, expected[i].train_accuracy);
  }
  expect_near(tensors_of(two.best_weights()).weights, tensors_of(one.best_weights()).weights, 1e-5);
}

TEST_F(TwoProcesses, RepeatBitForBitStoppedByEitherOrNot) {
  const auto whole = new_run("whole", config());
  for (const auto& ended : two_do(training(whole, set_))) ASSERT_OK(ended);
  for (const int stopped : {0, 1}) {
    const auto run = new_run(fmt::format("stopped by {}", stopped), config());
    for (const auto& ended : two_are_stopped(run, set_, stopped)) {
      EXPECT_ERROR(ended, ErrorCode::cancelled);
    }
    for (const auto& ended : two_do(training(run, set_))) ASSERT_OK(ended);
    expect_same_result(whole, run);
  }
}

TEST_F(TwoProcesses, MixWhatOneMixes) {
  Config mixed = config();
  mixed.mixup = 0.4;
  const auto two = new_run("two", mixed);
  mixed.accumulate = 2;
  const auto one = new_run("one", mixed);
  ASSERT_OK(train_quietly(one, set_));
  for (const auto& ended : two_do(training(two, set_))) ASSERT_OK(ended);
  expect_near(tensors_of(two.best_weights()).weights, tensors_of(one.best_weights()).weights, 1e-5);
}

TEST_F(TwoProcesses, UnfreezeWhatOneUnfreezes) {
  Config staged = config();
  staged.freeze = "backbone";
  staged.unfreeze = {"2=block5.conv1", "3=all"};
  expect_two_go_on_as_one(staged);
}

TEST_F(TwoProcesses, KeepTheStatisticsThatOneKeeps) {
  Config keeping = config();
  keeping.freeze_norm = true;
  expect_two_go_on_as_one(keeping);
}

TEST_F(TwoProcesses, RefuseABatchThatIsTooSmall) {
  Config small = config();
  small.batch = 1;
  const auto run = new_run("small", small);
  for (const auto& ended : two_do(training(run, set_))) EXPECT_ERROR(ended, ErrorCode::usage);
}

TEST(Group, AddsAndTellsFromTheFirst) {
  const auto ended = two_do([](int rank, Group& group) -> Result<void> {
    EXPECT_EQ(group.rank(), rank);
    EXPECT_EQ(group.size(), 2);
    std::array<double, 2> values{1.0 + rank, 10};
    BC_CHECK(group.sum(std::span(values)));
    EXPECT_EQ(values[0], 3);
    EXPECT_EQ(values[1], 20);
    BC_ASSIGN(const auto told, group.from_first(rank == 0 ? "first" : "other"));
    EXPECT_EQ(told, "first");
    return group.agree({});
  });
  for (const auto& one : ended) EXPECT_OK(one);
}

TEST(Group, TellsAllOfAnErrorOfOne) {
  const auto ended = two_do([](int rank, Group& group) {
    auto agreed =
        group.agree(rank == 1 ? fail(ErrorCode::malformed, "a spoilt picture") : Result<void>{});
    if (!agreed) group.leave(agreed.error());
    return agreed;
  });
  EXPECT_ERROR(ended[1], ErrorCode::malformed);
  ASSERT_FALSE(ended[0]);
  EXPECT_THAT(ended[0].error().message, testing::HasSubstr("process 1 of 2"));
  EXPECT_THAT(ended[0].error().message, testing::HasSubstr("a spoilt picture"));
}

TEST(Group, SaysWhomItDidNotMeet) {
  const auto alone = Group::join(place_of(1, free_port()), seconds(1), false);
  ASSERT_FALSE(alone);
  EXPECT_THAT(alone.error().message, testing::HasSubstr("127.0.0.1"));
  EXPECT_THAT(alone.error().remedy, testing::HasSubstr("MASTER_PORT"));
}

}  // namespace
}  // namespace bloodcell::train
