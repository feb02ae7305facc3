#include "families/vocabulary.hpp"

#include <algorithm>
#include <cmath>

#include <bloodcell/base/random.hpp>

namespace bloodcell::data {
namespace {

constexpr std::size_t kDescriptorsPerWord = 96;
constexpr std::size_t kMostBranches = 256;
constexpr std::size_t kSamplesPerBranch = 64;  // descriptors that train one centre of the trunk
constexpr std::size_t kSamplesPerLeaf = 16;
constexpr int kIterations = 4;
constexpr std::size_t kBlock = 256;  // descriptors compared with the centres at a time

using Descriptors = std::vector<std::uint8_t>;

std::size_t count_of(std::span<const std::uint8_t> descriptors) {
  return descriptors.size() / kDescriptorBytes;
}

// Every n-th descriptor of all pictures, so that about `wanted` remain.
Descriptors spread_sample(std::span<const Fingerprint> fingerprints, std::size_t total,
                          std::size_t wanted) {
  const std::size_t step = std::max<std::size_t>(1, total / std::max<std::size_t>(1, wanted));
  Descriptors result;
  std::size_t place = 0;
  for (const auto& fingerprint : fingerprints) {
    for (std::size_t i = 0; i < fingerprint.keypoints.size(); ++i, ++place) {
      if (place % step != 0) continue;
      const Descriptor one = fingerprint.descriptor(i);
      result.insert(result.end(), one.begin(), one.end());
    }
  }
  return result;
}

// The most alike centre of each descriptor; the first of equals.
std::vector<std::uint32_t> nearest_centres(std::span<const std::uint8_t> descriptors,
                                           std::span<const std::uint8_t> centres) {
  std::vector<std::uint32_t> result;
  result.reserve(count_of(descriptors));
  const std::size_t columns = count_of(centres);
  for (std::size_t start = 0; start < count_of(descriptors); start += kBlock) {
    const std::size_t rows = std::min(kBlock, count_of(descriptors) - start);
    const auto likenesses = likenesses_of(
        descriptors.subspan(start * kDescriptorBytes, rows * kDescriptorBytes), centres);
    for (std::size_t row = 0; row < rows; ++row) {
      const auto first = likenesses.begin() + static_cast<std::ptrdiff_t>(row * columns);
      const auto best = std::max_element(first, first + static_cast<std::ptrdiff_t>(columns));
      result.push_back(static_cast<std::uint32_t>(best - first));
    }
  }
  return result;
}

std::vector<std::uint32_t> nearest_centres(ThreadPool& pool, std::span<const std::uint8_t> samples,
                                           std::span<const std::uint8_t> centres) {
  constexpr std::size_t kShare = 16 * kBlock;
  const std::size_t shares = (count_of(samples) + kShare - 1) / kShare;
  std::vector<std::uint32_t> result(count_of(samples));
  pool.for_each(shares, [&](std::size_t share) {
    const std::size_t start = share * kShare;
    const std::size_t count = std::min(kShare, count_of(samples) - start);
    const auto part = nearest_centres(
        samples.subspan(start * kDescriptorBytes, count * kDescriptorBytes), centres);
    std::copy(part.begin(), part.end(), result.begin() + static_cast<std::ptrdiff_t>(start));
  });
  return result;
}

// Each centre becomes the mean direction of its samples, of length 512; one without samples stays.
void move_centres(Descriptors& centres, std::span<const std::uint8_t> samples,
                  const std::vector<std::uint32_t>& centre_of) {
  std::vector<std::uint64_t> sums(centres.size());
  for (std::size_t i = 0; i < centre_of.size(); ++i) {
    for (std::size_t k = 0; k < kDescriptorBytes; ++k) {
      sums[centre_of[i] * kDescriptorBytes + k] += samples[i * kDescriptorBytes + k];
    }
  }
  for (std::size_t c = 0; c < count_of(centres); ++c) {
    const auto sum = std::span(sums).subspan(c * kDescriptorBytes, kDescriptorBytes);
    double squares = 0;
    for (const std::uint64_t part : sum) {
      squares += static_cast<double>(part) * static_cast<double>(part);
    }
    if (squares == 0) continue;
    const double scale = 512.0 / std::sqrt(squares);
    for (std::size_t k = 0; k < kDescriptorBytes; ++k) {
      centres[c * kDescriptorBytes + k] = static_cast<std::uint8_t>(
          std::min(255L, std::lround(scale * static_cast<double>(sum[k]))));
    }
  }
}

Descriptors first_centres(std::span<const std::uint8_t> samples, std::size_t count) {
  Descriptors centres;
  for (std::size_t c = 0; c < count; ++c) {
    const auto one =
        samples.subspan(c * count_of(samples) / count * kDescriptorBytes, kDescriptorBytes);
    centres.insert(centres.end(), one.begin(), one.end());
  }
  return centres;
}

template <class Assign>
Descriptors spherical_means(std::span<const std::uint8_t> samples, std::size_t count,
                            const Assign& assign) {
  Descriptors centres = first_centres(samples, count);
  for (int i = 0; i < kIterations; ++i) move_centres(centres, samples, assign(samples, centres));
  return centres;
}

}  // namespace

Vocabulary::Vocabulary(ThreadPool& pool, std::span<const Fingerprint> fingerprints) {
  Random random(0, stream_of("families signature"), 0);
  for (auto& part : parts_of_bit_) part = static_cast<std::uint8_t>(random.below(kDescriptorBytes));

  std::size_t total = 0;
  for (const auto& fingerprint : fingerprints) total += fingerprint.keypoints.size();
  if (total == 0) return;
  const auto wanted = static_cast<std::size_t>(
      std::sqrt(static_cast<double>(total) / static_cast<double>(kDescriptorsPerWord)));
  branches_ = std::clamp<std::size_t>(wanted, 1, kMostBranches);

  const auto few = spread_sample(fingerprints, total, branches_ * kSamplesPerBranch);
  trunk_ = spherical_means(few, branches_, [&](auto samples, const Descriptors& centres) {
    return nearest_centres(pool, samples, centres);
  });

  const auto many = spread_sample(fingerprints, total, size() * kSamplesPerLeaf);
  const auto branch_of = nearest_centres(pool, many, trunk_);
  std::vector<Descriptors> samples_of(branches_);
  for (std::size_t i = 0; i < branch_of.size(); ++i) {
    const auto one = std::span(many).subspan(i * kDescriptorBytes, kDescriptorBytes);
    auto& mine = samples_of[branch_of[i]];
    mine.insert(mine.end(), one.begin(), one.end());
  }
  leaves_.resize(size() * kDescriptorBytes);
  pool.for_each(branches_, [&](std::size_t branch) {
    const auto centre = std::span(trunk_).subspan(branch * kDescriptorBytes, kDescriptorBytes);
    auto& samples = samples_of[branch];
    if (samples.empty()) samples.assign(centre.begin(), centre.end());
    const auto centres = spherical_means(
        samples, branches_,
        [](auto all, const Descriptors& current) { return nearest_centres(all, current); });
    std::copy(centres.begin(), centres.end(),
              leaves_.begin() + static_cast<std::ptrdiff_t>(branch * centres.size()));
  });
}

std::uint64_t Vocabulary::signature_of(Descriptor descriptor,
                                       std::span<const std::uint8_t> centre) const {
  std::uint64_t signature = 0;
  for (std::size_t bit = 0; bit < kSignatureBits; ++bit) {
    int sum = 0;
    for (std::size_t k = 0; k < kPartsPerBit; ++k) {
      const std::size_t part = parts_of_bit_[bit * kPartsPerBit + k];
      const int difference = int{descriptor[part]} - int{centre[part]};
      sum += k % 2 == 0 ? difference : -difference;
    }
    signature |= std::uint64_t{sum > 0} << bit;
  }
  return signature;
}

std::vector<Word> Vocabulary::words_of(const Fingerprint& fingerprint) const {
  if (trunk_.empty()) return {};
  const auto branch_of = nearest_centres(fingerprint.descriptors, trunk_);
  std::vector<Word> words;
  words.reserve(branch_of.size());
  for (std::size_t i = 0; i < branch_of.size(); ++i) {
    const auto leaves = leaves_of(branch_of[i]);
    const Descriptor descriptor = fingerprint.descriptor(i);
    const std::size_t leaf = nearest_centres(descriptor, leaves).front();
    const auto centre = leaves.subspan(leaf * kDescriptorBytes, kDescriptorBytes);
    words.push_back({static_cast<std::uint32_t>(branch_of[i] * branches_ + leaf),
                     signature_of(descriptor, centre)});
  }
  return words;
}

}  // namespace bloodcell::data
