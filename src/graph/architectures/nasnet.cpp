#include "networks.hpp"

namespace bloodcell::graph {

namespace {

constexpr BatchNorm kKerasNorm{.epsilon = 1e-3, .momentum = 0.0003};

// What a cell sees: the output of the cell before, and of the one before that.
struct Path {
  NodeId last;
  NodeId before;
};

// The cells of NASNet-A (figure 4 of the paper). Layers bear Keras' names, `id` the cell's.
class NasNet {
 public:
  explicit NasNet(Builder& net) : net_(net) {}

  NodeId stem() {
    return conv_norm(net_, net_.input(),
                     {.conv = "stem_conv1",
                      .norm = "stem_bn1",
                      .channels = 32,
                      .kernel = 3,
                      .stride = 2,
                      .padding = Padding::valid,
                      .statistics = kKerasNorm,
                      .activation = std::nullopt});
  }

  // [C, H, W] -> [6 · channels, H, W]
  Path normal(const Path& path, int channels, const std::string& id) {
    const NodeId p = adjusted(path, channels, id);
    const NodeId h =
        mixed(net_.relu(path.last), channels, "normal_conv_1_" + id, "normal_bn_1_" + id);
    const auto separable = [&](NodeId from, int kernel, const std::string& place) {
      return twice_separable(from, channels, kernel, 1, fmt::format("normal_{}_{}", place, id));
    };
    const NodeId x1 = net_.add(separable(h, 5, "left1"), separable(p, 3, "right1"));
    const NodeId x2 = net_.add(separable(p, 5, "left2"), separable(p, 3, "right2"));
    const NodeId x3 = net_.add(mean(h), p);
    const NodeId x4 = net_.add(mean(p), mean(p));
    const NodeId x5 = net_.add(separable(h, 3, "left5"), h);
    return {net_.concat({p, x1, x2, x3, x4, x5}), path.last};
  }

  // [C, H, W] -> [4 · channels, H / 2, W / 2]
  Path reduction(const Path& path, int channels, const std::string& id) {
    const NodeId p = adjusted(path, channels, id);
    const NodeId h =
        mixed(net_.relu(path.last), channels, "reduction_conv_1_" + id, "reduction_bn_1_" + id);
    const auto separable = [&](NodeId from, int kernel, int stride, const std::string& place) {
      return twice_separable(from, channels, kernel, stride,
                             fmt::format("reduction_{}_{}", place, id));
    };
    const NodeId padded = zeros_around(h);  // the zeros count, in the largest and in the mean
    const NodeId largest = net_.max_pool(padded, {.size = 3, .stride = 2});
    const NodeId x1 = net_.add(separable(h, 5, 2, "left1"), separable(p, 7, 2, "right1"));
    const NodeId x2 = net_.add(largest, separable(p, 7, 2, "right2"));
    const NodeId x3 =
        net_.add(net_.average_pool(padded, {.size = 3, .stride = 2}), separable(p, 5, 2, "right3"));
    const NodeId x4 = net_.add(x2, mean(x1));
    const NodeId x5 = net_.add(separable(x1, 3, 1, "left4"), largest);
    return {net_.concat({x2, x3, x4, x5}), path.last};
  }

 private:
  NodeId mixed(NodeId from, int channels, const std::string& conv, const std::string& norm) {
    return conv_norm(net_, from,
                     {.conv = conv,
                      .norm = norm,
                      .channels = channels,
                      .statistics = kKerasNorm,
                      .activation = std::nullopt});
  }

  NodeId mean(NodeId from) {
    return net_.average_pool(from, {.size = 3, .stride = 1, .padding = Padding::same});
  }

  NodeId zeros_around(NodeId from) {
    const Shape s = net_.shape_of(from);
    const PaddingPixels rows = padding_pixels(Padding::same, s.height, 3, 2);
    const PaddingPixels columns = padding_pixels(Padding::same, s.width, 3, 2);
    return net_.zero_pad(from, {.top = static_cast<int>(rows.before),
                                .bottom = static_cast<int>(rows.after),
                                .left = static_cast<int>(columns.before),
                                .right = static_cast<int>(columns.after)});
  }

  NodeId separable(NodeId from, int channels, int kernel, int stride, int number,
                   const std::string& id) {
    const std::string name = fmt::format("separable_conv_{}_{}", number, id);
    const int before = static_cast<int>(net_.shape_of(from).channels);
    const NodeId x = net_.conv2d(name + ".depthwise", net_.relu(from),
                                 {.out_channels = before,
                                  .kernel = kernel,
                                  .stride = stride,
                                  .padding = Padding::same,
                                  .groups = before,
                                  .bias = false});
    return mixed(x, channels, name + ".pointwise",
                 fmt::format("separable_conv_{}_bn_{}", number, id));
  }

  NodeId twice_separable(NodeId from, int channels, int kernel, int stride, const std::string& id) {
    const NodeId x = separable(from, channels, kernel, stride, 1, id);
    return separable(x, channels, kernel, 1, 2, id);
  }

  // The earlier output in the shape that the cell's branches need.
  NodeId adjusted(const Path& path, int channels, const std::string& id) {
    const Shape p = net_.shape_of(path.before);
    if (path.before == path.last) return path.before;
    if (p.width != net_.shape_of(path.last).width) return halved(path.before, channels, id);
    if (p.channels == channels) return path.before;
    return mixed(net_.relu(path.before), channels, "adjust_conv_projection_" + id,
                 "adjust_bn_" + id);
  }

  // Every second pixel, from the first one and from the second one on, each mixed to half the
  // channels.
  NodeId halved(NodeId from, int channels, const std::string& id) {
    const Conv2d mix{.out_channels = channels / 2, .stride = 2, .bias = false};
    const NodeId x = net_.relu(from);
    const NodeId even = net_.conv2d("adjust_conv_1_" + id, x, mix);
    const NodeId moved =
        net_.crop(net_.zero_pad(x, {.bottom = 1, .right = 1}), {.top = 1, .left = 1});
    const NodeId odd = net_.conv2d("adjust_conv_2_" + id, moved, mix);
    return net_.batch_norm("adjust_bn_" + id, net_.concat({even, odd}), kKerasNorm);
  }

  Builder& net_;
};

}  // namespace

Result<Graph> nasnet_mobile(std::string name, Shape input, int classes) {
  constexpr int kCells = 4;  // normal ones between two reductions
  constexpr int kChannels = 44;
  Builder net(std::move(name), input);  // [3, 224, 224]
  NasNet cells(net);
  const NodeId stem = cells.stem();                                 // [  32, 111, 111]
  Path x = cells.reduction({stem, stem}, kChannels / 4, "stem_1");  // [  44,  56,  56]
  x = cells.reduction(x, kChannels / 2, "stem_2");                  // [  88,  28,  28]
  for (int stage = 0; stage < 3; ++stage) {
    const int channels = kChannels << stage;
    const int first = stage == 0 ? 0 : stage * kCells + 1;  // Keras' count leaves 4 out
    if (stage > 0) x = cells.reduction(x, channels, fmt::format("reduce_{}", stage * kCells));
    for (int i = 0; i < kCells; ++i) x = cells.normal(x, channels, fmt::format("{}", first + i));
  }  // [264, 28, 28], [528, 14, 14], [1056, 7, 7]
  const NodeId features = net.relu(x.last);
  net.end_backbone();
  classify_by_means(net, features, "predictions", classes, 0);
  return std::move(net).build();
}

}  // namespace bloodcell::graph
