#include "look.hpp"

#include <algorithm>

#include <bloodcell/infer/session.hpp>
#include <bloodcell/predict/judge.hpp>

namespace bloodcell::adapt {

Result<Seen> see(const Context& context, const model_file::ModelFile& model,
                 const std::vector<float>& input, int batch, const std::vector<std::string>& maps) {
  BC_ASSIGN(const auto session, infer::Session::open(model, {.threads = context.pool.size(),
                                                             .cache_folder = {},
                                                             .keep_embedding = true,
                                                             .means_of = maps}));
  const std::size_t values = model.description.preprocessing.input_values();
  Seen seen;
  for (std::size_t first = 0; first < input.size();
       first += values * static_cast<std::size_t>(batch)) {
    BC_CHECK(context.cancellation.check());
    const std::size_t here =
        std::min(static_cast<std::size_t>(batch), (input.size() - first) / values);
    BC_ASSIGN(const auto looked,
              session.look(std::span(input).subspan(first, here * values), static_cast<int>(here)));
    seen.logits.insert(seen.logits.end(), looked.logits.begin(), looked.logits.end());
    seen.embeddings.insert(seen.embeddings.end(), looked.embedding.begin(), looked.embedding.end());
    seen.means.insert(seen.means.end(), looked.means.begin(), looked.means.end());
  }
  return seen;
}

std::vector<double> distances_of(const Seen& seen, const model_file::Familiarity& familiarity) {
  std::vector<double> distances;
  for (std::size_t at = 0; at < seen.embeddings.size(); at += familiarity.values) {
    distances.push_back(predict::distance_from_known(
        std::span(seen.embeddings).subspan(at, familiarity.values), familiarity));
  }
  return distances;
}

double median_distance(const Seen& seen, const model_file::Familiarity& familiarity) {
  auto distances = distances_of(seen, familiarity);
  if (distances.empty()) return 0;
  const auto middle = distances.begin() + static_cast<std::ptrdiff_t>(distances.size() / 2);
  std::nth_element(distances.begin(), middle, distances.end());
  return *middle;
}

int best_of(std::span<const float> logits) {
  return static_cast<int>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

}  // namespace bloodcell::adapt
