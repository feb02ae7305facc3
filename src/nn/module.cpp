#include <bloodcell/nn/module.hpp>

#include <array>
#include <limits>
#include <utility>
#include <variant>

#include <ATen/CPUGeneratorImpl.h>

#include <bloodcell/graph/backbone.hpp>

#include "winograd.hpp"

namespace bloodcell::nn {
namespace {

using graph::PaddingPixels;
using torch::Tensor;

struct WindowPadding {
  PaddingPixels rows;
  PaddingPixels columns;

  WindowPadding(graph::Padding padding, const graph::Shape& shape, graph::Sides kernel, int stride)
      : rows(graph::padding_pixels(padding, shape.height, kernel.height, stride)),
        columns(graph::padding_pixels(padding, shape.width, kernel.width, stride)) {}

  // libtorch's own padding is the same on both sides.
  [[nodiscard]] bool even() const {
    return rows.before == rows.after && columns.before == columns.after;
  }
  [[nodiscard]] std::array<std::int64_t, 2> before() const { return {rows.before, columns.before}; }
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

  // From the output of one layer to that of another.
  Tensor operator()(const Tensor& given, graph::NodeId from, graph::NodeId to) {
    const auto& nodes = module_.graph_.nodes;
    uses_left_ = module_.uses_;
    ++uses_left_[to];
    given_ = from;
    outputs_[from] = given;
    for (id_ = from + 1; id_ <= to; ++id_) {
      node_ = &nodes[id_];
      outputs_[id_] =
          std::visit([this](const auto& operation) { return make(operation); }, node_->operation);
      for (const auto input : node_->inputs) {
        if (--uses_left_[input] == 0) outputs_[input].reset();
      }
    }
    return outputs_[to];
  }

 private:
  [[nodiscard]] bool learning() const {
    return dropout_.defined() && id_ >= module_.first_trained_;
  }
  [[nodiscard]] bool by_batch() const {
    return learning() && id_ >= module_.first_with_batch_statistics_;
  }
  [[nodiscard]] const Tensor& input(std::size_t position = 0) const {
    return outputs_[node_->inputs[position]];
  }
  [[nodiscard]] const graph::Shape& input_shape() const {
    return module_.graph_.nodes[node_->inputs.front()].shape;
  }
  [[nodiscard]] Tensor parameter(const char* role) const {
    return module_.parameters_.at(node_->name + "." + role);
  }

  Tensor make(const graph::Input&) { return outputs_[given_]; }

  Tensor make(const graph::Conv2d& conv) {
    const WindowPadding padding(conv.padding, input_shape(), conv.kernel, conv.stride);
    const Tensor bias = conv.bias ? parameter("bias") : Tensor();
    const std::array<std::int64_t, 2> stride{conv.stride, conv.stride};
    const std::array<std::int64_t, 2> dilation{1, 1};
    std::array<std::int64_t, 2> border = padding.before();
    Tensor maps = input();
    if (!padding.even()) {
      maps = padding.laid_around(maps, 0);
      border = {0, 0};
    }
    const Tensor weight = parameter("weight");
    const bool plain = conv.kernel.height == 3 && conv.kernel.width == 3 && conv.stride == 1 &&
                       conv.groups == 1 && border == std::array<std::int64_t, 2>{1, 1};
    if (plain && learning()) {
      if (Tensor made = (*module_.winograd_)(maps, weight, bias); made.defined()) return made;
    }
    return torch::conv2d(maps, weight, bias, stride, border, dilation, conv.groups);
  }

  Tensor make(const graph::BatchNorm& norm) {
    const auto normalised = [&](const Tensor& mean, const Tensor& variance) {
      return torch::batch_norm(input(), parameter("weight"), parameter("bias"), mean, variance,
                               by_batch(), norm.momentum, norm.epsilon, /*cudnn_enabled=*/true);
    };
    // One value has no variance to move the running one by: libtorch would make it NaN.
    if (by_batch() && input().numel() == input().size(1)) return normalised({}, {});
    return normalised(parameter("running_mean"), parameter("running_var"));
  }

  Tensor make(const graph::GroupNorm& norm) {
    return torch::group_norm(input(), norm.groups, parameter("weight"), parameter("bias"),
                             norm.epsilon);
  }

  Tensor make(const graph::Activate& activate) {
    using graph::Activation;
    const auto before = node_->inputs.front();
    const bool in_place = before != given_ && module_.uses_[before] == 1 &&
                          owns_output(module_.graph_.nodes[before].operation);
    switch (activate.kind) {
      case Activation::relu:
        return in_place ? torch::relu_(outputs_[before]) : torch::relu(input());
      case Activation::relu6:
        return in_place ? torch::hardtanh_(outputs_[before], 0, 6) : torch::hardtanh(input(), 0, 6);
      case Activation::sigmoid: return torch::sigmoid(input());
      case Activation::hard_sigmoid: return torch::hardsigmoid(input());
      case Activation::silu: return torch::silu(input());
      case Activation::hard_swish: return torch::hardswish(input());
    }
    return {};
  }

