#include "adapter.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <bloodcell/base/hash.hpp>
#include <bloodcell/infer/batch_statistics.hpp>
#include <bloodcell/infer/session.hpp>
#include <bloodcell/infer/verify.hpp>
#include <bloodcell/model_file/retouch.hpp>

#include "align.hpp"
#include "trust.hpp"

namespace bloodcell::adapt {

namespace {

using model_file::ModelFile;

constexpr std::size_t kFewestCells = 20;
constexpr std::array kMargins{1.0, 1.15, 1.3};       // times the file's
constexpr std::array kShares{0.0, 0.25, 0.5, 0.75};  // of the new statistics
constexpr double kLeastOffset = 2;                   // times what chance alone would give
constexpr double kMostOfOneClass = 0.9;
constexpr double kEvenedShare = 0.25;
constexpr int kRounds = 2;

double median_of(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

ModelFile with_margin(const ModelFile& model, double margin) {
  ModelFile changed = model;
  changed.description.preprocessing.cell_margin = margin;
  return changed;
}

}  // namespace

nlohmann::json provenance_of(const Adaptation& done, const ModelFile& from, std::uint64_t seed) {
  nlohmann::json adapted(to_json(done));
  adapted["from_sha256"] = sha256(from.onnx);
  adapted["seed"] = seed;
  adapted.erase("problems");
  return adapted;
}

std::string refusal_of(const Adaptation& done, const Mean& gain) {
  if (gain.value > gain.error && done.after->balanced > done.before->balanced) return {};
  return fmt::format(
      "on labelled cells left out, {:.1f} % are right as the file is and {:.1f} % after adapting: "
      "no "
      "more than chance would give",
      100 * done.before->accuracy, 100 * done.after->accuracy);
}

Result<Adaptation> Adapter::run(const std::vector<std::filesystem::path>& pictures,
                                const data::Dataset* labelled) {
  BC_CHECK(check());
  const double margin = model_.description.preprocessing.cell_margin;
  Framing framing{model_.description.preprocessing, locator_, {given_.margin.value_or(margin)}};
  // Without labels the margin stays: more ground about a cell brings any embedding nearer.
  if (margin > 0 && labelled != nullptr && !given_.margin) {
    framing.margins.clear();
    for (const double factor : kMargins) framing.margins.push_back(std::min(4.0, factor * margin));
  }
  BC_ASSIGN(cells_,
            cells_of_pictures(context_, framing, pictures, options_.most_cells, options_.seed));
  done_.problems = cells_.problems;
  done_.pictures = cells_.pictures;
  done_.cells = cells_.size();
  if (cells_.size() < kFewestCells) {
    return fail(
        ErrorCode::usage,
        fmt::format("{} white cells in the pictures, fewer than {}", cells_.size(), kFewestCells),
        {}, "give more pictures of the new laboratory");
  }
  if (labelled != nullptr) {
    second_ = predict::SecondReader::of(model_.description, model_.second,
                                        infer::Precision::float32, {}, context_.limits);
    framing.second = second_ ? &second_->preprocessing() : nullptr;
    BC_CHECK(take_labels(framing, *labelled));
  } else if (!knows_familiar()) {
    return fail(ErrorCode::unsupported,
                "the model file does not say which cells are familiar, so nothing tells whether "
                "an adaptation without labels helps",
                {}, "fit that with bloodcell calibrate, or give --labels");
  }
  done_.margin_before = margin;
  done_.margin = framing.margins.front();
  BC_CHECK(find_views(framing, labelled != nullptr));
  chosen_ = views_.back();
  if (labelled != nullptr) {
    done_.refusal.clear();
    BC_CHECK(choose_head());
  }
  if (done_.refusal.empty()) BC_CHECK(finish(framing));
  return std::move(done_);
}

Result<void> Adapter::check() const {
  if (model_.description.task != graph::Task::classify || model_.description.labels.size() < 2) {
    return fail(ErrorCode::unsupported,
                fmt::format("`{}` does not choose between classes", model_.description.name), {},
                "give a model that classifies");
  }
  if (options_.most_cells < kFewestCells || options_.batch < 1) {
    return fail(ErrorCode::usage, fmt::format("fewer than {} cells", kFewestCells));
  }
  return {};
}

bool Adapter::knows_familiar() const {
  return model_.description.trust && model_.description.trust->familiarity;
}

Result<void> Adapter::take_labels(const Framing& framing, const data::Dataset& dataset) {
  std::vector<int> places;
  const auto& labels = model_.description.labels;
  for (const auto& label : dataset.labels) {
    const auto found = std::find(labels.begin(), labels.end(), label);
    if (found == labels.end()) {
      return fail(ErrorCode::mismatch, fmt::format("the model has no class `{}`", label),
                  dataset.root.string(), fmt::format("it has {}", fmt::join(labels, ", ")));
    }
    places.push_back(static_cast<int>(found - labels.begin()));
  }
  BC_ASSIGN(labelled_, cells_of_set(context_, framing, dataset, places));
  done_.problems.insert(done_.problems.end(), labelled_.problems.begin(), labelled_.problems.end());
  std::map<int, std::set<std::string>> families;
  for (std::size_t i = 0; i < labelled_.size(); ++i) {
    families[labelled_.truths[i]].insert(labelled_.families[i]);
    ++done_.labels[labels[static_cast<std::size_t>(labelled_.truths[i])]];
  }
  done_.labelled = labelled_.size();
  done_.families = std::set(labelled_.families.begin(), labelled_.families.end()).size();
  const bool is_too_few = std::any_of(families.begin(), families.end(),
                                      [](const auto& of) { return of.second.size() < 2; });
  if (families.size() < 2 || is_too_few) {
    return fail(
        ErrorCode::usage, "labels of fewer than two classes, or a class with one family alone",
        dataset.root.string(), "label at least two cells, of different pictures, of each class");
  }
  return {};
}

Result<View> Adapter::view_of(const Framing& framing, std::size_t margin, double share) const {
  View view{margin, share, with_margin(model_, framing.margins[margin])};
  if (share == 0) return view;
  const auto input = input_of(cells_.frames[margin], view.model.description.preprocessing);
  BC_ASSIGN(const auto statistics,
            infer::batch_statistics(view.model, input, static_cast<int>(cells_.size()), share,
                                    context_.pool.size()));
  if (statistics.empty()) {
    view.share = 0;
    return view;
  }
  BC_ASSIGN(view.model, model_file::with_norm_statistics(view.model, statistics));
  return view;
}

// The views there are to choose from: the file's own; with labels the one in which the cells lie
// nearest to the known classes, if by two standard errors (without familiarity a quarter of the new
// statistics); the aligned one, where the cells lie apart from the known ones.
Result<void> Adapter::find_views(const Framing& framing, bool has_labels) {
  BC_ASSIGN(auto shipped, view_of(framing, 0, 0));
  views_.push_back(std::move(shipped));
  if (!knows_familiar()) {
    BC_ASSIGN(auto moved, view_of(framing, 0, kShares[1]));
    if (moved.share > 0) views_.push_back(std::move(moved));
    return {};
  }
  const auto& familiarity = *model_.description.trust->familiarity;
  const auto input = input_of(cells_.frames[0], model_.description.preprocessing);
  BC_ASSIGN(const auto seen, see(context_, views_[0].model, input, options_.batch));
  const auto own = distances_of(seen, familiarity);
  done_.distance_before = median_of(own);
  if (has_labels) BC_CHECK(find_nearest_view(framing, own));
  return find_aligned_view(seen);
}

Result<void> Adapter::find_nearest_view(const Framing& framing, const std::vector<double>& own) {
  const auto& familiarity = *model_.description.trust->familiarity;
  std::optional<View> nearest;
  double best = 0;
  std::size_t tried = 0;
  for (std::size_t margin = 0; margin < framing.margins.size(); ++margin) {
    for (const double share : kShares) {
      BC_CHECK(context_.cancellation.check());
      context_.progress.update(
          {"trying", ++tried, framing.margins.size() * kShares.size(), "ways", ""});
      if (margin == 0 && share == 0) continue;
      BC_ASSIGN(auto view, view_of(framing, margin, share));
      if (share > 0 && view.share == 0) continue;  // no batch norm to change
      const auto input = input_of(cells_.frames[margin], view.model.description.preprocessing);
      BC_ASSIGN(const auto seen, see(context_, view.model, input, options_.batch));
      const auto distances = distances_of(seen, familiarity);
      std::vector<double> nearer;
      for (std::size_t i = 0; i < own.size(); ++i) {
        nearer.push_back(std::log((own[i] + 1e-9) / (distances[i] + 1e-9)));
      }
      const auto mean = mean_by_family(nearer, cells_.families);
      if (mean.value <= best || mean.value < 2 * mean.error) continue;
      best = mean.value;
      nearest = std::move(view);
    }
  }
  context_.progress.finish();
  if (nearest) views_.push_back(std::move(*nearest));
  return {};
}

// Batch norm a quarter by the new pictures, their classes evened; then embeddings aligned. What a
// cell's class is agreed to be decides both, so that it is done twice.
Result<void> Adapter::find_aligned_view(const Seen& seen) {
  const auto& familiarity = *model_.description.trust->familiarity;
  BC_ASSIGN(const auto head, model_file::dense_head(model_));
  auto alignment = alignment_of(seen.embeddings, head, familiarity);
  const auto pictures = std::set(cells_.families.begin(), cells_.families.end()).size();
  if (alignment.offset * static_cast<double>(pictures) < kLeastOffset) {
    done_.refusal = "these cells lie where the model expects cells of their classes";
    return {};
  }
  if (alignment.largest_share > kMostOfOneClass) {
    done_.refusal = fmt::format(
        "{:.0f} % of these cells seem of one class; without labels it takes pictures of the usual "
        "mixture",
        100 * alignment.largest_share);
    return {};
  }
  View aligned = views_.front();
  const auto input = input_of(cells_.frames[0], model_.description.preprocessing);
  for (int round = 0; round < kRounds; ++round) {
    BC_CHECK(context_.cancellation.check());
    BC_ASSIGN(const auto statistics, evened_statistics(input, alignment.classes));
    if (statistics.empty()) break;  // no batch norm to change
    aligned.share = kEvenedShare;
    BC_ASSIGN(aligned.model, model_file::with_norm_statistics(views_.front().model, statistics));
    BC_ASSIGN(const auto seen_now, see(context_, aligned.model, input, options_.batch));
    alignment = alignment_of(seen_now.embeddings, head, familiarity);
  }
  aligned.is_aligned = true;
  BC_ASSIGN(aligned.model, with_alignment(aligned.model, alignment));
  views_.push_back(std::move(aligned));
  return {};
}

Result<std::vector<model_file::NormStatistics>> Adapter::evened_statistics(
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

Result<void> Adapter::choose_head() {
  Labelled labelled(labelled_);
  for (const auto& view : views_) BC_CHECK(labelled.look(context_, view, options_.batch));
  const auto rows = labelled.all_rows();
  const auto own = labelled.left_out({0, {HeadKind::shipped, 0}}, rows, options_.seed);
  BC_ASSIGN(right_before_, right_as_it_is(labelled.right(own, rows), own));
  chosen_apart_ = labelled.logits_when_chosen_apart(options_.seed);
  const auto after = labelled.right(chosen_apart_, rows);
  done_.before = judged(right_before_, labelled_.truths);
  done_.after = judged(after, labelled_.truths);
  done_.refusal = refusal_of(done_, gain_by_family(right_before_, after, labelled_.families));
  if (given_.must_gain && !done_.refusal.empty()) return {};
  done_.refusal.clear();
  const auto choice = labelled.best(rows, options_.seed);
  chosen_ = views_[choice.view];
  done_.head = name_of(choice.head);
  if (choice.head.kind != HeadKind::shipped) {
    BC_ASSIGN(chosen_.model,
              model_file::with_dense_head(chosen_.model, labelled.fit(choice, rows)));
    if (choice.head.kind == HeadKind::gaussian) {
      for (const auto& label : model_.description.labels) {
        if (!done_.labels.contains(label)) done_.never_named.push_back(label);
      }
    }
  }
  left_out_ = labelled.left_out(choice, rows, options_.seed);
  return {};
}

// Right or wrong of each labelled cell as the file is, its second network included.
Result<std::vector<bool>> Adapter::right_as_it_is(
    std::vector<bool> right_alone, const std::vector<std::vector<float>>& logits) const {
  if (!second_) return right_alone;
  BC_ASSIGN(const auto judge, predict::Judge::make(model_.description));
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (logits[i].empty()) continue;
    auto probabilities = judge.probabilities(logits[i]);
    const image::Image* frame = &labelled_.for_second[i];
    BC_CHECK(second_->read_unsure(judge, std::span(&frame, 1), std::span(&probabilities, 1)));
    const auto best = std::max_element(probabilities.begin(), probabilities.end());
    right_alone[i] = best - probabilities.begin() == labelled_.truths[i];
  }
  return right_alone;
}

Result<void> Adapter::finish(const Framing& framing) {
  done_.margin = framing.margins[chosen_.margin];
  done_.norm_share = chosen_.share;
  done_.aligned = chosen_.is_aligned;
  auto description = chosen_.model.description;
  const auto now = input_of(cells_.frames[chosen_.margin], description.preprocessing);
  const auto was = input_of(cells_.frames[0], description.preprocessing);
  BC_ASSIGN(const auto seen_before, see(context_, views_.front().model, was, options_.batch));
  BC_ASSIGN(const auto seen, see(context_, chosen_.model, now, options_.batch));
  const std::size_t labels = description.labels.size();
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    const auto at = [&](const Seen& of) {
      return best_of(std::span(of.logits).subspan(i * labels, labels));
    };
    if (at(seen) != at(seen_before)) ++done_.changed;
  }
  done_.changed /= static_cast<double>(cells_.size());
  if (knows_familiar()) {
    done_.distance = median_of(distances_of(seen, *description.trust->familiarity));
  }
  refit_trust(description, {now, seen.embeddings, cells_.families, left_out_, labelled_.truths,
                            labelled_.families});
  BC_ASSIGN(const auto session,
            infer::Session::open(chosen_.model, {.threads = 1, .cache_folder = {}}));
  BC_ASSIGN(description.golden, infer::golden_again(session, model_.description));
  if (!description.provenance.is_object()) description.provenance = nlohmann::json::object();
  description.provenance["adapted"] = provenance_of(done_, model_, options_.seed);
  BC_ASSIGN(done_.model, model_file::with_description(chosen_.model, std::move(description)));
  return {};
}

}  // namespace bloodcell::adapt
