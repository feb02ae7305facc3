#include <limits>

#include <malloc.h>

#include <bloodcell/nn/network.hpp>

namespace bloodcell::nn {

void keep_freed_memory() {
#ifdef __GLIBC__
  constexpr int kGrowBy = 64 << 20;  // bytes
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
  mallopt(M_TOP_PAD, kGrowBy);
#endif
}

}  // namespace bloodcell::nn
