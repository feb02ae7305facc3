#include <bloodcell/train/train_locator.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numbers>
#include <numeric>

#include <bloodcell/base/version.hpp>
#include <bloodcell/graph/architectures.hpp>
#include <bloodcell/image/frame.hpp>
#include <bloodcell/infer/session.hpp>
#include <bloodcell/infer/verify.hpp>
#include <bloodcell/nn/network.hpp>

#include "location/fields.hpp"
#include "location/locator_learner.hpp"
#include "location/locator_precisions.hpp"
#include "location/views.hpp"

namespace bloodcell::train {

namespace {

using Clock = std::chrono::steady_clock;

constexpr double kFirstLogit = -3;  // of a centre, before anything is learned: centres are rare
constexpr std::size_t kGoldenValues = 64;
constexpr double kWatchedScore = 0.5;
constexpr double kWhitePoint = 235;
constexpr double kMosaicChance = 0.4;

Result<void> check(const LocatorTraining& how) {
  const auto wrong = [](const char* option, const std::string& why) {
    return fail(ErrorCode::usage, fmt::format("{}: {}", option, why));
  };
  if (how.sets.empty()) return wrong("sets", "name at least one folder of fields");
  if (how.folds < 3 || how.folds > 100) return wrong("--folds", "3 to 100");
  if (how.test_fold < 0 || how.test_fold >= how.folds)
    return wrong("--test-fold", "0 to folds − 1");
  if (how.epochs < 1 || how.epochs > 10'000) return wrong("--epochs", "1 to 10,000");
  if (how.batch < 1 || how.batch > 1024) return wrong("--batch", "1 to 1,024");
  if (!(how.learning_rate > 0 && how.learning_rate <= 1)) return wrong("--lr", "above 0, to 1");
  if (!(how.weight_decay >= 0 && how.weight_decay <= 1)) return wrong("--weight-decay", "0 to 1");
  return {};
}

image::Preprocessing preprocessing_of(const LocatorTraining& how) {
  image::Preprocessing p;
  p.width_px = how.width_px;
  p.height_px = how.height_px;
  p.fit = image::Fit::letterbox;
  p.mean.fill(127.5);
  p.deviation.fill(127.5);
  p.white_point = kWhitePoint;
  return p;
}

graph::Weights first_weights(const graph::Graph& graph, std::uint64_t seed) {
  auto weights = nn::initial_weights(graph, seed);
  auto& bias = weights.at("maps.bias").values;
  std::fill_n(bias.begin(), smear::kKinds, static_cast<float>(kFirstLogit));
  return weights;
}

std::vector<std::size_t> fields_of(const std::vector<Field>& fields, std::string_view part) {
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].part == part) chosen.push_back(i);
  }
  return chosen;
}

Result<model_file::ModelFile> with_precisions(const Context& context, model_file::ModelFile file,
                                              const std::vector<Field>& fields,
                                              std::span<const std::size_t> validation) {
  auto description = file.description;
  BC_ASSIGN(description.precisions, locator_precisions(context, file, fields, validation));
  return model_file::with_description(file, std::move(description));
}

// What decides which fields are learned from.
nlohmann::json dealing_of(const LocatorTraining& how) {
  nlohmann::json sets = nlohmann::json::array();
  for (const auto& set : how.sets) sets.push_back(set.lexically_normal().filename().string());
  return {{"data", sets},
          {"left_out", how.left_out},
          {"split",
           {{"method", "by family"},
            {"seed", how.seed},
            {"folds", how.folds},
            {"test_fold", how.test_fold}}}};
}

// Fields that a locator learned from say nothing of what a precision costs it.
Result<void> check_dealt_alike(const LocatorTraining& how, const model_file::Description& learned) {
  const auto dealing = dealing_of(how);
  for (const auto& [name, value] : dealing.items()) {
    if (learned.provenance.is_object() && learned.provenance.value(name, nlohmann::json()) == value)
      continue;
    return fail(ErrorCode::mismatch,
                fmt::format("`{}` did not learn from these sets so dealt: its `{}` is other",
                            learned.name, name),
                {},
                "give the sets in their order, --leave-out, --seed, --folds and --test-fold "
                "of its training");
  }
  return {};
}

class LocatorLoop {
 public:
  LocatorLoop(const Context& context, const LocatorTraining& how, std::vector<Field> fields,
              graph::Graph graph)
      : context_(context),
        how_(how),
        fields_(std::move(fields)),
        graph_(std::move(graph)),
        preprocessing_(preprocessing_of(how)),
        size_{how.height_px / graph::kLocatorStride, how.width_px / graph::kLocatorStride,
              graph::kLocatorStride},
        learner_(graph_, first_weights(graph_, how.seed)),
        train_(fields_of(fields_, "train")),
        validation_(fields_of(fields_, "validation")) {}

