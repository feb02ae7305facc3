// A graph made alive in libtorch, behind plain types. nn/module.hpp is the same with libtorch's.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <bloodcell/base/result.hpp>
#include <bloodcell/graph/graph.hpp>
#include <bloodcell/graph/weights.hpp>

namespace bloodcell::nn {

class Module;  // nn/module.hpp

// First weights as Keras makes them: kernels Glorot uniform (Glorot & Bengio 2010), biases 0, norms
// weight 1 and bias 0, running mean 0 and variance 1. From Random(seed, parameter's name): the same
// on every machine. He normal (He et al. 2015) for kernels of graphs that normalise.
[[nodiscard]] graph::Weights initial_weights(const graph::Graph& graph, std::uint64_t seed);

class Network {
 public:
  // Errors: mismatch (weights that do not fit the graph).
  [[nodiscard]] static Result<Network> make(const graph::Graph& graph,
                                            const graph::Weights& weights);
  Network(Network&&) noexcept;
  Network& operator=(Network&&) noexcept;
  ~Network();

  // Evaluation mode. input: batch × 3 × H × W. Returns batch × classes logits.
  [[nodiscard]] Result<std::vector<float>> logits(std::span<const float> input, int batch);

  [[nodiscard]] graph::Weights weights() const;
  [[nodiscard]] Module& module() { return *module_; }

 private:
  explicit Network(std::unique_ptr<Module> module);
  std::unique_ptr<Module> module_;
};

// `libtorch 1.13.1, 2 threads, CPU`
[[nodiscard]] std::string torch_version();

// Threads of libtorch in this process; call once, before any network.
void set_torch_threads(unsigned threads);

}  // namespace bloodcell::nn
