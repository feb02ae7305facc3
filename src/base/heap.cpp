#include <bloodcell/base/heap.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>  // says whether the C library is glibc
#include <limits>

#if defined(__GLIBC__)
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace bloodcell {

void take_memory_in_large_steps() {
#if defined(__GLIBC__)
  constexpr std::size_t kStep = 32U << 20;
  constexpr std::size_t kKept = 64U << 20;
  mallopt(M_TRIM_THRESHOLD, static_cast<int>(kKept));
  mallopt(M_MMAP_THRESHOLD, static_cast<int>(kStep));  // buffers of megabytes come from there, too
  mallopt(M_TOP_PAD, static_cast<int>(kStep));
  const auto begin = reinterpret_cast<std::uintptr_t>(sbrk(0));
  void* volatile grown = std::malloc(1U << 20);  // more than is there: takes the first step
  std::free(grown);
  const auto end = reinterpret_cast<std::uintptr_t>(sbrk(0));
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto first = (begin + page - 1) / page * page;
  // A system that refuses gives small pages.
  if (end > first) madvise(reinterpret_cast<void*>(first), end - first, MADV_HUGEPAGE);
#endif
}

void keep_freed_memory() {
#if defined(__GLIBC__)
  constexpr int kStep = 64 << 20;
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
  mallopt(M_TOP_PAD, kStep);
#endif
}

}  // namespace bloodcell
