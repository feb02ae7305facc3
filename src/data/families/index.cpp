#include "families/index.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numbers>

namespace bloodcell::data {
namespace {

constexpr int kFarthestSignature = 26;  // of 64 bits
constexpr std::size_t kTurnBins = 12;
constexpr float kFewestVotes = 0.3F;

using TurnVotes = std::array<float, kTurnBins>;

std::size_t turn_bin(float from_rad, float to_rad) {
  constexpr float kFull = 2 * std::numbers::pi_v<float>;
  const float turns = (to_rad - from_rad) / kFull;
  const float part = turns - std::floor(turns);
  return std::min(kTurnBins - 1, static_cast<std::size_t>(part * kTurnBins));
}

// Two neighbouring bins, for a turn on their border.
float best_turn(const TurnVotes& votes) {
  float best = 0;
  for (std::size_t i = 0; i < kTurnBins; ++i) {
    best = std::max(best, votes[i] + votes[(i + 1) % kTurnBins]);
  }
  return best;
}

float weight_of(int distance) {
  const auto x = static_cast<float>(distance) / 16.0F;
  return std::exp(-x * x);
}

}  // namespace

WordIndex::WordIndex(std::span<const Fingerprint> fingerprints,
                     std::span<const std::vector<Word>> words, std::size_t vocabulary_size)
    : pictures_(fingerprints.size()), starts_(vocabulary_size + 1) {
  for (const auto& of_picture : words) {
    for (const Word& word : of_picture) ++starts_[word.number + 1];
  }
  for (std::size_t i = 0; i < vocabulary_size; ++i) starts_[i + 1] += starts_[i];
  postings_.resize(starts_.back());
  std::vector<std::size_t> next(starts_.begin(), starts_.end() - 1);
  for (std::size_t p = 0; p < words.size(); ++p) {
    for (std::size_t k = 0; k < words[p].size(); ++k) {
      postings_[next[words[p][k].number]++] = {static_cast<std::uint32_t>(p),
                                               fingerprints[p].keypoints[k].angle_rad,
                                               words[p][k].signature};
    }
  }
}

std::vector<Candidate> WordIndex::nearest(
    std::span<const Keypoint> keypoints, std::span<const Word> words, std::size_t most,
    const std::function<bool(std::uint32_t)>& is_wanted) const {
  constexpr std::uint32_t kUntouched = ~0U;
  std::vector<std::uint32_t> slot_of(pictures_, kUntouched);
  std::vector<std::uint32_t> touched;
  std::vector<TurnVotes> votes;
  for (std::size_t k = 0; k < words.size(); ++k) {
    const std::size_t first = starts_[words[k].number];
    const std::size_t last = starts_[words[k].number + 1];
    const float rarity = std::log(static_cast<float>(postings_.size()) /
                                  static_cast<float>(std::max<std::size_t>(1, last - first)));
    for (std::size_t i = first; i < last; ++i) {
      const Posting& posting = postings_[i];
      const int distance = std::popcount(posting.signature ^ words[k].signature);
      if (distance > kFarthestSignature) continue;
      std::uint32_t& slot = slot_of[posting.picture];
      if (slot == kUntouched) {
        slot = static_cast<std::uint32_t>(votes.size());
        touched.push_back(posting.picture);
        votes.emplace_back();
      }
      votes[slot][turn_bin(keypoints[k].angle_rad, posting.angle_rad)] +=
          weight_of(distance) * rarity * 0.1F;
    }
  }

  std::vector<Candidate> result;
  for (std::size_t i = 0; i < touched.size(); ++i) {
    const float best = best_turn(votes[i]);
    if (best >= kFewestVotes && is_wanted(touched[i])) result.push_back({touched[i], best});
  }
  const auto by_votes = [](const Candidate& a, const Candidate& b) {
    return a.votes != b.votes ? a.votes > b.votes : a.picture < b.picture;
  };
  const std::size_t kept = std::min(most, result.size());
  std::partial_sort(result.begin(), result.begin() + static_cast<std::ptrdiff_t>(kept),
                    result.end(), by_votes);
  result.resize(kept);
  return result;
}

}  // namespace bloodcell::data
