#include <bloodcell/infer/tensor_watch.hpp>

#include <map>

#include <openvino/openvino.hpp>

#include <bloodcell/model_file/quantised.hpp>

namespace bloodcell::infer {

struct TensorWatch::Impl {
  ov::InferRequest request;
  std::size_t tensors = 0;
  std::size_t height = 0;
  std::size_t width = 0;
};

TensorWatch::TensorWatch(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TensorWatch::TensorWatch(TensorWatch&&) noexcept = default;
TensorWatch& TensorWatch::operator=(TensorWatch&&) noexcept = default;
TensorWatch::~TensorWatch() = default;

namespace {

Result<ov::OutputVector> found_in(const ov::Model& model, const std::vector<std::string>& tensors) {
  std::map<std::string, ov::Output<ov::Node>> all;
  for (const auto& node : model.get_ordered_ops()) {
    if (ov::is_type<ov::op::v0::Result>(node)) continue;
    for (const auto& output : node->outputs()) {
      for (const auto& name : output.get_names()) all.emplace(name, output);
    }
  }
  ov::OutputVector outputs;
  for (const auto& tensor : tensors) {
    const auto found = all.find(tensor);
    if (found == all.end()) {
      return fail(ErrorCode::usage, fmt::format("the network has no tensor {}", tensor));
    }
    outputs.push_back(found->second);
  }
  return outputs;
}

}  // namespace

Result<TensorWatch> TensorWatch::open(const model_file::ModelFile& file,
                                      const std::vector<std::string>& tensors, unsigned threads) {
  if (threads < 1) return fail(ErrorCode::usage, "watching needs at least one thread");
  BC_ASSIGN(const Bytes bytes, model_file::float_network(file));
  auto impl = std::make_unique<Impl>();
  impl->tensors = tensors.size();
  impl->height = static_cast<std::size_t>(file.description.preprocessing.height_px);
  impl->width = static_cast<std::size_t>(file.description.preprocessing.width_px);
  try {
    ov::Core core;
    const std::string onnx(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const auto model = core.read_model(onnx, ov::Tensor());
    BC_ASSIGN(const auto outputs, found_in(*model, tensors));
    const auto watching = std::make_shared<ov::Model>(outputs, model->get_parameters());
    impl->request =
        core.compile_model(watching, "CPU",
                           ov::AnyMap{ov::inference_num_threads(static_cast<int>(threads)),
                                      ov::hint::inference_precision(ov::element::f32),
                                      ov::hint::enable_cpu_pinning(false)})
            .create_infer_request();
  } catch (const std::exception& error) {
    return fail(ErrorCode::malformed, fmt::format("OpenVINO cannot run this network: {}",
                                                  std::string(error.what()).substr(0, 300)));
  }
  return TensorWatch(std::move(impl));
}

Result<void> TensorWatch::look(std::span<const float> input, int batch, const See& see) {
  if (batch < 1 ||
      input.size() != static_cast<std::size_t>(batch) * 3 * impl_->height * impl_->width) {
    return fail(ErrorCode::usage,
                fmt::format("{} input values for {} images", input.size(), batch));
  }
  try {
    // The request only reads it; OpenVINO has no tensor over constant memory.
    impl_->request.set_input_tensor(ov::Tensor(
        ov::element::f32, {static_cast<std::size_t>(batch), 3, impl_->height, impl_->width},
        const_cast<float*>(input.data())));
    impl_->request.infer();
    for (std::size_t i = 0; i < impl_->tensors; ++i) {
      const auto tensor = impl_->request.get_output_tensor(i);
      see(i, std::span(tensor.data<const float>(), tensor.get_size()));
    }
  } catch (const std::exception& error) {
    return fail(ErrorCode::internal,
                fmt::format("OpenVINO failed: {}", std::string(error.what()).substr(0, 300)));
  }
  return {};
}

}  // namespace bloodcell::infer
