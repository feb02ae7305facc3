#include "cells.hpp"

#include <algorithm>

#include <bloodcell/base/random.hpp>
#include <bloodcell/image/decode.hpp>
#include <bloodcell/image/frame.hpp>
#include <bloodcell/locate/located_set.hpp>
#include <bloodcell/locate/look.hpp>

namespace bloodcell::adapt {

namespace {

using Boxes = std::vector<std::optional<image::Box>>;

struct Framed {
  std::vector<std::vector<image::Image>> frames;  // [margin][cell]
  std::vector<image::Image> for_second;
};

Framed frame_all(const image::Image& picture, const Boxes& boxes, const Framing& framing) {
  const auto gains = image::gains_to_white(picture, framing.preprocessing.white_point);
  Framed framed;
  if (framing.second != nullptr) {
    for (const auto& box : boxes) {
      framed.for_second.push_back(
          image::fit(image::frame(picture, box, framing.preprocessing, gains), *framing.second));
    }
  }
  for (const double margin : framing.margins) {
    auto how = framing.preprocessing;
    how.cell_margin = margin;
    auto& of_margin = framed.frames.emplace_back();
    for (const auto& box : boxes) {
      of_margin.push_back(image::fit(image::frame(picture, box, how, gains), how));
    }
  }
  return framed;
}

Result<Boxes> boxes_in(const image::Image& picture, const locate::Locator* locator) {
  if (locator == nullptr) return Boxes{std::nullopt};
  BC_ASSIGN(const auto look, locate::look(*locator, picture));
  const auto& shown = look.shown;
  Boxes boxes;
  for (const auto& cell : shown.cells) {
    if (!cell.is_cut || shown.is_one_cell) boxes.emplace_back(smear::whole_pixels(cell));
  }
  if (shown.is_one_cell && boxes.empty()) boxes.emplace_back(std::nullopt);
  return boxes;
}

void take(Framed framed, std::size_t most, Cells& cells) {
  for (auto& frame : framed.for_second) {
    if (cells.for_second.size() < most) cells.for_second.push_back(std::move(frame));
  }
  cells.frames.resize(framed.frames.size());
  for (std::size_t m = 0; m < framed.frames.size(); ++m) {
    for (std::size_t i = 0; i < framed.frames[m].size() && cells.frames[m].size() < most; ++i) {
      cells.frames[m].push_back(std::move(framed.frames[m][i]));
    }
  }
}

}  // namespace

Result<Cells> cells_of_pictures(const Context& context, const Framing& framing,
                                std::vector<std::filesystem::path> pictures, std::size_t most,
                                std::uint64_t seed) {
  Random random(seed, stream_of("adapt pictures"), 0);
  random.shuffle(std::span(pictures));
  Cells cells;
  cells.frames.resize(framing.margins.size());
  constexpr std::size_t kWindow = 16;  // the same whatever the number of threads
  for (std::size_t first = 0; first < pictures.size() && cells.size() < most; first += kWindow) {
    BC_CHECK(context.cancellation.check());
    const std::size_t here = std::min(kWindow, pictures.size() - first);
    std::vector<Result<Framed>> framed(here);
    context.pool.for_each(here, [&](std::size_t i) {
      framed[i] = [&]() -> Result<Framed> {
        BC_ASSIGN(const auto picture, image::decode_file(pictures[first + i], context.limits));
        BC_ASSIGN(const auto boxes, boxes_in(picture, framing.locator));
        return frame_all(picture, boxes, framing);
      }();
    });
    for (std::size_t i = 0; i < here; ++i) {
      const auto name = pictures[first + i].string();
      if (!framed[i]) {
        cells.problems.push_back(with_path(framed[i].error(), name));
        continue;
      }
      ++cells.pictures;
      take(std::move(*framed[i]), most, cells);
      cells.families.resize(cells.frames.front().size(), name);
    }
    context.progress.update({"looking", first + here, pictures.size(), "images", ""});
  }
  context.progress.finish();
  return cells;
}

Result<Cells> cells_of_set(const Context& context, const Framing& framing,
                           const data::Dataset& given, const std::vector<int>& places) {
  data::Dataset dataset = given;
  if (framing.locator != nullptr) {
    BC_ASSIGN(auto located, locate::locate_set(context, *framing.locator, given));
    dataset = std::move(located.dataset);
  }
  std::vector<Result<Framed>> framed(dataset.samples.size());
  context.pool.for_each(framed.size(), [&](std::size_t i) {
    framed[i] = [&]() -> Result<Framed> {
      const auto& sample = dataset.samples[i];
      BC_ASSIGN(const auto picture, image::decode_file(dataset.root / sample.file, context.limits));
      return frame_all(picture, {sample.box}, framing);
    }();
  });
  BC_CHECK(context.cancellation.check());
  Cells cells;
  cells.frames.resize(framing.margins.size());
  for (std::size_t i = 0; i < framed.size(); ++i) {
    const auto& sample = dataset.samples[i];
    if (!framed[i]) {
      cells.problems.push_back(with_path(framed[i].error(), sample.file));
      continue;
    }
    take(std::move(*framed[i]), framed.size(), cells);
    cells.families.push_back(sample.family);
    cells.truths.push_back(places[static_cast<std::size_t>(sample.label)]);
  }
  cells.pictures = cells.size();
  return cells;
}

std::vector<float> input_of(const std::vector<image::Image>& frames,
                            const image::Preprocessing& preprocessing, int turn) {
  const std::size_t values = preprocessing.input_values();
  std::vector<float> input(frames.size() * values);
  std::vector<float> upright(values);
  const int width = preprocessing.width_px;
  const int height = preprocessing.height_px;
  const std::size_t plane = values / 3;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    image::preprocess(frames[i], preprocessing, upright);
    const auto turned = std::span(input).subspan(i * values, values);
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        int from_x = (turn & 1) != 0 ? width - 1 - x : x;
        int from_y = (turn & 2) != 0 ? height - 1 - y : y;
        if ((turn & 4) != 0) {  // along the diagonal; a quarter turn with the others
          const int across = from_x * (height - 1) / std::max(width - 1, 1);
          from_x = from_y * (width - 1) / std::max(height - 1, 1);
          from_y = across;
        }
        const auto to = static_cast<std::size_t>(y * width + x);
        const auto from = static_cast<std::size_t>(from_y * width + from_x);
        for (std::size_t p = 0; p < 3; ++p) {
          turned[p * plane + to] = upright[p * plane + from];
        }
      }
    }
  }
  return input;
}

}  // namespace bloodcell::adapt
