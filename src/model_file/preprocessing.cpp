#include <bloodcell/model_file/model_file.hpp>

namespace bloodcell::model_file {

image::Preprocessing preprocessing_of(const graph::ArchitectureInfo& architecture, int width_px,
                                      int height_px) {
  image::Preprocessing p;
  p.width_px = width_px;
  p.height_px = height_px;
  p.channels = architecture.scaling.bgr ? image::ChannelOrder::bgr : image::ChannelOrder::rgb;
  p.mean = architecture.scaling.mean;
  p.deviation = architecture.scaling.deviation;
  return p;
}

}  // namespace bloodcell::model_file
