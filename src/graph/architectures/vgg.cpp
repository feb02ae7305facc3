#include <array>

#include "networks.hpp"

namespace bloodcell::graph {

namespace {

constexpr int kStages = 5;
constexpr std::array<int, kStages> kChannels{64, 128, 256, 512, 512};

// Each stage: 3×3 convolutions, then half the sides. Layers are numbered as torchvision numbers
// them, where activations and pools count too.
Result<Graph> vgg(std::string name, const std::array<int, kStages>& convs, Shape input,
                  int classes) {
  Builder net(std::move(name), input);  // [3, 224, 224]
  NodeId x = net.input();
  int layer = 0;
  for (std::size_t stage = 0; stage < kStages; ++stage) {
    for (int i = 0; i < convs[stage]; ++i, layer += 2) {
      x = net.conv2d(
          fmt::format("features.{}", layer), x,
          {.out_channels = kChannels[stage], .kernel = 3, .padding = Padding::symmetric});
      x = net.relu(x);
    }
    x = net.max_pool(x);  // [64, 112, 112] … [512, 7, 7]
    ++layer;
  }
  net.end_backbone();
  x = net.flatten(x);  // [25088]
  x = net.dropout(net.relu(net.dense("classifier.0", x, 4096)), 0.5);
  x = net.dropout(net.relu(net.dense("classifier.3", x, 4096)), 0.5);
  net.dense("classifier.6", x, classes);
  return std::move(net).build();
}

}  // namespace

Result<Graph> vgg16(std::string name, Shape input, int classes) {
  return vgg(std::move(name), {2, 2, 3, 3, 3}, input, classes);
}

Result<Graph> vgg19(std::string name, Shape input, int classes) {
  return vgg(std::move(name), {2, 2, 4, 4, 4}, input, classes);
}

}  // namespace bloodcell::graph
