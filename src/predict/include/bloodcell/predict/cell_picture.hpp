// A row's cell as a picture, for galleries.
#pragma once

#include <filesystem>

#include <bloodcell/base/limits.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/image/image.hpp>
#include <bloodcell/locate/slide_tiles.hpp>

namespace bloodcell::predict {

// The part of the file – a picture or a scanned slide – in `box`; white beyond. Errors: those of
// image::decode_file and slide::Slide.
[[nodiscard]] Result<image::Image> cell_picture(const std::filesystem::path& file,
                                                const image::Box& box, const Limits& limits,
                                                const locate::SlideOptions& slides);

}  // namespace bloodcell::predict
