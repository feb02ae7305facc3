#include <bloodcell/nn/network.hpp>

#include <dlfcn.h>

#include <exception>
#include <utility>

#include <ATen/Parallel.h>
#include <torch/cuda.h>
#include <torch/version.h>

#include <bloodcell/nn/module.hpp>

namespace bloodcell::nn {

Network::Network(std::unique_ptr<Module> module) : module_(std::move(module)) {}
Network::Network(Network&&) noexcept = default;
Network& Network::operator=(Network&&) noexcept = default;
Network::~Network() = default;

Result<Network> Network::make(const graph::Graph& graph, const graph::Weights& weights) {
  BC_CHECK(graph::check_weights(graph, weights));
  try {
    return Network(std::make_unique<Module>(graph, weights, torch::kCPU));
  } catch (const std::exception& error) {
    return fail(ErrorCode::internal, fmt::format("libtorch cannot hold network `{}`: {}",
                                                 graph.architecture, error.what()));
  }
}

Result<std::vector<float>> Network::logits(std::span<const float> input, int batch) {
  const auto& shape = module_->graph().input_shape();
  if (batch < 1 || input.size() != static_cast<std::size_t>(batch * shape.values())) {
    return fail(ErrorCode::usage,
                fmt::format("{} values are not {} pictures of {}×{}×{}", input.size(), batch,
                            shape.channels, shape.height, shape.width));
  }
  try {
    // libtorch has no view of constant memory; evaluate() only reads it.
    const auto images = torch::from_blob(const_cast<float*>(input.data()),
                                         {batch, shape.channels, shape.height, shape.width});
    return to_plain(module_->evaluate(images)).values;
  } catch (const std::exception& error) {
    return fail(ErrorCode::internal, fmt::format("libtorch failed: {}", error.what()));
  }
}

graph::Weights Network::weights() const { return module_->weights(); }

std::string torch_version() {
  return fmt::format("libtorch {}, {} {}, {}", TORCH_VERSION, at::get_num_threads(),
                     at::get_num_threads() == 1 ? "thread" : "threads",
                     torch::cuda::is_available() ? "CUDA" : "CPU");
}

void set_torch_threads(unsigned threads) {
  at::set_num_threads(static_cast<int>(threads));
  // Dense layers go to whatever BLAS the system links; OpenBLAS counts its threads by itself.
  using SetThreads = void (*)(int);
  if (auto* const symbol = dlsym(RTLD_DEFAULT, "openblas_set_num_threads"); symbol != nullptr) {
    reinterpret_cast<SetThreads>(symbol)(static_cast<int>(threads));
  }
}

}  // namespace bloodcell::nn
