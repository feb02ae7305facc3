#include <bloodcell/adapt/adapt.hpp>

#include <algorithm>
#include <utility>

#include <bloodcell/model_file/map_head.hpp>
#include <bloodcell/model_file/retouch.hpp>
#include <bloodcell/predict/cells.hpp>
#include <bloodcell/predict/judge.hpp>
#include <bloodcell/predict/mixture.hpp>

#include "adapter.hpp"
#include "trust.hpp"

namespace bloodcell::adapt {

namespace {

using model_file::ModelFile;

// With labels: the plain mean of both, since how sure the first may be was learnt elsewhere.
constexpr double kBelow = 1;
constexpr double kWeight = 0.5;

struct Job {
  const Context& context;
  const std::vector<std::filesystem::path>& pictures;
  const data::Dataset* labelled;
  const AdaptOptions& options;
  const locate::Locator* locator;
};

// What two networks say of the labelled cells, as a predictor would take it; a cell without logits
// gets an empty row.
metrics::PredictionTable said_of(const Adapter& first, const Adapter::Logits& own,
                                 const Adapter::Logits& second, const predict::Judge& judge,
                                 const predict::Judge& second_judge) {
  metrics::PredictionTable table{judge.labels(), {}};
  for (std::size_t i = 0; i < own.size(); ++i) {
    std::vector<double> p;
    if (!own[i].empty() && !second[i].empty()) {
      p = judge.probabilities(own[i]);
      predict::mix(p, second_judge.probabilities(second[i]), kWeight);
    }
    table.rows.push_back({std::to_string(i), first.labelled().families[i],
                          first.labelled().truths[i], std::move(p)});
  }
  return table;
}

std::vector<bool> right_in(const metrics::PredictionTable& table) {
  std::vector<bool> right;
  for (const auto& row : table.rows) {
    right.push_back(!row.probabilities.empty() && row.predicted() == row.truth);
  }
  return right;
}

// The joined file, which says what came of both.
Result<void> join(Adaptation& done, const ModelFile& model, const ModelFile& second, double below,
                  double weight, const std::vector<model_file::ClassSet>& sets,
                  std::uint64_t seed) {
  BC_ASSIGN(auto both, model_file::with_second(*done.model, second, below, weight));
  auto description = both.description;
  if (description.trust) description.trust->sets = sets;
  description.provenance["adapted"] = provenance_of(done, model, seed);
  BC_ASSIGN(done.model, model_file::with_description(both, std::move(description)));
  return {};
}

// One of the two networks, fitted by labels.
struct Fitted {
  std::optional<Adapter> adapter;
  Adaptation done;
  std::vector<bool> right_before{};  // as the file is, framed as it says
  std::optional<Judged> before{};
  double distance_before = 0;

