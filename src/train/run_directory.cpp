#include <bloodcell/train/run_directory.hpp>

#include <algorithm>
#include <fstream>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/base/thread_pool.hpp>
#include <bloodcell/base/version.hpp>
#include <bloodcell/data/audit.hpp>
#include <bloodcell/graph/architectures.hpp>
#include <bloodcell/graph/backbone.hpp>
#include <bloodcell/nn/network.hpp>

#include "history.hpp"

namespace bloodcell::train {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

constexpr const char* kConfig = "config.json";
constexpr const char* kSplit = "split.json";
constexpr const char* kAudit = "audit.json";
constexpr const char* kEnvironment = "environment.json";
constexpr const char* kHistory = "history.jsonl";
constexpr const char* kHistoryTable = "history.csv";
constexpr const char* kClassTable = "history_classes.csv";

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("model name")) continue;
    const auto colon = line.find(": ");
    if (colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

// What `data audit` would say of the split, in numbers.
json audit_of(const data::Split& split) {
  const auto leaks = data::find_leaks(split);
  std::size_t files = 0;
  for (const auto& leak : leaks) files += leak.files;
  return {{"method", split.method},         {"families_known", split.has_families},
          {"images", split.entries.size()}, {"leaks", leaks.size()},
          {"leaking_images", files},        {"conflicts", data::find_conflicts(split).size()}};
}

json environment() {
  return {{"bloodcell", version()},
          {"libtorch", nn::torch_version()},
          {"processor", processor_name()},
          {"processors", available_processors()}};
}

std::string text_of(const json& object) { return object.dump(2) + "\n"; }

struct ConfigFile {
  Config config;
  fs::path data;
};

Result<ConfigFile> config_file_from(std::string_view text) {
  json object = json::parse(text, nullptr, false);
  if (!object.is_object()) return fail(ErrorCode::malformed, "not a JSON object");
  const auto data = object.find("data");
  if (data == object.end() || !data->is_string()) {
    return fail(ErrorCode::malformed, "field `data` (the set's path) is missing");
  }
  ConfigFile file;
  file.data = data->get<std::string>();
  object.erase(data);
  BC_ASSIGN(file.config, config_from_json(object));
  return file;
}

}  // namespace

Result<RunDirectory> RunDirectory::create(const fs::path& folder, const Config& config,
                                          const data::Split& split, const fs::path& data) {
  BC_CHECK(check(config));
  std::error_code error;
  if (fs::exists(folder / kConfig, error)) {
    return fail(
        ErrorCode::usage, "a run is there already", folder.string(),
        fmt::format("go on with it: --resume {}, or choose another --run", folder.string()));
  }
  BC_ASSIGN([[maybe_unused]] const auto network, graph_of(config, split.labels));
  RunDirectory run;
  run.folder_ = folder;
  run.config_ = config;
  run.split_ = split;
  run.data_ = fs::absolute(data, error).lexically_normal();
  json object = to_json(config);
  object["data"] = run.data_.string();
  BC_CHECK(write_text(folder / kSplit, data::to_json_text(split)));
  BC_CHECK(write_text(folder / kAudit, text_of(audit_of(split))));
  BC_CHECK(write_text(folder / kEnvironment, text_of(environment())));
  BC_CHECK(write_text(folder / kConfig, text_of(object)));  // last: it makes the folder a run
  return run;
}

void RunDirectory::forget_unless_begun() const {
  std::error_code ignored;
  if (fs::exists(last_checkpoint(), ignored)) return;
  for (const char* name : {kConfig, kSplit, kAudit, kEnvironment}) {
    fs::remove(folder_ / name, ignored);
  }
  fs::remove(folder_, ignored);  // only when it is empty
}

Result<RunDirectory> RunDirectory::open(const fs::path& folder, const Limits& limits) {
  const fs::path config_path = folder / kConfig;
  const auto text = read_text(config_path, limits.max_json_bytes);
  if (!text && text.error().code == ErrorCode::not_found) {
    return fail(ErrorCode::not_found, "no run is there: it has no config.json", folder.string());
  }
  if (!text) return tl::unexpected(text.error());
  auto file = config_file_from(*text);
  if (!file) return tl::unexpected(with_path(std::move(file).error(), config_path.string()));
  RunDirectory run;
  run.folder_ = folder;
  run.config_ = std::move(file->config);
  run.data_ = std::move(file->data);
  BC_ASSIGN(run.split_, data::load_split(folder / kSplit, limits));
  return run;
}

std::string RunDirectory::as_text() const {
  json config = to_json(config_);
  config["data"] = data_.string();
  return json{{"folder", folder_.string()},
              {"config", config.dump()},
              {"split", data::to_json_text(split_)}}
      .dump();
}

Result<RunDirectory> RunDirectory::from_text(std::string_view text) {
  const json object = json::parse(text, nullptr, false);
  for (const char* part : {"folder", "config", "split"}) {
    if (object.is_object() && object.contains(part) && object.at(part).is_string()) continue;
    return fail(ErrorCode::malformed, fmt::format("process 0 sent a run without its {}", part), {},
                "start the same version on all machines");
  }
  BC_ASSIGN(auto file, config_file_from(object.at("config").get<std::string>()));
  RunDirectory run;
  run.folder_ = object.at("folder").get<std::string>();
  run.config_ = std::move(file.config);
  run.data_ = std::move(file.data);
  BC_ASSIGN(run.split_, data::split_from_json_text(object.at("split").get<std::string>()));
  return run;
}

fs::path RunDirectory::last_checkpoint() const { return folder_ / "last.safetensors"; }
fs::path RunDirectory::best_weights() const { return folder_ / "best.safetensors"; }

Result<void> RunDirectory::write_history(const std::vector<EpochRecord>& history) const {
  BC_CHECK(write_text(folder_ / kHistory, history_as_lines(history)));
  BC_CHECK(write_text(folder_ / kHistoryTable, history_as_csv(history)));
  return write_text(folder_ / kClassTable, class_history_as_csv(history, split_.labels));
}

Result<std::vector<EpochRecord>> RunDirectory::read_history(const Limits& limits) const {
  const fs::path path = folder_ / kHistory;
  const auto text = read_text(path, limits.max_json_bytes);
  if (!text && text.error().code == ErrorCode::not_found) return std::vector<EpochRecord>{};
  if (!text) return tl::unexpected(text.error());
  auto history = history_from_lines(*text);
  if (!history) return tl::unexpected(with_path(std::move(history).error(), path.string()));
  return history;
}

Result<graph::Graph> graph_of(const Config& config, const std::vector<std::string>& labels) {
  BC_ASSIGN(const auto architecture, graph::find_architecture(config.architecture));
  const graph::Shape input{3, config.preprocessing.height_px, config.preprocessing.width_px};
  const int classes = static_cast<int>(labels.size());
  BC_ASSIGN(auto graph, architecture.build(input, classes));
  const auto whole = [&](const graph::Graph& made) {
    return config.input_norm ? graph::with_input_norm(made) : made;
  };
  if (config.head == "own") return whole(graph);
  graph::HeadOptions head;
  head.flatten = config.head == "flat";
  head.layers = config.head_layers;
  head.width = config.head_width;
  head.batch_norm = config.head_batch_norm;
  head.dropout = config.head_dropout;
  head.l2 = config.head_l2;
  return graph::with_head(graph, head, classes).map(whole);
}

}  // namespace bloodcell::train
