#include <bloodcell/base/thread_pool.hpp>

#include <atomic>
#include <vector>

#include <bloodcell/test/support.hpp>

namespace bloodcell {
namespace {

TEST(ThreadPool, RunsEachIndexOnce) {
  for (const unsigned threads : {1U, 2U, 5U}) {
    ThreadPool pool(threads);
    std::vector<std::atomic<int>> runs(1000);
    pool.for_each(runs.size(), [&](std::size_t i) { ++runs[i]; });
    for (const auto& count : runs) ASSERT_EQ(count, 1);
  }
}

TEST(ThreadPool, AJobMayRunALoopOfItsOwn) {
  ThreadPool pool(2);
  std::atomic<int> total{0};
  pool.for_each(8, [&](std::size_t) { pool.for_each(8, [&](std::size_t) { ++total; }); });
  EXPECT_EQ(total, 64);
}

TEST(ThreadPool, FinishesWhatWasSubmitted) {
  std::atomic<int> done{0};
  {
    ThreadPool pool(3);
    for (int i = 0; i < 100; ++i) pool.submit([&] { ++done; });
  }
  EXPECT_EQ(done, 100);
}

TEST(ThreadPool, OneThreadWorksOnTheCaller) {
  ThreadPool pool(1);
  const auto caller = std::this_thread::get_id();
  pool.for_each(4, [&](std::size_t) { EXPECT_EQ(std::this_thread::get_id(), caller); });
  pool.submit([&] { EXPECT_EQ(std::this_thread::get_id(), caller); });
}

TEST(ThreadPool, ALoopOverNothingReturns) {
  ThreadPool pool(2);
  pool.for_each(0, [](std::size_t) { FAIL(); });
}

TEST(Processors, ThereIsAtLeastOne) { EXPECT_GE(available_processors(), 1U); }

}  // namespace
}  // namespace bloodcell
