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
  const bool sensible = in_range(conv.out_channels, kMostChannels) &&
                        in_range(conv.kernel, kLargestSide) && in_range(conv.stride, kLargestSide);
  if (!sensible || conv.groups < 1 || in.channels % conv.groups != 0 ||
      conv.out_channels % conv.groups != 0) {
    refuse(name, "has channels, kernel, stride or groups that do not fit " + text_of(in));
    return append(std::move(name), conv, {from}, in);
  }
  const std::int64_t weights_of_output = std::max<std::int64_t>(
      in.channels / conv.groups * std::int64_t{conv.kernel} * conv.kernel, 1);
  if (conv.out_channels > kMostWeights / weights_of_output) {
    refuse(name, fmt::format("has more than {} weights", kMostWeights));
  }
  const Shape out{conv.out_channels,
                  windows_along(in.height, conv.kernel, conv.stride, conv.padding),
                  windows_along(in.width, conv.kernel, conv.stride, conv.padding)};
  if (out.values() == 0) {
    refuse(name, fmt::format("has a {0}x{0} window over {1}", conv.kernel, text_of(in)));
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

NodeId Builder::relu(NodeId from) {
  return append(fmt::format("relu{}", graph_.nodes.size()), Relu{}, {from}, shape_of(from));
}

NodeId Builder::max_pool(NodeId from, MaxPool2d pool) {
  const Shape in = shape_of(from);
  const std::string name = fmt::format("max_pool{}", graph_.nodes.size());
  if (!in_range(pool.size, kLargestSide) || !in_range(pool.stride, kLargestSide)) {
    refuse(name, fmt::format("has a size or stride that is not 1 to {}", kLargestSide));
    return append(name, pool, {from}, in);
  }
  const Shape out{in.channels, windows_along(in.height, pool.size, pool.stride, pool.padding),
                  windows_along(in.width, pool.size, pool.stride, pool.padding)};
  if (out.values() == 0) {
    refuse(name, fmt::format("has a {0}x{0} window over {1}", pool.size, text_of(in)));
  }
  return append(name, pool, {from}, out);
}

NodeId Builder::global_average_pool(NodeId from) {
  return append(fmt::format("average_pool{}", graph_.nodes.size()), GlobalAveragePool{}, {from},
                {shape_of(from).channels, 1, 1});
}

NodeId Builder::flatten(NodeId from) {
  return append(fmt::format("flatten{}", graph_.nodes.size()), Flatten{}, {from},
                {shape_of(from).values(), 1, 1});
}

NodeId Builder::dense(std::string name, NodeId from, int units) {
  const Shape in = shape_of(from);
  if (units < 1 || in.height != 1 || in.width != 1) {
    refuse(name, fmt::format("has {} units over {}", units, text_of(in)));
  } else if (units > kMostWeights / std::max<std::int64_t>(in.channels, 1)) {
    refuse(name, fmt::format("has more than {} weights", kMostWeights));
  }
  return append(std::move(name), Dense{units}, {from}, {units, 1, 1});
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
