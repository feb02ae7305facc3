#include <bloodcell/nn/module.hpp>

#include <array>
#include <limits>
#include <utility>
#include <variant>

#include <ATen/CPUGeneratorImpl.h>

namespace bloodcell::nn {
namespace {

using graph::PaddingPixels;
using torch::Tensor;

struct WindowPadding {
  PaddingPixels rows;
  PaddingPixels columns;

  WindowPadding(graph::Padding padding, const graph::Shape& shape, int kernel, int stride)
      : rows(graph::padding_pixels(padding, shape.height, kernel, stride)),
        columns(graph::padding_pixels(padding, shape.width, kernel, stride)) {}

  [[nodiscard]] bool none() const {
    return rows.before == 0 && rows.after == 0 && columns.before == 0 && columns.after == 0;
  }
  [[nodiscard]] bool even() const {
    return rows.before == rows.after && columns.before == columns.after;
  }
  [[nodiscard]] Tensor laid_around(const Tensor& maps, double value) const {
    return torch::constant_pad_nd(maps, {columns.before, columns.after, rows.before, rows.after},
                                  value);
  }
};

// Operations that make a tensor nobody else looks at and whose gradient needs no output of theirs:
// what follows may write over it.
bool owns_output(const graph::Operation& operation) {
  return std::holds_alternative<graph::Conv2d>(operation) ||
         std::holds_alternative<graph::BatchNorm>(operation) ||
         std::holds_alternative<graph::GroupNorm>(operation) ||
         std::holds_alternative<graph::Dense>(operation) ||
         std::holds_alternative<graph::Add>(operation);
}

}  // namespace

graph::Tensor to_plain(const Tensor& tensor) {
  const Tensor plain = tensor.detach().to(torch::kCPU, torch::kFloat32).contiguous();
  const float* first = plain.data_ptr<float>();
  return {plain.sizes().vec(), {first, first + plain.numel()}};
}

Tensor to_torch(const graph::Tensor& tensor) {
  Tensor result = torch::empty(tensor.dims, torch::kFloat32);
  std::copy(tensor.values.begin(), tensor.values.end(), result.data_ptr<float>());
  return result;
}

// One pass of a batch through the graph.
class Module::Run {
 public:
  Run(Module& module, at::Generator dropout)
      : module_(module), dropout_(std::move(dropout)), outputs_(module.graph_.nodes.size()) {}

  Tensor operator()(const Tensor& images) {
    const auto& nodes = module_.graph_.nodes;
    uses_left_ = module_.uses_;
    images_ = images;
    for (graph::NodeId id = 0; id < nodes.size(); ++id) {
      node_ = &nodes[id];
      outputs_[id] =
          std::visit([this](const auto& operation) { return make(operation); }, node_->operation);
      for (const auto input : node_->inputs) {
        if (--uses_left_[input] == 0) outputs_[input].reset();
      }
    }
    return outputs_.back().flatten(1);  // [N, classes(, 1, 1)] -> [N, classes]
  }

 private:
  [[nodiscard]] bool learning() const { return dropout_.defined(); }
  [[nodiscard]] const Tensor& input(std::size_t position = 0) const {
    return outputs_[node_->inputs[position]];
  }
  [[nodiscard]] const graph::Shape& input_shape() const {
    return module_.graph_.nodes[node_->inputs.front()].shape;
  }
  [[nodiscard]] Tensor parameter(const char* role) const {
    return module_.parameters_.at(node_->name + "." + role);
  }

  Tensor make(const graph::Input&) { return images_; }

  Tensor make(const graph::Conv2d& conv) {
    const WindowPadding padding(conv.padding, input_shape(), conv.kernel, conv.stride);
    const Tensor bias = conv.bias ? parameter("bias") : Tensor();
    const std::array<std::int64_t, 2> stride{conv.stride, conv.stride};
    const std::array<std::int64_t, 2> dilation{1, 1};
    std::array<std::int64_t, 2> border{padding.rows.before, padding.columns.before};
    Tensor maps = input();
    if (!padding.even()) {  // libtorch's own padding is the same on both sides
      maps = padding.laid_around(maps, 0);
      border = {0, 0};
    }
    return torch::conv2d(maps, parameter("weight"), bias, stride, border, dilation, conv.groups);
  }

