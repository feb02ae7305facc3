// A slide cut into tiles that are fields to the locator, and the walk over them: memory for the
// tiles in flight, each cell once.
//
// Tiles overlap by more than a cell. A cell belongs to the tile whose core its middle lies in; as
// two tiles may see that middle a little apart, both may when it is near the border between their
// cores, and the later one of two whose middles lie within half a cell is dropped.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/image/preprocess.hpp>
#include <bloodcell/slide/slide.hpp>
#include <bloodcell/smear/cell_box.hpp>

namespace bloodcell::locate {

struct SlideOptions {
  std::optional<double> um_per_px;            // in place of what the slide says
  std::uint64_t max_pixels = 40'000'000'000;  // of the finest level
  std::size_t max_tiles = 4'000'000;
  std::size_t max_cells = 1'000'000;  // held at once: rows are given when the slide is done
};

// Boxes in pixels of level 0.
struct Tile {
  image::Box place;  // what is read, within the slide
  image::Box core;   // the cores of all tiles are the slide, without gap or overlap
};

class TilePlan {
 public:
  // Tiles that the locator's input shows at kUmPerInputPx. Errors: usage (a side of a pixel that is
  // neither known nor given), limit_exceeded (too many tiles).
  [[nodiscard]] static Result<TilePlan> make(int width_px, int height_px,
                                             std::optional<double> slide_um_per_px,
                                             const image::Preprocessing& locator,
                                             const SlideOptions& options);

  // The middle of the scales of the fields that the locator learned from (docs/slides.md).
  static constexpr double kUmPerInputPx = 0.3;

  [[nodiscard]] std::size_t columns() const { return across_.count; }
  [[nodiscard]] std::size_t rows() const { return down_.count; }
  [[nodiscard]] Tile at(std::size_t tile) const;  // row by row
  [[nodiscard]] double um_per_px() const { return um_per_px_; }

  // Whether the middle of a cell (in pixels of the slide) lies in the tile's core or near it.
  [[nodiscard]] bool is_within(const Tile& tile, const smear::CellBox& cell) const;
  // Whether it lies so near the border of the core that another tile shows it too.
  [[nodiscard]] bool is_near_border(const Tile& tile, const smear::CellBox& cell) const;

 private:
  struct Axis {
    int length = 0;
    int side = 0;
    std::size_t count = 1;
    [[nodiscard]] int begin(std::size_t i) const;
    [[nodiscard]] int border(std::size_t i) const;  // between the cores of tiles i − 1 and i
  };
  // Then its middle seems to lie further in than it does, and a neighbour sees it whole.
  [[nodiscard]] bool is_cut_by(const Tile& tile, const smear::CellBox& cell) const;
  [[nodiscard]] static Axis axis(int length, double side, double overlap);

  Axis across_;
  Axis down_;
  double near_ = 0;    // px
  double shared_ = 0;  // px from a border within which the neighbour sees too
  double um_per_px_ = 0;
};

// The same box as seen from the whole slide.
[[nodiscard]] smear::CellBox in_slide(smear::CellBox cell, const Tile& tile);

// Says of each cell that the tiles show, told in rows of tiles from the top left, whether it is to
// be taken; remembers those near borders of two rows of tiles.
class CellsOnce {
 public:
  explicit CellsOnce(const TilePlan& plan) : plan_(plan) {}
  [[nodiscard]] bool takes(std::size_t tile, const smear::CellBox& cell);

 private:
  const TilePlan& plan_;
  std::map<std::size_t, std::vector<smear::CellBox>> border_;  // by tile
  std::size_t row_ = 0;
};

// What look() makes of each tile, in rows of tiles from the top left; `Found` has a member `cell`,
// a CellBox in pixels of the slide. look(picture, tile) is called from the pool's threads and gives
// Result<std::vector<Found>>. Errors: cancelled, those of look() and Slide::read, limit_exceeded
// (too many cells).
template <class Found, class Look>
[[nodiscard]] Result<std::vector<Found>> walk_slide(const Context& context,
                                                    const slide::Slide& slide, const TilePlan& plan,
                                                    std::size_t max_cells, const Look& look) {
  std::vector<Found> all;
  CellsOnce once(plan);
  const std::size_t window = 4 * std::size_t{context.pool.size()};
  const std::size_t tiles = plan.columns() * plan.rows();
  for (std::size_t first = 0; first < tiles; first += window) {
    BC_CHECK(context.cancellation.check());
    std::vector<Result<std::vector<Found>>> done(std::min(window, tiles - first));
    context.pool.for_each(done.size(), [&](std::size_t i) {
      const Tile tile = plan.at(first + i);
      const auto picture = slide.read(tile.place);
      if (picture) {
        done[i] = look(*picture, tile);
      } else {
        done[i] = tl::unexpected(picture.error());
      }
    });
    for (std::size_t i = 0; i < done.size(); ++i) {
      if (!done[i]) return tl::unexpected(std::move(done[i]).error());
      for (Found& found : *done[i]) {
        if (once.takes(first + i, found.cell)) all.push_back(std::move(found));
      }
    }
    if (all.size() > max_cells) {
      return fail(ErrorCode::limit_exceeded,
                  fmt::format("a slide of more than {} cells", max_cells), {},
                  "raise --max-slide-cells if there is memory for them");
    }
    context.progress.update({"reading the slide", first + done.size(), tiles, "tiles", {}});
  }
  context.progress.finish();
  return all;
}

}  // namespace bloodcell::locate
