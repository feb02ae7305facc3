#include <bloodcell/graph/architectures.hpp>
#include <bloodcell/graph/builder.hpp>

namespace bloodcell::graph {

Result<Graph> baseline(Shape input, int classes) {
  Builder net("baseline", input);  // [  3, 240, 320]
  NodeId x = net.conv2d("conv1", net.input(), {.out_channels = 32, .kernel = 3});
  x = net.relu(x);      // [ 32, 238, 318]
  x = net.max_pool(x);  // [ 32, 119, 159]
  x = net.conv2d("conv2", x, {.out_channels = 64, .kernel = 3});
  x = net.relu(x);      // [ 64, 117, 157]
  x = net.max_pool(x);  // [ 64,  58,  78]
  x = net.conv2d("conv3", x, {.out_channels = 128, .kernel = 3});
  x = net.relu(x);      // [128,  56,  76]
  x = net.max_pool(x);  // [128,  28,  38]
  net.end_backbone();
  x = net.flatten(x);  // [136192]
  x = net.dense("dense1", x, 128);
  x = net.relu(x);                  // [128]
  net.dense("logits", x, classes);  // [classes]
  return std::move(net).build();
}

}  // namespace bloodcell::graph
