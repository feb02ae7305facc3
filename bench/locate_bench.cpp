// From a decoded field to boxes, on one thread: the network alone, and with the picture's way in
// and the maps' way out. Weights are random: they decide no time but that of the boxes.
#include <benchmark/benchmark.h>

#include <cmath>

#include <bloodcell/base/random.hpp>
#include <bloodcell/graph/architectures.hpp>
#include <bloodcell/infer/session.hpp>
#include <bloodcell/locate/locator.hpp>
#include <bloodcell/smear/cell_box.hpp>
#include <bloodcell/smear/nucleus.hpp>

namespace bloodcell {
namespace {

graph::Weights random_weights(const graph::Graph& graph) {
  graph::Weights weights;
  for (const auto& spec : graph.parameters()) {
    Random random(1, stream_of(spec.name), 0);
    const double reach = spec.dims.size() < 2 ? 1 : std::sqrt(6.0 * spec.dims[0] / spec.values());
    graph::Tensor tensor{spec.dims, std::vector<float>(static_cast<std::size_t>(spec.values()))};
    for (float& value : tensor.values) {
      value = static_cast<float>(spec.dims.size() < 2 ? 1 : random.uniform(-reach, reach));
    }
    weights[spec.name] = std::move(tensor);
  }
  return weights;
}

model_file::ModelFile random_locator() {
  model_file::Description description;
  description.name = "random";
  description.task = graph::Task::locate;
  description.labels.assign(smear::kKindNames.begin(), smear::kKindNames.end());
  description.preprocessing.width_px = graph::kLocatorWidthPx;
  description.preprocessing.height_px = graph::kLocatorHeightPx;
  description.preprocessing.fit = image::Fit::letterbox;
  description.min_confidence = 0.9;
  description.provenance = nlohmann::json::object();
  const auto graph = graph::locator({3, graph::kLocatorHeightPx, graph::kLocatorWidthPx},
                                    static_cast<int>(smear::kKinds))
                         .value();
  return model_file::make(graph, random_weights(graph), description).value();
}

void BM_LocatorNetwork(benchmark::State& state) {
  const auto precision =
      state.range(0) == 0 ? infer::Precision::float32 : infer::Precision::bfloat16;
  const auto session =
      infer::Session::open(random_locator(),
                           {.threads = 1, .precision = precision, .cache_folder = {}})
          .value();
  const std::vector<float> input(3ULL * graph::kLocatorHeightPx * graph::kLocatorWidthPx, 0.1F);
  for (auto _ : state) benchmark::DoNotOptimize(session.run(input, 1));
}
BENCHMARK(BM_LocatorNetwork)->ArgName("bf16")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

void BM_LocateField(benchmark::State& state) {
  const auto locator = locate::Locator::open(random_locator()).value();
  image::Image field(640, 480);
  for (std::size_t i = 0; i < field.rgb.size(); ++i) {
    field.rgb[i] = static_cast<std::uint8_t>(i * 2654435761U >> 24);
  }
  for (auto _ : state) benchmark::DoNotOptimize(locator.locate(field));
}
BENCHMARK(BM_LocateField)->Unit(benchmark::kMillisecond);

// A cell of 96 px: a dark disc within a paler one.
void BM_FindNucleus(benchmark::State& state) {
  image::Image field(128, 128);
  for (int y = 0; y < 128; ++y) {
    for (int x = 0; x < 128; ++x) {
      const double radius = std::hypot(x - 64, y - 64);
      const int light = radius < 25 ? 70 : radius < 46 ? 170 : 230;
      for (auto& value : field.at(x, y))
        value = static_cast<std::uint8_t>(light + (x * 7 + y * 3) % 9);
    }
  }
  const smear::CellBox cell{smear::Kind::white, 16, 16, 96, 96};
  for (auto _ : state) benchmark::DoNotOptimize(smear::find_nucleus(field, cell));
}
BENCHMARK(BM_FindNucleus)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace bloodcell
