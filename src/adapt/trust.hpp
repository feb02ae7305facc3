// How far the adapted file is to be trusted: fitted on the new laboratory's cells.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <bloodcell/metrics/predictions.hpp>
#include <bloodcell/model_file/model_file.hpp>

namespace bloodcell::adapt {

struct TrustEvidence {
  std::span<const float> input;       // of the cells without labels
  std::span<const float> embeddings;  // theirs, by the adapted network
  const std::vector<std::string>& families;
  // Of the labelled cells: logits by heads that did not see them (empty rows: none), classes,
  // families. No rows without labels.
  const std::vector<std::vector<float>>& left_out;
  const std::vector<int>& truths;
  const std::vector<std::string>& labelled_families;
};

// By least ambiguous classes (lac), as far as the families bear them.
[[nodiscard]] std::vector<model_file::ClassSet> sets_of(
    const metrics::PredictionTable& predictions);

// With labels: the temperature and, from 20 families on, the sets of classes. Without labels the
// sets are dropped, for what they state was not said of this laboratory. In either case the ranges
// of the measures and the thresholds of familiarity and of other things are those of the pictures
// given, which the user vouches for as blood cells; the last rises to odds of 99 to 1 at most.
void refit_trust(model_file::Description& description, const TrustEvidence& evidence);

}  // namespace bloodcell::adapt
