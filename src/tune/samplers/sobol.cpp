#include "sobol.hpp"

#include <array>
#include <bit>

#include <bloodcell/base/random.hpp>
#include <bloodcell/tune/sampler.hpp>

#include "independent.hpp"
#include "sobol_numbers.hpp"

namespace bloodcell::tune {
namespace {

constexpr int kBits = 32;
using Directions = std::array<std::uint32_t, kBits>;

constexpr Directions directions_of(int dimension) {
  Directions directions{};
  if (dimension == 0) {
    for (int i = 0; i < kBits; ++i)
      directions[static_cast<std::size_t>(i)] = std::uint32_t{1} << (31 - i);
    return directions;
  }
  const auto& [polynomial, initial] = kSobolDimensions[static_cast<std::size_t>(dimension) - 1];
  const auto degree = static_cast<std::size_t>(std::bit_width(polynomial)) - 1;
  for (std::size_t i = 0; i < degree; ++i) directions[i] = initial[i] << (31 - i);
  for (std::size_t i = degree; i < kBits; ++i) {
    std::uint32_t next = directions[i - degree] ^ (directions[i - degree] >> degree);
    for (std::size_t k = 1; k < degree; ++k) {
      if ((polynomial >> (degree - k) & 1U) != 0) next ^= directions[i - k];
    }
    directions[i] = next;
  }
  return directions;
}

constexpr auto kDirections = [] {
  std::array<Directions, kSobolDimensionCount> all{};
  for (int i = 0; i < kSobolDimensionCount; ++i)
    all[static_cast<std::size_t>(i)] = directions_of(i);
  return all;
}();

std::uint32_t sobol_bits(std::uint32_t index, int dimension) {
  const Directions& directions = kDirections[static_cast<std::size_t>(dimension)];
  std::uint32_t gray = index ^ (index >> 1);
  std::uint32_t bits = 0;
  for (std::size_t i = 0; gray != 0; gray >>= 1, ++i) {
    if ((gray & 1U) != 0) bits ^= directions[i];
  }
  return bits;
}

std::uint32_t reversed(std::uint32_t x) {
  std::uint32_t result = 0;
  for (int i = 0; i < kBits; ++i) result |= (x >> i & 1U) << (31 - i);
  return result;
}

// Laine and Karras 2011: each bit depends on the seed and the bits below it alone.
std::uint32_t permuted(std::uint32_t x, std::uint32_t seed) {
  x += seed;
  x ^= x * 0x6c50b47cU;
  x ^= x * 0xb82f1e52U;
  x ^= x * 0xc7afe638U;
  x ^= x * 0x8d22f6e6U;
  return x;
}

class SobolSampler final : public Sampler {
 public:
  explicit SobolSampler(std::uint64_t seed) : seed_(seed) {}
  double sample_one(const StudyView&, const TrialRecord& trial, const std::string& name,
                    const Distribution& distribution) const override {
    return spread_value(seed_, trial, name, distribution);
  }

 private:
  std::uint64_t seed_;
};

}  // namespace

double sobol(std::uint32_t index, int dimension) {
  return sobol_bits(index, dimension) * 0x1.0p-32;
}

double scrambled_sobol(std::uint32_t index, int dimension, std::uint64_t seed) {
  const auto key =
      philox_block({static_cast<std::uint32_t>(dimension), 0, 0, stream_of("sobol")},
                   {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
  return reversed(permuted(reversed(sobol_bits(index, dimension)), key[0])) * 0x1.0p-32;
}

std::unique_ptr<Sampler> sobol_sampler(std::uint64_t seed) {
  return std::make_unique<SobolSampler>(seed);
}

}  // namespace bloodcell::tune
