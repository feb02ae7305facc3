#include "shorten.hpp"

#include <algorithm>
#include <cstring>
#include <functional>

#include <openvino/openvino.hpp>

#include <bloodcell/graph/architectures.hpp>
#include <bloodcell/model_file/quantised.hpp>

#include "sessions.hpp"

namespace bloodcell::infer {
namespace {

class Shorten : public testing::Test {
 protected:
  std::shared_ptr<ov::Model> read(const Bytes& onnx) {
    return core_.read_model(std::string(reinterpret_cast<const char*>(onnx.data()), onnx.size()),
                            ov::Tensor());
  }

  std::vector<float> answers_of(const std::shared_ptr<ov::Model>& model) {
    auto compiled =
        core_.compile_model(model, "CPU", ov::hint::inference_precision(ov::element::f32));
    auto request = compiled.create_infer_request();
    const auto& shape = graph_.input_shape();
    ov::Tensor input(ov::element::f32, {4, 3, static_cast<std::size_t>(shape.height),
                                        static_cast<std::size_t>(shape.width)});
    const auto images = test::random_images(graph_, 4);
    std::memcpy(input.data(), images.data(), images.size() * sizeof(float));
    request.set_input_tensor(input);
    request.infer();
    const auto output = request.get_tensor("logits");
    const auto* values = output.data<const float>();
    return {values, values + output.get_size()};
  }

  // By all its layers, over the same range.
  Bytes in_int8() {
    std::vector<std::string> outputs;
    std::vector<model_file::TensorRange> ranges;
    const auto layers = model_file::quantisable_layers(plain_).value();
    for (const auto& layer : layers) {
      outputs.push_back(layer.output);
      ranges.push_back({layer.input, -3, 3});
    }
    const auto file = model_file::with_int8_layers(plain_, outputs, ranges);
    return model_file::int8_network(file.value()).value();
  }

  ov::Core core_;
  graph::Graph graph_ = *graph::find_architecture("compact-ibn")->build({3, 32, 40}, 5);
  model_file::ModelFile plain_ = test::model_of(graph_, test::random_weights(graph_)).value();
};

std::size_t count(const ov::Model& model, const std::string& type) {
  const auto nodes = model.get_ordered_ops();
  return static_cast<std::size_t>(std::count_if(nodes.begin(), nodes.end(), [&](const auto& node) {
    return type.empty() || node->get_type_name() == type;
  }));
}

TEST_F(Shorten, AFloatNetworkHasFewerOperationsAndAnswersToTheBit) {
  const auto bytes = model_file::float_network(plain_).value();
  const auto model = read(bytes);
  const auto before = answers_of(read(bytes));
  const std::size_t operations = count(*model, "");
  shorten(model, false);
  EXPECT_LT(count(*model, ""), operations);
  EXPECT_EQ(count(*model, "ShapeOf"), 0U);
  EXPECT_EQ(answers_of(model), before);
}

TEST_F(Shorten, PairsBecomeOneOperationAndKernelsStayWhole) {
  const auto bytes = in_int8();
  const auto model = read(bytes);
  const auto before = answers_of(read(bytes));
  const std::size_t pairs = count(*model, "FakeQuantize");
  ASSERT_GT(pairs, 5U);
  shorten(model, true);
  EXPECT_EQ(count(*model, "FakeQuantize"), pairs);
  std::size_t whole = 0;
  for (const auto& node : model->get_ordered_ops()) {
    const auto type = node->get_output_element_type(0);
    EXPECT_NE(type, ov::element::u8) << node->get_friendly_name();
    whole += type == ov::element::i8 ? 1 : 0;
  }
  EXPECT_EQ(whole, count(*model, "Convert"));
  EXPECT_EQ(whole, count(*model, "Convolution") + count(*model, "GroupConvolution"));
  EXPECT_EQ(answers_of(model), before);
}

TEST_F(Shorten, AFloatNetworkKeepsKernelsStoredAsBytes) {
  const auto model = read(in_int8());
  const auto whole = [&] {
    const auto nodes = model->get_ordered_ops();
    return std::count_if(nodes.begin(), nodes.end(), [](const auto& node) {
      return node->get_output_element_type(0) == ov::element::i8;
    });
  };
  const auto before = whole();
  ASSERT_GT(before, 0);
  shorten(model, false);
  EXPECT_EQ(whole(), before);
}

}  // namespace
}  // namespace bloodcell::infer
