#include "checkpoint.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include <bloodcell/base/files.hpp>

#include "history.hpp"

namespace bloodcell::train {
namespace {

using nlohmann::json;

constexpr const char* kModel = "model.";
constexpr const char* kAverage = "ema.";
constexpr const char* kAdamFirst = "adam.m.";
constexpr const char* kAdamSecond = "adam.v.";
constexpr const char* kVelocity = "sgd.velocity.";
constexpr int kFormat = 1;

void put(graph::Weights& into, const std::string& prefix, graph::Weights tensors) {
  for (auto& [name, tensor] : tensors) into.emplace(prefix + name, std::move(tensor));
}

Result<void> sort_out(graph::Weights tensors, Checkpoint& checkpoint) {
  LearnerState& learner = checkpoint.learner;
  const std::pair<std::string, graph::Weights*> places[] = {
      {kModel, &learner.weights},
      {kAverage, &learner.averages},
      {kAdamFirst, &learner.optimiser.first_moments},
      {kAdamSecond, &learner.optimiser.second_moments},
      {kVelocity, &learner.optimiser.first_moments}};
  for (auto& [name, tensor] : tensors) {
    const auto place = std::find_if(std::begin(places), std::end(places), [&](const auto& known) {
      return name.starts_with(known.first);
    });
    if (place == std::end(places)) {
      return fail(ErrorCode::malformed,
                  fmt::format("not a checkpoint: it holds a tensor `{}`", name));
    }
    place->second->emplace(name.substr(place->first.size()), std::move(tensor));
  }
  return {};
}

json state_as_json(const Checkpoint& checkpoint) {
  const RunState& state = checkpoint.state;
  json history = json::array();
  for (const auto& record : state.history) history.push_back(to_json(record));
  return {{"epoch", state.epoch},
          {"next_batch", state.next_batch},
          {"steps", checkpoint.learner.optimiser.steps},
          {"loss_sum", state.loss_sum},
          {"right", state.right},
          {"seen", state.seen},
          {"gradient_norm_sum", state.gradient_norm_sum},
          {"seconds", state.seconds},
          {"training_seconds", state.training_seconds},
          {"waiting_seconds", state.waiting_seconds},
          {"best_epoch", state.best_epoch},
          {"history", std::move(history)}};
}

Result<std::uint64_t> count_at(const json& object, const char* name, std::uint64_t most) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number_unsigned() || found->get<std::uint64_t>() > most) {
    return fail(ErrorCode::malformed,
                fmt::format("state field `{}` is not a whole number up to {}", name, most));
  }
  return found->get<std::uint64_t>();
}

Result<double> number_at(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number()) {
    return fail(ErrorCode::malformed, fmt::format("state field `{}` is not a number", name));
  }
  return found->get<double>();
}

Result<void> state_from_json(const json& object, Checkpoint& checkpoint) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 62;
  RunState& state = checkpoint.state;
  BC_ASSIGN(const auto epoch, count_at(object, "epoch", 1'000'000));
  BC_ASSIGN(state.next_batch, count_at(object, "next_batch", kMost));
  BC_ASSIGN(const auto steps, count_at(object, "steps", kMost));
  BC_ASSIGN(state.loss_sum, number_at(object, "loss_sum"));
  BC_ASSIGN(state.right, count_at(object, "right", kMost));
  BC_ASSIGN(state.seen, count_at(object, "seen", kMost));
  BC_ASSIGN(state.seconds, number_at(object, "seconds"));
  BC_ASSIGN(state.training_seconds, number_at(object, "training_seconds"));
  if (object.contains("gradient_norm_sum")) {  // earlier versions summed neither
    BC_ASSIGN(state.gradient_norm_sum, number_at(object, "gradient_norm_sum"));
    BC_ASSIGN(state.waiting_seconds, number_at(object, "waiting_seconds"));
  }
  BC_ASSIGN(const auto best_epoch, count_at(object, "best_epoch", 1'000'000));
  state.epoch = static_cast<int>(epoch);
  state.best_epoch = static_cast<int>(best_epoch);
  checkpoint.learner.optimiser.steps = static_cast<std::int64_t>(steps);
  const auto history = object.find("history");
  if (history == object.end() || !history->is_array()) {
    return fail(ErrorCode::malformed, "state field `history` is not a list");
  }
  for (const auto& entry : *history) {
    BC_ASSIGN(auto record, record_from_json(entry));
    state.history.push_back(record);
  }
  return {};
}

// What save_checkpoint() can never have written.
Result<void> check_sense(const RunState& state) {
  const bool history_fits = static_cast<int>(state.history.size()) + 1 == state.epoch;
  bool numbered = true;
  for (std::size_t i = 0; i < state.history.size(); ++i) {
    numbered = numbered && state.history[i].epoch == static_cast<int>(i) + 1;
  }
  const bool best_fits =
      state.best_epoch < state.epoch && (state.best_epoch > 0) == !state.history.empty();
  if (history_fits && numbered && best_fits && state.right <= state.seen) return {};
  return fail(ErrorCode::malformed, "the checkpoint's state contradicts itself");
}

