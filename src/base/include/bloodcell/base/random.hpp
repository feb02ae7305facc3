// Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as
// 1, 2, 3", SC 2011). A draw depends on (seed, stream, index) and on how many came before it from
// the same object, never on threads, batch size or what was drawn elsewhere.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace bloodcell {

// Ten rounds of Philox4x32. Matches the published test vectors.
[[nodiscard]] std::array<std::uint32_t, 4> philox_block(std::array<std::uint32_t, 4> counter,
                                                        std::array<std::uint32_t, 2> key);

// A stream number from a name: `stream_of("augment")`. FNV-1a, 32 bits.
[[nodiscard]] constexpr std::uint32_t stream_of(std::string_view name) {
  std::uint32_t hash = 2166136261U;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

// One sequence of draws. Cheap to make; make one for each item (image, row, trial). Not
// thread-safe.
class Random {
 public:
  Random(std::uint64_t seed, std::uint32_t stream, std::uint64_t index);

  [[nodiscard]] std::uint32_t bits();
  [[nodiscard]] double uniform();                          // [0, 1), 53 bits
  [[nodiscard]] double uniform(double low, double high);   // [low, high)
  [[nodiscard]] double normal();                           // mean 0, deviation 1 (Box–Muller)
  [[nodiscard]] std::uint64_t below(std::uint64_t bound);  // 0 … bound-1 without bias; bound ≥ 1
  [[nodiscard]] bool chance(double probability);

  template <class T>
  void shuffle(std::span<T> items) {  // Fisher–Yates
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }

 private:
  std::array<std::uint32_t, 2> key_;
  std::array<std::uint32_t, 4> counter_;
  std::array<std::uint32_t, 4> block_{};
  int used_ = 4;  // words of block_ already given out
  double spare_normal_ = 0;
  bool has_spare_normal_ = false;
};

}  // namespace bloodcell
