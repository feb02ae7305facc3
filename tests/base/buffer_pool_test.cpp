#include <bloodcell/base/buffer_pool.hpp>

#include <gtest/gtest.h>

namespace bloodcell {
namespace {

TEST(BufferPool, ABufferGoesFromOneCallToTheNext) {
  BufferPool<float> pool;
  const float* first = nullptr;
  {
    auto lease = pool.take(100);
    first = lease.first(100).data();
  }
  auto smaller = pool.take(40);
  EXPECT_EQ(smaller.first(40).data(), first);
  auto second = pool.take(40);
  EXPECT_NE(second.first(40).data(), first);
}

TEST(BufferPool, GrowsToWhatIsAskedFor) {
  BufferPool<int> pool;
  {
    const auto lease = pool.take(10);
  }
  auto lease = pool.take(1000);
  lease.first(1000)[999] = 7;
  EXPECT_EQ(lease.first(1000).size(), 1000U);
}

}  // namespace
}  // namespace bloodcell