Result<json> metadata_json(const graph::WeightsFile& file, const std::string& name,
                           const char* what) {
  const auto found = file.metadata.find(name);
  json parsed;
  if (found != file.metadata.end()) parsed = json::parse(found->second, nullptr, false);
  if (!parsed.is_object()) {
    return fail(ErrorCode::malformed, fmt::format("not {}: no metadata `{}`", what, name));
  }
  if (parsed.value("format", json(0)) != json(kFormat)) {
    return fail(ErrorCode::unsupported,
                fmt::format("{} of a format that this version does not know", what));
  }
  return parsed;
}

template <class T>
Result<T> naming(Result<T> result, const std::filesystem::path& path, const char* remedy) {
  if (result) return result;
  Error error = with_path(std::move(result).error(), path.string());
  if (error.remedy.empty()) error.remedy = remedy;
  return tl::unexpected(std::move(error));
}

Result<Checkpoint> read_checkpoint(std::span<const std::byte> bytes, const Config& config,
                                   const Limits& limits) {
  BC_ASSIGN(auto file, graph::read_safetensors(bytes, limits));
  BC_ASSIGN(const auto metadata, metadata_json(file, "checkpoint", "a checkpoint"));
  const auto trained_with = config_from_json(metadata.value("config", json()));
  if (!trained_with || to_json(*trained_with) != to_json(config)) {
    return fail(ErrorCode::mismatch, "config.json is not what this checkpoint was trained with", {},
                "put config.json back as it was, or start a new run");
  }
  Checkpoint checkpoint;
  BC_CHECK(sort_out(std::move(file.weights), checkpoint));
  BC_CHECK(state_from_json(metadata.value("state", json::object()), checkpoint));
  BC_CHECK(check_sense(checkpoint.state));
  return checkpoint;
}

Result<BestWeights> read_best(const std::filesystem::path& path, const Limits& limits) {
  BC_ASSIGN(auto file, graph::load_safetensors(path, limits));
  BC_ASSIGN(const auto metadata, metadata_json(file, "best", "the best weights of a run"));
  BestWeights best;
  BC_ASSIGN(const auto epoch, count_at(metadata, "epoch", 1'000'000));
  best.epoch = static_cast<int>(epoch);
  BC_ASSIGN(best.validation_loss, number_at(metadata, "validation_loss"));
  BC_ASSIGN(best.validation_accuracy, number_at(metadata, "validation_accuracy"));
  BC_ASSIGN(best.validation_family_accuracy, number_at(metadata, "validation_family_accuracy"));
  BC_ASSIGN(best.validation_macro_f1, number_at(metadata, "validation_macro_f1"));
  best.weights = std::move(file.weights);
  return best;
}

}  // namespace

Result<void> save_checkpoint(const std::filesystem::path& path, const Config& config,
                             Checkpoint checkpoint) {
  graph::WeightsFile file;
  LearnerState& learner = checkpoint.learner;
  put(file.weights, kModel, std::move(learner.weights));
  put(file.weights, kAverage, std::move(learner.averages));
  put(file.weights, config.optimiser == "sgd" ? kVelocity : kAdamFirst,
      std::move(learner.optimiser.first_moments));
  put(file.weights, kAdamSecond, std::move(learner.optimiser.second_moments));
  file.metadata["checkpoint"] =
      json{{"format", kFormat}, {"config", to_json(config)}, {"state", state_as_json(checkpoint)}}
          .dump();
  return write_file(path, graph::write_safetensors(file));
}

Result<Checkpoint> checkpoint_from(std::span<const std::byte> bytes,
                                   const std::filesystem::path& path, const Config& config,
                                   const Limits& limits) {
  return naming(read_checkpoint(bytes, config, limits), path,
                "remove it to begin the run anew, or put back a copy");
}

Result<Checkpoint> load_checkpoint(const std::filesystem::path& path, const Config& config,
                                   const Limits& limits) {
  BC_ASSIGN(const auto bytes, read_file(path, limits.max_file_bytes));
  return checkpoint_from(bytes, path, config, limits);
}

Result<void> save_best(const std::filesystem::path& path, const Config& config,
                       const EpochRecord& record, graph::Weights weights) {
  const json metadata{{"format", kFormat},
                      {"architecture", config.architecture},
                      {"preprocessing", image::to_json(config.preprocessing)},
                      {"epoch", record.epoch},
                      {"validation_loss", record.validation_loss},
                      {"validation_accuracy", record.validation_accuracy},
                      {"validation_family_accuracy", record.validation_family_accuracy},
                      {"validation_macro_f1", record.validation_macro_f1}};
  return write_file(path,
                    graph::write_safetensors({std::move(weights), {{"best", metadata.dump()}}}));
}

Result<BestWeights> load_best(const std::filesystem::path& path, const Limits& limits) {
  return naming(read_best(path, limits), path, "train the run again, or put back a copy");
}

}  // namespace bloodcell::train
