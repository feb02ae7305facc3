#include <bloodcell/model_file/quantised.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <set>

#include <onnx/onnx_pb.h>

#include "halves.hpp"
#include "layers.hpp"
#include "onnx_bytes.hpp"
#include "pairs.hpp"
#include "whole_kernels.hpp"

namespace bloodcell::model_file {

namespace {

// Puts pairs before layers, each tensor's once, in front of the first that takes it.
class Writer {
 public:
  Writer(onnx::GraphProto& graph, const std::vector<TensorRange>& ranges) : graph_(graph) {
    for (const auto& range : ranges) ranges_.emplace(range.tensor, &range);
    for (const auto& tensor : graph.initializer()) names_.insert(tensor.name());
    for (const auto& node : graph.node()) names_.insert(node.output().begin(), node.output().end());
    for (const auto& input : graph.input()) names_.insert(input.name());
  }

  Result<void> write(const std::set<std::string>& wanted) {
    const auto fixed = kernels_too(graph_);
    google::protobuf::RepeatedPtrField<onnx::NodeProto> nodes;
    for (auto& node : *graph_.mutable_node()) {
      if (node.output_size() == 1 && wanted.contains(node.output(0))) {
        const auto& kernel = *fixed.at(node.input(1));
        BC_ASSIGN(const auto input, of_input(node.input(0), nodes));
        node.set_input(0, input);
        if (!is_bytes(kernel)) {
          BC_ASSIGN(const auto weights, of_weights(kernel, channel_axis(node, fixed), nodes));
          node.set_input(1, weights);
        }
      }
      nodes.Add(std::move(node));
    }
    graph_.mutable_node()->Swap(&nodes);
    for (auto& tensor : tensors_) graph_.mutable_initializer()->Add(std::move(tensor));
    return {};
  }

 private:
  using Nodes = google::protobuf::RepeatedPtrField<onnx::NodeProto>;

  Result<std::string> of_input(const std::string& tensor, Nodes& nodes) {
    if (const auto found = done_.find(tensor); found != done_.end()) return found->second;
    const auto range = ranges_.find(tensor);
    if (range == ranges_.end()) {
      return fail(ErrorCode::usage, fmt::format("no range of values for {}", tensor));
    }
    const float low = std::min(range->second->low, 0.0F);
    const float high = std::max(range->second->high, 0.0F);
    constexpr float kSteps = 255;
    const float scale = high / kSteps - low / kSteps;
    if (!std::isfinite(low) || !std::isfinite(high) || !std::isnormal(scale)) {
      return fail(ErrorCode::usage,
                  fmt::format("values of {} from {} to {}: no scale fits", tensor, low, high));
    }
    const std::string zero(1, static_cast<char>(std::lround(std::min(-low / scale, kSteps))));
    return pair(tensor, {scale}, zero, onnx::TensorProto::UINT8, -1, nodes);
  }

  Result<std::string> of_weights(const onnx::TensorProto& weights, int axis, Nodes& nodes) {
    const std::string key = fmt::format("{} {}", weights.name(), axis);  // shared, or turned
    if (const auto found = done_.find(key); found != done_.end()) return found->second;
    const auto scales = weight_scales(weights, axis);
    BC_ASSIGN(auto name, pair(weights.name(), scales, std::string(scales.size(), '\0'),
                              onnx::TensorProto::INT8, axis, nodes));
    done_[key] = name;
    return name;
  }

  // axis −1: one scale.
  Result<std::string> pair(const std::string& tensor, const std::vector<float>& scales,
                           const std::string& zeros, onnx::TensorProto::DataType type, int axis,
                           Nodes& nodes) {
    BC_ASSIGN(const auto scale, fixed(tensor + ".scale", onnx::TensorProto::FLOAT,
                                      std::string(reinterpret_cast<const char*>(scales.data()),
                                                  scales.size() * sizeof(float)),
                                      axis < 0 ? 0 : scales.size()));
    BC_ASSIGN(const auto zero,
              fixed(tensor + ".zero_point", type, zeros, axis < 0 ? 0 : scales.size()));
    const auto add = [&](const char* operation, const std::string& from, const std::string& to) {
      auto& node = *nodes.Add();
      node.set_op_type(operation);
      node.set_name(to);
      for (const auto& input : {from, scale, zero}) node.add_input(input);
      node.add_output(to);
      if (axis < 0) return;
      auto* attribute = node.add_attribute();
      attribute->set_name("axis");
      attribute->set_type(onnx::AttributeProto::INT);
      attribute->set_i(axis);
    };
    BC_ASSIGN(const auto whole, own(tensor + ".int8"));
    BC_ASSIGN(const auto after, own(tensor + ".dequantised"));
    add("QuantizeLinear", tensor, whole);
    add("DequantizeLinear", whole, after);
    if (axis < 0) done_[tensor] = after;
    return after;
  }

  // size 0: a scalar.
  Result<std::string> fixed(const std::string& wanted, onnx::TensorProto::DataType type,
                            const std::string& bytes, std::size_t size) {
    BC_ASSIGN(auto name, own(wanted));
    onnx::TensorProto tensor;
    tensor.set_name(name);
    tensor.set_data_type(type);
    if (size > 0) tensor.add_dims(static_cast<std::int64_t>(size));
    tensor.set_raw_data(bytes);
    tensors_.push_back(std::move(tensor));
    return name;
  }

  Result<std::string> own(const std::string& wanted) {
    if (names_.insert(wanted).second) return wanted;
    return fail(ErrorCode::unsupported,
                fmt::format("a network that has a tensor {} of its own", wanted));
  }

  onnx::GraphProto& graph_;
  std::map<std::string, const TensorRange*> ranges_;
  std::set<std::string> names_;
  std::map<std::string, std::string> done_;  // by tensor
  std::vector<onnx::TensorProto> tensors_;
};

}  // namespace

Result<std::vector<QuantisableLayer>> quantisable_layers(const ModelFile& file) {
  BC_ASSIGN(const auto model, float_model(file));
  return layers_of(model.graph());
}

Result<ModelFile> with_int8_layers(const ModelFile& file, const std::vector<std::string>& outputs,
                                   const std::vector<TensorRange>& ranges) {
  BC_ASSIGN(auto model, float_model(file));
  BC_CHECK(check_has_channel_scales(model));
  std::set<std::string> known;
  for (const auto& layer : layers_of(model.graph())) known.insert(layer.output);
  for (const auto& output : outputs) {
    if (known.contains(output)) continue;
    return fail(ErrorCode::usage, fmt::format("no layer with fixed weights makes {}", output));
  }
  BC_CHECK(Writer(*model.mutable_graph(), ranges).write({outputs.begin(), outputs.end()}));
  if (file.has_halves) store_halves(*model.mutable_graph());
  Description description = file.description;
  description.precisions.clear();
  return with_graph(std::move(model), std::move(description));
}

Result<Bytes> float_network(const ModelFile& file) {
  BC_ASSIGN(auto model, float_model(file));
  model.clear_metadata_props();
  return serialised(model);
}

Result<Bytes> int8_network(const ModelFile& file) {
  BC_ASSIGN(auto model, parse_onnx(file.onnx));
  model.clear_metadata_props();
  widen_halves(*model.mutable_graph());
  fix_whole_kernels(*model.mutable_graph());
  return serialised(model);
}

}  // namespace bloodcell::model_file
