// An inverted index: which pictures hold a visual word. A query keypoint votes for each picture
// that holds its word with a near signature, in the bin of the turn between the two keypoints: true
// copies gather their votes in one bin (weak geometry, Jégou et al. 2008). Private to the layer.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "families/vocabulary.hpp"

namespace bloodcell::data {

struct Candidate {
  std::uint32_t picture = 0;
  float votes = 0;
};

class WordIndex {
 public:
  // words[p][k] is the word of keypoint k of fingerprints[p].
  WordIndex(std::span<const Fingerprint> fingerprints, std::span<const std::vector<Word>> words,
            std::size_t vocabulary_size);

  // The pictures with the most votes, most first, at most `most`; only those that `is_wanted`.
  // Thread-safe.
  [[nodiscard]] std::vector<Candidate> nearest(
      std::span<const Keypoint> keypoints, std::span<const Word> words, std::size_t most,
      const std::function<bool(std::uint32_t)>& is_wanted) const;

 private:
  struct Posting {
    std::uint32_t picture = 0;
    float angle_rad = 0;
    std::uint64_t signature = 0;
  };

  std::size_t pictures_ = 0;
  std::vector<std::size_t> starts_;  // of each word's postings; one more at the end
  std::vector<Posting> postings_;    // by word, then picture
};

}  // namespace bloodcell::data
