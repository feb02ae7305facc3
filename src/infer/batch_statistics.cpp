#include <bloodcell/infer/batch_statistics.hpp>

#include <string>

#include <openvino/op/add.hpp>
#include <openvino/op/batch_norm.hpp>
#include <openvino/op/constant.hpp>
#include <openvino/op/divide.hpp>
#include <openvino/op/multiply.hpp>
#include <openvino/op/reduce_mean.hpp>
#include <openvino/op/reshape.hpp>
#include <openvino/op/sqrt.hpp>
#include <openvino/op/subtract.hpp>
#include <openvino/openvino.hpp>

#include <bloodcell/model_file/quantised.hpp>

namespace bloodcell::infer {

namespace {

using Value = ov::Output<ov::Node>;

Value number(float value) {
  return ov::op::v0::Constant::create(ov::element::f32, ov::Shape{}, {value});
}

// [C] → [1, C, 1, 1]
Value spread(const Value& value) {
  const auto shape = ov::op::v0::Constant::create(ov::element::i64, ov::Shape{4}, {1, -1, 1, 1});
  return std::make_shared<ov::op::v1::Reshape>(value, shape, false);
}

Value mean_over_pictures(const Value& value) {
  const auto axes = ov::op::v0::Constant::create(ov::element::i64, ov::Shape{3}, {0, 2, 3});
  return std::make_shared<ov::op::v1::ReduceMean>(value, axes, true);
}

Value mixed(const Value& old, const Value& seen, double share) {
  const auto kept =
      std::make_shared<ov::op::v1::Multiply>(spread(old), number(static_cast<float>(1 - share)));
  const auto taken =
      std::make_shared<ov::op::v1::Multiply>(seen, number(static_cast<float>(share)));
  return std::make_shared<ov::op::v1::Add>(kept, taken);
}

struct Watched {
  std::string output;
  Value mean;
  Value variance;
};

// The same layer with statistics of the batch mixed in.
Watched renormalise(const std::shared_ptr<ov::op::v5::BatchNormInference>& norm, double share) {
  using ov::op::v1::Add;
  using ov::op::v1::Divide;
  using ov::op::v1::Multiply;
  using ov::op::v1::Subtract;
  const Value x = norm->input_value(0);
  const Value seen_mean = mean_over_pictures(x);
  const auto apart = std::make_shared<Subtract>(x, seen_mean);
  const Value seen_variance = mean_over_pictures(std::make_shared<Multiply>(apart, apart));
  Watched watched{norm->output(0).get_any_name(), mixed(norm->input_value(3), seen_mean, share),
                  mixed(norm->input_value(4), seen_variance, share)};
  const auto deviation = std::make_shared<ov::op::v0::Sqrt>(
      std::make_shared<Add>(watched.variance, number(static_cast<float>(norm->get_eps_value()))));
  const auto standard =
      std::make_shared<Divide>(std::make_shared<Subtract>(x, watched.mean), deviation);
  const auto result =
      std::make_shared<Add>(std::make_shared<Multiply>(standard, spread(norm->input_value(1))),
                            spread(norm->input_value(2)));
  norm->output(0).replace(result->output(0));
  return watched;
}

std::vector<float> values_of(const ov::Tensor& tensor) {
  const float* from = tensor.data<const float>();
  return {from, from + tensor.get_size()};
}

Result<std::vector<model_file::NormStatistics>> measure(const model_file::ModelFile& file,
                                                        std::span<const float> input, int pictures,
                                                        double share, unsigned threads) {
  ov::Core core;
  BC_ASSIGN(const Bytes bytes, model_file::float_network(file));
  const std::string onnx(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto model = core.read_model(onnx, ov::Tensor());
  std::vector<Watched> watched;
  for (const auto& node : model->get_ordered_ops()) {
    const auto norm = ov::as_type_ptr<ov::op::v5::BatchNormInference>(node);
    if (norm && norm->get_input_partial_shape(0).size() == 4) {
      watched.push_back(renormalise(norm, share));
    }
  }
  if (watched.empty()) return std::vector<model_file::NormStatistics>();
  ov::OutputVector outputs;
  for (const auto& one : watched) {
    outputs.push_back(one.mean);
    outputs.push_back(one.variance);
  }
  const auto watching = std::make_shared<ov::Model>(outputs, model->get_parameters());
  auto network = core.compile_model(watching, "CPU",
                                    ov::AnyMap{ov::inference_num_threads(static_cast<int>(threads)),
                                               ov::hint::inference_precision(ov::element::f32),
                                               ov::hint::enable_cpu_pinning(false)});
  auto request = network.create_infer_request();
  const auto& preprocessing = file.description.preprocessing;
  // The request only reads it; OpenVINO has no tensor over constant memory.
  request.set_input_tensor(ov::Tensor(
      ov::element::f32,
      {static_cast<std::size_t>(pictures), 3, static_cast<std::size_t>(preprocessing.height_px),
       static_cast<std::size_t>(preprocessing.width_px)},
      const_cast<float*>(input.data())));
  request.infer();
  std::vector<model_file::NormStatistics> statistics;
  for (std::size_t i = 0; i < watched.size(); ++i) {
    statistics.push_back({watched[i].output, values_of(request.get_output_tensor(2 * i)),
                          values_of(request.get_output_tensor(2 * i + 1))});
  }
  return statistics;
}

}  // namespace

Result<std::vector<model_file::NormStatistics>> batch_statistics(const model_file::ModelFile& file,
                                                                 std::span<const float> input,
                                                                 int pictures, double share,
                                                                 unsigned threads) {
  if (pictures < 1 || threads < 1 || !(share > 0 && share <= 1) ||
      input.size() !=
          static_cast<std::size_t>(pictures) * file.description.preprocessing.input_values()) {
    return fail(ErrorCode::usage, fmt::format("{} input values for {} pictures, share {}",
                                              input.size(), pictures, share));
  }
  try {
    return measure(file, input, pictures, share, threads);
  } catch (const std::exception& error) {
    return fail(ErrorCode::internal,
                fmt::format("OpenVINO failed: {}", std::string(error.what()).substr(0, 300)));
  }
}

}  // namespace bloodcell::infer