  Result<TrainedLocator> run(const std::function<void(const LocatorEpoch&)>& on_epoch) {
    if (train_.empty() || validation_.empty()) {
      return fail(ErrorCode::usage, "no fields to train on, or none to choose the least score by",
                  {}, "name more sets, or leave fewer out");
    }
    TrainedLocator trained;
    for (int epoch = 1; epoch <= how_.epochs; ++epoch) {
      BC_ASSIGN(const auto record, run_epoch(epoch));
      trained.history.push_back(record);
      on_epoch(record);
    }
    for (const auto& field : fields_) {
      if (field.part == "test") trained.test_files.push_back(field.set + "/" + field.file);
    }
    BC_ASSIGN(trained.file, finished(trained.history));
    return trained;
  }

 private:
  Result<LocatorEpoch> run_epoch(int epoch) {
    const auto began = Clock::now();
    auto order = train_;
    Random random(how_.seed, stream_of("locator order"), static_cast<std::uint64_t>(epoch));
    random.shuffle(std::span(order));
    const auto batch = static_cast<std::size_t>(how_.batch);
    LocatorEpoch record;
    record.epoch = epoch;
    std::size_t steps = 0;
    for (std::size_t first = 0; first < order.size(); first += batch, ++steps) {
      BC_CHECK(context_.cancellation.check());
      const auto chosen = std::span(order).subspan(first, std::min(batch, order.size() - first));
      BC_ASSIGN(const double loss, step(chosen, epoch, first, order.size()));
      record.loss += loss;
      context_.progress.update({fmt::format("epoch {} of {}", epoch, how_.epochs), first,
                                order.size(), "fields", fmt::format("loss {:.3f}", loss)});
    }
    record.loss /= static_cast<double>(steps);
    BC_ASSIGN(record.white, judged(smear::Kind::white, kWatchedScore));
    record.seconds = std::chrono::duration<double>(Clock::now() - began).count();
    return record;
  }

  // Of one field, or with some chance of it and three others; `known` is what all of them tell.
  View view_for(std::size_t field, std::uint64_t index,
                std::array<float, smear::kKinds>& known) const {
    Random random(how_.seed, stream_of("locator mosaic"), index);
    known = fields_[field].known;
    View own = random_view(fields_[field], Random(how_.seed, stream_of("locator view"), index));
    if (!random.chance(kMosaicChance)) return own;
    std::array<View, 4> views{std::move(own)};
    constexpr std::array<std::string_view, 4> kStreams{"", "view 2", "view 3", "view 4"};
    for (std::size_t i = 1; i < views.size(); ++i) {
      const Field& other = fields_[train_[random.below(train_.size())]];
      views[i] = random_view(other, Random(how_.seed, stream_of(kStreams[i]), index));
      for (std::size_t k = 0; k < known.size(); ++k) known[k] = std::min(known[k], other.known[k]);
    }
    return mosaic_of(views, preprocessing_);
  }

  Result<double> step(std::span<const std::size_t> chosen, int epoch, std::size_t done,
                      std::size_t of) {
    const std::size_t values = preprocessing_.input_values();
    std::vector<float> images(chosen.size() * values);
    std::vector<smear::Targets> targets(chosen.size());
    context_.pool.for_each(chosen.size(), [&](std::size_t i) {
      const auto index = static_cast<std::uint64_t>(epoch) << 32 | chosen[i];
      std::array<float, smear::kKinds> known{};
      const View view = view_for(chosen[i], index, known);
      image::preprocess(image::whole_frame(view.picture, preprocessing_), preprocessing_,
                        std::span(images).subspan(i * values, values));
      targets[i] = smear::targets_of(
          in_input(view.cells, view.picture.width_px, view.picture.height_px, preprocessing_),
          size_);
      targets[i].known = known;
    });
    const double epochs_done = epoch - 1 + static_cast<double>(done) / static_cast<double>(of);
    const double rate =
        how_.learning_rate * (1 + std::cos(std::numbers::pi * epochs_done / how_.epochs)) / 2;
    return learner_.step(images, targets, rate, how_.weight_decay);
  }

  Result<std::vector<smear::CellBox>> cells_in(const Field& field, double least_score) {
    std::vector<float> input(preprocessing_.input_values());
    image::preprocess(image::whole_frame(field.picture, preprocessing_), preprocessing_, input);
    BC_ASSIGN(const auto maps, learner_.maps(input, 1));
    return smear::cells_of(maps, size_, {least_score, least_score, least_score});
  }

  Result<smear::Matches> judged(smear::Kind kind, double least_score) {
    smear::Matches all;
    for (const auto i : validation_) {
      const Field& field = fields_[i];
      if (field.known[static_cast<std::size_t>(kind)] == 0) continue;
      BC_ASSIGN(const auto found, cells_in(field, least_score));
      const auto drawn =
          in_input(field.cells, field.picture.width_px, field.picture.height_px, preprocessing_);
      all += smear::match(found, drawn, kind);
    }
    return all;
  }

