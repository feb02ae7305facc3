#include <algorithm>
#include <mutex>
#include <utility>

#include <bloodcell/predict/predictor.hpp>
#include <bloodcell/slide/slide.hpp>

#include "seen.hpp"

namespace bloodcell::predict {

namespace {

struct Found {
  smear::CellBox cell;  // in pixels of the slide
  Row row;
};

}  // namespace

Result<std::vector<Row>> Predictor::classify_slide(const Context& context,
                                                   const std::filesystem::path& path,
                                                   StageTimes& times) const {
  const std::string file = path.string();
  if (!locator_) {
    return fail(ErrorCode::unsupported, "a scanned slide, and the model finds no cells", file,
                "give a model with a locator within, or --locator");
  }
  if (options_.shows == Shows::cell) {
    return fail(ErrorCode::usage, "a scanned slide does not show one cell", file,
                "leave out --shows cell");
  }
  BC_ASSIGN(const auto slide, slide::Slide::open(path, options_.slides.max_pixels));
  BC_ASSIGN(const auto plan,
            locate::TilePlan::make(slide.width_px(), slide.height_px(), slide.um_per_px(),
                                   locator_->description().preprocessing, options_.slides));
  std::mutex mutex;  // guards `times`
  const auto look = [&](const image::Image& picture,
                        const locate::Tile& tile) -> Result<std::vector<Found>> {
    Seen seen{file, tile.place, {}, {}, {}};
    StageClock clock(seen.times);
    BC_ASSIGN(auto cells, locator_->locate(picture));
    std::erase_if(cells, [&](const auto& cell) {
      return cell.kind != smear::Kind::white || !plan.is_within(tile, locate::in_slide(cell, tile));
    });
    clock.charge(Stage::locate);
    if (cells.empty()) {
      const std::lock_guard lock(mutex);
      times += seen.times;
      return std::vector<Found>{};
    }
    seen.cells = see_located(picture, wanted(), cells);
    clock.charge(Stage::frame);
    StageTimes here;
    BC_ASSIGN(auto rows, rows_of(std::span(&seen, 1), here));
    {
      const std::lock_guard lock(mutex);
      times += here;
    }
    std::vector<Found> found;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      rows[i].box.x += tile.place.x;
      rows[i].box.y += tile.place.y;
      found.push_back({locate::in_slide(cells[i], tile), std::move(rows[i])});
    }
    return found;
  };
  BC_ASSIGN(auto found,
            locate::walk_slide<Found>(context, slide, plan, options_.slides.max_cells, look));
  std::vector<Row> rows;
  rows.reserve(found.size());
  for (auto& cell : found) {
    cell.row.cell = static_cast<int>(rows.size());
    rows.push_back(std::move(cell.row));
  }
  if (rows.empty())
    rows.push_back(row_without_cell(file, {0, 0, slide.width_px(), slide.height_px()}));
  return rows;
}

}  // namespace bloodcell::predict
