// The networks of the zoo, each in the file of its name. Sizes in their comments are those of the
// input the weights were trained at.
#pragma once

#include <string>

#include <bloodcell/graph/graph.hpp>

#include "layers.hpp"

namespace bloodcell::graph {

// The network of the Kaggle set's best known notebook (facts in docs/zoo.md): 17,184,388 parameters
// at [3, 240, 320] and 4 classes.
Result<Graph> benchmark(std::string name, Shape input, int classes);

// Simonyan & Zisserman 2015, configurations D and E.
Result<Graph> vgg16(std::string name, Shape input, int classes);
Result<Graph> vgg19(std::string name, Shape input, int classes);

// He et al. 2016. From 50 layers on a block is a bottleneck of three convolutions; torchvision's
// strides stand on its 3×3 convolution, Keras' on its first.
enum class ResNetDepth { layers18, layers34, layers50, layers101 };
Result<Graph> resnet(std::string name, ResNetDepth depth, Home home, Shape input, int classes);

// Huang et al. 2017.
Result<Graph> densenet121(std::string name, Home home, Shape input, int classes);

// Szegedy et al. 2016, without the auxiliary classifier, which serves training alone.
Result<Graph> inception_v3(std::string name, Home home, Shape input, int classes);

// Chollet 2017, as Keras has it.
Result<Graph> xception(std::string name, Shape input, int classes);

// Sandler et al. 2018, width 1.
Result<Graph> mobilenet_v2(std::string name, Home home, Shape input, int classes);

// Howard et al. 2019.
enum class MobileNetV3Size { small, large };
Result<Graph> mobilenet_v3(std::string name, MobileNetV3Size size, Shape input, int classes);

// Tan & Le 2019, width and depth 1.
Result<Graph> efficientnet_b0(std::string name, Home home, Shape input, int classes);

// Zoph et al. 2018, NASNet-A (4 @ 1056), as Keras has it.
Result<Graph> nasnet_mobile(std::string name, Shape input, int classes);

// Iandola et al. 2016, version 1.1. torchvision's pools keep the last window that begins inside.
Result<Graph> squeezenet1_1(std::string name, Home home, Shape input, int classes);

// A small residual network of our own for single cells: about 0.3 M parameters, any input size
// from 32. Group norm (Wu & He 2018) does without statistics of a batch; early_instance takes each
// map's own mean and deviation out where colour and contrast still show, and batch norm after that
// (IBN-Net, Pan et al. 2018).
enum class Norm { batch, group, early_instance };
Result<Graph> compact(std::string name, Norm norm, Shape input, int classes);

// Liu et al. 2020: EfficientNet with relu6 for swish and without squeeze and excitation. Norm:
// batch, or early_instance after the stem and at the narrow end of the first block of each of the
// first three stages, where later blocks only add to it (IBN-b of Pan et al. 2018).
enum class LiteSize { lite0, lite1 };
Result<Graph> efficientnet_lite(std::string name, LiteSize size, Norm norm, Shape input,
                                int classes);

}  // namespace bloodcell::graph
