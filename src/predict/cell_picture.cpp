#include <bloodcell/predict/cell_picture.hpp>

#include <bloodcell/image/decode.hpp>
#include <bloodcell/image/geometry.hpp>
#include <bloodcell/slide/slide.hpp>

namespace bloodcell::predict {

Result<image::Image> cell_picture(const std::filesystem::path& file, const image::Box& box,
                                  const Limits& limits, const locate::SlideOptions& slides) {
  if (slide::is_slide(file, limits)) {
    BC_ASSIGN(const auto slide, slide::Slide::open(file, slides.max_pixels));
    return slide.read(box);
  }
  BC_ASSIGN(const auto picture, image::decode_file(file, limits));
  return image::crop(picture, box, {255, 255, 255});
}

}  // namespace bloodcell::predict
