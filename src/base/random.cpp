#include <bloodcell/base/random.hpp>

#include <cmath>
#include <limits>
#include <numbers>

#include <Random123/philox.h>

namespace bloodcell {

std::array<std::uint32_t, 4> philox_block(std::array<std::uint32_t, 4> counter,
                                          std::array<std::uint32_t, 2> key) {
  using Philox = r123::Philox4x32_R<10>;
  const Philox::ctr_type drawn =
      Philox{}(Philox::ctr_type{{counter[0], counter[1], counter[2], counter[3]}},
               Philox::key_type{{key[0], key[1]}});
  return {drawn[0], drawn[1], drawn[2], drawn[3]};
}

Random::Random(std::uint64_t seed, std::uint32_t stream, std::uint64_t index)
    : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
      counter_{0, stream, static_cast<std::uint32_t>(index),
               static_cast<std::uint32_t>(index >> 32)} {}

std::uint32_t Random::bits() {
  if (used_ == 4) {
    block_ = philox_block(counter_, key_);
    ++counter_[0];
    used_ = 0;
  }
  return block_[static_cast<std::size_t>(used_++)];
}

double Random::uniform() {
  const std::uint64_t high = bits();
  const std::uint64_t low = bits();
  return static_cast<double>(((high << 32) | low) >> 11) * 0x1.0p-53;
}

double Random::uniform(double low, double high) { return low + (high - low) * uniform(); }

double Random::normal() {
  if (has_spare_normal_) {
    has_spare_normal_ = false;
    return spare_normal_;
  }
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  const double angle = 2.0 * std::numbers::pi * uniform();
  spare_normal_ = radius * std::sin(angle);
  has_spare_normal_ = true;
  return radius * std::cos(angle);
}

std::uint64_t Random::below(std::uint64_t bound) {
  const std::uint64_t limit =
      std::numeric_limits<std::uint64_t>::max() - std::numeric_limits<std::uint64_t>::max() % bound;
  while (true) {
    const std::uint64_t high = bits();
    const std::uint64_t drawn = (high << 32) | bits();
    if (drawn < limit) return drawn % bound;
  }
}

bool Random::chance(double probability) { return uniform() < probability; }

}  // namespace bloodcell
