// The labelled cells as each view sees them, and what may be made of that.
#pragma once

#include <vector>

#include <bloodcell/adapt/adapt.hpp>
#include <bloodcell/model_file/retouch.hpp>

#include "cells.hpp"
#include "heads.hpp"
#include "views.hpp"

namespace bloodcell::adapt {

class Labelled {
 public:
  struct Choice {
    std::size_t view = 0;  // in the order they were added
    HeadChoice head;
  };
  using Rows = std::vector<std::size_t>;

  // The cells must outlive it.
  explicit Labelled(const Cells& cells) : cells_(cells) {}

  // Adds a view: embeddings of every turn, and its last layer. Errors: as dense_head.
  [[nodiscard]] Result<void> look(const Context& context, const View& view, int batch);

  // A head for a view, from the rows given in all their turns.
  [[nodiscard]] model_file::DenseHead fit(const Choice& choice, const Rows& rows) const;
  // Logits of the rows, each by a head that was fitted without its fold.
  [[nodiscard]] std::vector<std::vector<float>> left_out(const Choice& choice, const Rows& rows,
                                                         std::uint64_t seed) const;
  // The choice that is right most often, class by class, on families left out; the first of equals.
  [[nodiscard]] Choice best(const Rows& rows, std::uint64_t seed) const;
  // Logits of each row, where the choice too is made without its fold.
  [[nodiscard]] std::vector<std::vector<float>> logits_when_chosen_apart(std::uint64_t seed) const;

  [[nodiscard]] std::vector<bool> right(const std::vector<std::vector<float>>& logits_of_rows,
                                        const Rows& rows) const;
  [[nodiscard]] Rows all_rows() const;

 private:
  [[nodiscard]] std::vector<Choice> choices() const;
  // Upright.
  [[nodiscard]] std::vector<float> logits(const Choice& choice, const model_file::DenseHead& head,
                                          std::size_t row) const;
  [[nodiscard]] std::vector<int> truths_of(const Rows& rows) const;
  [[nodiscard]] std::vector<int> folds(const Rows& rows, std::uint64_t seed) const;

  const Cells& cells_;
  std::vector<model_file::DenseHead> heads_;            // [view]
  std::vector<std::vector<std::vector<float>>> views_;  // [view][turn] embeddings
};

// Shares of rows that are right, over all and as a mean over the classes.
[[nodiscard]] Judged judged(const std::vector<bool>& right, const std::vector<int>& truths);

}  // namespace bloodcell::adapt
