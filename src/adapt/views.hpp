// The ways in which a network may see the cells of a new laboratory.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <bloodcell/model_file/retouch.hpp>

#include "cells.hpp"
#include "look.hpp"

namespace bloodcell::adapt {

// One way of seeing: a margin, a share of the new laboratory's statistics, and whether embeddings
// are brought to those of the known classes (align.hpp).
struct View {
  std::size_t margin = 0;  // position among the framing's
  double share = 0;
  model_file::ModelFile model;
  bool is_aligned = false;
};

struct Views {
  std::vector<View> all;    // the file's own first, the aligned one last
  std::string not_aligned;  // why there is no aligned one; empty: there is
  double distance = 0;      // median, from known classes, as the file sees; 0: it does not say
};

class ViewFinder {
 public:
  // All must outlive it. cells: of pictures without labels.
  ViewFinder(const Context& context, const model_file::ModelFile& model, const Cells& cells,
             const Framing& framing, int batch)
      : context_(context), model_(model), cells_(cells), framing_(framing), batch_(batch) {}

  // The file's own; with labels to judge it the one in which the cells lie nearest to the known
  // classes, if by two standard errors (a quarter of the new statistics, where the file does not
  // say what is familiar); the aligned one, where the cells lie apart from known ones. Errors: as
  // model_file::dense_head, cancelled.
  [[nodiscard]] Result<Views> find(bool has_labels) const;

 private:
  // Of the first `cells`, where there are more.
  [[nodiscard]] Result<View> view_of(std::size_t margin, double share, std::size_t cells) const;
  [[nodiscard]] std::vector<float> input_for(const View& view, std::size_t most) const;
  [[nodiscard]] Result<std::optional<View>> nearest(const std::vector<double>& own) const;
  [[nodiscard]] Result<void> add_aligned(Views& views, const Seen& seen) const;
  [[nodiscard]] Result<std::vector<model_file::NormStatistics>> evened_statistics(
      const std::vector<float>& input, const std::vector<int>& classes) const;

  const Context& context_;
  const model_file::ModelFile& model_;
  const Cells& cells_;
  const Framing& framing_;
  int batch_;
};

}  // namespace bloodcell::adapt
