// Visual words (Sivic and Zisserman 2003): descriptors that share a word are likely of one place. A
// two-level tree of spherical k-means centres; within a word, a 64-bit signature tells near from
// far (Hamming embedding, Jégou et al. 2008). All in whole numbers, so the same on every machine
// and for any number of threads. Private to the layer.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include <bloodcell/base/thread_pool.hpp>

#include "families/fingerprint.hpp"

namespace bloodcell::data {

struct Word {
  std::uint32_t number = 0;
  std::uint64_t signature = 0;
};

class Vocabulary {
 public:
  // As many words as give each about 96 of the descriptors, at most 256².
  Vocabulary(ThreadPool& pool, std::span<const Fingerprint> fingerprints);

  [[nodiscard]] std::size_t size() const { return branches_ * branches_; }
  [[nodiscard]] std::vector<Word> words_of(const Fingerprint& fingerprint) const;

 private:
  [[nodiscard]] std::span<const std::uint8_t> leaves_of(std::size_t branch) const {
    const std::size_t bytes = branches_ * kDescriptorBytes;
    return std::span(leaves_).subspan(branch * bytes, bytes);
  }

  static constexpr std::size_t kSignatureBits = 64;
  static constexpr std::size_t kPartsPerBit = 8;  // of a descriptor, half of them taken negative

  // Bit by bit: on which side of the word's centre the descriptor lies.
  [[nodiscard]] std::uint64_t signature_of(Descriptor descriptor,
                                           std::span<const std::uint8_t> centre) const;

  std::array<std::uint8_t, kSignatureBits * kPartsPerBit> parts_of_bit_{};
  std::size_t branches_ = 1;
  std::vector<std::uint8_t> trunk_;   // branches × 128
  std::vector<std::uint8_t> leaves_;  // branches × branches × 128
};

}  // namespace bloodcell::data
