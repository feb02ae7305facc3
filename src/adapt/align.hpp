// Embeddings of a new laboratory brought to where those of the same classes lie in the known ones.
#pragma once

#include <vector>

#include <bloodcell/base/result.hpp>
#include <bloodcell/model_file/model_file.hpp>
#include <bloodcell/model_file/retouch.hpp>
#include <bloodcell/model_file/trust.hpp>

namespace bloodcell::adapt {

// x ↦ scale ∘ x + shift, value by value of an embedding.
struct Alignment {
  std::vector<double> scale;
  std::vector<double> shift;
  // How far the cells' mean lay from where it was due, as the mean over the values of (distance /
  // deviation)² for one cell: about 1 / cells where nothing but chance parts them.
  double offset = 0;
  double largest_share = 0;  // of the cells, that of the class with most, 0 … 1
  std::vector<int> classes;  // of each cell, as it and its neighbours agree
};

// Gives each value the mean and the deviation that it has among known cells of the same classes in
// the same shares: CORAL (Sun, Feng & Saenko 2016) of the diagonal, with shares of classes (target
// shift, Zhang et al. 2013) that a cell and its nearest neighbours agree on (LAME, Boudiaf et al.
// 2022), anew in three rounds. A deviation is stretched or pressed at most twofold. Wants pictures
// in the usual mixture of classes: of one class alone it may do harm. embeddings: cells × values,
// of at least two cells. Time cells² · values.
[[nodiscard]] Alignment alignment_of(const std::vector<float>& embeddings,
                                     const model_file::DenseHead& head,
                                     const model_file::Familiarity& familiarity);

// As many positions in `classes` as it has, at least, each class of four or more equally often:
// cells that batch norm may see in the mixture of classes that training showed it, whatever the
// pictures'.
[[nodiscard]] std::vector<std::size_t> evened(const std::vector<int>& classes);

// The file whose answers are those for aligned embeddings: the last dense layer and what tells the
// familiar and other things take the alignment in; embeddings stay. What tells is in the
// description alone, to be written with it (model_file::with_description). Errors: as dense_head.
[[nodiscard]] Result<model_file::ModelFile> with_alignment(const model_file::ModelFile& file,
                                                           const Alignment& alignment);

}  // namespace bloodcell::adapt
