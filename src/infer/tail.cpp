#include "tail.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <openvino/op/add.hpp>
#include <openvino/op/constant.hpp>
#include <openvino/op/matmul.hpp>
#include <openvino/op/multiply.hpp>
#include <openvino/op/reduce_mean.hpp>
#include <openvino/op/reshape.hpp>
#include <openvino/op/result.hpp>
#include <openvino/op/squeeze.hpp>

namespace bloodcell::infer {

namespace {

template <class Operation>
bool is(const ov::Output<ov::Node>& value) {
  return ov::is_type<Operation>(value.get_node_shared_ptr());
}

ov::Output<ov::Node> input_of(const ov::Output<ov::Node>& value, std::size_t place = 0) {
  return value.get_node_shared_ptr()->input_value(place);
}

// The value before steps that only lay the same numbers out in another shape.
ov::Output<ov::Node> before_shapes(ov::Output<ov::Node> value) {
  while (is<ov::op::v0::Result>(value) || is<ov::op::v1::Reshape>(value) ||
         is<ov::op::v0::Squeeze>(value)) {
    value = input_of(value);
  }
  return value;
}

bool is_fixed(const ov::Output<ov::Node>& value) {
  const auto inputs = value.get_node()->input_values();
  return is<ov::op::v0::Constant>(value) ||
         (!inputs.empty() && std::all_of(inputs.begin(), inputs.end(), is_fixed));
}

// A factor of ONNX's Gemm; NaN for what is no single number.
float single_value(const ov::Output<ov::Node>& value) {
  const auto constant = ov::as_type_ptr<ov::op::v0::Constant>(value.get_node_shared_ptr());
  return constant && ov::shape_size(constant->get_shape()) == 1
             ? constant->cast_vector<float>().front()
             : std::numeric_limits<float>::quiet_NaN();
}

std::vector<float> transposed(const std::vector<float>& values, std::size_t rows,
                              std::size_t columns) {
  std::vector<float> turned(values.size());
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c) turned[c * rows + r] = values[r * columns + c];
  }
  return turned;
}

}  // namespace

Result<Tail> find_tail(const ov::Model& model) {
  ov::Output<ov::Node> value;
  for (const auto& result : model.get_results()) {
    if (result->input_value(0).get_names().contains("logits") ||
        result->output(0).get_names().contains("logits")) {
      value = before_shapes(result->input_value(0));
    }
  }
  float factor = 1;
  bool is_sum = false;  // of two terms: the first is the last dense layer's
  while (value.get_node() != nullptr &&
         (is<ov::op::v1::Add>(value) || is<ov::op::v1::Multiply>(value))) {
    const std::size_t moving = is_fixed(input_of(value, 0)) ? 1 : 0;
    is_sum = is_sum || !is_fixed(input_of(value, 1 - moving));
    if (is<ov::op::v1::Multiply>(value)) factor *= single_value(input_of(value, 1 - moving));
    value = before_shapes(input_of(value, moving));
  }
  const auto product = value.get_node() == nullptr
                           ? nullptr
                           : ov::as_type_ptr<ov::op::v0::MatMul>(value.get_node_shared_ptr());
  const auto weights =
      product ? ov::as_type_ptr<ov::op::v0::Constant>(product->get_input_node_shared_ptr(1))
              : nullptr;
  if (!weights || weights->get_shape().size() != 2 || product->get_transpose_a() ||
      std::isnan(factor)) {
    return fail(ErrorCode::unsupported, "the network does not end in one dense layer", {},
                "choose a network that ends in one, as compact does");
  }
  Tail tail;
  tail.embedding = product->input_value(0);
  tail.weights = weights->cast_vector<float>();
  for (float& weight : tail.weights) weight *= factor;
  if (!product->get_transpose_b()) {
    tail.weights = transposed(tail.weights, weights->get_shape()[0], weights->get_shape()[1]);
  }
  const auto mean = before_shapes(tail.embedding);
  if (!is_sum && is<ov::op::v1::ReduceMean>(mean) &&
      input_of(mean).get_partial_shape().size() == 4) {
    tail.maps = input_of(mean);
  }
  return tail;
}

}  // namespace bloodcell::infer
