#include <algorithm>
#include <cmath>
#include <set>

#include <nlohmann/json.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/base/hash.hpp>
#include <bloodcell/data/split.hpp>
#include <bloodcell/report/comparison.hpp>

namespace bloodcell::report {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

tl::unexpected<Error> lacks(const fs::path& file, const char* field) {
  return fail(ErrorCode::malformed, fmt::format("has no `{}` of the right type", field),
              file.string());
}

Result<json> object_from(std::string_view text, const fs::path& file) {
  json object = json::parse(text, nullptr, false);
  if (object.is_object()) return object;
  return fail(ErrorCode::malformed, "is not JSON objects", file.string());
}

Result<std::string> read_of_run(const fs::path& file, const Limits& limits, const char* missing) {
  auto text = read_text(file, limits.max_json_bytes);
  if (text || text.error().code != ErrorCode::not_found) return text;
  return fail(ErrorCode::not_found, missing, file.parent_path().string());
}

// Runs of before there were new heads have none of these fields.
Result<ComparedHead> head_in(const json& config, const fs::path& file) {
  ComparedHead head;
  if (!config.contains("head")) return head;
  if (!config["head"].is_string()) return lacks(file, "head");
  head.kind = config["head"].get<std::string>();
  const auto count = [&](const char* name, int& value) {
    const bool there = config.contains(name) && config[name].is_number_integer();
    if (there) value = config[name].get<int>();
    return there;
  };
  if (!count("head_layers", head.layers)) return lacks(file, "head_layers");
  if (!count("head_width", head.width)) return lacks(file, "head_width");
  const auto norm = config.find("head_batch_norm");
  if (norm == config.end() || !norm->is_boolean()) return lacks(file, "head_batch_norm");
  head.batch_norm = norm->get<bool>();
  return head;
}

Result<void> read_config(const fs::path& file, const Limits& limits, ComparedRun& run) {
  BC_ASSIGN(const auto text, read_of_run(file, limits, "no run is there: it has no config.json"));
  BC_ASSIGN(const auto config, object_from(text, file));
  const auto architecture = config.find("architecture");
  if (architecture == config.end() || !architecture->is_string()) {
    return lacks(file, "architecture");
  }
  run.architecture = architecture->get<std::string>();
  BC_ASSIGN(run.head, head_in(config, file));
  const auto input = config.find("preprocessing");
  const auto side = [&](const char* name, int& value) {
    const bool there = input != config.end() && input->is_object() && input->contains(name) &&
                       input->at(name).is_number_integer();
    if (there) value = input->at(name).get<int>();
    return there;
  };
  if (!side("width_px", run.width_px) || !side("height_px", run.height_px)) {
    return lacks(file, "preprocessing");
  }
  return {};
}

Result<ComparedEpoch> epoch_from(const json& object, const fs::path& file) {
  struct Figure {
    const char* name;
    double ComparedEpoch::* value;
  };
  constexpr Figure kFigures[] = {
      {"train_loss", &ComparedEpoch::train_loss},
      {"validation_loss", &ComparedEpoch::validation_loss},
      {"validation_accuracy", &ComparedEpoch::validation_accuracy},
      {"validation_family_accuracy", &ComparedEpoch::validation_family_accuracy},
      {"validation_macro_f1", &ComparedEpoch::validation_macro_f1},
      {"seconds", &ComparedEpoch::seconds}};
  ComparedEpoch epoch;
  const auto number = object.find("epoch");
  if (number == object.end() || !number->is_number_integer()) return lacks(file, "epoch");
  epoch.epoch = number->get<int>();
  for (const auto& figure : kFigures) {
    const auto found = object.find(figure.name);
    if (found == object.end() || !found->is_number()) return lacks(file, figure.name);
    epoch.*figure.value = found->get<double>();
  }
  return epoch;
}

Result<void> read_history(const fs::path& file, const Limits& limits, ComparedRun& run) {
  constexpr const char* kNone = "the run has finished no epoch yet";
  BC_ASSIGN(const auto text, read_of_run(file, limits, kNone));
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    BC_ASSIGN(const auto object, object_from(line, file));
    BC_ASSIGN(const auto epoch, epoch_from(object, file));
    run.history.push_back(epoch);
    run.seconds += epoch.seconds;
  }
  if (run.history.empty()) return fail(ErrorCode::not_found, kNone, file.parent_path().string());
  return {};
}

// The best epoch of a finished run is in its summary; an unfinished one's is the least loss so far.
Result<void> find_best(const fs::path& file, const Limits& limits, ComparedRun& run) {
  const auto& history = run.history;
  run.best = *std::min_element(history.begin(), history.end(), [](const auto& a, const auto& b) {
    return a.validation_loss < b.validation_loss;
  });
  const auto text = read_text(file, limits.max_json_bytes);
  if (!text && text.error().code == ErrorCode::not_found) return {};
  if (!text) return tl::unexpected(text.error());
  BC_ASSIGN(const auto summary, object_from(*text, file));
  const auto best = summary.find("best_epoch");
  if (best == summary.end() || !best->is_number_integer()) return lacks(file, "best_epoch");
  for (const auto& epoch : history) {
    if (epoch.epoch == best->get<int>()) run.best = epoch;
  }
  return {};
}

Result<void> read_judges(const fs::path& file, const Limits& limits, ComparedRun& run) {
  BC_ASSIGN(const auto split, data::load_split(file, limits));
  run.labels = split.labels;
  std::set<std::string> families;
  std::string all;
  for (const auto& entry : split.entries) {
    if (entry.part != "validation") continue;
    ++run.validation_images;
    families.insert(entry.family);
    all += entry.sha256 + entry.label + "\n";
  }
  run.validation_families = families.size();
  run.judges = sha256(std::as_bytes(std::span(all)));
  const auto right =
      std::llround(run.best.validation_family_accuracy * static_cast<double>(families.size()));
  run.family_interval = metrics::wilson(
      static_cast<std::uint64_t>(std::clamp<long long>(right, 0, std::ssize(families))),
      families.size());
  return {};
}

}  // namespace

Result<ComparedRun> read_run(const fs::path& folder, const Limits& limits) {
  ComparedRun run;
  run.name = folder.string();
  BC_CHECK(read_config(folder / "config.json", limits, run));
  BC_CHECK(read_history(folder / "history.jsonl", limits, run));
  BC_CHECK(find_best(folder / "summary.json", limits, run));
  BC_CHECK(read_judges(folder / "split.json", limits, run));
  std::error_code error;
  const auto bytes = fs::file_size(folder / "best.safetensors", error);
  if (!error) run.weight_bytes = bytes;
  return run;
}

}  // namespace bloodcell::report
