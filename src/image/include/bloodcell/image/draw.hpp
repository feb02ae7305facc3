// Putting pictures and words together: contact sheets and the like. Not thread-safe on one picture.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include <bloodcell/image/image.hpp>

namespace bloodcell::image {

using Colour = std::array<std::uint8_t, 3>;  // RGB

[[nodiscard]] Image blank(int width_px, int height_px, Colour colour);

// The picture with its shape kept, as large as fits; both sides ≥ 1. Neither side of `picture` is
// 0.
[[nodiscard]] Image thumbnail(const Image& picture, int max_width_px, int max_height_px);

// Lays `picture` over `onto` with its upper left corner at x, y; what would lie outside is left
// out.
void paste(Image& onto, const Image& picture, int x, int y);

// The frame of a box, `thickness_px` wide and within it; what lies outside the picture is left out.
void draw_frame(Image& onto, const Box& box, Colour colour, int thickness_px);

// The text as draw_text writes it: printable ASCII, each other character (UTF-8) a `?`.
[[nodiscard]] std::string drawable(std::string_view text);

// Letters `height_px` tall (a capital's), 4 … 200, standing on the line y = baseline.
void draw_text(Image& onto, std::string_view text, int x, int baseline, int height_px,
               Colour colour);
[[nodiscard]] int text_width_px(std::string_view text, int height_px);

// The text, shortened in its middle by `..` where it is wider than that: the ends of file names
// tell them apart.
[[nodiscard]] std::string shortened_to(std::string_view text, int max_width_px, int height_px);

}  // namespace bloodcell::image
