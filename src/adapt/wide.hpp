// The cells as a network sees them all along its way, and heads that take all of it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/model_file/model_file.hpp>

#include "cells.hpp"
#include "views.hpp"
#include "wide_means.hpp"

namespace bloodcell::adapt {

// Of a view: labelled cells in some of their turns, then the pictures' cells without labels. These
// teach, too: the class that the labelled ones and the network's last layer, fitted to them, give
// them together (self-training, Scudder 1965, one round), which evens out how few they are.
class Wide {
 public:
  // Nothing for a network without maps, or where labelled cells are more than memory is given for
  // (kMostRows, kMostValues); of pictures' cells and turns as many as there is room for. At least
  // one labelled cell. Errors: those of see().
  static constexpr std::size_t kMostRows = 2000;
  static constexpr std::size_t kMostValues = std::size_t{1} << 25;  // of all rows: 128 MiB
  static constexpr std::size_t kMostTurns = 4;
  [[nodiscard]] static Result<std::optional<Wide>> of(const Context& context, const View& view,
                                                      const Cells& labelled, const Cells& pictures,
                                                      int batch);

  // Taught by the labelled cells that have a class in `truths`; the others are
  // WideMeans::kUntaught. last: the last layer as fitted to the same cells.
  [[nodiscard]] WideMeans::Fit fit(std::span<const int> truths,
                                   const model_file::DenseHead& last) const;
  // Of a labelled cell, upright.
  [[nodiscard]] std::vector<float> logits(const WideMeans::Fit& fit, std::size_t cell) const;
  // The network with that head. Errors: as model_file::with_map_head.
  [[nodiscard]] Result<model_file::ModelFile> with(const WideMeans::Fit& fit,
                                                   const model_file::ModelFile& model) const;

 private:
  Wide(std::vector<std::string> maps, std::vector<float> embeddings, std::size_t turns,
       std::size_t labelled, WideMeans means)
      : maps_(std::move(maps)),
        embeddings_(std::move(embeddings)),
        turns_(turns),
        labelled_(labelled),
        means_(std::move(means)) {}

  std::vector<std::string> maps_;
  std::vector<float> embeddings_;  // of the cells without labels
  std::size_t turns_;
  std::size_t labelled_;  // cells
  WideMeans means_;
};

}  // namespace bloodcell::adapt
