// Last dense layers fitted anew to a few embeddings of known class.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <bloodcell/model_file/retouch.hpp>

namespace bloodcell::adapt {

enum class HeadKind {
  shipped,   // as the file has it
  logistic,  // multinomial logistic regression, shrunk towards the shipped layer
  gaussian,  // class means with one shrunk covariance (linear discriminant analysis, Fisher 1936)
  maps,  // the same of the embedding and the means of maps, taught by the pictures too (wide.hpp)
};

struct HeadChoice {
  HeadKind kind = HeadKind::shipped;
  double strength = 0;  // of the shrinking
};
[[nodiscard]] std::string name_of(const HeadChoice& choice);
inline constexpr double kHold = 0.01;                  // of logistic regression
[[nodiscard]] std::vector<HeadChoice> head_choices();  // all that fit_head makes

// Embeddings row by row; rows of one class weigh as one class together.
struct Examples {
  std::size_t values = 0;
  std::vector<float> embeddings;
  std::vector<int> truths;

  void add(std::span<const float> embedding, int truth) {
    embeddings.insert(embeddings.end(), embedding.begin(), embedding.end());
    truths.push_back(truth);
  }
};

// Any but `maps`. At least one example. A class without examples is never named by `gaussian`.
// Deterministic.
[[nodiscard]] model_file::DenseHead fit_head(const Examples& examples,
                                             const model_file::DenseHead& shipped,
                                             const HeadChoice& choice);

[[nodiscard]] std::vector<float> logits_of(const model_file::DenseHead& head,
                                           std::span<const float> embedding);

// Which fold each row belongs to: families whole, the classes dealt evenly. folds ≥ 2.
[[nodiscard]] std::vector<int> folds_of(std::span<const int> truths,
                                        std::span<const std::string> families, int folds,
                                        std::uint64_t seed);

}  // namespace bloodcell::adapt
