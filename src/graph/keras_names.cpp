// Names of layers in Keras Applications for ours, which are torchvision's where it has the network.
#include <algorithm>
#include <array>
#include <regex>
#include <variant>

#include <bloodcell/graph/keras.hpp>

namespace bloodcell::graph {

namespace {

using Match = std::smatch;

struct Rule {
  const char* ours;  // a regular expression of the whole name
  std::string (*keras)(const Match& match);
};

int number(const Match& match, std::size_t group) { return std::stoi(match[group].str()); }

std::string first_that_fits(std::span<const Rule> rules, const std::string& name) {
  for (const Rule& rule : rules) {
    if (Match match; std::regex_match(name, match, std::regex(rule.ours))) return rule.keras(match);
  }
  return "";
}

std::string resnet_layer(const std::string& name) {
  static constexpr std::array<Rule, 5> kRules{
      {{"conv1", [](const Match&) -> std::string { return "conv1_conv"; }},
       {"bn1", [](const Match&) -> std::string { return "conv1_bn"; }},
       {R"(layer(\d)\.(\d+)\.(conv|bn)(\d))",
        [](const Match& m) {
          return fmt::format("conv{}_block{}_{}_{}", number(m, 1) + 1, number(m, 2) + 1, m[4].str(),
                             m[3].str());
        }},
       {R"(layer(\d)\.(\d+)\.downsample\.(\d))",
        [](const Match& m) {
          return fmt::format("conv{}_block{}_0_{}", number(m, 1) + 1, number(m, 2) + 1,
                             number(m, 3) == 0 ? "conv" : "bn");
        }},
       {"fc", [](const Match&) -> std::string { return "predictions"; }}}};
  return first_that_fits(kRules, name);
}

std::string densenet_layer(const std::string& name) {
  static constexpr std::array<Rule, 6> kRules{
      {{R"(features\.(conv|norm)0)",
        [](const Match& m) -> std::string { return m[1] == "conv" ? "conv1/conv" : "conv1/bn"; }},
       {R"(features\.denseblock(\d)\.denselayer(\d+)\.conv(\d))",
        [](const Match& m) {
          return fmt::format("conv{}_block{}_{}_conv", number(m, 1) + 1, number(m, 2),
                             number(m, 3));
        }},
       {R"(features\.denseblock(\d)\.denselayer(\d+)\.norm(\d))",
        [](const Match& m) {
          return fmt::format("conv{}_block{}_{}_bn", number(m, 1) + 1, number(m, 2),
                             number(m, 3) - 1);
        }},
       {R"(features\.transition(\d)\.(conv|norm))",
        [](const Match& m) {
          return fmt::format("pool{}_{}", number(m, 1) + 1, m[2] == "conv" ? "conv" : "bn");
        }},
       {R"(features\.norm5)", [](const Match&) -> std::string { return "bn"; }},
       {"classifier", [](const Match&) -> std::string { return "predictions"; }}}};
  return first_that_fits(kRules, name);
}

// Of an inverted residual: place in the block -> part; the first block does not expand.
std::string mobilenet_v2_part(int block, const std::string& place) {
  const std::string prefix = block == 1 ? "expanded_conv_" : fmt::format("block_{}_", block - 1);
  const int layer = place[0] - '0' + (block == 1 ? 1 : 0);  // 0 expand, 1 depthwise
  if (place.size() == 3) {
    return prefix + (layer == 0 ? "expand" : "depthwise") + (place.ends_with(".1") ? "_BN" : "");
  }
  return prefix + (layer == 2 ? "project" : "project_BN");
}

std::string mobilenet_v2_layer(const std::string& name) {
  static constexpr std::array<Rule, 4> kRules{
      {{R"(features\.0\.(\d))",
        [](const Match& m) -> std::string { return number(m, 1) == 0 ? "Conv1" : "bn_Conv1"; }},
       {R"(features\.18\.(\d))",
        [](const Match& m) -> std::string { return number(m, 1) == 0 ? "Conv_1" : "Conv_1_bn"; }},
       {R"(features\.(\d+)\.conv\.(\d(\.\d)?))",
        [](const Match& m) { return mobilenet_v2_part(number(m, 1), m[2].str()); }},
       {R"(classifier\.1)", [](const Match&) -> std::string { return "predictions"; }}}};
  return first_that_fits(kRules, name);
}

std::string efficientnet_layer(const std::string& name) {
  static constexpr std::array<Rule, 5> kRules{
      {{R"(features\.0\.(\d))",
        [](const Match& m) -> std::string { return number(m, 1) == 0 ? "stem_conv" : "stem_bn"; }},
       {R"(features\.8\.(\d))",
        [](const Match& m) -> std::string { return number(m, 1) == 0 ? "top_conv" : "top_bn"; }},
       {R"(features\.(\d)\.(\d)\.block\.\d\.fc(\d))",
        [](const Match& m) {
          return fmt::format("block{}{}_se_{}", number(m, 1), static_cast<char>('a' + number(m, 2)),
                             number(m, 3) == 1 ? "reduce" : "expand");
        }},
       {R"(features\.(\d)\.(\d)\.block\.(\d)\.(\d))",
        [](const Match& m) {
          // The first stage does not expand.
          static constexpr std::array kConvs{"expand_conv", "dwconv", "", "project_conv"};
          static constexpr std::array kNorms{"expand_bn", "bn", "", "project_bn"};
          const auto part = static_cast<std::size_t>(number(m, 3) + (number(m, 1) == 1 ? 1 : 0));
          return fmt::format("block{}{}_{}", number(m, 1), static_cast<char>('a' + number(m, 2)),
                             number(m, 4) == 0 ? kConvs.at(part) : kNorms.at(part));
        }},
       {R"(classifier\.1)", [](const Match&) -> std::string { return "predictions"; }}}};
  return first_that_fits(kRules, name);
}

std::string squeezenet_layer(const std::string& name) {
  static constexpr std::array<Rule, 3> kRules{
      {{R"(features\.0)", [](const Match&) -> std::string { return "conv1"; }},
       {R"(features\.(\d+)\.(squeeze|expand1x1|expand3x3))",
        [](const Match& m) {
          const int place = number(m, 1);  // 3 4 · 6 7 · 9 10 11 12: pools stand between
          const int fire = place < 6 ? place - 1 : place < 9 ? place - 2 : place - 3;
          return fmt::format("fire{}/{}", fire, m[2] == "squeeze" ? "squeeze1x1" : m[2].str());
        }},
       {R"(classifier\.1)", [](const Match&) -> std::string { return "conv10"; }}}};
  return first_that_fits(kRules, name);
}

// Our layer's number among those of its kind that `counts` takes, from 1.
template <class Kind, class Counts>
int place_of(const Graph& graph, const Node& node, Counts counts) {
  int place = 0;
  for (const Node& other : graph.nodes) {
    place += std::holds_alternative<Kind>(other.operation) && counts(other.name) ? 1 : 0;
    if (other.name == node.name) break;
  }
  return place;
}

template <class Counts>
std::string numbered_layer(const Graph& graph, const Node& node, Counts counts) {
  if (std::holds_alternative<BatchNorm>(node.operation)) {
    return fmt::format("batch_normalization#{}", place_of<BatchNorm>(graph, node, counts));
  }
  return fmt::format("conv2d#{}", place_of<Conv2d>(graph, node, counts));
}

std::string vgg_layer(const Graph& graph, const Node& node) {
  if (node.name == "classifier.0") return "fc1";
  if (node.name == "classifier.3") return "fc2";
  if (node.name == "classifier.6") return "predictions";
  int stage = 1;
  int place = 0;
  for (const Node& other : graph.nodes) {
    if (std::holds_alternative<MaxPool2d>(other.operation)) {
      ++stage;
      place = 0;
    }
    if (std::holds_alternative<Conv2d>(other.operation)) ++place;
    if (other.name == node.name) break;
  }
  return fmt::format("block{}_conv{}", stage, place);
}

std::string inception_layer(const Graph& graph, const Node& node) {
  if (node.name == "fc") return "predictions";
  return numbered_layer(graph, node, [](const std::string&) { return true; });
}

// Both parts of a separable convolution are one layer of Keras.
std::string of_separable(const std::string& name) {
  for (const std::string_view part : {".depthwise", ".pointwise"}) {
    if (name.ends_with(part)) return name.substr(0, name.size() - part.size());
  }
  return name;
}

std::string xception_layer(const Graph& graph, const Node& node) {
  const auto is_shortcut = [](const std::string& name) {
    return name.find("_shortcut") != std::string::npos;
  };
  return is_shortcut(node.name) ? numbered_layer(graph, node, is_shortcut)
                                : of_separable(node.name);
}

}  // namespace

std::string keras_layer_of(const Graph& graph, const Node& node) {
  const std::string& network = graph.architecture;
  if (network.starts_with("vgg")) return vgg_layer(graph, node);
  if (network.starts_with("resnet")) return resnet_layer(node.name);
  if (network.starts_with("densenet")) return densenet_layer(node.name);
  if (network.starts_with("inception")) return inception_layer(graph, node);
  if (network.starts_with("xception")) return xception_layer(graph, node);
  if (network.starts_with("mobilenet_v2")) return mobilenet_v2_layer(node.name);
  if (network.starts_with("efficientnet_b0")) return efficientnet_layer(node.name);
  if (network.starts_with("squeezenet")) return squeezenet_layer(node.name);
  return network.starts_with("nasnet") ? of_separable(node.name) : "";
}

}  // namespace bloodcell::graph
