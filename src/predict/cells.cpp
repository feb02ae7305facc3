#include <bloodcell/predict/cells.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

#include <bloodcell/locate/look.hpp>

namespace bloodcell::predict {

namespace {

image::Box whole(const image::Image& picture) {
  return {0, 0, picture.width_px, picture.height_px};
}

// A frame of more pixels than these times the second network's is fitted at once, so that cells
// that wait take little memory.
constexpr std::size_t kMostTimesInput = 4;

image::Image kept_for(const image::Preprocessing& second, image::Image framed) {
  const bool is_large = framed.rgb.size() > kMostTimesInput * second.input_values();
  return is_large ? image::fit(framed, second) : std::move(framed);
}

SeenCell see(const image::Image& picture, const std::optional<image::Box>& cell,
             const Framing& framing, const image::Gains& gains) {
  auto seen = see_framed(image::frame(picture, cell, framing.own, gains), framing);
  seen.box = cell.value_or(whole(picture));
  return seen;
}

std::vector<SeenCell> see_located(const image::Image& picture, const Framing& framing,
                                  std::span<const smear::CellBox> located,
                                  const image::Gains& gains) {
  std::vector<SeenCell> seen;
  for (const auto& cell : located) {
    seen.push_back(see(picture, smear::whole_pixels(cell), framing, gains));
    seen.back().is_cut = cell.is_cut;
  }
  return seen;
}

}  // namespace

SeenCell see_framed(image::Image framed, const Framing& framing) {
  SeenCell seen{whole(framed), image::fit(framed, framing.own), false, {}};
  if (framing.second != nullptr) seen.framed = kept_for(*framing.second, std::move(framed));
  return seen;
}

Result<std::vector<SeenCell>> see_cells(const image::Image& picture, const Framing& framing,
                                        const locate::Locator* locator, Shows shows,
                                        StageClock& clock) {
  const auto gains = image::gains_to_white(picture, framing.own.white_point);
  std::vector<SeenCell> seen;
  if (locator == nullptr) {
    seen.push_back(see(picture, std::nullopt, framing, gains));
    clock.charge(Stage::frame);
    return seen;
  }
  clock.charge(Stage::frame);
  BC_ASSIGN(auto look, locate::look(*locator, picture));
  auto& shown = look.shown;
  clock.charge(Stage::locate);
  if (shows == Shows::cell || (shows == Shows::automatic && shown.is_one_cell)) {
    const auto meant = locate::cell_meant(look.located, picture.width_px, picture.height_px);
    const auto box = meant ? std::optional(smear::whole_pixels(*meant)) : std::nullopt;
    seen.push_back(see(picture, box, framing, gains));
    seen.back().box = whole(picture);
    clock.charge(Stage::frame);
    return seen;
  }
  if (shown.is_one_cell) {  // but it is said to be a field
    std::erase_if(shown.cells, [](const auto& cell) { return cell.kind != smear::Kind::white; });
  }
  seen = see_located(picture, framing, shown.cells, gains);
  clock.charge(Stage::frame);
  return seen;
}

std::vector<SeenCell> see_located(const image::Image& picture, const Framing& framing,
                                  std::span<const smear::CellBox> located) {
  const auto gains = image::gains_to_white(picture, framing.own.white_point);
  return see_located(picture, framing, located, gains);
}

Result<std::optional<locate::Locator>> locator_of(const model_file::ModelFile& model,
                                                  const std::optional<model_file::ModelFile>& given,
                                                  const locate::LocatorOptions& options,
                                                  const Limits& limits) {
  if (model.description.preprocessing.cell_margin == 0) return std::nullopt;
  if (given) {
    BC_ASSIGN(auto locator, locate::Locator::open(*given, options));
    return std::optional(std::move(locator));
  }
  if (model.locator.empty()) return std::nullopt;
  BC_ASSIGN(const auto within, model_file::read(model.locator, limits));
  BC_ASSIGN(auto locator, locate::Locator::open(within, options));
  return std::optional(std::move(locator));
}

}  // namespace bloodcell::predict
