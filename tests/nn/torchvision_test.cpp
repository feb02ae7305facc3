// Our graphs against torchvision's networks, where python3 has it (Debian: python3-torchvision;
// BLOODCELL_PYTHON names another python): the same random weights, the same picture, the same
// logits.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <sstream>

#include <bloodcell/graph/architectures.hpp>
#include <bloodcell/graph/published.hpp>
#include <bloodcell/nn/network.hpp>
#include <bloodcell/test/program.hpp>
#include <bloodcell/test/support.hpp>

namespace bloodcell::nn {
namespace {

using test::Ran;

Ran python(std::vector<std::string> arguments) {
  const char* const named = std::getenv("BLOODCELL_PYTHON");
  return test::run_program(named != nullptr ? named : "/usr/bin/python3", std::move(arguments));
}

struct Case {
  std::string name;
  int height_px;
  int width_px;
};

// Not square where the network allows it, so that sides cannot be swapped unseen.
const std::vector<Case> kCases{{"vgg16", 224, 224},
                               {"vgg19", 224, 224},
                               {"resnet18", 160, 192},
                               {"resnet34", 160, 192},
                               {"resnet50", 160, 192},
                               {"resnet101", 160, 192},
                               {"densenet121", 160, 192},
                               {"inception_v3", 192, 224},
                               {"mobilenet_v2", 160, 192},
                               {"mobilenet_v3_small", 160, 192},
                               {"efficientnet_b0", 160, 192},
                               {"squeezenet1_1", 160, 192},
                               {"mobilenet_v3_large", 160, 192}};

Limits large() {
  Limits limits;
  limits.max_file_bytes = 1ULL << 30;
  return limits;
}

// The largest difference of a logit, as part of the largest logit.
double difference(const std::vector<float>& ours, const std::vector<float>& theirs) {
  double largest = 0;
  double scale = 0;
  for (std::size_t i = 0; i < theirs.size(); ++i) {
    largest = std::max(largest, std::abs(double{ours[i]} - theirs[i]));
    scale = std::max(scale, std::abs(double{theirs[i]}));
  }
  return largest / scale;
}

void compare(const Case& each, std::int64_t their_parameters, const test::TemporaryFolder& folder) {
  const auto info = graph::find_architecture(each.name);
  ASSERT_OK(info);
  const auto graph = info->build({3, each.height_px, each.width_px}, 1000);
  ASSERT_OK(graph);
  std::int64_t parameters = 0;
  for (const auto& spec : graph->parameters()) parameters += spec.trainable ? spec.values() : 0;
  EXPECT_EQ(parameters, their_parameters);
  const auto file = graph::load_safetensors(folder / (each.name + ".safetensors"), large());
  ASSERT_OK(file);
  const auto weights = graph::import_torch_weights(*graph, file->weights);
  ASSERT_OK(weights);
  const auto answers =
      graph::load_safetensors(folder / (each.name + ".answers.safetensors"), large());
  ASSERT_OK(answers);
  auto network = Network::make(*graph, *weights);
  ASSERT_OK(network);
  const auto ours = network->logits(answers->weights.at("input").values, 1);
  ASSERT_OK(ours);
  const auto& theirs = answers->weights.at("logits").values;
  ASSERT_EQ(ours->size(), theirs.size());
  const double found = difference(*ours, theirs);
  EXPECT_LE(found, 1e-4);
  std::cout << fmt::format("{:<20} {:>11} parameters, logits differ by {:.1e} of the largest\n",
                           each.name, parameters, found);
}

TEST(Torchvision, GivesTheSameLogitsForTheSameWeights) {
  if (python({"-c", "import torchvision"}).status != 0) {
    GTEST_SKIP() << "python3 has no torchvision: apt-get install python3-torchvision";
  }
  const test::TemporaryFolder folder;
  std::vector<std::string> arguments{
      (test::source_folder() / "tests/nn/torchvision_weights.py").string(), folder.path().string()};
  for (const auto& each : kCases) {
    arguments.push_back(fmt::format("{}:{}x{}", each.name, each.height_px, each.width_px));
  }
  const Ran ran = python(arguments);
  ASSERT_EQ(ran.status, 0) << ran.err;
  std::istringstream told(ran.out);
  for (const auto& each : kCases) {
    SCOPED_TRACE(each.name);
    std::string name;
    std::int64_t parameters = 0;
    ASSERT_TRUE(told >> name >> parameters);
    ASSERT_EQ(name, each.name);
    compare(each, parameters, folder);
  }
}

}  // namespace
}  // namespace bloodcell::nn
