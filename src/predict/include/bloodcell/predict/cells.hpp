// A decoded picture → the cells to be classed, each as its network is to see it.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <bloodcell/base/limits.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/image/frame.hpp>
#include <bloodcell/image/preprocess.hpp>
#include <bloodcell/locate/locator.hpp>
#include <bloodcell/model_file/model_file.hpp>
#include <bloodcell/predict/stages.hpp>

namespace bloodcell::predict {

enum class Shows {
  automatic,  // decided for each picture (locate/shown.hpp)
  field,      // every white cell of it
  cell,       // one cell, whose box is the picture
};

// How the networks of a model file want to see a cell; they frame it alike
// (model_file::with_second).
struct Framing {
  const image::Preprocessing& own;
  const image::Preprocessing* second = nullptr;  // of the second network; null: there is none
};

struct SeenCell {
  image::Box box;      // in pixels of the picture, within it
  image::Image frame;  // of the network's input size
  bool is_cut = false;
  image::Image framed;  // for the second network, which fits it to its size; empty: there is none
};

// Without a locator the whole picture is the one cell; what it takes is charged to `clock`. Errors:
// those of the locator.
[[nodiscard]] Result<std::vector<SeenCell>> see_cells(const image::Image& picture,
                                                      const Framing& framing,
                                                      const locate::Locator* locator, Shows shows,
                                                      StageClock& clock);

// The cells that a locator found in it, as see_cells() sees those of a field.
[[nodiscard]] std::vector<SeenCell> see_located(const image::Image& picture, const Framing& framing,
                                                std::span<const smear::CellBox> located);

// What is framed is one cell.
[[nodiscard]] SeenCell see_framed(image::Image framed, const Framing& framing);

// What finds the cells for this model: `given`, or the locator within its file. None for a model
// that was not made for located cells (preprocessing.cell_margin 0). Errors: those of the file.
[[nodiscard]] Result<std::optional<locate::Locator>> locator_of(
    const model_file::ModelFile& model, const std::optional<model_file::ModelFile>& given,
    const locate::LocatorOptions& options, const Limits& limits);

}  // namespace bloodcell::predict
