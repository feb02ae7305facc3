// The labelled cells as each view sees them, and what may be made of that.
#pragma once

#include <optional>
#include <vector>

#include <bloodcell/adapt/adapt.hpp>
#include <bloodcell/model_file/retouch.hpp>

#include "cells.hpp"
#include "heads.hpp"
#include "views.hpp"
#include "wide.hpp"

namespace bloodcell::adapt {

class Labelled {
 public:
  struct Choice {
    std::size_t view = 0;  // in the order they were added
    HeadChoice head;
  };
  using Rows = std::vector<std::size_t>;
  struct Head {
    model_file::DenseHead dense;
    WideMeans::Fit wide;  // of HeadKind::maps, which takes this one
  };

  // The cells, and those of pictures without labels, must outlive it.
  Labelled(const Cells& cells, const Cells& pictures) : cells_(cells), pictures_(pictures) {}

  // Adds a view: embeddings of every turn, its last layer, what maps tell. Errors: as dense_head.
  [[nodiscard]] Result<void> look(const Context& context, const View& view, int batch);

  // A head for a view, from the rows given in all their turns.
  [[nodiscard]] Head fit(const Choice& choice, const Rows& rows) const;
  // The network of the view with a head from all rows. Errors: of model_file's with_…head.
  [[nodiscard]] Result<model_file::ModelFile> with_head(const Choice& choice,
                                                        const model_file::ModelFile& model) const;
  // Logits of the rows, each by a head that was fitted without its fold.
  [[nodiscard]] std::vector<std::vector<float>> left_out(const Choice& choice, const Rows& rows,
                                                         std::uint64_t seed) const;
  // The usual choice – maps, where there are any, as the file sees –, or the one that is right most
  // often, class by class, on families left out, of those that beat it there by two standard
  // errors.
  [[nodiscard]] Choice best(const Rows& rows, std::uint64_t seed) const;
  // Logits of each row, where the choice too is made without its fold.
  [[nodiscard]] std::vector<std::vector<float>> logits_when_chosen_apart(std::uint64_t seed) const;

  [[nodiscard]] std::vector<bool> right(const std::vector<std::vector<float>>& logits_of_rows,
                                        const Rows& rows) const;
  [[nodiscard]] Rows all_rows() const;

 private:
  [[nodiscard]] std::vector<Choice> choices() const;  // the usual one first
  // Upright.
  [[nodiscard]] std::vector<float> logits(const Choice& choice, const Head& head,
                                          std::size_t row) const;
  [[nodiscard]] std::vector<int> truths_of(const Rows& rows) const;
  [[nodiscard]] std::vector<std::string> families_of(const Rows& rows) const;
  [[nodiscard]] std::vector<int> folds(const Rows& rows, std::uint64_t seed) const;

  const Cells& cells_;
  const Cells& pictures_;
  std::vector<model_file::DenseHead> heads_;            // [view]
  std::vector<std::vector<std::vector<float>>> views_;  // [view][turn] embeddings
  std::vector<std::optional<Wide>> wide_;               // [view]
};

// Shares of rows that are right, over all and as a mean over the classes.
[[nodiscard]] Judged judged(const std::vector<bool>& right, const std::vector<int>& truths);

}  // namespace bloodcell::adapt
