#include "views.hpp"

#include <array>
#include <cmath>
#include <set>
#include <span>

#include <fmt/format.h>

#include <bloodcell/infer/batch_statistics.hpp>

#include "align.hpp"
#include "family_mean.hpp"

namespace bloodcell::adapt {

namespace {

using model_file::ModelFile;

constexpr std::array kShares{0.0, 0.25, 0.5, 0.75};  // of the new statistics
constexpr std::size_t kMostTried = 100;              // cells by which ways are compared
constexpr double kEvenedShare = 0.25;
constexpr int kEvenings = 2;
constexpr double kLeastOffset = 2;  // times what chance alone would give
constexpr double kMostOfOneClass = 0.9;

ModelFile with_margin(const ModelFile& model, double margin) {
  ModelFile changed = model;
  changed.description.preprocessing.cell_margin = margin;
  return changed;
}

}  // namespace

Result<Views> ViewFinder::find(bool has_labels) const {
  Views views;
  BC_ASSIGN(views.all.emplace_back(), view_of(0, 0, cells_.size()));
  const auto& trust = model_.description.trust;
  if (!trust || !trust->familiarity) {
    BC_ASSIGN(auto moved, view_of(0, kShares[1], cells_.size()));
    if (moved.share > 0) views.all.push_back(std::move(moved));
    return views;
  }
  const auto input = input_of(cells_.frames[0], model_.description.preprocessing);
  BC_ASSIGN(const auto seen, see(context_, views.all[0].model, input, batch_));
  views.distance = median_distance(seen, *trust->familiarity);
  if (has_labels) {
    BC_ASSIGN(auto view, nearest(distances_of(seen, *trust->familiarity)));
    if (view) views.all.push_back(std::move(*view));
  }
  BC_CHECK(add_aligned(views, seen));
  return views;
}

std::vector<float> ViewFinder::input_for(const View& view, std::size_t most) const {
  auto frames = cells_.frames[view.margin];
  frames.resize(std::min(frames.size(), most));
  return input_of(frames, view.model.description.preprocessing);
}

Result<View> ViewFinder::view_of(std::size_t margin, double share, std::size_t cells) const {
  View view{margin, share, with_margin(model_, framing_.margins[margin])};
  if (share == 0) return view;
  const auto input = input_for(view, cells);
  const auto seen = input.size() / view.model.description.preprocessing.input_values();
  BC_ASSIGN(const auto statistics,
            infer::batch_statistics(view.model, input, static_cast<int>(seen), share,
                                    context_.pool.size()));
  if (statistics.empty()) {
    view.share = 0;
    return view;
  }
  BC_ASSIGN(view.model, model_file::with_norm_statistics(view.model, statistics));
  return view;
}

Result<std::optional<View>> ViewFinder::nearest(const std::vector<double>& own) const {
  const auto& familiarity = *model_.description.trust->familiarity;
  const auto tried_cells = static_cast<std::ptrdiff_t>(std::min(own.size(), kMostTried));
  const std::vector<std::string> families(cells_.families.begin(),
                                          cells_.families.begin() + tried_cells);
  std::optional<View> nearest;
  double best = 0;
  std::size_t tried = 0;
  for (std::size_t margin = 0; margin < framing_.margins.size(); ++margin) {
    for (const double share : kShares) {
      BC_CHECK(context_.cancellation.check());
      context_.progress.update(
          {"trying", ++tried, framing_.margins.size() * kShares.size(), "ways", ""});
      if (margin == 0 && share == 0) continue;
      BC_ASSIGN(auto view, view_of(margin, share, kMostTried));
      if (share > 0 && view.share == 0) continue;  // no batch norm to change
      BC_ASSIGN(const auto seen, see(context_, view.model, input_for(view, kMostTried), batch_));
      const auto distances = distances_of(seen, familiarity);
      std::vector<double> nearer;
      for (std::size_t i = 0; i < distances.size(); ++i) {
        nearer.push_back(std::log((own[i] + 1e-9) / (distances[i] + 1e-9)));
      }
      const auto mean = mean_by_family(nearer, families);
      if (mean.value <= best || mean.value < 2 * mean.error) continue;
      best = mean.value;
      nearest = std::move(view);
    }
  }
  context_.progress.finish();
  if (!nearest || own.size() <= kMostTried) return nearest;
  BC_ASSIGN(nearest, view_of(nearest->margin, nearest->share, own.size()));
  return nearest;
}

// Batch norm a quarter by the new pictures, their classes evened, where instance norm has taken
// stain and light out before (docs/decisions/0025); then embeddings aligned. What a cell's class is
// agreed to be decides both, so that it is done twice.
Result<void> ViewFinder::add_aligned(Views& views, const Seen& seen) const {
  const auto& familiarity = *model_.description.trust->familiarity;
  BC_ASSIGN(const auto head, model_file::dense_head(model_));
  auto alignment = alignment_of(seen.embeddings, head, familiarity);
  const auto pictures = std::set(cells_.families.begin(), cells_.families.end()).size();
  if (alignment.offset * static_cast<double>(pictures) < kLeastOffset) {
    views.not_aligned = "these cells lie where the model expects cells of their classes";
    return {};
  }
  if (alignment.largest_share > kMostOfOneClass) {
    views.not_aligned = fmt::format(
        "{:.0f} % of these cells seem of one class; without labels it takes pictures of the usual "
        "mixture",
        100 * alignment.largest_share);
    return {};
  }
  View aligned = views.all.front();
  const ModelFile own = aligned.model;
  const auto input = input_of(cells_.frames[0], own.description.preprocessing);
  BC_ASSIGN(const bool moves_statistics, model_file::has_inner_instance_norm(own));
  for (int round = 0; moves_statistics && round < kEvenings; ++round) {
    BC_CHECK(context_.cancellation.check());
    BC_ASSIGN(const auto statistics, evened_statistics(input, alignment.classes));
    if (statistics.empty()) break;  // no batch norm to change
    aligned.share = kEvenedShare;
    BC_ASSIGN(aligned.model, model_file::with_norm_statistics(own, statistics));
    BC_ASSIGN(const auto seen_now, see(context_, aligned.model, input, batch_));
    alignment = alignment_of(seen_now.embeddings, head, familiarity);
  }
  aligned.is_aligned = true;
  BC_ASSIGN(aligned.model, with_alignment(aligned.model, alignment));
  views.all.push_back(std::move(aligned));
  return {};
}

Result<std::vector<model_file::NormStatistics>> ViewFinder::evened_statistics(
    const std::vector<float>& input, const std::vector<int>& classes) const {
  const auto rows = evened(classes);
  const std::size_t values = model_.description.preprocessing.input_values();
  std::vector<float> of_rows;
  of_rows.reserve(rows.size() * values);
  for (const std::size_t row : rows) {
    const auto cell = std::span(input).subspan(row * values, values);
    of_rows.insert(of_rows.end(), cell.begin(), cell.end());
  }
  return infer::batch_statistics(model_, of_rows, static_cast<int>(rows.size()), kEvenedShare,
                                 context_.pool.size());
}

}  // namespace bloodcell::adapt
