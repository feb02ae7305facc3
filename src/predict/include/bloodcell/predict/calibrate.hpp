// Fitting what a model file says of trust (model_file::Trust) on families the network did not learn
// from.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/data/dataset.hpp>
#include <bloodcell/metrics/conformal.hpp>
#include <bloodcell/metrics/scaling.hpp>
#include <bloodcell/model_file/model_file.hpp>

namespace bloodcell::predict {

struct CalibrateOptions {
  double refused = 0.01;  // share of families like those given that familiarity, the odds of other
                          // things, and each measure of the picture, may refuse; (0, 0.5)
  metrics::ConformalScore score = metrics::ConformalScore::lac;
  std::vector<double> coverages{0.9, 0.95, 0.99};  // stated where there are families enough
  std::uint64_t seed = 42;
  int batch = 16;
  double most_read_again = 0.2;  // share of the cells, by the second network of a file that has one
};

// What the second network of a file brings, on the half that judges.
struct SecondFigures {
  std::uint64_t cells = 0;
  std::uint64_t read_again = 0;
  std::uint64_t right_alone = 0;  // by the file's own network
  std::uint64_t right = 0;        // by both
};

struct Calibrated {
  model_file::Description description;  // with temperature, trust and precisions
  metrics::ChosenScaling scaling;
  std::uint64_t families_fitted = 0;  // probabilities
  std::uint64_t families_judged = 0;  // sets, thresholds and the two errors
  double error_before = 0;            // calibration error on the judging half, as the file was
  double error_after = 0;
  std::optional<SecondFigures> second;
  std::uint64_t without_box = 0;  // samples left out, where the model is one of located cells
  std::vector<Error> problems;    // samples that could not be read
};

// held_out: samples that no weight was fitted on; their families are halved by the seed: one half
// fits the probabilities, the other the sets and thresholds, so that what these state is not said
// of what they saw; both choose the two numbers that say when a second network reads again
// (model_file::SecondReading), for one half alone would leave them to chance. known: samples whose
// embeddings say what is familiar (the training part); none: the first half. A network without a
// dense end gets neither familiarity nor other_things, one of more than 1,024 inputs no
// familiarity. Precisions are judged on all that is held out, bfloat16 only where this processor
// has it, int8 where the file has it, too. Of others the file's figures stay if those of float32
// are the same. Errors: mismatch (a label the model does not know), usage (fewer than 20 families
// held out).
[[nodiscard]] Result<Calibrated> calibrate(const Context& context,
                                           const model_file::ModelFile& model,
                                           const data::Dataset& dataset,
                                           const std::vector<std::size_t>& held_out,
                                           const std::vector<std::size_t>& known,
                                           const CalibrateOptions& options);

// Means of the classes and the whitening of the covariance within them, shrunk towards a ball by a
// tenth (Ledoit and Wolf 2004 say why); the threshold is left 0. embeddings: rows × values, truths
// in 0 … labels−1; a class without rows is put at the mean of all. values ≥ 1, at least one row.
[[nodiscard]] model_file::Familiarity fit_familiarity(std::span<const float> embeddings,
                                                      std::span<const int> truths,
                                                      std::size_t labels);

// What all but `refused` of families like these keep below, by the finite-sample rule of
// metrics::conformal_quantile over the first embedding of each; the largest where there are too few
// families for it. embeddings: one a family's name, row by row; at least one.
[[nodiscard]] double familiarity_threshold(const model_file::Familiarity& familiarity,
                                           std::span<const float> embeddings,
                                           std::span<const std::string> families, double refused);
[[nodiscard]] double other_things_threshold(const model_file::OtherThings& others,
                                            std::span<const float> embeddings,
                                            std::span<const std::string> families, double refused);

}  // namespace bloodcell::predict
