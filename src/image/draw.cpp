#include <bloodcell/image/draw.hpp>

#include <algorithm>
#include <cmath>

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include <bloodcell/image/geometry.hpp>

namespace bloodcell::image {

namespace {

constexpr int kFont = cv::FONT_HERSHEY_SIMPLEX;

double scale_for(int height_px) {
  return cv::getFontScaleFromHeight(kFont, std::clamp(height_px, 4, 200), 1);
}

}  // namespace

Image blank(int width_px, int height_px, Colour colour) {
  Image image(width_px, height_px);
  for (std::size_t i = 0; i < image.rgb.size(); ++i) image.rgb[i] = colour[i % 3];
  return image;
}

Image thumbnail(const Image& picture, int max_width_px, int max_height_px) {
  const double scale = std::min(static_cast<double>(max_width_px) / picture.width_px,
                                static_cast<double>(max_height_px) / picture.height_px);
  const auto side = [&](int side_px, int most) {
    return std::clamp(static_cast<int>(std::lround(side_px * scale)), 1, most);
  };
  return resize(picture, side(picture.width_px, max_width_px),
                side(picture.height_px, max_height_px), Interpolation::area);
}

void paste(Image& onto, const Image& picture, int x, int y) {
  const int left = std::max(x, 0);
  const int right = std::min(x + picture.width_px, onto.width_px);
  if (right <= left) return;
  for (int row = std::max(y, 0); row < std::min(y + picture.height_px, onto.height_px); ++row) {
    std::copy_n(picture.at(left - x, row - y).begin(), 3 * static_cast<std::size_t>(right - left),
                onto.at(left, row).begin());
  }
}

void draw_frame(Image& onto, const Box& box, Colour colour, int thickness_px) {
  const int right = std::min(onto.width_px, box.x + box.width);
  const int bottom = std::min(onto.height_px, box.y + box.height);
  for (int y = std::max(0, box.y); y < bottom; ++y) {
    for (int x = std::max(0, box.x); x < right; ++x) {
      const bool is_inner = x >= box.x + thickness_px && x < box.x + box.width - thickness_px &&
                            y >= box.y + thickness_px && y < box.y + box.height - thickness_px;
      if (!is_inner) std::copy(colour.begin(), colour.end(), onto.at(x, y).begin());
    }
  }
}

std::string drawable(std::string_view text) {
  std::string ascii;
  for (const char c : text) {
    const bool continues = (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
    if (!continues) ascii += c >= ' ' && c <= '~' ? c : '?';
  }
  return ascii;
}

void draw_text(Image& onto, std::string_view text, int x, int baseline, int height_px,
               Colour colour) {
  cv::Mat view(onto.height_px, onto.width_px, CV_8UC3, onto.rgb.data());
  cv::putText(view, drawable(text), {x, baseline}, kFont, scale_for(height_px),
              cv::Scalar(colour[0], colour[1], colour[2]), 1, cv::LINE_AA);
}

int text_width_px(std::string_view text, int height_px) {
  return cv::getTextSize(drawable(text), kFont, scale_for(height_px), 1, nullptr).width;
}

std::string shortened_to(std::string_view text, int max_width_px, int height_px) {
  constexpr std::size_t kMostLetters = 512;
  std::string whole = drawable(text);
  if (whole.size() > kMostLetters) whole = whole.substr(whole.size() - kMostLetters);
  std::string shown = whole;
  for (std::size_t kept = whole.size(); kept > 1 && text_width_px(shown, height_px) > max_width_px;
       --kept) {
    const std::size_t front = (kept - 1) / 3;
    shown = whole.substr(0, front) + ".." + whole.substr(whole.size() - (kept - 1 - front));
  }
  return shown;
}

}  // namespace bloodcell::image