  Tensor make(const graph::BatchNorm& norm) {
    return torch::batch_norm(input(), parameter("weight"), parameter("bias"),
                             parameter("running_mean"), parameter("running_var"), learning(),
                             norm.momentum, norm.epsilon, /*cudnn_enabled=*/true);
  }

  Tensor make(const graph::GroupNorm& norm) {
    return torch::group_norm(input(), norm.groups, parameter("weight"), parameter("bias"),
                             norm.epsilon);
  }

  Tensor make(const graph::Relu&) {
    const auto before = node_->inputs.front();
    if (uses_left_[before] == 1 && owns_output(module_.graph_.nodes[before].operation)) {
      return torch::relu_(outputs_[before]);
    }
    return torch::relu(input());
  }

  Tensor make(const graph::MaxPool2d& pool) {
    const WindowPadding padding(pool.padding, input_shape(), pool.size, pool.stride);
    const Tensor maps =
        padding.none() ? input()
                       : padding.laid_around(input(), -std::numeric_limits<double>::infinity());
    return torch::max_pool2d(maps, {pool.size, pool.size}, {pool.stride, pool.stride});
  }

  Tensor make(const graph::GlobalAveragePool&) {
    return input().mean({2, 3}, /*keepdim=*/true);  // [N, C, H, W] -> [N, C, 1, 1]
  }

  Tensor make(const graph::Flatten&) { return input().flatten(1); }  // -> [N, C*H*W]

  Tensor make(const graph::Dense&) {
    // [N, C(, 1, 1)] -> [N, units]
    return torch::linear(input().flatten(1), parameter("weight"), parameter("bias"));
  }

  Tensor make(const graph::Dropout& dropout) {
    if (!learning() || dropout.rate == 0) return input();
    const double kept = 1 - dropout.rate;
    Tensor mask = torch::empty(input().sizes(), torch::kFloat32);
    mask.bernoulli_(kept, dropout_).div_(kept);
    return input() * mask.to(module_.device_);
  }

  Tensor make(const graph::Add&) { return input(0) + input(1); }

  Module& module_;
  at::Generator dropout_;  // defined while learning
  Tensor images_;
  const graph::Node* node_ = nullptr;
  std::vector<Tensor> outputs_;
  std::vector<int> uses_left_;
};

Module::Module(graph::Graph graph, const graph::Weights& weights, torch::Device device)
    : graph_(std::move(graph)), device_(device), uses_(graph_.nodes.size(), 0) {
  for (const auto& node : graph_.nodes) {
    for (const auto input : node.inputs) ++uses_[input];
  }
  for (const auto& spec : graph_.parameters()) {
    Tensor value = to_torch(weights.at(spec.name)).to(device_);
    if (value.dim() == 4) value = value.contiguous(torch::MemoryFormat::ChannelsLast);
    parameters_.emplace(spec.name, value.set_requires_grad(spec.trainable));
  }
}

Tensor Module::evaluate(const Tensor& images) {
  const torch::NoGradGuard no_gradients;
  return Run(*this,
             at::Generator())(images.to(device_).contiguous(torch::MemoryFormat::ChannelsLast));
}

Tensor Module::learn(const Tensor& images, std::uint64_t dropout_seed) {
  return Run(*this, at::detail::createCPUGenerator(dropout_seed))(
      images.to(device_).contiguous(torch::MemoryFormat::ChannelsLast));
}

std::vector<std::pair<std::string, Tensor>> Module::trainable() const {
  std::vector<std::pair<std::string, Tensor>> found;
  for (const auto& spec : graph_.parameters()) {
    if (spec.trainable) found.emplace_back(spec.name, parameters_.at(spec.name));
  }
  return found;
}

graph::Weights Module::weights() const {
  graph::Weights weights;
  for (const auto& [name, value] : parameters_) weights.emplace(name, to_plain(value));
  return weights;
}

void Module::set_weights(const graph::Weights& weights) {
  const torch::NoGradGuard no_gradients;
  for (auto& [name, value] : parameters_) value.copy_(to_torch(weights.at(name)));
}

}  // namespace bloodcell::nn
