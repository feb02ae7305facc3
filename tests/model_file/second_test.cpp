#include <bloodcell/base/base64.hpp>
#include <bloodcell/test/blob_locator.hpp>

#include "small_model.hpp"

namespace bloodcell::model_file {
namespace {

using testing::HasSubstr;

// Of the same classes and twice the input.
ModelFile large_model(std::function<void(Description&)> change = [](Description&) {}) {
  graph::Builder net("large", {3, 8, 10});
  net.dense("classes", net.flatten(net.input()), 3);
  const graph::Graph graph = *std::move(net).build();
  auto description = small_description();
  description.name = description.architecture = "large";
  description.preprocessing.width_px = 10;
  description.preprocessing.height_px = 8;
  Trust trust;
  trust.calibration = Calibration{{1, 0, 0, 0, 1, 0, 0, 0, 1}, {0.5, 0, 0}};
  trust.ranges.push_back({"sharpness", 0, 1});
  description.trust = trust;
  description.provenance["licence"] = "Apache-2.0";
  change(description);
  return *make(graph, test::random_weights(graph), description);
}

ModelFile both() { return with_second(small_model(), large_model(), 0.75, 0.25).value(); }

TEST(SecondNetwork, TravelsWithinAsWhatAReadingTakes) {
  const auto file = read(both().onnx, Limits{});
  ASSERT_OK(file);
  EXPECT_EQ(file->description.format_version, 3);
  EXPECT_EQ(file->description.graph_sha256, small_model().description.graph_sha256);
  ASSERT_TRUE(file->description.second.has_value());
  EXPECT_EQ(file->description.second->below, 0.75);
  EXPECT_EQ(file->description.second->weight, 0.25);
  EXPECT_EQ(file->description.second->preprocessing, large_model().description.preprocessing);
  const auto second = second_of(*file, Limits{});
  ASSERT_OK(second);
  EXPECT_EQ(second->description.graph_sha256, large_model().description.graph_sha256);
  EXPECT_EQ(sha256(second->onnx), file->description.second->sha256);
  EXPECT_EQ(second->description.trust->calibration->bias, (std::vector<double>{0.5, 0, 0}));
  EXPECT_TRUE(second->description.trust->ranges.empty());
  EXPECT_EQ(second->description.min_confidence, 0);
  EXPECT_EQ(file->description.provenance["second"]["name"], "large");
  EXPECT_EQ(file->description.provenance["second"]["licence"], "Apache-2.0");
  EXPECT_EQ(file->description.provenance["seed"], 42);
}

TEST(SecondNetwork, StandsBesideALocatorWhicheverCameFirst) {
  const auto locator = test::blob_locator();
  const auto one = with_second(*with_locator(small_model(), locator), large_model(), 0.75, 0.25);
  const auto other = with_locator(both(), locator);
  for (const auto& file : {one, other}) {
    ASSERT_OK(file);
    EXPECT_EQ(file->locator, locator.onnx);
    EXPECT_OK(second_of(*file, Limits{}));
  }
  // A locator of the second's own stays behind.
  const auto large = with_locator(large_model(), locator);
  EXPECT_EQ(with_second(small_model(), *large, 0.75, 0.25)->second, both().second);
}

TEST(SecondNetwork, TakesThePlaceOfTheOneBefore) {
  const auto before =
      with_second(small_model(), large_model([](auto& d) { d.temperature = 2; }), 0.5, 0.5);
  ASSERT_OK(before);
  EXPECT_EQ(with_second(*before, large_model(), 0.75, 0.25)->onnx, both().onnx);
  const auto without = without_second(both());
  ASSERT_OK(without);
  EXPECT_FALSE(without->description.second.has_value());
  EXPECT_TRUE(without->second.empty());
  EXPECT_EQ(without->onnx, small_model().onnx);
  EXPECT_ERROR(second_of(*without, Limits{}), ErrorCode::usage);
}

TEST(SecondNetwork, StaysWhenTheDescriptionChanges) {
  auto description = both().description;
  description.second->below = 0.125;
  description.second->sha256 = "of nothing";
  const auto file = with_description(both(), description);
  ASSERT_OK(file);
  EXPECT_EQ(file->description.second->below, 0.125);
  EXPECT_OK(second_of(*file, Limits{}));
  description.second.reset();
  EXPECT_ERROR(with_description(both(), description), ErrorCode::mismatch);
  EXPECT_ERROR(with_description(small_model(), both().description), ErrorCode::mismatch);
}

TEST(SecondNetwork, MustNameTheSameClassesOfCellsFramedAlike) {
  const auto second = [](std::function<void(Description&)> change) {
    return with_second(small_model(), large_model(std::move(change)), 0.75, 0.25);
  };
  EXPECT_ERROR(second([](auto& d) { std::swap(d.labels[0], d.labels[1]); }), ErrorCode::mismatch);
  EXPECT_ERROR(second([](auto& d) { d.preprocessing.cell_margin = 1.5; }), ErrorCode::mismatch);
  EXPECT_ERROR(second([](auto& d) { d.preprocessing.white_point = 230; }), ErrorCode::mismatch);
  EXPECT_ERROR(second([](auto& d) { d.preprocessing.fit = image::Fit::crop; }),
               ErrorCode::mismatch);
  EXPECT_ERROR(with_second(small_model(), both(), 0.75, 0.25), ErrorCode::usage);
  EXPECT_ERROR(with_second(test::blob_locator(), large_model(), 0.75, 0.25), ErrorCode::usage);
  EXPECT_ERROR(with_second(small_model(), test::blob_locator(), 0.75, 0.25), ErrorCode::usage);
  EXPECT_ERROR(with_second(small_model(), large_model(), 1.25, 0.25), ErrorCode::malformed);
  EXPECT_ERROR(with_second(small_model(), large_model(), 0.75, -0.25), ErrorCode::malformed);
}

TEST(SecondNetwork, ThatIsNotTheOneNamedIsRefused) {
  const auto changed = [](const std::function<void(onnx::ModelProto&)>& change) {
    onnx::ModelProto model = proto_of(both());
    change(model);
    return read(bytes_of(model), Limits{});
  };
  EXPECT_ERROR(changed([](auto& m) { m.mutable_metadata_props()->RemoveLast(); }),
               ErrorCode::malformed);
  EXPECT_ERROR(changed([](auto& m) { *m.add_metadata_props() = m.metadata_props(1); }),
               ErrorCode::malformed);
  EXPECT_ERROR(changed([](auto& m) {
                 auto metadata = nlohmann::json::parse(m.metadata_props(0).value());
                 metadata.erase("second");
                 m.mutable_metadata_props(0)->set_value(metadata.dump());
               }),
               ErrorCode::malformed);
  // What lies in the entry is looked at when it is wanted.
  for (const char* text : {"QUJD", "no base64", ""}) {
    const auto file = changed([&](auto& m) { m.mutable_metadata_props(1)->set_value(text); });
    ASSERT_OK(file);
    EXPECT_ERROR(second_of(*file, Limits{}), ErrorCode::malformed);
  }
  const auto other_size = changed([](auto& m) {
    auto metadata = nlohmann::json::parse(m.metadata_props(0).value());
    metadata["second"]["preprocessing"]["width_px"] = 11;
    m.mutable_metadata_props(0)->set_value(metadata.dump());
  });
  ASSERT_OK(other_size);
  EXPECT_ERROR(second_of(*other_size, Limits{}), ErrorCode::malformed);
}

// with_second() makes no such file; another hand may.
TEST(SecondNetwork, ThatWithSecondWouldRefuseIsRefusedWhenItIsRead) {
  const auto holding = [](const ModelFile& within) {
    onnx::ModelProto model = proto_of(both());
    auto metadata = nlohmann::json::parse(model.metadata_props(0).value());
    metadata["second"]["sha256"] = sha256(within.onnx);
    metadata["second"]["preprocessing"] = image::to_json(within.description.preprocessing);
    model.mutable_metadata_props(0)->set_value(metadata.dump());
    model.mutable_metadata_props(1)->set_value(base64(within.onnx));
    return second_of(read(bytes_of(model), Limits{}).value(), Limits{});
  };
  EXPECT_OK(holding(large_model()));
  EXPECT_ERROR(holding(both()), ErrorCode::malformed);
  EXPECT_ERROR(holding(test::blob_locator()), ErrorCode::malformed);
  EXPECT_ERROR(holding(large_model([](auto& d) { d.preprocessing.white_point = 200; })),
               ErrorCode::malformed);
  EXPECT_ERROR(holding(large_model([](auto& d) { d.labels[0] = "else"; })), ErrorCode::malformed);
}

// Its text is no structure: a file may hold megabytes of it.
TEST(SecondNetwork, MayBeLargerThanAllElseButTheWeights) {
  graph::Builder net("large", {3, 8, 10});
  net.dense("classes", net.relu(net.dense("wide", net.flatten(net.input()), 4400)), 3);
  const graph::Graph graph = *std::move(net).build();
  const auto large = make(graph, test::random_weights(graph), large_model().description);
  ASSERT_OK(large);
  const auto file = with_second(small_model(), *large, 0.75, 0.25);
  ASSERT_OK(file);
  EXPECT_GT(file->onnx.size(), 5U << 20);
  EXPECT_OK(second_of(*file, Limits{}));
  onnx::ModelProto model = proto_of(*file);
  model.mutable_metadata_props(1)->set_key("else");
  EXPECT_ERROR(read(bytes_of(model), Limits{}), ErrorCode::limit_exceeded);
}

}  // namespace
}  // namespace bloodcell::model_file