  // The one of a few that gives the validation part's cells of a kind the best F1.
  Result<double> best_score(smear::Kind kind) {
    double best = kWatchedScore;
    double best_f1 = -1;
    for (int i = 2; i <= 16; ++i) {
      const double score = 0.05 * i;
      BC_ASSIGN(const auto found, judged(kind, score));
      if (found.f1() <= best_f1) continue;
      best = score;
      best_f1 = found.f1();
    }
    return best;
  }

  // The learned weights, with the centres' biases moved so that 0.5 is each kind's best score.
  Result<graph::Weights> balanced_weights() {
    auto weights = learner_.weights();
    auto& bias = weights.at("maps.bias").values;
    for (std::size_t k = 0; k < smear::kKinds; ++k) {
      BC_ASSIGN(const double score, best_score(static_cast<smear::Kind>(k)));
      bias[k] -= static_cast<float>(std::log(score / (1 - score)));
      context_.log.info("best least score for {} cells was {:.2f}", smear::kKindNames[k], score);
    }
    return weights;
  }

  Result<model_file::GoldenOutput> golden(nn::Network& network, std::uint64_t seed) const {
    BC_ASSIGN(const auto maps, network.logits(model_file::golden_input(seed, preprocessing_), 1));
    model_file::GoldenOutput output{seed, {}};
    for (std::size_t i = 0; i < kGoldenValues; ++i) {
      output.logits.push_back(maps[i * maps.size() / kGoldenValues]);
    }
    return output;
  }

  Result<model_file::ModelFile> finished(const std::vector<LocatorEpoch>& history) {
    model_file::Description description;
    description.name = how_.name;
    description.task = graph::Task::locate;
    description.labels.assign(smear::kKindNames.begin(), smear::kKindNames.end());
    description.preprocessing = preprocessing_;
    description.min_confidence = kWatchedScore;
    BC_ASSIGN(const auto weights, balanced_weights());
    BC_ASSIGN(auto network, nn::Network::make(graph_, weights));
    for (const std::uint64_t seed : {1U, 2U}) {
      BC_ASSIGN(auto output, golden(network, seed));
      description.golden.push_back(std::move(output));
    }
    description.provenance = provenance(history);
    BC_ASSIGN(auto file, model_file::make(graph_, weights, std::move(description)));
    BC_ASSIGN(const auto session,
              infer::Session::open(file, {.threads = context_.pool.size(),
                                          .precision = infer::Precision::float32,
                                          .cache_folder = {}}));
    BC_CHECK(infer::verify(session, file.description));
    return with_precisions(context_, std::move(file), fields_, validation_);
  }

  [[nodiscard]] nlohmann::json provenance(const std::vector<LocatorEpoch>& history) const {
    const auto& white = history.back().white;
    nlohmann::json provenance{
        {"bloodcell", version()},
        {"libtorch", nn::torch_version()},
        {"fields", {{"train", train_.size()}, {"validation", validation_.size()}}},
        {"training",
         {{"epochs", how_.epochs},
          {"batch", how_.batch},
          {"learning_rate", how_.learning_rate},
          {"weight_decay", how_.weight_decay}}},
        {"validation", {{"recall", white.recall()}, {"precision", white.precision()}}},
        {"parameters", graph_.parameter_count()},
        {"licence", how_.licence}};
    provenance.update(dealing_of(how_));
    return provenance;
  }

  const Context& context_;
  const LocatorTraining& how_;
  std::vector<Field> fields_;
  graph::Graph graph_;
  image::Preprocessing preprocessing_;
  smear::MapSize size_;
  LocatorLearner learner_;
  std::vector<std::size_t> train_;
  std::vector<std::size_t> validation_;
};

}  // namespace

Result<TrainedLocator> train_locator(const Context& context, const LocatorTraining& how,
                                     const std::function<void(const LocatorEpoch&)>& on_epoch) {
  BC_CHECK(check(how));
  nn::set_torch_threads(context.pool.size());
  BC_ASSIGN(auto graph,
            graph::locator({3, how.height_px, how.width_px}, static_cast<int>(smear::kKinds)));
  BC_ASSIGN(auto fields, load_fields(context, how));
  return LocatorLoop(context, how, std::move(fields), std::move(graph)).run(on_epoch);
}

Result<model_file::ModelFile> measure_locator(const Context& context, const LocatorTraining& how,
                                              const model_file::ModelFile& locator) {
  BC_CHECK(check(how));
  if (locator.description.task != graph::Task::locate) {
    return fail(ErrorCode::usage, fmt::format("`{}` does not find cells", locator.description.name),
                {}, "give a model made by bloodcell train-locator");
  }
  BC_CHECK(check_dealt_alike(how, locator.description));
  BC_ASSIGN(const auto fields, load_fields(context, how));
  return with_precisions(context, locator, fields, fields_of(fields, "validation"));
}

}  // namespace bloodcell::train
