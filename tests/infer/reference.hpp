// A graph worked out the plain way, in double precision: what the engine must agree with.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <variant>
#include <vector>

#include <bloodcell/graph/graph.hpp>
#include <bloodcell/graph/weights.hpp>

namespace bloodcell::test {

class Reference {
 public:
  Reference(const graph::Graph& graph, const graph::Weights& weights)
      : graph_(graph), weights_(weights) {}

  // One image, C × H × W. Returns the logits.
  std::vector<double> run(std::span<const float> image) {
    maps_.clear();
    for (const auto& node : graph_.nodes) {
      node_ = &node;
      if (node.inputs.empty()) {
        maps_.emplace_back(image.begin(), image.end());
      } else {
        maps_.push_back(std::visit([&](const auto& op) { return work(op); }, node.operation));
      }
    }
    return maps_.back();
  }

 private:
  using Map = std::vector<double>;  // C × H × W

  const Map& in(std::size_t i = 0) const { return maps_[node_->inputs[i]]; }
  graph::Shape shape_in() const { return graph_.nodes[node_->inputs[0]].shape; }
  std::span<const float> weight(const char* role) const {
    const auto found = weights_.find(node_->name + "." + role);
    return found == weights_.end() ? std::span<const float>() : found->second.values;
  }
  static std::size_t at_index(std::int64_t i) { return static_cast<std::size_t>(i); }
  static std::size_t place(const graph::Shape& s, std::int64_t c, std::int64_t y, std::int64_t x) {
    return at_index((c * s.height + y) * s.width + x);
  }
  static std::int64_t first_before(graph::Padding padding, std::int64_t length, int kernel,
                                   int stride) {
    return graph::padding_pixels(padding, length, kernel, stride).before;
  }

  // Calls at(c, y, x) for each value of the output, in order, and keeps what it gives.
  template <class At>
  Map each_output(const At& at) const {
    const graph::Shape out = node_->shape;
    Map map;
    for (std::int64_t c = 0; c < out.channels; ++c) {
      for (std::int64_t y = 0; y < out.height; ++y) {
        for (std::int64_t x = 0; x < out.width; ++x) map.push_back(at(c, y, x));
      }
    }
    return map;
  }

  // Calls at(row, column, ky, kx) for each pixel of the window at (y, x) that lies in the map.
  template <class At>
  void each_in_window(std::int64_t y, std::int64_t x, graph::Sides size, int stride,
                      graph::Padding padding, const At& at) const {
    const graph::Shape s = shape_in();
    const std::int64_t top = y * stride - first_before(padding, s.height, size.height, stride);
    const std::int64_t left = x * stride - first_before(padding, s.width, size.width, stride);
    for (int ky = 0; ky < size.height; ++ky) {
      for (int kx = 0; kx < size.width; ++kx) {
        const std::int64_t row = top + ky;
        const std::int64_t column = left + kx;
        if (row >= 0 && row < s.height && column >= 0 && column < s.width) at(row, column, ky, kx);
      }
    }
  }

  Map work(const graph::Input&) const { return in(); }

  Map work(const graph::Conv2d& conv) const {
    const graph::Shape s = shape_in();
    const std::int64_t in_group = s.channels / conv.groups;
    const std::int64_t out_group = conv.out_channels / conv.groups;
    const auto kernel = weight("weight");
    const auto bias = weight("bias");
    return each_output([&](std::int64_t c, std::int64_t y, std::int64_t x) {
      double sum = conv.bias ? bias[at_index(c)] : 0;
      each_in_window(y, x, conv.kernel, conv.stride, conv.padding,
                     [&](std::int64_t row, std::int64_t column, int ky, int kx) {
                       for (std::int64_t i = 0; i < in_group; ++i) {
                         const std::int64_t from = c / out_group * in_group + i;
                         const std::int64_t at =
                             ((c * in_group + i) * conv.kernel.height + ky) * conv.kernel.width +
                             kx;
                         sum += in()[place(s, from, row, column)] * kernel[at_index(at)];
                       }
                     });
      return sum;
    });
  }

  Map work(const graph::BatchNorm& norm) const {
    const auto mean = weight("running_mean");
    const auto variance = weight("running_var");
    const auto scale = weight("weight");
    const auto shift = weight("bias");
    return each_output([&](std::int64_t channel, std::int64_t y, std::int64_t x) {
      const std::size_t c = at_index(channel);
      const double centred = in()[place(shape_in(), channel, y, x)] - mean[c];
      return centred / std::sqrt(variance[c] + norm.epsilon) * scale[c] + shift[c];
    });
  }

