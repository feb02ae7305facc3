#include <bloodcell/predict/cells.hpp>

#include <algorithm>
#include <cmath>

#include <bloodcell/locate/look.hpp>

namespace bloodcell::predict {

namespace {

image::Box whole(const image::Image& picture) {
  return {0, 0, picture.width_px, picture.height_px};
}

SeenCell see(const image::Image& picture, const std::optional<image::Box>& cell,
             const image::Preprocessing& preprocessing, const image::Gains& gains) {
  const auto frame = image::frame(picture, cell, preprocessing, gains);
  return {cell.value_or(whole(picture)), image::fit(frame, preprocessing), false};
}

std::vector<SeenCell> see_located(const image::Image& picture,
                                  const image::Preprocessing& preprocessing,
                                  std::span<const smear::CellBox> located,
                                  const image::Gains& gains) {
  std::vector<SeenCell> seen;
  for (const auto& cell : located) {
    seen.push_back(see(picture, smear::whole_pixels(cell), preprocessing, gains));
    seen.back().is_cut = cell.is_cut;
  }
  return seen;
}

}  // namespace

Result<std::vector<SeenCell>> see_cells(const image::Image& picture,
                                        const image::Preprocessing& preprocessing,
                                        const locate::Locator* locator, Shows shows,
                                        StageClock& clock) {
  const auto gains = image::gains_to_white(picture, preprocessing.white_point);
  std::vector<SeenCell> seen;
  if (locator == nullptr) {
    seen.push_back(see(picture, std::nullopt, preprocessing, gains));
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
    seen.push_back(see(picture, box, preprocessing, gains));
    seen.back().box = whole(picture);
    clock.charge(Stage::frame);
    return seen;
  }
  if (shown.is_one_cell) {  // but it is said to be a field
    std::erase_if(shown.cells, [](const auto& cell) { return cell.kind != smear::Kind::white; });
  }
  seen = see_located(picture, preprocessing, shown.cells, gains);
  clock.charge(Stage::frame);
  return seen;
}

std::vector<SeenCell> see_located(const image::Image& picture,
                                  const image::Preprocessing& preprocessing,
                                  std::span<const smear::CellBox> located) {
  const auto gains = image::gains_to_white(picture, preprocessing.white_point);
  return see_located(picture, preprocessing, located, gains);
}

Result<std::optional<locate::Locator>> locator_of(const model_file::ModelFile& model,
                                                  const std::optional<model_file::ModelFile>& given,
                                                  const std::filesystem::path& cache_folder,
                                                  const Limits& limits) {
  if (model.description.preprocessing.cell_margin == 0) return std::nullopt;
  const locate::LocatorOptions one_thread{.threads = 1, .cache_folder = cache_folder};
  if (given) {
    BC_ASSIGN(auto locator, locate::Locator::open(*given, one_thread));
    return std::optional(std::move(locator));
  }
  if (model.locator.empty()) return std::nullopt;
  BC_ASSIGN(const auto within, model_file::read(model.locator, limits));
  BC_ASSIGN(auto locator, locate::Locator::open(within, one_thread));
  return std::optional(std::move(locator));
}

}  // namespace bloodcell::predict
