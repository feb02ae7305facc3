// From logits to an answer one may trust or not: calibrated probabilities, the set of classes that
// covers the truth as often as stated, and whether this is a cell as the network knows them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include <bloodcell/base/result.hpp>
#include <bloodcell/image/image.hpp>
#include <bloodcell/metrics/conformal.hpp>
#include <bloodcell/metrics/scaling.hpp>
#include <bloodcell/model_file/model_file.hpp>
#include <bloodcell/predict/picture_measures.hpp>

namespace bloodcell::predict {

struct JudgeOptions {
  double min_confidence = -1;        // < 0: the file's own
  std::vector<std::string> classes;  // the only ones that are possible, in this order; empty: all
};

struct Verdict {
  std::vector<double> probabilities;  // one of Judge::labels() each, sum 1
  int class_index = 0;                // the most probable of them
  double confidence = 0;
  std::vector<int> set;      // of the smallest coverage that the file states; empty: none stated
  double unfamiliarity = 0;  // distance over its threshold: above 1 is unfamiliar; 0: not measured
  // How likely it is, at even odds, that the picture shows anything but a blood cell, 0 … 1.
  std::optional<double> other_thing;  // empty: not measured
  std::string doubt;                  // why the answer is not to be trusted; empty: it is
};

class Judge {
 public:
  // The description must be a classifier's, as read from a file. Probabilities of `classes` are
  // what the others leave, made to sum to 1: right where a cell is surely one of them; a set of
  // score `lac` then still covers at least what it states. Errors: unsupported (the file names a
  // measure that this program does not know), usage (a class that the file does not have, or twice;
  // fewer than two).
  [[nodiscard]] static Result<Judge> make(const model_file::Description& description,
                                          const JudgeOptions& options = {});

  [[nodiscard]] const std::vector<std::string>& labels() const { return labels_; }

  // True if verdict() wants an embedding: SessionOptions::keep_embedding.
  [[nodiscard]] bool needs_embedding() const {
    return trust_.familiarity.has_value() || trust_.other_things.has_value();
  }

  [[nodiscard]] const metrics::Scaling& scaling() const { return scaling_; }

  // Calibrated, one of the file's labels each – of all, whatever is possible. Thread-safe.
  [[nodiscard]] std::vector<double> probabilities(std::span<const float> logits) const;

  // Of the most probable class of those that are possible. Thread-safe.
  [[nodiscard]] double confidence_of(const std::vector<double>& probabilities) const;

  // One picture: its probabilities(), its embedding by infer::Looked (empty when none is needed)
  // and the input that preprocess() made. The doubts are looked for in this order: the picture's
  // measures, other things, its familiarity, the confidence. Thread-safe.
  [[nodiscard]] Verdict verdict(const std::vector<double>& probabilities,
                                std::span<const float> embedding,
                                std::span<const float> input) const;

 private:
  Judge() = default;
  [[nodiscard]] Result<void> restrict_to(const std::vector<std::string>& classes);
  [[nodiscard]] std::vector<double> possible(const std::vector<double>& probabilities) const;
  [[nodiscard]] std::string doubt_of_picture(std::span<const float> input) const;

  struct Range {
    PictureMeasure measure;
    double low;
    double high;
  };
  std::vector<std::string> labels_;
  std::vector<std::size_t> places_;  // of labels_ in the file's; empty: the same
  metrics::Scaling scaling_;
  std::optional<metrics::ConformalRule> rule_;
  std::vector<Range> ranges_;
  model_file::Trust trust_;
  image::Preprocessing preprocessing_;
  double min_confidence_ = 0;
};

// Mahalanobis distance from the nearest class: see model_file::Familiarity.
[[nodiscard]] double distance_from_known(std::span<const float> embedding,
                                         const model_file::Familiarity& familiarity);

// The log of the odds that this is no blood cell: see model_file::OtherThings.
[[nodiscard]] double other_thing_log_odds(std::span<const float> embedding,
                                          const model_file::OtherThings& others);

}  // namespace bloodcell::predict
