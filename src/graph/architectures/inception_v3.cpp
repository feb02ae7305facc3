#include "networks.hpp"

namespace bloodcell::graph {

namespace {

// The blocks by torchvision's names; letters are those of its classes.
class Inception {
 public:
  Inception(Builder& net, Home home) : net_(net), home_(home) {}

  NodeId conv(const std::string& name, NodeId from, int channels, Sides kernel = 1, int stride = 1,
              Padding padding = Padding::symmetric) {
    return conv_norm(net_, from,
                     {.conv = name + ".conv",
                      .norm = name + ".bn",
                      .channels = channels,
                      .kernel = kernel,
                      .stride = stride,
                      .padding = padding,
                      .statistics = {.epsilon = 1e-3}});
  }

  NodeId valid(const std::string& name, NodeId from, int channels, int stride) {
    return conv(name, from, channels, 3, stride, Padding::valid);
  }

  NodeId block_a(const std::string& n, NodeId x, int pooled) {
    const NodeId one = conv(n + ".branch1x1", x, 64);
    NodeId five = conv(n + ".branch5x5_1", x, 48);
    five = conv(n + ".branch5x5_2", five, 64, 5);
    NodeId three = conv(n + ".branch3x3dbl_1", x, 64);
    three = conv(n + ".branch3x3dbl_2", three, 96, 3);
    three = conv(n + ".branch3x3dbl_3", three, 96, 3);
    return net_.concat({one, five, three, pool(n, x, pooled)});  // [224 + pooled, H, W]
  }

  NodeId block_b(const std::string& n, NodeId x) {
    const NodeId three = valid(n + ".branch3x3", x, 384, 2);
    NodeId twice = conv(n + ".branch3x3dbl_1", x, 64);
    twice = conv(n + ".branch3x3dbl_2", twice, 96, 3);
    twice = valid(n + ".branch3x3dbl_3", twice, 96, 2);
    return net_.concat({three, twice, net_.max_pool(x, {.size = 3, .stride = 2})});
  }

  NodeId block_c(const std::string& n, NodeId x, int narrow) {
    const NodeId one = conv(n + ".branch1x1", x, 192);
    NodeId seven = conv(n + ".branch7x7_1", x, narrow);
    seven = conv(n + ".branch7x7_2", seven, narrow, {1, 7});
    seven = conv(n + ".branch7x7_3", seven, 192, {7, 1});
    NodeId twice = conv(n + ".branch7x7dbl_1", x, narrow);
    twice = conv(n + ".branch7x7dbl_2", twice, narrow, {7, 1});
    twice = conv(n + ".branch7x7dbl_3", twice, narrow, {1, 7});
    twice = conv(n + ".branch7x7dbl_4", twice, narrow, {7, 1});
    twice = conv(n + ".branch7x7dbl_5", twice, 192, {1, 7});
    return net_.concat({one, seven, twice, pool(n, x, 192)});  // [768, H, W]
  }

  NodeId block_d(const std::string& n, NodeId x) {
    NodeId three = conv(n + ".branch3x3_1", x, 192);
    three = valid(n + ".branch3x3_2", three, 320, 2);
    NodeId seven = conv(n + ".branch7x7x3_1", x, 192);
    seven = conv(n + ".branch7x7x3_2", seven, 192, {1, 7});
    seven = conv(n + ".branch7x7x3_3", seven, 192, {7, 1});
    seven = valid(n + ".branch7x7x3_4", seven, 192, 2);
    return net_.concat({three, seven, net_.max_pool(x, {.size = 3, .stride = 2})});
  }

  NodeId block_e(const std::string& n, NodeId x) {
    const NodeId one = conv(n + ".branch1x1", x, 320);
    const NodeId three = conv(n + ".branch3x3_1", x, 384);
    const NodeId three_a = conv(n + ".branch3x3_2a", three, 384, {1, 3});
    const NodeId three_b = conv(n + ".branch3x3_2b", three, 384, {3, 1});
    NodeId twice = conv(n + ".branch3x3dbl_1", x, 448);
    twice = conv(n + ".branch3x3dbl_2", twice, 384, 3);
    const NodeId twice_a = conv(n + ".branch3x3dbl_3a", twice, 384, {1, 3});
    const NodeId twice_b = conv(n + ".branch3x3dbl_3b", twice, 384, {3, 1});
    return net_.concat({one, net_.concat({three_a, three_b}), net_.concat({twice_a, twice_b}),
                        pool(n, x, 192)});  // [2048, H, W]
  }

 private:
  NodeId pool(const std::string& n, NodeId x, int channels) {
    const NodeId mean = net_.average_pool(x, {.size = 3,
                                              .stride = 1,
                                              .padding = Padding::symmetric,
                                              .count_padding = home_ == Home::torchvision});
    return conv(n + ".branch_pool", mean, channels);
  }

  Builder& net_;
  Home home_;
};

}  // namespace

Result<Graph> inception_v3(std::string name, Home home, Shape input, int classes) {
  Builder net(std::move(name), input);  // [3, 299, 299]
  Inception in(net, home);
  NodeId x = in.valid("Conv2d_1a_3x3", net.input(), 32, 2);  // [  32, 149, 149]
  x = in.valid("Conv2d_2a_3x3", x, 32, 1);                   // [  32, 147, 147]
  x = in.conv("Conv2d_2b_3x3", x, 64, 3);                    // [  64, 147, 147]
  x = net.max_pool(x, {.size = 3, .stride = 2});             // [  64,  73,  73]
  x = in.conv("Conv2d_3b_1x1", x, 80);                       // [  80,  73,  73]
  x = in.valid("Conv2d_4a_3x3", x, 192, 1);                  // [ 192,  71,  71]
  x = net.max_pool(x, {.size = 3, .stride = 2});             // [ 192,  35,  35]
  x = in.block_a("Mixed_5b", x, 32);                         // [ 256,  35,  35]
  x = in.block_a("Mixed_5c", x, 64);                         // [ 288,  35,  35]
  x = in.block_a("Mixed_5d", x, 64);
  x = in.block_b("Mixed_6a", x);  // [ 768,  17,  17]
  x = in.block_c("Mixed_6b", x, 128);
  x = in.block_c("Mixed_6c", x, 160);
  x = in.block_c("Mixed_6d", x, 160);
  x = in.block_c("Mixed_6e", x, 192);
  x = in.block_d("Mixed_7a", x);  // [1280,   8,   8]
  x = in.block_e("Mixed_7b", x);  // [2048,   8,   8]
  x = in.block_e("Mixed_7c", x);
  net.end_backbone();
  classify_by_means(net, x, "fc", classes, home == Home::torchvision ? 0.5 : 0);
  return std::move(net).build();
}

}  // namespace bloodcell::graph