  Result<void> fit(const Job& job, const ModelFile& model, std::optional<double> margin) {
    adapter.emplace(job.context, model, job.options, job.locator,
                    Given{.margin = margin, .must_gain = false});
    BC_ASSIGN(done, adapter->run(job.pictures, job.labelled));
    if (margin) return {};
    right_before = adapter->right_before();
    before = done.before;
    distance_before = done.distance_before;
    return {};
  }
};

Result<Adaptation> with_labels(const Job& job, const ModelFile& model, const ModelFile& second) {
  Fitted small;
  Fitted large;
  BC_CHECK(small.fit(job, model, std::nullopt));
  BC_CHECK(large.fit(job, second, std::nullopt));
  if (small.done.margin != large.done.margin) {  // a cell is framed once: as the better one would
    if (large.done.after->balanced > small.done.after->balanced) {
      BC_CHECK(small.fit(job, model, large.done.margin));
    } else {
      BC_CHECK(large.fit(job, second, small.done.margin));
    }
  }
  const Adapter& first = *small.adapter;
  const Adapter& other = *large.adapter;
  Adaptation done = std::move(small.done);
  done.before = small.before;
  done.distance_before = small.distance_before;
  std::erase_if(done.never_named, [&](const auto& label) {
    const auto& others = large.done.never_named;
    return std::find(others.begin(), others.end(), label) == others.end();
  });
  const Adaptation& of_second = large.done;
  BC_ASSIGN(const auto judge, predict::Judge::make(done.model->description));
  BC_ASSIGN(const auto second_judge, predict::Judge::make(of_second.model->description));
  const auto after =
      right_in(said_of(first, first.chosen_apart(), other.chosen_apart(), judge, second_judge));
  done.after = judged(after, first.labelled().truths);
  done.second = SecondAdapted{of_second.norm_share, of_second.aligned, of_second.head};
  done.refusal =
      refusal_of(done, gain_by_family(small.right_before, after, first.labelled().families));
  if (!done.refusal.empty()) {
    done.model.reset();
    return done;
  }
  auto table = said_of(first, first.left_out(), other.left_out(), judge, second_judge);
  std::erase_if(table.rows, [](const auto& row) { return row.probabilities.empty(); });
  BC_CHECK(join(done, model, *of_second.model, kBelow, kWeight, sets_of(table), job.options.seed));
  return done;
}

// The second alone, which reads what the first is unsure of: most of a new laboratory. Of the first
// only what is trusted is fitted; its network by pictures alone gains in one laboratory and loses
// in the next (docs/decisions/0025). A second that cannot be told familiar cells leaves it to the
// first.
Result<Adaptation> without_labels(const Job& job, const ModelFile& model, const ModelFile& second) {
  const auto fit = [&](const ModelFile& file, const Given& given) {
    return Adapter(job.context, file, job.options, job.locator, given).run(job.pictures, nullptr);
  };
  const auto of_second = fit(second, {});
  if (!of_second && of_second.error().code == ErrorCode::unsupported) return fit(model, {});
  if (!of_second) return of_second;
  BC_ASSIGN(auto done, fit(model, {.must_gain = false, .keeps_network = true}));
  done.refusal = of_second->refusal;
  if (!of_second->model) {
    done.model.reset();
    return done;
  }
  done.second = SecondAdapted{of_second->norm_share, of_second->aligned, of_second->head};
  const auto& how = *model.description.second;
  BC_CHECK(join(done, model, *of_second->model, how.below, how.weight, {}, job.options.seed));
  return done;
}

// What labels added would stay, fitted to what the network was.
Result<void> check_is_first(const ModelFile& model) {
  if (!model_file::has_map_head(model)) return {};
  return fail(ErrorCode::unsupported, "labels have already adapted this file", {},
              "take the file that it was adapted from, with all labels");
}

}  // namespace

Result<Adaptation> adapt(const Context& context, const model_file::ModelFile& model,
                         const std::vector<std::filesystem::path>& pictures,
                         const data::Dataset* labelled, const AdaptOptions& options) {
  BC_CHECK(check_is_first(model));
  BC_ASSIGN(const auto locator, predict::locator_of(model, std::nullopt, {}, context.limits));
  const Job job{context, pictures, labelled, options, locator ? &*locator : nullptr};
  if (model.description.second) {
    BC_ASSIGN(const auto second, model_file::second_of(model, context.limits));
    BC_CHECK(check_is_first(second));
    if (labelled == nullptr) return without_labels(job, model, second);
    if (model_file::dense_head(second)) return with_labels(job, model, second);
  }
  BC_ASSIGN(auto done, Adapter(context, model, options, job.locator, {}).run(pictures, labelled));
  if (!done.model || !model.description.second) return done;
  BC_ASSIGN(done.model, model_file::without_second(*done.model));
  done.drops_second = true;
  auto description = done.model->description;
  description.provenance["adapted"] = provenance_of(done, model, options.seed);
  BC_ASSIGN(done.model, model_file::with_description(*done.model, std::move(description)));
  return done;
}

}  // namespace bloodcell::adapt