  Tensor make(const graph::MaxPool2d& pool) {
    const WindowPadding padding(pool.padding, input_shape(), pool.size, pool.stride);
    const std::array<std::int64_t, 2> size{pool.size, pool.size};
    const std::array<std::int64_t, 2> stride{pool.stride, pool.stride};
    if (padding.even()) return torch::max_pool2d(input(), size, stride, padding.before());
    return torch::max_pool2d(padding.laid_around(input(), -std::numeric_limits<double>::infinity()),
                             size, stride);
  }

  Tensor make(const graph::AveragePool2d& pool) {
    const WindowPadding padding(pool.padding, input_shape(), pool.size, pool.stride);
    const std::array<std::int64_t, 2> size{pool.size, pool.size};
    const std::array<std::int64_t, 2> stride{pool.stride, pool.stride};
    if (padding.even()) {
      return torch::avg_pool2d(input(), size, stride, padding.before(), /*ceil_mode=*/false,
                               pool.count_padding);
    }
    const auto mean = [&](const Tensor& maps) {
      return torch::avg_pool2d(padding.laid_around(maps, 0), size, stride);
    };
    if (pool.count_padding) return mean(input());
    const auto& shape = input_shape();
    const Tensor ones = torch::ones({1, 1, shape.height, shape.width}, input().options());
    return mean(input()) / mean(ones);  // the part of each window that is map
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
  Tensor make(const graph::Multiply&) { return input(0) * input(1); }

  Tensor make(const graph::Concat&) {
    std::vector<Tensor> parts;
    for (const auto part : node_->inputs) parts.push_back(outputs_[part]);
    return torch::cat(parts, 1);
  }

  Tensor make(const graph::ZeroPad& pad) {
    const auto& b = pad.border;
    return torch::constant_pad_nd(input(), {b.left, b.right, b.top, b.bottom}, 0);
  }

  Tensor make(const graph::Crop& crop) {
    const auto& b = crop.border;
    const auto& shape = node_->shape;
    return input().narrow(2, b.top, shape.height).narrow(3, b.left, shape.width);
  }

  Module& module_;
  at::Generator dropout_;    // defined while learning
  graph::NodeId given_ = 0;  // its output came from outside
  graph::NodeId id_ = 0;
  const graph::Node* node_ = nullptr;
  std::vector<Tensor> outputs_;
  std::vector<int> uses_left_;
};

Module::Module(Module&&) noexcept = default;
Module& Module::operator=(Module&&) noexcept = default;
Module::~Module() = default;

Module::Module(graph::Graph graph, const graph::Weights& weights, torch::Device device)
    : graph_(std::move(graph)),
      device_(device),
      uses_(graph_.nodes.size(), 0),
      winograd_(std::make_unique<Winograd>()) {
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
  Run run(*this, at::Generator());
  return run(laid_out(images), begins_after_, graph_.nodes.size() - 1).flatten(1);
}

Tensor Module::learn(const Tensor& images, std::uint64_t dropout_seed) {
  Run run(*this, at::detail::createCPUGenerator(dropout_seed));
  return run(laid_out(images), begins_after_, graph_.nodes.size() - 1).flatten(1);
}

Tensor Module::features(const Tensor& images, graph::NodeId layer) {
  const torch::NoGradGuard no_gradients;
  Run run(*this, at::Generator());
  const auto& shape = graph_.nodes[layer].shape;
  return run(laid_out(images), 0, layer)
      .reshape({images.size(0), shape.channels, shape.height, shape.width})
      .contiguous();
}

Tensor Module::laid_out(const Tensor& images) const {
  return images.to(device_).contiguous(torch::MemoryFormat::ChannelsLast);
}

std::vector<std::pair<std::string, Tensor>> Module::trainable() const {
  std::vector<std::pair<std::string, Tensor>> found;
  for (const auto& spec : graph_.parameters()) {
    const Tensor& value = parameters_.at(spec.name);
    if (value.requires_grad()) found.emplace_back(spec.name, value);
  }
  return found;
}

void Module::train_from(graph::NodeId first) {
  first_trained_ = first;
  for (const auto& spec : graph_.parameters()) {
    parameters_.at(spec.name).set_requires_grad(spec.trainable);
  }
  for (const auto& name : graph::parameters_before(graph_, first)) {
    parameters_.at(name).set_requires_grad(false);
  }
}

Tensor Module::penalty() const {
  Tensor sum = torch::zeros({}, device_);
  for (const auto& node : graph_.nodes) {
    const auto* dense = std::get_if<graph::Dense>(&node.operation);
    if (dense == nullptr || dense->l2 == 0) continue;
    const Tensor& weight = parameters_.at(node.name + ".weight");
    if (weight.requires_grad()) sum = sum + weight.square().sum() * dense->l2;
  }
  return sum;
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
