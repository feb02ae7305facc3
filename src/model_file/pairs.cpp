#include "pairs.hpp"

#include <cmath>
#include <map>
#include <set>
#include <string>

#include <onnx/onnx_pb.h>

#include "halves.hpp"
#include "layers.hpp"
#include "onnx_bytes.hpp"

namespace bloodcell::model_file {

namespace {

constexpr const char* kQuantise = "QuantizeLinear";
constexpr const char* kDequantise = "DequantizeLinear";

tl::unexpected<Error> broken(const onnx::NodeProto& node, const std::string& what) {
  return fail(ErrorCode::malformed,
              fmt::format("{} of {} {}", node.op_type(),
                          node.output_size() > 0 ? node.output(0) : node.name(), what),
              "", "make the file again with bloodcell quantise");
}

bool is_quantise(const onnx::NodeProto& node) { return node.op_type() == kQuantise; }
bool is_dequantise(const onnx::NodeProto& node) { return node.op_type() == kDequantise; }

class Checker {
 public:
  explicit Checker(const onnx::GraphProto& graph) : graph_(graph) {
    for (const auto& tensor : graph.initializer()) fixed_.emplace(tensor.name(), &tensor);
    for (const auto& node : graph.node()) {  // a kernel stored as float16 is fixed, too
      if (node.op_type() != "Cast" || node.input_size() != 1 || node.output_size() != 1) continue;
      const auto* half = fixed(node.input(0));
      if (half != nullptr && half->data_type() == onnx::TensorProto::FLOAT16) {
        fixed_.emplace(node.output(0), half);
      }
    }
    for (const auto& node : graph.node()) {
      if (is_quantise(node) && node.output_size() == 1) makers_.emplace(node.output(0), &node);
    }
  }

  Result<void> check() {
    for (const auto& node : graph_.node()) {
      if (is_quantise(node) || is_dequantise(node)) BC_CHECK(check_scales(node));
    }
    std::map<std::string, const onnx::NodeProto*> ends;
    for (const auto& node : graph_.node()) {
      if (is_dequantise(node)) {
        BC_CHECK(check_source(node));
        ends.emplace(node.output(0), &node);
      } else {
        BC_CHECK(check_takes_no_whole_numbers(node));
      }
    }
    for (const auto& [output, node] : makers_) {
      if (!taken_.contains(output)) return broken(*node, "has no DequantizeLinear");
      ends.emplace(output, node);
    }
    for (const auto& output : graph_.output()) {
      if (const auto end = ends.find(output.name()); end != ends.end()) {
        return broken(*end->second, "makes an output of the network");
      }
    }
    return {};
  }

 private:
  const onnx::TensorProto* fixed(const std::string& name) const {
    const auto found = fixed_.find(name);
    return found == fixed_.end() ? nullptr : found->second;
  }

  // Scale and zero point, by themselves and beside what they are for.
  Result<void> check_scales(const onnx::NodeProto& node) const {
    if (node.input_size() < 2 || node.input_size() > 3 || node.output_size() != 1) {
      return broken(node, "does not take a tensor, a scale and a zero point");
    }
    const auto* scale = fixed(node.input(1));
    if (scale == nullptr || scale->data_type() != onnx::TensorProto::FLOAT ||
        scale->dims_size() > 1) {
      return broken(node, "has a scale that is not fixed float numbers in a row");
    }
    const auto values = floats_in(*scale);
    for (const float value : values) {
      if (!(std::isnormal(value) && value > 0)) {
        return broken(node, fmt::format("has the scale {}", value));
      }
    }
    if (node.input_size() == 3) BC_CHECK(check_zero_point(node, *scale));
    if (values.size() > 1) BC_CHECK(check_axis(node, values.size()));
    return {};
  }

  Result<void> check_zero_point(const onnx::NodeProto& node, const onnx::TensorProto& scale) const {
    const auto* zero = fixed(node.input(2));
    if (zero == nullptr || (zero->data_type() != onnx::TensorProto::INT8 &&
                            zero->data_type() != onnx::TensorProto::UINT8)) {
      return broken(node, "has a zero point that is not fixed INT8 or UINT8");
    }
    if (zero->raw_data().size() * sizeof(float) != scale.raw_data().size()) {
      return broken(node, fmt::format("has {} zero points for {} scales", zero->raw_data().size(),
                                      scale.raw_data().size() / sizeof(float)));
    }
    return {};
  }

