// Our side of bench/training_speed.py.
//
//   training_steps learn MODEL WIDTHxHEIGHT BATCH THREADS    steps of a network on noise
//   training_steps load FOLDER WIDTHxHEIGHT BATCH THREADS    batches of a set of pictures,
//   augmented
//
// Says on its first line the network's parameters and FLOPs of one picture (or the set's pictures),
// then, for each number N on its input, does N steps and says their seconds of wall and of
// processor.
#include <chrono>
#include <cstdio>
#include <ctime>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/heap.hpp>
#include <bloodcell/base/random.hpp>
#include <bloodcell/data/loader.hpp>
#include <bloodcell/graph/architectures.hpp>
#include <bloodcell/model_file/model_file.hpp>
#include <bloodcell/nn/network.hpp>
#include <bloodcell/train/learner.hpp>

namespace {

using namespace bloodcell;

constexpr int kClasses = 8;

struct Asked {
  std::string what;  // network or folder
  int width = 0;
  int height = 0;
  int batch = 0;
  unsigned threads = 1;
};

Result<void> serve(const std::function<Result<void>()>& step) {
  using Clock = std::chrono::steady_clock;
  for (int count = 0; std::cin >> count;) {
    const auto wall = Clock::now();
    const std::clock_t processor = std::clock();
    for (int i = 0; i < count; ++i) BC_CHECK(step());
    const double seconds = std::chrono::duration<double>(Clock::now() - wall).count();
    std::cout << seconds << " " << static_cast<double>(std::clock() - processor) / CLOCKS_PER_SEC
              << std::endl;
  }
  return {};
}

Result<void> learn(const Asked& asked) {
  BC_ASSIGN(const auto architecture, graph::find_architecture(asked.what));
  BC_ASSIGN(const auto graph, architecture.build({3, asked.height, asked.width}, kClasses));
  keep_freed_memory();
  nn::set_torch_threads(asked.threads);
  BC_ASSIGN(auto learner, train::Learner::make(graph, nn::initial_weights(graph, 1), {}));
  const auto values = static_cast<std::size_t>(asked.batch * graph.input_shape().values());
  std::vector<float> images(values);
  Random random(1, stream_of("noise"), 0);
  for (float& value : images) value = static_cast<float>(random.uniform(-1, 1));
  std::vector<std::int64_t> labels;
  for (int i = 0; i < asked.batch; ++i) labels.push_back(i % kClasses);
  std::cout << graph.parameter_count() << " " << graph.flops() << std::endl;
  return serve([&]() -> Result<void> {
    BC_CHECK(learner.step({images, labels}, 1e-4, 1));
    return {};
  });
}

Result<void> load(const Asked& asked) {
  OwnContext own(asked.threads);
  const Context context = own.get();
  BC_ASSIGN(const auto set, data::open_dataset(context, asked.what, {}));
  BC_ASSIGN(const auto architecture, graph::find_architecture("compact"));
  data::LoaderOptions options;
  options.preprocessing = model_file::preprocessing_of(architecture, asked.width, asked.height);
  options.augmentation = data::augmentation_named("turn").value();
  options.batch = asked.batch;
  options.shuffle = true;
  std::vector<std::size_t> all(set.samples.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  data::Loader loader(context, set, all, options);
  std::cout << set.samples.size() << " 0" << std::endl;
  std::uint64_t epoch = 0;
  return serve([&]() -> Result<void> {
    while (true) {
      BC_ASSIGN(const auto batch, loader.next());
      if (batch && batch->count == asked.batch) return {};
      if (!batch) loader.start(++epoch);
    }
  });
}

}  // namespace

int main(int count, char** words) {
  Asked asked;
  const bool fits = count == 6 && std::sscanf(words[3], "%dx%d", &asked.width, &asked.height) == 2;
  if (!fits) {
    std::cerr << "training_steps learn|load WHAT WIDTHxHEIGHT BATCH THREADS\n";
    return 2;
  }
  asked.what = words[2];
  asked.batch = std::stoi(words[4]);
  asked.threads = static_cast<unsigned>(std::stoul(words[5]));
  const auto done = std::string_view(words[1]) == "learn" ? learn(asked) : load(asked);
  if (done) return 0;
  std::cerr << to_text(done.error()) << "\n";
  return 1;
}
