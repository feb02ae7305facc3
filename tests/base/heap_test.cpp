#include <bloodcell/base/heap.hpp>

#include <cstdlib>
#include <memory>
#include <vector>

#include <unistd.h>

#include <bloodcell/test/support.hpp>

namespace bloodcell {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
constexpr bool kHeapIsGlibcs = false;
#else
constexpr bool kHeapIsGlibcs = true;
#endif

TEST(Heap, GrowsByALargeStepAtOnce) {
  const auto* before = static_cast<const char*>(sbrk(0));
  take_memory_in_large_steps();
  const auto* after = static_cast<const char*>(sbrk(0));
  if (kHeapIsGlibcs) {
    EXPECT_GE(after - before, std::ptrdiff_t{32} << 20);
  }
  const std::vector<int> used(3'000'000, 7);  // from there, and as good as any
  EXPECT_EQ(used.back(), 7);
  EXPECT_EQ(sbrk(0), after);
}

TEST(Heap, KeepsWhatATrainingStepFrees) {
  keep_freed_memory();
  const auto step = [] { return std::vector<int>(25'000'000, 7).back(); };  // 100 MB
  const auto* before = static_cast<const char*>(sbrk(0));
  EXPECT_EQ(step(), 7);
  if (kHeapIsGlibcs) {
    const auto* after = static_cast<const char*>(sbrk(0));
    EXPECT_GE(after - before, std::ptrdiff_t{60} << 20);
    EXPECT_EQ(step(), 7);
    EXPECT_EQ(sbrk(0), after);
  }
}

}  // namespace
}  // namespace bloodcell
