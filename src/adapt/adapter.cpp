#include "adapter.hpp"

#include <algorithm>
#include <set>

#include <bloodcell/base/hash.hpp>
#include <bloodcell/infer/session.hpp>
#include <bloodcell/infer/verify.hpp>
#include <bloodcell/model_file/retouch.hpp>

#include "trust.hpp"

namespace bloodcell::adapt {

namespace {

using model_file::ModelFile;

constexpr std::size_t kFewestCells = 20;
constexpr std::array kMargins{1.0, 1.15, 1.3};  // times the file's

std::string unread_in(const std::vector<Error>& problems) {
  if (problems.empty()) return {};
  return fmt::format("; {} picture{} could not be read, the first {}", problems.size(),
                     problems.size() == 1 ? "" : "s", to_text(problems.front()));
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
    return fail(ErrorCode::usage,
                fmt::format("{} white cells in the pictures, fewer than {}{}", cells_.size(),
                            kFewestCells, unread_in(cells_.problems)),
                {}, "give more pictures of the new laboratory");
  }
  if (labelled != nullptr) {
    second_ = predict::SecondReader::of(model_.description, model_.second, {}, context_.limits);
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
  const ViewFinder finder(context_, model_, cells_, framing, options_.batch);
  BC_ASSIGN(views_, finder.find(labelled != nullptr));
  done_.distance_before = done_.distance = views_.distance;
  chosen_ = given_.keeps_network ? views_.all.front() : views_.all.back();
  if (labelled != nullptr) {
    BC_CHECK(choose_head());
  } else {
    done_.refusal = views_.not_aligned;
  }
  if (!given_.must_gain || done_.refusal.empty()) BC_CHECK(finish(framing));
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

Result<void> Adapter::choose_head() {
  Labelled labelled(labelled_, cells_);
  for (const auto& view : views_.all) BC_CHECK(labelled.look(context_, view, options_.batch));
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
  chosen_ = views_.all[choice.view];
  done_.head = name_of(choice.head);
  BC_ASSIGN(chosen_.model, labelled.with_head(choice, chosen_.model));
  if (choice.head.kind == HeadKind::gaussian || choice.head.kind == HeadKind::maps) {
    for (const auto& label : model_.description.labels) {
      if (!done_.labels.contains(label)) done_.never_named.push_back(label);
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
  BC_ASSIGN(const auto seen_before, see(context_, views_.all.front().model, was, options_.batch));
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
    done_.distance = median_distance(seen, *description.trust->familiarity);
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
