#include "wide.hpp"

#include <algorithm>
#include <functional>

#include <bloodcell/model_file/map_head.hpp>

#include "heads.hpp"

namespace bloodcell::adapt {

namespace {

// The embedding, then the means, cell by cell.
void append(std::vector<float>& rows, const Seen& seen, std::size_t cells) {
  const std::size_t values = seen.embeddings.size() / cells;
  const std::size_t more = seen.means.size() / cells;
  for (std::size_t i = 0; i < cells; ++i) {
    const auto embedding = std::span(seen.embeddings).subspan(i * values, values);
    const auto means = std::span(seen.means).subspan(i * more, more);
    rows.insert(rows.end(), embedding.begin(), embedding.end());
    rows.insert(rows.end(), means.begin(), means.end());
  }
}

using Logits = std::vector<std::vector<float>>;

// By how much the first of the classes usually leads: what brings logits of two kinds together.
double usual_lead(const Logits& logits) {
  std::vector<double> leads;
  for (auto row : logits) {
    std::nth_element(row.begin(), row.begin() + 1, row.end(), std::greater());
    leads.push_back(row[0] - row[1]);
  }
  const auto middle = leads.begin() + static_cast<std::ptrdiff_t>(leads.size() / 2);
  std::nth_element(leads.begin(), middle, leads.end());
  return *middle + 1e-9;
}

}  // namespace

Result<std::optional<Wide>> Wide::of(const Context& context, const View& view,
                                     const Cells& labelled, const Cells& pictures, int batch) {
  const auto& preprocessing = view.model.description.preprocessing;
  BC_ASSIGN(const auto maps, model_file::map_names(view.model));
  if (maps.empty()) return std::nullopt;
  const std::size_t count = labelled.size();
  std::vector<float> rows;
  std::vector<float> embeddings;  // of the last that were looked at
  const auto look = [&](const std::vector<image::Image>& frames, int turn) -> Result<void> {
    BC_ASSIGN(auto seen,
              see(context, view.model, input_of(frames, preprocessing, turn), batch, maps));
    append(rows, seen, frames.size());
    embeddings = std::move(seen.embeddings);
    return {};
  };
  BC_CHECK(look(labelled.frames[view.margin], 0));
  const std::size_t values = rows.size() / count;
  const std::size_t most = std::min(kMostRows, kMostValues / values);
  const std::size_t turns = std::min(most / count, kMostTurns);
  if (turns == 0) return std::nullopt;
  for (std::size_t turn = 1; turn < turns; ++turn) {
    BC_CHECK(look(labelled.frames[view.margin], static_cast<int>(turn)));
  }
  auto frames = pictures.frames[view.margin];
  frames.resize(std::min(frames.size(), most - turns * count));
  embeddings.clear();
  if (!frames.empty()) BC_CHECK(look(frames, 0));
  return Wide(maps, std::move(embeddings), turns, count, WideMeans(rows, values));
}

WideMeans::Fit Wide::fit(std::span<const int> truths, const model_file::DenseHead& last) const {
  const std::size_t labels = last.bias.size();
  const std::size_t first_untaught = turns_ * labelled_;
  std::vector<int> taught(means_.rows(), WideMeans::kUntaught);
  for (std::size_t turn = 0; turn < turns_; ++turn) {
    std::copy(truths.begin(), truths.end(),
              taught.begin() + static_cast<std::ptrdiff_t>(turn * labelled_));
  }
  auto fit = means_.fit(taught, labels);
  if (embeddings_.empty()) return fit;
  Logits by_means;
  Logits by_last;
  for (std::size_t row = first_untaught; row < taught.size(); ++row) {
    by_means.push_back(means_.logits(fit, row));
    by_last.push_back(logits_of(
        last, std::span(embeddings_).subspan((row - first_untaught) * last.values, last.values)));
  }
  const double means_lead = usual_lead(by_means);
  const double last_lead = usual_lead(by_last);
  for (std::size_t i = 0; i < by_means.size(); ++i) {
    for (std::size_t k = 0; k < labels; ++k) {
      by_means[i][k] = static_cast<float>(by_means[i][k] / means_lead + by_last[i][k] / last_lead);
    }
    taught[first_untaught + i] = best_of(by_means[i]);
  }
  return means_.fit(taught, labels);
}

std::vector<float> Wide::logits(const WideMeans::Fit& fit, std::size_t cell) const {
  return means_.logits(fit, cell);
}

Result<model_file::ModelFile> Wide::with(const WideMeans::Fit& fit,
                                         const model_file::ModelFile& model) const {
  const auto all = means_.head(fit);
  BC_ASSIGN(model_file::DenseHead last, model_file::dense_head(model));
  last.weights.clear();
  last.bias = all.bias;
  model_file::MapHead maps{maps_, {}};
  for (std::size_t k = 0; k < all.bias.size(); ++k) {
    const auto row = std::span(all.weights).subspan(k * all.values, all.values);
    const auto own = row.first(last.values);
    const auto rest = row.subspan(last.values);
    last.weights.insert(last.weights.end(), own.begin(), own.end());
    maps.weights.insert(maps.weights.end(), rest.begin(), rest.end());
  }
  BC_ASSIGN(const auto changed, model_file::with_dense_head(model, last));
  return model_file::with_map_head(changed, maps);
}

}  // namespace bloodcell::adapt
