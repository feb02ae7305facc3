#include <bloodcell/graph/builder.hpp>

#include <algorithm>
#include <set>

namespace bloodcell::graph {

namespace {

constexpr std::int64_t kLargestSide = 4096;
constexpr std::int64_t kMostChannels = 65'536;
constexpr std::int64_t kMostWeights = std::int64_t{1}
                                      << 29;  // of a layer: 2 GiB, all ONNX can hold

std::string text_of(const Shape& shape) {
  return fmt::format("[{}, {}, {}]", shape.channels, shape.height, shape.width);
}

bool in_range(std::int64_t value, std::int64_t most) { return value >= 1 && value <= most; }

bool in_range(const Border& border) {
  const auto fits = [](int pixels) { return pixels >= 0 && pixels <= kLargestSide; };
  return fits(border.top) && fits(border.bottom) && fits(border.left) && fits(border.right);
}

std::string_view name_of(Activation kind) {
  switch (kind) {
    case Activation::relu: return "relu";
    case Activation::relu6: return "relu6_";
    case Activation::sigmoid: return "sigmoid";
    case Activation::hard_sigmoid: return "hard_sigmoid";
    case Activation::silu: return "silu";
    case Activation::hard_swish: return "hard_swish";
  }
  return "";
}

// The length of one side after a window; 0 when the window does not fit.
std::int64_t windows_along(std::int64_t length, int size, int stride, Padding padding) {
  const PaddingPixels pad = padding_pixels(padding, length, size, stride);
  const std::int64_t room = length + pad.before + pad.after - size;
  return room < 0 ? 0 : room / stride + 1;
}

}  // namespace

Builder::Builder(std::string architecture, Shape input) {
  graph_.architecture = std::move(architecture);
  const bool sensible = in_range(input.channels, kLargestSide) &&
                        in_range(input.height, kLargestSide) && in_range(input.width, kLargestSide);
  if (!sensible) refuse("input", "needs sides from 1 to 4096, not " + text_of(input));
  append("input", Input{}, {}, input);
}

Builder::Builder(Graph graph) : graph_(std::move(graph)) {}

NodeId Builder::append(std::string name, Operation operation, std::vector<NodeId> inputs,
                       Shape shape) {
  graph_.nodes.push_back({std::move(name), std::move(operation), std::move(inputs), shape});
  return graph_.nodes.size() - 1;
}

void Builder::refuse(const std::string& layer, const std::string& why) {
  if (error_) return;
  error_ = Error{ErrorCode::usage, fmt::format("{}: layer {} {}", graph_.architecture, layer, why),
                 "", "choose a larger input or another network"};
}

NodeId Builder::conv2d(std::string name, NodeId from, Conv2d conv) {
  const Shape in = shape_of(from);
  const bool sensible =
      in_range(conv.out_channels, kMostChannels) && in_range(conv.kernel.height, kLargestSide) &&
      in_range(conv.kernel.width, kLargestSide) && in_range(conv.stride, kLargestSide);
  if (!sensible || conv.groups < 1 || in.channels % conv.groups != 0 ||
      conv.out_channels % conv.groups != 0) {
    refuse(name, "has channels, kernel, stride or groups that do not fit " + text_of(in));
    return append(std::move(name), conv, {from}, in);
  }
  const std::int64_t weights_of_output = std::max<std::int64_t>(
      in.channels / conv.groups * std::int64_t{conv.kernel.height} * conv.kernel.width, 1);
  if (conv.out_channels > kMostWeights / weights_of_output) {
    refuse(name, fmt::format("has more than {} weights", kMostWeights));
  }
  const Shape out{conv.out_channels,
                  windows_along(in.height, conv.kernel.height, conv.stride, conv.padding),
                  windows_along(in.width, conv.kernel.width, conv.stride, conv.padding)};
  if (out.values() == 0) {
    refuse(name, fmt::format("has a {}x{} window over {}", conv.kernel.height, conv.kernel.width,
                             text_of(in)));
  }
  return append(std::move(name), conv, {from}, out);
}

NodeId Builder::batch_norm(std::string name, NodeId from, BatchNorm norm) {
  return append(std::move(name), norm, {from}, shape_of(from));
}

NodeId Builder::group_norm(std::string name, NodeId from, GroupNorm norm) {
  const Shape in = shape_of(from);
  if (norm.groups < 1 || in.channels % norm.groups != 0) {
    refuse(name, fmt::format("has {} groups over {}", norm.groups, text_of(in)));
  }
  return append(std::move(name), norm, {from}, in);
}

NodeId Builder::activate(NodeId from, Activation kind) {
  return append(fmt::format("{}{}", name_of(kind), graph_.nodes.size()), Activate{kind}, {from},
                shape_of(from));
}

NodeId Builder::append_pool(std::string name, NodeId from, const Operation& pool, int size,
                            int stride, Padding padding) {
  const Shape in = shape_of(from);
  if (!in_range(size, kLargestSide) || !in_range(stride, kLargestSide)) {
    refuse(name, fmt::format("has a size or stride that is not 1 to {}", kLargestSide));
    return append(std::move(name), pool, {from}, in);
  }
  const Shape out{in.channels, windows_along(in.height, size, stride, padding),
                  windows_along(in.width, size, stride, padding)};
  if (out.values() == 0) {
    refuse(name, fmt::format("has a {0}x{0} window over {1}", size, text_of(in)));
  }
  return append(std::move(name), pool, {from}, out);
}

NodeId Builder::max_pool(NodeId from, MaxPool2d pool) {
  return append_pool(fmt::format("max_pool{}", graph_.nodes.size()), from, pool, pool.size,
                     pool.stride, pool.padding);
}

NodeId Builder::average_pool(NodeId from, AveragePool2d pool) {
  return append_pool(fmt::format("mean_pool{}", graph_.nodes.size()), from, pool, pool.size,
                     pool.stride, pool.padding);
}

NodeId Builder::global_average_pool(NodeId from) {
  return append(fmt::format("average_pool{}", graph_.nodes.size()), GlobalAveragePool{}, {from},
                {shape_of(from).channels, 1, 1});
}

NodeId Builder::flatten(NodeId from) {
  return append(fmt::format("flatten{}", graph_.nodes.size()), Flatten{}, {from},
                {shape_of(from).values(), 1, 1});
}

NodeId Builder::dense(std::string name, NodeId from, Dense dense) {
  const Shape in = shape_of(from);
  const int units = dense.units;
  if (!(dense.l2 >= 0)) refuse(name, fmt::format("has an L2 weight of {}", dense.l2));
  if (units < 1 || in.height != 1 || in.width != 1) {
    refuse(name, fmt::format("has {} units over {}", units, text_of(in)));
  } else if (units > kMostWeights / std::max<std::int64_t>(in.channels, 1)) {
    refuse(name, fmt::format("has more than {} weights", kMostWeights));
  }
  return append(std::move(name), dense, {from}, {units, 1, 1});
}

NodeId Builder::dropout(NodeId from, double rate) {
  const std::string name = fmt::format("dropout{}", graph_.nodes.size());
  if (!(rate >= 0 && rate < 1)) refuse(name, fmt::format("has a rate of {}", rate));
  return append(name, Dropout{rate}, {from}, shape_of(from));
}

NodeId Builder::add(NodeId a, NodeId b) {
  const std::string name = fmt::format("add{}", graph_.nodes.size());
  if (shape_of(a) != shape_of(b)) {
    refuse(name, fmt::format("adds {} and {}", text_of(shape_of(a)), text_of(shape_of(b))));
  }
  return append(name, Add{}, {a, b}, shape_of(a));
}

NodeId Builder::multiply(NodeId maps, NodeId by) {
  const std::string name = fmt::format("multiply{}", graph_.nodes.size());
  const Shape in = shape_of(maps);
  if (shape_of(by) != in && shape_of(by) != Shape{in.channels, 1, 1}) {
    refuse(name, fmt::format("multiplies {} by {}", text_of(in), text_of(shape_of(by))));
  }
  return append(name, Multiply{}, {maps, by}, in);
}

NodeId Builder::concat(std::vector<NodeId> parts) {
  const std::string name = fmt::format("concat{}", graph_.nodes.size());
  Shape out = shape_of(parts.at(0));
  out.channels = 0;
  for (const NodeId part : parts) {
    const Shape in = shape_of(part);
    if (in.height != out.height || in.width != out.width) {
      refuse(name, fmt::format("joins {} to {}", text_of(in), text_of(shape_of(parts[0]))));
    }
    out.channels += in.channels;
  }
  if (out.channels > kMostChannels) refuse(name, fmt::format("has {} channels", out.channels));
  return append(name, Concat{}, std::move(parts), out);
}

NodeId Builder::zero_pad(NodeId from, Border border) {
  const std::string name = fmt::format("pad{}", graph_.nodes.size());
  Shape out = shape_of(from);
  if (!in_range(border))
    refuse(name, fmt::format("has a border that is not 0 to {}", kLargestSide));
  out.height += std::int64_t{border.top} + border.bottom;
  out.width += std::int64_t{border.left} + border.right;
  return append(name, ZeroPad{border}, {from}, out);
}

NodeId Builder::crop(NodeId from, Border border) {
  const std::string name = fmt::format("crop{}", graph_.nodes.size());
  const Shape in = shape_of(from);
  const Shape out{in.channels, in.height - border.top - border.bottom,
                  in.width - border.left - border.right};
  if (!in_range(border) || out.height < 1 || out.width < 1) {
    refuse(name, fmt::format("cuts all of {}", text_of(in)));
    return append(name, Crop{border}, {from}, in);
  }
  return append(name, Crop{border}, {from}, out);
}

Result<Graph> Builder::build() && {
  if (error_) return tl::unexpected(*error_);
  std::set<std::string> names;
  for (const Node& node : graph_.nodes) {
    if (!names.insert(node.name).second) {
      return fail(ErrorCode::usage,
                  fmt::format("{}: two layers are called {}", graph_.architecture, node.name));
    }
  }
  return std::move(graph_);
}

}  // namespace bloodcell::graph
