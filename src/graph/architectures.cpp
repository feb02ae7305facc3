#include <bloodcell/graph/architectures.hpp>

#include <array>

#include "architectures/networks.hpp"

namespace bloodcell::graph {

namespace {

constexpr std::array<double, 3> kNone{0, 0, 0};
constexpr std::array<double, 3> kOne{1, 1, 1};

constexpr InputScaling kUnit{"unit", false, kNone, {255, 255, 255}};  // [0, 1]
constexpr InputScaling kSigned{
    "signed", false, {127.5, 127.5, 127.5}, {127.5, 127.5, 127.5}};  // [−1, 1]
// Mean and deviation of ImageNet's pixels in [0, 1]: 0.485, 0.456, 0.406 and 0.229, 0.224, 0.225.
constexpr InputScaling kImageNet{
    "imagenet", false, {123.675, 116.28, 103.53}, {58.395, 57.12, 57.375}};
constexpr InputScaling kCaffe{"caffe", true, {103.939, 116.779, 123.68}, kOne};
constexpr InputScaling kLite{"lite", false, {127, 127, 127}, {128, 128, 128}};

using Build = Result<Graph> (*)(Shape, int);

constexpr ArchitectureInfo classifier(std::string_view name, std::string_view what, int side_px,
                                      const InputScaling& scaling, Build build) {
  return {name, what, side_px, side_px, Task::classify, scaling, build};
}

constexpr auto kTorch = Home::torchvision;
constexpr auto kKeras = Home::keras;

constexpr std::array kArchitectures{
    ArchitectureInfo{"baseline", "the seed project's three plain convolutions", 320, 240,
                     Task::classify, kUnit, &baseline},
    ArchitectureInfo{"benchmark", "the Kaggle set's best known plain network", 320, 240,
                     Task::classify, kUnit,
                     [](Shape s, int n) { return benchmark("benchmark", s, n); }},
    ArchitectureInfo{"compact", "a small residual network for single cells", 96, 96, Task::classify,
                     kSigned, &compact},
    ArchitectureInfo{"compact-gn", "the same with group norm", 96, 96, Task::classify, kSigned,
                     [](Shape s, int n) { return compact("compact-gn", Norm::group, s, n); }},
    ArchitectureInfo{
        "compact-ibn", "the same with instance norm in its first layers", 96, 96, Task::classify,
        kSigned, [](Shape s, int n) { return compact("compact-ibn", Norm::early_instance, s, n); }},
    ArchitectureInfo{"locator", "finds the cells of a field", kLocatorWidthPx, kLocatorHeightPx,
                     Task::locate, kSigned, &locator},

    classifier("vgg16", "13 plain convolutions", 224, kImageNet,
               [](Shape s, int n) { return vgg16("vgg16", s, n); }),
    classifier("vgg19", "16 plain convolutions", 224, kImageNet,
               [](Shape s, int n) { return vgg19("vgg19", s, n); }),
    classifier(
        "resnet18", "residual, 18 layers", 224, kImageNet,
        [](Shape s, int n) { return resnet("resnet18", ResNetDepth::layers18, kTorch, s, n); }),
    classifier(
        "resnet34", "residual, 34 layers", 224, kImageNet,
        [](Shape s, int n) { return resnet("resnet34", ResNetDepth::layers34, kTorch, s, n); }),
    classifier(
        "resnet50", "residual, 50 layers", 224, kImageNet,
        [](Shape s, int n) { return resnet("resnet50", ResNetDepth::layers50, kTorch, s, n); }),
    classifier(
        "resnet101", "residual, 101 layers", 224, kImageNet,
        [](Shape s, int n) { return resnet("resnet101", ResNetDepth::layers101, kTorch, s, n); }),
    classifier("densenet121", "each layer sees all before it", 224, kImageNet,
               [](Shape s, int n) { return densenet121("densenet121", kTorch, s, n); }),
    classifier("inception_v3", "windows of several sizes side by side", 299, kSigned,
               [](Shape s, int n) { return inception_v3("inception_v3", kTorch, s, n); }),
    classifier("mobilenet_v2", "inverted residuals for small machines", 224, kImageNet,
               [](Shape s, int n) { return mobilenet_v2("mobilenet_v2", kTorch, s, n); }),
    classifier("mobilenet_v3_small", "found by search, with squeeze and excitation", 224, kImageNet,
               [](Shape s, int n) {
                 return mobilenet_v3("mobilenet_v3_small", MobileNetV3Size::small, s, n);
               }),
    classifier("mobilenet_v3_large", "found by search, with squeeze and excitation", 224, kImageNet,
               [](Shape s, int n) {
                 return mobilenet_v3("mobilenet_v3_large", MobileNetV3Size::large, s, n);
               }),
    classifier("efficientnet_b0", "found by search, scaled evenly", 224, kImageNet,
               [](Shape s, int n) { return efficientnet_b0("efficientnet_b0", kTorch, s, n); }),
    classifier("efficientnet_lite0", "EfficientNet for small machines", 224, kLite,
               [](Shape s, int n) {
                 return efficientnet_lite("efficientnet_lite0", LiteSize::lite0, Norm::batch, s, n);
               }),
    classifier("efficientnet_lite0-ibn",
               "the same, of the same weights, with instance norm in its first layers", 224, kLite,
               [](Shape s, int n) {
                 return efficientnet_lite("efficientnet_lite0-ibn", LiteSize::lite0,
                                          Norm::early_instance, s, n);
               }),
    classifier("efficientnet_lite1", "EfficientNet for small machines", 240, kLite,
               [](Shape s, int n) {
                 return efficientnet_lite("efficientnet_lite1", LiteSize::lite1, Norm::batch, s, n);
               }),
    classifier("squeezenet1_1", "1×1 before every 3×3", 224, kImageNet,
               [](Shape s, int n) { return squeezenet1_1("squeezenet1_1", kTorch, s, n); }),

    classifier("vgg16-keras", "13 plain convolutions", 224, kCaffe,
               [](Shape s, int n) { return vgg16("vgg16-keras", s, n); }),
    classifier("vgg19-keras", "16 plain convolutions", 224, kCaffe,
               [](Shape s, int n) { return vgg19("vgg19-keras", s, n); }),
    classifier("resnet50-keras", "residual, 50 layers", 224, kCaffe,
               [](Shape s, int n) {
                 return resnet("resnet50-keras", ResNetDepth::layers50, kKeras, s, n);
               }),
    classifier("resnet101-keras", "residual, 101 layers", 224, kCaffe,
               [](Shape s, int n) {
                 return resnet("resnet101-keras", ResNetDepth::layers101, kKeras, s, n);
               }),
    classifier("densenet121-keras", "each layer sees all before it", 224, kImageNet,
               [](Shape s, int n) { return densenet121("densenet121-keras", kKeras, s, n); }),
    classifier("inception_v3-keras", "windows of several sizes side by side", 299, kSigned,
               [](Shape s, int n) { return inception_v3("inception_v3-keras", kKeras, s, n); }),
    classifier("xception-keras", "separable convolutions throughout", 299, kSigned,
               [](Shape s, int n) { return xception("xception-keras", s, n); }),
    classifier("mobilenet_v2-keras", "inverted residuals for small machines", 224, kSigned,
               [](Shape s, int n) { return mobilenet_v2("mobilenet_v2-keras", kKeras, s, n); }),
    classifier(
        "efficientnet_b0-keras", "found by search, scaled evenly", 224, kImageNet,
        [](Shape s, int n) { return efficientnet_b0("efficientnet_b0-keras", kKeras, s, n); }),
    classifier("nasnet_mobile-keras", "cells found by search", 224, kSigned,
               [](Shape s, int n) { return nasnet_mobile("nasnet_mobile-keras", s, n); }),
    classifier("squeezenet1_1-keras", "1×1 before every 3×3", 227, kCaffe,
               [](Shape s, int n) { return squeezenet1_1("squeezenet1_1-keras", kKeras, s, n); }),
};

}  // namespace

std::span<const ArchitectureInfo> architectures() { return kArchitectures; }

Result<ArchitectureInfo> find_architecture(std::string_view name) {
  std::string names;
  for (const auto& info : architectures()) {
    if (info.name == name) return info;
    names += (names.empty() ? "" : ", ") + std::string(info.name);
  }
  return fail(ErrorCode::not_found, fmt::format("no network is called '{}'", name), "",
              "choose one of: " + names);
}

}  // namespace bloodcell::graph
