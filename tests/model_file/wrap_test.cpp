#include <bloodcell/model_file/wrap.hpp>

#include <cstring>

#include "small_model.hpp"

namespace bloodcell::model_file {
namespace {

using ::testing::HasSubstr;

Foreign foreign_of_small() {
  Foreign foreign;
  foreign.name = "theirs";
  foreign.labels = {"a", "b", "c"};
  return foreign;
}

Bytes bytes_of(const onnx::ModelProto& model) {
  const std::string text = model.SerializeAsString();
  const auto bytes = as_bytes_of(text);
  return {bytes.begin(), bytes.end()};
}

// As others write it: names of their own, a batch of one built in, no metadata of ours.
onnx::ModelProto their_model() {
  onnx::ModelProto model = proto_of(small_model());
  model.clear_metadata_props();
  model.set_producer_name("pytorch");
  auto& graph = *model.mutable_graph();
  for (auto& node : *graph.mutable_node()) {
    for (auto& name : *node.mutable_input()) {
      if (name == "images") name = "pixel_values";
    }
  }
  graph.mutable_input(0)->set_name("pixel_values");
  for (auto* value : {graph.mutable_input(0), graph.mutable_output(0)}) {
    value->mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim(0)->set_dim_value(1);
  }
  return model;
}

TEST(Wrap, MakesAFileOfOursWithTheSizesOfTheNetwork) {
  const auto file = wrap(bytes_of(their_model()), foreign_of_small(), Limits{});
  ASSERT_OK(file);
  EXPECT_EQ(file->description.labels, foreign_of_small().labels);
  EXPECT_EQ(file->description.preprocessing.width_px, 5);
  EXPECT_EQ(file->description.preprocessing.height_px, 4);
  EXPECT_EQ(file->description.name, "theirs");
  EXPECT_EQ(file->description.provenance.at("imported_from"), sha256(bytes_of(their_model())));
  ASSERT_OK(read(file->onnx, Limits{}));
  EXPECT_ERROR(wrap(file->onnx, foreign_of_small(), Limits{}), ErrorCode::usage);  // ours now
  // Another's network may use our names: they give way.
  onnx::ModelProto same_names = proto_of(*file);
  same_names.clear_metadata_props();
  ASSERT_OK(wrap(bytes_of(same_names), foreign_of_small(), Limits{}));
}

TEST(Wrap, TakesWeightsThatAreNotRawAndStandAmongTheInputs) {
  onnx::ModelProto model = their_model();
  auto& graph = *model.mutable_graph();
  for (auto& tensor : *graph.mutable_initializer()) {
    if (tensor.data_type() != onnx::TensorProto::FLOAT) continue;
    std::vector<float> values(tensor.raw_data().size() / sizeof(float));
    std::memcpy(values.data(), tensor.raw_data().data(), tensor.raw_data().size());
    tensor.clear_raw_data();
    for (const float value : values) tensor.add_float_data(value);
    graph.add_input()->set_name(tensor.name());
  }
  const auto file = wrap(bytes_of(model), foreign_of_small(), Limits{});
  ASSERT_OK(file);
}

TEST(Wrap, RefusesWhatIsNotAClassifierOfThesePictures) {
  const auto refused = [](const Foreign& foreign, auto change) {
    onnx::ModelProto model = their_model();
    change(*model.mutable_graph());
    const auto file = wrap(bytes_of(model), foreign, Limits{});
    EXPECT_FALSE(file.has_value());
    return file ? Error{} : file.error();
  };
  const auto as_it_is = [](onnx::GraphProto&) {};
  Foreign foreign = foreign_of_small();
  foreign.labels.push_back("d");
  EXPECT_THAT(refused(foreign, as_it_is).message, HasSubstr("3 classes apart, 4 labels"));
  foreign = foreign_of_small();
  foreign.preprocessing.width_px = 224;
  EXPECT_EQ(refused(foreign, as_it_is).code, ErrorCode::mismatch);
  foreign = foreign_of_small();
  foreign.channels_last = true;
  EXPECT_THAT(refused(foreign, as_it_is).message, HasSubstr("channels"));
  foreign = foreign_of_small();
  EXPECT_THAT(refused(foreign, [](auto& graph) { *graph.add_input() = graph.input(0); }).message,
              HasSubstr("2 inputs"));
  EXPECT_THAT(refused(foreign, [](auto& graph) { graph.clear_output(); }).message,
              HasSubstr("no output"));
  foreign.labels.clear();
  EXPECT_FALSE(wrap(bytes_of(their_model()), foreign, Limits{}).has_value());
  EXPECT_ERROR(wrap({}, foreign_of_small(), Limits{}), ErrorCode::malformed);
  const Bytes noise(300, std::byte{0x5A});
  EXPECT_ERROR(wrap(noise, foreign_of_small(), Limits{}), ErrorCode::malformed);
}

TEST(Labels, AreReadALineEach) {
  EXPECT_EQ(labels_of_lines("basophil\r\n\nig\n").value(),
            (std::vector<std::string>{"basophil", "ig"}));
  EXPECT_EQ(labels_of_lines("one").value().size(), 1U);
  EXPECT_ERROR(labels_of_lines("\n\n"), ErrorCode::malformed);
  EXPECT_ERROR(labels_of_lines("a\nb\na\n"), ErrorCode::malformed);
  std::string many;
  for (int i = 0; i < 1001; ++i) many += fmt::format("{}\n", i);
  EXPECT_ERROR(labels_of_lines(many), ErrorCode::malformed);
}

}  // namespace
}  // namespace bloodcell::model_file
