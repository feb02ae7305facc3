#include "shorten.hpp"

#include <memory>
#include <optional>
#include <vector>

#include <openvino/core/graph_util.hpp>
#include <openvino/op/constant.hpp>
#include <openvino/op/convert.hpp>
#include <openvino/op/fake_quantize.hpp>
#include <openvino/op/multiply.hpp>
#include <openvino/op/subtract.hpp>
#include <openvino/pass/constant_folding.hpp>

namespace bloodcell::infer {

namespace {

using ov::op::v0::Constant;
using ov::op::v0::Convert;
using ov::op::v0::FakeQuantize;

// The node that makes an input, where it is of that operation and nobody else takes what it makes.
template <class Operation>
std::shared_ptr<Operation> alone_before(const ov::Node& node) {
  const auto value = node.input_value(0);
  if (value.get_target_inputs().size() != 1) return nullptr;
  return ov::as_type_ptr<Operation>(value.get_node_shared_ptr());
}

// A fixed number, perhaps converted.
std::optional<float> number_at(const ov::Output<ov::Node>& value) {
  auto node = value.get_node_shared_ptr();
  if (ov::is_type<Convert>(node)) node = node->input_value(0).get_node_shared_ptr();
  const auto constant = ov::as_type_ptr<Constant>(node);
  if (!constant || ov::shape_size(constant->get_shape()) != 1) return std::nullopt;
  return constant->cast_vector<float>().front();
}

std::shared_ptr<Constant> with_values(const ov::Output<ov::Node>& like, float zero, float scale) {
  const auto whole = ov::as_type_ptr<Constant>(like.get_node_shared_ptr());
  if (!whole || whole->get_element_type() != ov::element::f32) return nullptr;
  auto values = whole->cast_vector<float>();
  for (float& value : values) value = (value - zero) * scale;
  return Constant::create(ov::element::f32, whole->get_shape(), values);
}

// FakeQuantize to whole numbers → their type → float → less the zero point → times the scale.
void join_pair(const std::shared_ptr<ov::op::v1::Multiply>& last) {
  const auto subtract = alone_before<ov::op::v1::Subtract>(*last);
  const auto widened = alone_before<Convert>(subtract ? static_cast<ov::Node&>(*subtract) : *last);
  if (!widened || widened->get_element_type() != ov::element::f32) return;
  const auto whole = alone_before<Convert>(*widened);
  const auto steps = whole ? alone_before<FakeQuantize>(*whole) : nullptr;
  const auto scale = number_at(last->input_value(1));
  const auto zero = subtract ? number_at(subtract->input_value(1)) : 0.0F;
  if (!steps || !scale || !zero || ov::is_type<Constant>(steps->input_value(0).get_node())) return;
  const auto low = with_values(steps->input_value(3), *zero, *scale);
  const auto high = with_values(steps->input_value(4), *zero, *scale);
  if (!low || !high) return;
  const auto joined =
      std::make_shared<FakeQuantize>(steps->input_value(0), steps->input_value(1),
                                     steps->input_value(2), low, high, steps->get_levels());
  joined->set_friendly_name(last->get_friendly_name());
  ov::replace_node(last, joined);
}

using Nodes = std::vector<std::shared_ptr<ov::Node>>;

Nodes conversions_of_whole_numbers(const ov::Model& model) {
  Nodes found;
  for (const auto& node : model.get_ordered_ops()) {
    if (!ov::is_type<Convert>(node)) continue;
    const auto* before = node->input_value(0).get_node();
    const auto type = before->get_output_element_type(0);
    if (ov::is_type<Constant>(before) && (type == ov::element::i8 || type == ov::element::u8)) {
      found.push_back(node);
    }
  }
  return found;
}

}  // namespace

void shorten(const std::shared_ptr<ov::Model>& model, bool in_int8) {
  if (in_int8) {
    for (const auto& node : model->get_ordered_ops()) {
      if (const auto last = ov::as_type_ptr<ov::op::v1::Multiply>(node)) join_pair(last);
    }
  }
  const Nodes kept = conversions_of_whole_numbers(*model);
  for (const auto& node : kept) ov::pass::disable_constant_folding(node);
  ov::pass::ConstantFolding().run_on_model(model);
  for (const auto& node : kept) ov::pass::enable_constant_folding(node);
}

}  // namespace bloodcell::infer
