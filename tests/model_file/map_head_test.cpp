#include <bloodcell/model_file/map_head.hpp>

#include <bloodcell/model_file/byte_kernels.hpp>
#include <bloodcell/model_file/quantised.hpp>
#include <bloodcell/model_file/retouch.hpp>
#include <bloodcell/test/support.hpp>

#include "classifier_file.hpp"

namespace bloodcell::model_file {
namespace {

MapHead blank_head(std::vector<std::string> maps, std::size_t channels) {
  return {std::move(maps), std::vector<float>(4 * channels, 0.5F)};
}

TEST(MapHead, ReadsTheEndsOfBlocksAndWhatTheNetworkTakesTheMeanOf) {
  const auto names = map_names(classifier_file("efficientnet_lite0"));
  ASSERT_OK(names);
  EXPECT_EQ(names->size(), 17U);  // of its sixteen blocks, and the pooled maps
  for (const auto& name : *names) {
    EXPECT_THAT(name, ::testing::Not(::testing::HasSubstr("depthwise"))) << name;
  }
}

TEST(MapHead, ReadsTheSameOfKernelsStoredOtherwise) {
  const auto file = classifier_file("efficientnet_lite0");
  const auto names = map_names(file).value();
  EXPECT_EQ(map_names(with_byte_kernels(file).value()).value(), names);
}

TEST(MapHead, MakesTheLogitsASum) {
  const auto file = classifier_file("compact");
  const auto names = map_names(file).value();
  const auto changed = with_map_head(file, blank_head({names.front()}, 16));
  ASSERT_OK(changed);
  EXPECT_FALSE(has_map_head(file));
  EXPECT_TRUE(has_map_head(*changed));
  EXPECT_NE(changed->description.graph_sha256, file.description.graph_sha256);
  EXPECT_ERROR(dense_head(*changed), ErrorCode::unsupported);
  EXPECT_ERROR(with_map_head(*changed, blank_head({names.front()}, 16)), ErrorCode::unsupported);
}

TEST(MapHead, IsLeftAsExactAsTheLastLayer) {
  const auto file = classifier_file("compact");
  const auto names = map_names(file).value();
  const auto changed = with_map_head(file, blank_head({names.front()}, 512)).value();
  const auto layers = quantisable_layers(changed);
  ASSERT_OK(layers);
  EXPECT_EQ(layers->size(), quantisable_layers(file)->size());
}

TEST(MapHead, WhatDoesNotFitIsRefused) {
  const auto file = classifier_file("compact");
  const auto names = map_names(file).value();
  EXPECT_ERROR(with_map_head(file, blank_head({"no such map"}, 16)), ErrorCode::mismatch);
  EXPECT_ERROR(with_map_head(file, {{names.front()}, std::vector<float>(7)}), ErrorCode::mismatch);
  EXPECT_ERROR(with_map_head(file, {{names.front()}, {}}), ErrorCode::mismatch);
  auto head = blank_head({names.front()}, 16);
  head.weights[3] = INFINITY;
  EXPECT_ERROR(with_map_head(file, head), ErrorCode::mismatch);
}

}  // namespace
}  // namespace bloodcell::model_file
