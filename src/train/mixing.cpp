#include <bloodcell/train/mixing.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace bloodcell::train {
namespace {

// Beta(α, α) for α ≤ 1 by Jöhnk's rejection (1964).
double beta(double alpha, Random& random) {
  while (true) {
    const double x = std::pow(random.uniform(), 1 / alpha);
    const double y = std::pow(random.uniform(), 1 / alpha);
    if (x + y > 0 && x + y <= 1) return x / (x + y);
  }
}

struct Rectangle {
  int left = 0, top = 0, right = 0, bottom = 0;
};

// Of the share `area` of the picture about a drawn middle, cut at the border.
Rectangle draw_rectangle(int height, int width, double area, Random& random) {
  const int half_width = static_cast<int>(width * std::sqrt(area)) / 2;
  const int half_height = static_cast<int>(height * std::sqrt(area)) / 2;
  const int x = static_cast<int>(random.below(static_cast<std::uint64_t>(width)));
  const int y = static_cast<int>(random.below(static_cast<std::uint64_t>(height)));
  return {std::max(x - half_width, 0), std::max(y - half_height, 0),
          std::min(x + half_width, width), std::min(y + half_height, height)};
}

// Each picture's partner is read from a copy, for the partner changes too.
void blend(std::span<float> images, const std::vector<std::size_t>& partners, double own) {
  const std::vector<float> before(images.begin(), images.end());
  const std::size_t values = images.size() / partners.size();
  const auto share = static_cast<float>(own);
  for (std::size_t i = 0; i < partners.size(); ++i) {
    const float* other = before.data() + partners[i] * values;
    float* mine = images.data() + i * values;
    for (std::size_t k = 0; k < values; ++k) mine[k] = share * mine[k] + (1 - share) * other[k];
  }
}

void paste(std::span<float> images, const std::vector<std::size_t>& partners, int height, int width,
           const Rectangle& box) {
  const std::vector<float> before(images.begin(), images.end());
  const std::size_t values = images.size() / partners.size();
  const auto rows = static_cast<std::size_t>(height);
  const auto columns = static_cast<std::size_t>(width);
  const auto length = static_cast<std::ptrdiff_t>(box.right - box.left);
  for (std::size_t i = 0; i < partners.size(); ++i) {
    for (std::size_t plane = 0; plane < values / (rows * columns); ++plane) {
      for (int y = box.top; y < box.bottom; ++y) {
        const auto place = (plane * rows + static_cast<std::size_t>(y)) * columns +
                           static_cast<std::size_t>(box.left);
        const float* from = before.data() + partners[i] * values + place;
        std::copy(from, from + length, images.data() + i * values + place);
      }
    }
  }
}

MixedLabels mixed_labels(std::span<const std::int64_t> labels,
                         const std::vector<std::size_t>& partners, int classes, double own) {
  MixedLabels mixed;
  mixed.shares.resize(labels.size() * static_cast<std::size_t>(classes));
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto mine = labels[i];
    const auto other = labels[partners[i]];
    float* row = mixed.shares.data() + i * static_cast<std::size_t>(classes);
    row[mine] += static_cast<float>(own);
    row[other] += static_cast<float>(1 - own);
    mixed.labels.push_back(own >= 0.5 ? mine : other);
  }
  return mixed;
}

}  // namespace

MixedLabels mix(std::span<float> images, std::span<const std::int64_t> labels, int height,
                int width, int classes, const MixingOptions& options, Random random) {
  const bool both = options.mixup > 0 && options.cutmix > 0;
  const bool pastes = both ? random.chance(0.5) : options.cutmix > 0;
  double own = beta(pastes ? options.cutmix : options.mixup, random);
  std::vector<std::size_t> partners(labels.size());
  std::iota(partners.begin(), partners.end(), std::size_t{0});
  random.shuffle(std::span(partners));
  if (pastes) {
    const Rectangle box = draw_rectangle(height, width, 1 - own, random);
    const double area = static_cast<double>(box.right - box.left) * (box.bottom - box.top);
    own = 1 - area / (static_cast<double>(height) * width);
    paste(images, partners, height, width, box);
  } else {
    blend(images, partners, own);
  }
  return mixed_labels(labels, partners, classes, own);
}

}  // namespace bloodcell::train
