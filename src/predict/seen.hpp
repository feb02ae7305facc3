// What a picture gives to be classed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <bloodcell/predict/predictor.hpp>

namespace bloodcell::predict {

// A picture as it was seen: its size, and what is to be classed of it; or why it could not be.
struct Predictor::Seen {
  std::string file;
  image::Box picture;
  std::vector<SeenCell> cells;
  std::optional<Error> error;
  StageTimes times;
};

// What stands for a picture in which no white cell was found.
[[nodiscard]] Row row_without_cell(std::string file, const image::Box& picture);

}  // namespace bloodcell::predict
