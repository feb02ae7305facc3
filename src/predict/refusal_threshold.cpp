#include <algorithm>
#include <set>
#include <string_view>

#include <bloodcell/predict/calibrate.hpp>
#include <bloodcell/predict/judge.hpp>

namespace bloodcell::predict {

namespace {

template <class Measure>
double threshold_of(std::span<const float> embeddings, std::span<const std::string> families,
                    double refused, const Measure& measure) {
  const std::size_t values = embeddings.size() / families.size();
  std::set<std::string_view> seen;
  std::vector<double> measured;
  for (std::size_t i = 0; i < families.size(); ++i) {
    if (!seen.insert(families[i]).second) continue;
    measured.push_back(measure(embeddings.subspan(i * values, values)));
  }
  const double largest = *std::max_element(measured.begin(), measured.end());
  return metrics::conformal_quantile(std::move(measured), 1 - refused).value_or(largest);
}

}  // namespace

double familiarity_threshold(const model_file::Familiarity& familiarity,
                             std::span<const float> embeddings,
                             std::span<const std::string> families, double refused) {
  constexpr double kLeast = 1e-6;  // where all embeddings are one
  return std::max(kLeast, threshold_of(embeddings, families, refused, [&](auto embedding) {
                    return distance_from_known(embedding, familiarity);
                  }));
}

double other_things_threshold(const model_file::OtherThings& others,
                              std::span<const float> embeddings,
                              std::span<const std::string> families, double refused) {
  return threshold_of(embeddings, families, refused,
                      [&](auto embedding) { return other_thing_log_odds(embedding, others); });
}

}  // namespace bloodcell::predict
