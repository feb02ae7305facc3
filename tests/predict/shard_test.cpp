#include <bloodcell/predict/shard.hpp>

#include <set>

#include <bloodcell/test/support.hpp>

namespace bloodcell::predict {
namespace {

Inputs thousand() {
  Inputs inputs;
  for (int i = 0; i < 1000; ++i) inputs.files.emplace_back(fmt::format("slides/{:04}.jpg", i));
  inputs.problems.push_back({ErrorCode::not_found, "no such file", "gone.jpg", ""});
  inputs.problems.push_back({ErrorCode::not_found, "no such file", "gone.jpg", ""});
  return inputs;
}

TEST(Shards, HoldEachInputOnceInItsOrder) {
  constexpr unsigned kCount = 7;
  std::multiset<std::string> held;
  std::size_t problems = 0;
  for (unsigned i = 0; i < kCount; ++i) {
    const auto part = of_shard(thousand(), {i, kCount});
    EXPECT_TRUE(std::is_sorted(part.files.begin(), part.files.end()));
    EXPECT_NEAR(static_cast<double>(part.files.size()), 1000.0 / kCount, 50);
    for (const auto& file : part.files) held.insert(file.string());
    problems += part.problems.size();
  }
  EXPECT_EQ(held.size(), 1000U);
  EXPECT_EQ(std::set(held.begin(), held.end()).size(), 1000U);
  EXPECT_EQ(problems, 1U);
}

TEST(Shards, AFileThatComesMovesNoOther) {
  auto more = thousand();
  more.files.insert(more.files.begin(), "slides/0000a.jpg");
  const Shard shard{2, 5};
  auto before = of_shard(thousand(), shard).files;
  auto after = of_shard(std::move(more), shard).files;
  std::erase(after, "slides/0000a.jpg");
  EXPECT_EQ(after, before);
}

TEST(Shards, AreReadAndNamed) {
  const auto shard = shard_from("3/8");
  ASSERT_OK(shard);
  EXPECT_EQ(shard->index, 3U);
  EXPECT_EQ(shard->count, 8U);
  EXPECT_EQ(shard_output("out/cells.csv", *shard), "out/cells.3-of-8.csv");
  for (const char* wrong : {"", "3", "8/8", "-1/8", "1/0", "1/8x", " 1/8", "1/", "/8", "a/b"}) {
    EXPECT_ERROR(shard_from(wrong), ErrorCode::usage);
  }
}

}  // namespace
}  // namespace bloodcell::predict
