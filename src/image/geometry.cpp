#include <bloodcell/image/geometry.hpp>

#include <algorithm>

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

namespace bloodcell::image {

namespace {

// OpenCV looks at our pixels; nothing is copied.
cv::Mat view(const Image& image) {
  return {image.height_px, image.width_px, CV_8UC3, const_cast<std::uint8_t*>(image.rgb.data())};
}

}  // namespace

Image crop(const Image& image, const Box& box, std::array<std::uint8_t, 3> fill) {
  Image part(std::max(box.width, 0), std::max(box.height, 0));
  for (int y = 0; y < part.height_px; ++y) {
    for (int x = 0; x < part.width_px; ++x) {
      const int from_x = box.x + x;
      const int from_y = box.y + y;
      const bool inside =
          from_x >= 0 && from_x < image.width_px && from_y >= 0 && from_y < image.height_px;
      const auto to = part.at(x, y);
      if (inside) {
        const auto from = image.at(from_x, from_y);
        std::copy(from.begin(), from.end(), to.begin());
      } else {
        std::copy(fill.begin(), fill.end(), to.begin());
      }
    }
  }
  return part;
}

Image resize(const Image& image, int width_px, int height_px, Interpolation how) {
  if (width_px == image.width_px && height_px == image.height_px) return image;
  Image resized(width_px, height_px);
  cv::Mat out = view(resized);
  const bool shrinks = width_px <= image.width_px && height_px <= image.height_px;
  const bool by_area = how == Interpolation::area && shrinks;
  cv::resize(view(image), out, out.size(), 0, 0, by_area ? cv::INTER_AREA : cv::INTER_LINEAR_EXACT);
  return resized;
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
