// What a model file says of how far to trust an answer: how probabilities are calibrated, which
// sets of classes cover the truth how often, and what is not a cell as the network knows them.
// docs/model_file.md, "trust", has the fields.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include <bloodcell/base/result.hpp>

namespace bloodcell::model_file {

// p = softmax(matrix · log softmax(logits / temperature) + bias).
struct Calibration {
  std::vector<double> matrix;  // labels × labels, by rows
  std::vector<double> bias;    // labels
};

// A class is in the set if its conformal score is at most the threshold.
struct ClassSet {
  std::string score;        // lac, aps, raps
  double coverage = 0.95;   // stated, in (0, 1)
  double threshold = 1;     // ≥ 0
  double penalty = 0;       // of raps, ≥ 0
  int free_places = 0;      // of raps, ≥ 0
  std::uint64_t units = 0;  // families it was fitted on
};

// Mahalanobis distance of an embedding x from the nearest class: min over k of
// ‖whitening · (x − means[k])‖ (Lee et al. 2018).
struct Familiarity {
  std::uint64_t values = 0;      // of an embedding
  std::vector<float> means;      // labels × values
  std::vector<float> whitening;  // lower triangle by rows, values · (values + 1) / 2
  double threshold = 0;          // beyond it a picture is unfamiliar, > 0
};

// Logistic regression on an embedding x: weights · x + bias is the log of the odds that the picture
// shows anything but a blood cell, if as many do as do not.
struct OtherThings {
  std::vector<float> weights;  // one a value of an embedding
  double bias = 0;
  double threshold = 0;  // of these log odds; above it the picture is refused
};

// What a measure of the picture may be; outside, the picture is refused.
struct MeasureRange {
  std::string measure;  // `sharpness` and so on: predict/picture_measures.hpp
  double low = 0;
  double high = 0;
};

struct Trust {
  std::optional<Calibration> calibration;
  std::vector<ClassSet> sets;  // by rising coverage, at most 16
  std::optional<Familiarity> familiarity;
  std::optional<OtherThings> other_things;
  std::vector<MeasureRange> ranges;  // at most 64
};

[[nodiscard]] nlohmann::json to_json(const Trust& trust);

// Errors: malformed, naming the field; sizes must fit `labels`.
[[nodiscard]] Result<Trust> trust_from_json(const nlohmann::json& json, std::size_t labels);

}  // namespace bloodcell::model_file
