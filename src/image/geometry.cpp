#include <bloodcell/image/geometry.hpp>

#include <algorithm>
#include <cstdint>

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "area_mean.hpp"

namespace bloodcell::image {

namespace {

// OpenCV looks at our pixels; nothing is copied.
cv::Mat view(const Image& image) {
  return {image.height_px, image.width_px, CV_8UC3, const_cast<std::uint8_t*>(image.rgb.data())};
}

// What a stretch of `length` from `start` shares with 0 … side-1.
struct Range {
  int in_image = 0;
  int in_part = 0;
  int count = 0;
};

Range overlap(int start, int length, int side) {
  const std::int64_t first = std::max<std::int64_t>(start, 0);
  const std::int64_t end = std::min<std::int64_t>(std::int64_t{start} + length, side);
  if (end <= first) return {};
  return {static_cast<int>(first), static_cast<int>(first - start), static_cast<int>(end - first)};
}

Image resized_by(const Image& image, int width_px, int height_px, cv::InterpolationFlags how) {
  if (width_px == image.width_px && height_px == image.height_px) return image;
  Image resized(width_px, height_px);
  cv::Mat out = view(resized);
  cv::resize(view(image), out, out.size(), 0, 0, how);
  return resized;
}

// Neither side grows.
Image shrunk_to(const Image& image, int width_px, int height_px) {
  const bool by_whole_numbers = image.width_px % width_px == 0 && image.height_px % height_px == 0;
  return by_whole_numbers ? resized_by(image, width_px, height_px, cv::INTER_AREA)
                          : area_mean(image, width_px, height_px);
}

}  // namespace

Image crop(const Image& image, const Box& box, std::array<std::uint8_t, 3> fill) {
  Image part(std::max(box.width, 0), std::max(box.height, 0));
  const Range columns = overlap(box.x, part.width_px, image.width_px);
  const Range rows = overlap(box.y, part.height_px, image.height_px);
  const bool reaches_beyond = columns.count < part.width_px || rows.count < part.height_px;
  for (std::size_t i = 0; reaches_beyond && i < part.rgb.size(); i += 3) {
    std::copy(fill.begin(), fill.end(), &part.rgb[i]);
  }
  if (columns.count < 1) return part;
  for (int y = 0; y < rows.count; ++y) {
    const auto from = image.at(columns.in_image, rows.in_image + y);
    const auto to = part.at(columns.in_part, rows.in_part + y);
    std::copy_n(from.begin(), 3 * static_cast<std::size_t>(columns.count), to.begin());
  }
  return part;
}

Image crop_mirrored(const Image& image, const Box& box) {
  Image part(std::max(box.width, 0), std::max(box.height, 0));
  const auto inside = [](std::int64_t place, int side) {
    const std::int64_t turn = 2 * std::int64_t{side};
    const std::int64_t at = (place % turn + turn) % turn;
    return static_cast<int>(at < side ? at : turn - 1 - at);
  };
  const Range columns = overlap(box.x, part.width_px, image.width_px);
  for (int y = 0; y < part.height_px; ++y) {
    const int row = inside(std::int64_t{box.y} + y, image.height_px);
    const auto mirror = [&](int first, int end) {
      for (int x = first; x < end; ++x) {
        const auto from = image.at(inside(std::int64_t{box.x} + x, image.width_px), row);
        std::copy(from.begin(), from.end(), part.at(x, y).begin());
      }
    };
    mirror(0, columns.in_part);
    if (columns.count > 0) {
      std::copy_n(image.at(columns.in_image, row).begin(), 3 * columns.count,
                  part.at(columns.in_part, y).begin());
    }
    mirror(columns.in_part + columns.count, part.width_px);
  }
  return part;
}

Image resize(const Image& image, int width_px, int height_px, Interpolation how) {
  if (how == Interpolation::bilinear) {
    return resized_by(image, width_px, height_px, cv::INTER_LINEAR_EXACT);
  }
  // A side that shrinks is averaged even where the other one grows.
  const Image shrunk =
      shrunk_to(image, std::min(width_px, image.width_px), std::min(height_px, image.height_px));
  return resized_by(shrunk, width_px, height_px, cv::INTER_LINEAR_EXACT);
}

Image warp(const Image& image, const Affine& to_source, Border border,
           std::array<std::uint8_t, 3> fill) {
  Image warped(image.width_px, image.height_px);
  cv::Mat out = view(warped);
  const cv::Mat matrix(2, 3, CV_64F, const_cast<double*>(to_source.data()));
  cv::warpAffine(view(image), out, matrix, out.size(), cv::INTER_LINEAR | cv::WARP_INVERSE_MAP,
                 border == Border::reflect ? cv::BORDER_REFLECT : cv::BORDER_CONSTANT,
                 cv::Scalar(fill[0], fill[1], fill[2]));
  return warped;
}

}  // namespace bloodcell::image