  Map work(const graph::GroupNorm& norm) const {
    const auto size = in().size() / static_cast<std::size_t>(norm.groups);
    const auto scale = weight("weight");
    const auto shift = weight("bias");
    std::vector<double> means;
    std::vector<double> scales;
    for (std::size_t g = 0; g < static_cast<std::size_t>(norm.groups); ++g) {
      double sum = 0;
      double squares = 0;
      for (std::size_t i = g * size; i < (g + 1) * size; ++i) sum += in()[i];
      const double mean = sum / static_cast<double>(size);
      for (std::size_t i = g * size; i < (g + 1) * size; ++i)
        squares += std::pow(in()[i] - mean, 2);
      means.push_back(mean);
      scales.push_back(1 / std::sqrt(squares / static_cast<double>(size) + norm.epsilon));
    }
    return each_output([&](std::int64_t c, std::int64_t y, std::int64_t x) {
      const std::size_t at = place(shape_in(), c, y, x);
      return (in()[at] - means[at / size]) * scales[at / size] * scale[at_index(c)] +
             shift[at_index(c)];
    });
  }

  static double activated(graph::Activation kind, double x) {
    const double hard = std::clamp(x + 3, 0.0, 6.0) / 6;
    switch (kind) {
      case graph::Activation::relu: return std::max(x, 0.0);
      case graph::Activation::relu6: return std::clamp(x, 0.0, 6.0);
      case graph::Activation::sigmoid: return 1 / (1 + std::exp(-x));
      case graph::Activation::hard_sigmoid: return hard;
      case graph::Activation::silu: return x / (1 + std::exp(-x));
      case graph::Activation::hard_swish: return x * hard;
    }
    return 0;
  }

  Map work(const graph::Activate& activate) const {
    Map out = in();
    for (double& value : out) value = activated(activate.kind, value);
    return out;
  }

  Map work(const graph::MaxPool2d& pool) const {
    return each_output([&](std::int64_t c, std::int64_t y, std::int64_t x) {
      double most = -std::numeric_limits<double>::infinity();
      each_in_window(y, x, pool.size, pool.stride, pool.padding,
                     [&](std::int64_t row, std::int64_t column, int, int) {
                       most = std::max(most, in()[place(shape_in(), c, row, column)]);
                     });
      return most;
    });
  }

  Map work(const graph::AveragePool2d& pool) const {
    return each_output([&](std::int64_t c, std::int64_t y, std::int64_t x) {
      double sum = 0;
      int count = 0;
      each_in_window(y, x, pool.size, pool.stride, pool.padding,
                     [&](std::int64_t row, std::int64_t column, int, int) {
                       sum += in()[place(shape_in(), c, row, column)];
                       ++count;
                     });
      return sum / (pool.count_padding ? pool.size * pool.size : count);
    });
  }

  Map work(const graph::GlobalAveragePool&) const {
    const graph::Shape s = shape_in();
    return each_output([&](std::int64_t c, std::int64_t, std::int64_t) {
      double sum = 0;
      for (std::int64_t i = 0; i < s.height * s.width; ++i) sum += in()[place(s, c, 0, i)];
      return sum / static_cast<double>(s.height * s.width);
    });
  }

  Map work(const graph::Flatten&) const { return in(); }

  Map work(const graph::Dense&) const {
    const auto matrix = weight("weight");
    const auto bias = weight("bias");
    const std::size_t from = in().size();
    return each_output([&](std::int64_t unit, std::int64_t, std::int64_t) {
      const auto row = matrix.subspan(at_index(unit) * from, from);
      double sum = bias[at_index(unit)];
      for (std::size_t i = 0; i < from; ++i) sum += in()[i] * row[i];
      return sum;
    });
  }

  Map work(const graph::Dropout&) const { return in(); }

  Map work(const graph::Add&) const {
    Map out = in(0);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] += in(1)[i];
    return out;
  }

  Map work(const graph::Multiply&) const {
    Map out = in(0);
    const std::size_t step = out.size() / in(1).size();  // values of the first to one of the second
    for (std::size_t i = 0; i < out.size(); ++i) out[i] *= in(1)[i / step];
    return out;
  }

  Map work(const graph::Concat&) const {
    Map out;
    for (const auto input : node_->inputs) {
      out.insert(out.end(), maps_[input].begin(), maps_[input].end());
    }
    return out;
  }

  // The input moved by (down, right); zeros where there is none.
  Map moved(std::int64_t down, std::int64_t right) const {
    const graph::Shape s = shape_in();
    return each_output([&](std::int64_t c, std::int64_t y, std::int64_t x) {
      const std::int64_t row = y - down;
      const std::int64_t column = x - right;
      const bool inside = row >= 0 && row < s.height && column >= 0 && column < s.width;
      return inside ? in()[place(s, c, row, column)] : 0.0;
    });
  }

  Map work(const graph::ZeroPad& pad) const { return moved(pad.border.top, pad.border.left); }
  Map work(const graph::Crop& crop) const { return moved(-crop.border.top, -crop.border.left); }

  const graph::Graph& graph_;
  const graph::Weights& weights_;
  const graph::Node* node_ = nullptr;
  std::vector<Map> maps_;
};

}  // namespace bloodcell::test
