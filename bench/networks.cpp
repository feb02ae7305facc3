// Our side of bench/peers and bench/parity.py: makes networks of the zoo with random weights, runs
// one and times it alone.
//   networks list
//   networks make ARCHITECTURE FILE
//   networks run FILE INPUT OUTPUT                 of one image: raw float32, 3 × H × W → logits
//   networks time FILE THREADS SECONDS BATCH …     prints `BATCH MEDIAN-MS` for each
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <bloodcell/base/files.hpp>
#include <bloodcell/base/random.hpp>
#include <bloodcell/infer/session.hpp>

namespace bloodcell {
namespace {

constexpr int kClasses = 8;
constexpr int kLeastRuns = 3;
constexpr int kWarmUp = 1;
constexpr Limits kOurOwn{.max_file_bytes = 1ULL << 31};  // VGG has 537 MB

// Of a size that keeps what flows through the layers near one.
graph::Weights random_weights(const graph::Graph& graph) {
  graph::Weights weights;
  for (const auto& spec : graph.parameters()) {
    Random random(1, stream_of(spec.name), 0);
    const bool is_layer = spec.dims.size() > 1;
    const double fan_in =
        is_layer ? static_cast<double>(spec.values()) / static_cast<double>(spec.dims[0]) : 1;
    graph::Tensor tensor{spec.dims, std::vector<float>(static_cast<std::size_t>(spec.values()))};
    for (float& value : tensor.values) {
      value = static_cast<float>(is_layer ? random.normal() / std::sqrt(fan_in)
                                          : random.uniform(0.5, 1.5));
    }
    weights[spec.name] = std::move(tensor);
  }
  return weights;
}

Result<void> make(const std::string& name, const std::string& file) {
  BC_ASSIGN(const auto architecture, graph::find_architecture(name));
  const int width = architecture.default_width_px;
  const int height = architecture.default_height_px;
  BC_ASSIGN(const auto graph, architecture.build({3, height, width}, kClasses));
  model_file::Description description;
  description.name = name;
  for (int i = 0; i < kClasses; ++i) description.labels.push_back(fmt::format("class {}", i));
  description.preprocessing = model_file::preprocessing_of(architecture, width, height);
  description.provenance = nlohmann::json::object();
  BC_ASSIGN(const auto model, model_file::make(graph, random_weights(graph), description));
  return model_file::save(model, file);
}

Result<double> median_seconds(const infer::Session& session, std::span<const float> input,
                              int batch, double budget_seconds) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> seconds;
  double spent = 0;
  for (int i = -kWarmUp; i < kLeastRuns || spent < budget_seconds; ++i) {
    const auto began = Clock::now();
    BC_CHECK(session.run(input, batch));
    const double took = std::chrono::duration<double>(Clock::now() - began).count();
    if (i < 0) continue;
    seconds.push_back(took);
    spent += took;
  }
  std::nth_element(seconds.begin(), seconds.begin() + seconds.size() / 2, seconds.end());
  return seconds[seconds.size() / 2];
}

Result<void> time(const std::string& file, unsigned threads, double budget_seconds,
                  std::span<char*> batches) {
  BC_ASSIGN(const auto model, model_file::load(file, kOurOwn));
  for (const char* text : batches) {
    const int batch = std::atoi(text);
    if (batch < 1) return fail(ErrorCode::usage, fmt::format("a batch of {}", text));
    BC_ASSIGN(const auto session,
              infer::Session::open(
                  model, {.threads = threads, .cache_folder = {}, .one_at_a_time = batch == 1}));
    Random random(1, stream_of("bench"), 0);
    std::vector<float> input(static_cast<std::size_t>(batch) *
                             model.description.preprocessing.input_values());
    for (float& value : input) value = static_cast<float>(random.normal());
    BC_ASSIGN(const double seconds, median_seconds(session, input, batch, budget_seconds));
    fmt::print("{} {:.6f}\n", batch, 1e3 * seconds);
  }
  return {};
}

Result<void> run_one(const std::string& file, const std::string& from, const std::string& to) {
  BC_ASSIGN(const auto model, model_file::load(file, kOurOwn));
  BC_ASSIGN(const Bytes bytes, read_file(from, Limits().max_file_bytes));
  std::vector<float> input(bytes.size() / sizeof(float));
  std::memcpy(input.data(), bytes.data(), input.size() * sizeof(float));
  BC_ASSIGN(const auto session, infer::Session::open(model, {.threads = 1, .cache_folder = {}}));
  BC_ASSIGN(const auto logits, session.run(input, 1));
  return write_file(to, std::as_bytes(std::span(logits)));
}

Result<void> run(std::span<char*> words) {
  const std::string verb = words.empty() ? "" : words[0];
  if (verb == "list" && words.size() == 1) {
    for (const auto& one : graph::architectures()) {
      if (one.task == graph::Task::classify) fmt::print("{}\n", one.name);
    }
    return {};
  }
  if (verb == "run" && words.size() == 4) return run_one(words[1], words[2], words[3]);
  if (verb == "make" && words.size() == 3) return make(words[1], words[2]);
  if (verb == "time" && words.size() >= 5 && std::atoi(words[2]) > 0) {
    return time(words[1], static_cast<unsigned>(std::atoi(words[2])), std::atof(words[3]),
                words.subspan(4));
  }
  return fail(ErrorCode::usage,
              "networks list | make ARCHITECTURE FILE | run FILE INPUT OUTPUT | time FILE THREADS "
              "SECONDS BATCH …");
}

}  // namespace
}  // namespace bloodcell

int main(int argc, char** argv) {
  const auto done =
      bloodcell::run(std::span(argv, static_cast<std::size_t>(argc)).subspan(argc > 0 ? 1 : 0));
  if (done) return 0;
  fmt::print(stderr, "{}\n", bloodcell::to_text(done.error()));
  return 1;
}