  Result<void> check_axis(const onnx::NodeProto& node, std::size_t scales) const {
    const auto* tensor = fixed(is_quantise(node) ? node.input(0) : source_of(node));
    if (tensor == nullptr) return broken(node, "has several scales for a tensor that is not fixed");
    const std::int64_t rank = tensor->dims_size();
    std::int64_t axis = axis_of(node);
    if (axis < -rank || axis >= rank) {
      return broken(node, fmt::format("has the axis {} of {} dimensions", axis, rank));
    }
    if (axis < 0) axis += rank;
    const std::int64_t places = tensor->dims(static_cast<int>(axis));
    if (places == static_cast<std::int64_t>(scales)) return {};
    return broken(node, fmt::format("has {} scales for {} places of its axis", scales, places));
  }

  // What a DequantizeLinear gives back: the tensor before its QuantizeLinear, or its own.
  std::string source_of(const onnx::NodeProto& node) const {
    const auto maker = makers_.find(node.input(0));
    return maker == makers_.end() ? node.input(0) : maker->second->input(0);
  }

  Result<void> check_source(const onnx::NodeProto& node) {
    const auto maker = makers_.find(node.input(0));
    if (maker == makers_.end()) {
      const auto* tensor = fixed(node.input(0));
      const bool is_whole = tensor != nullptr && (tensor->data_type() == onnx::TensorProto::INT8 ||
                                                  tensor->data_type() == onnx::TensorProto::UINT8);
      if (is_whole) return {};
      return broken(node, "takes neither a QuantizeLinear's numbers nor fixed INT8 or UINT8");
    }
    const auto& before = *maker->second;
    bool same = before.input_size() == node.input_size() && axis_of(before) == axis_of(node);
    for (int i = 1; same && i < node.input_size(); ++i) {
      same = fixed(before.input(i))->raw_data() == fixed(node.input(i))->raw_data() &&
             fixed(before.input(i))->data_type() == fixed(node.input(i))->data_type();
    }
    if (!same) return broken(node, "has another scale, zero point or axis than its QuantizeLinear");
    taken_.insert(node.input(0));
    return {};
  }

  Result<void> check_takes_no_whole_numbers(const onnx::NodeProto& node) const {
    for (const auto& input : node.input()) {
      const auto maker = makers_.find(input);
      if (maker == makers_.end()) continue;
      return fail(ErrorCode::unsupported,
                  fmt::format("a network whose {} takes the whole numbers of {} without a "
                              "DequantizeLinear",
                              node.op_type(), input),
                  "", "export it in the QDQ format");
    }
    return {};
  }

  const onnx::GraphProto& graph_;
  std::map<std::string, const onnx::TensorProto*> fixed_;
  std::map<std::string, const onnx::NodeProto*> makers_;  // by the tensor of whole numbers
  std::set<std::string> taken_;
};

}  // namespace

std::int64_t axis_of(const onnx::NodeProto& node) {
  for (const auto& attribute : node.attribute()) {
    if (attribute.name() == "axis") return attribute.i();
  }
  return 1;
}

Result<void> check_pairs(const onnx::GraphProto& graph) { return Checker(graph).check(); }

bool has_pairs(const onnx::GraphProto& graph) {
  for (const auto& node : graph.node()) {
    if (is_quantise(node)) return true;
  }
  return false;
}

void pass_over_pairs(onnx::GraphProto& graph) {
  std::map<std::string, std::string> before;  // by the name of a tensor within or behind a pair
  std::set<std::string> whole;                // what QuantizeLinear makes
  std::set<std::string> scales;               // zero points too
  google::protobuf::RepeatedPtrField<onnx::NodeProto> kept;
  for (auto& node : *graph.mutable_node()) {
    const bool begins = is_quantise(node);
    const bool ends = is_dequantise(node) && whole.contains(node.input(0));
    for (auto& input : *node.mutable_input()) {
      if (const auto found = before.find(input); found != before.end()) input = found->second;
    }
    if (!begins && !ends) {
      kept.Add(std::move(node));
      continue;
    }
    before[node.output(0)] = node.input(0);
    if (begins) whole.insert(node.output(0));
    for (int i = 1; i < node.input_size(); ++i) scales.insert(node.input(i));
  }
  graph.mutable_node()->Swap(&kept);
  for (const auto& node : graph.node()) {
    for (const auto& input : node.input()) scales.erase(input);
  }
  google::protobuf::RepeatedPtrField<onnx::TensorProto> tensors;
  for (auto& tensor : *graph.mutable_initializer()) {
    if (!scales.contains(tensor.name())) tensors.Add(std::move(tensor));
  }
  graph.mutable_initializer()->Swap(&tensors);
}

Result<onnx::ModelProto> float_model(const ModelFile& file) {
  BC_ASSIGN(onnx::ModelProto model, parse_onnx(file.onnx));
  widen_halves(*model.mutable_graph());
  pass_over_pairs(*model.mutable_graph());
  return model;
}

}  // namespace bloodcell::model_file
