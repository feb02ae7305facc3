#include <bloodcell/infer/session.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>

#include <openvino/op/concat.hpp>
#include <openvino/op/constant.hpp>
#include <openvino/op/reduce_mean.hpp>
#include <openvino/openvino.hpp>

#include <bloodcell/model_file/quantised.hpp>

#include "network_cache.hpp"
#include "processor.hpp"
#include "shorten.hpp"
#include "tail.hpp"

namespace bloodcell::infer {

namespace {

// OpenVINO's messages are several lines, some of them places in its source: the others, as one.
std::string one_line(const std::string& message) {
  constexpr std::size_t kLongest = 500;
  std::istringstream lines(message);
  std::string text;
  for (std::string line; std::getline(lines, line);) {
    const bool is_place = line.starts_with("Exception from ") || line.starts_with("Check '") ||
                          line.starts_with("FrontEnd API failed");
    if (line.empty() || is_place) continue;
    text += (text.empty() ? "" : " ") + line;
  }
  return text.substr(0, kLongest);
}

// A padded or repeated map can be any size, whatever the file's: counted before memory is taken.
Result<void> check_memory(const ov::Model& model) {
  constexpr std::int64_t kMostValues = std::int64_t{1}
                                       << 28;  // of one tensor, for one image: 1 GiB
  for (const auto& node : model.get_ordered_ops()) {
    for (const auto& output : node->outputs()) {
      std::int64_t values = 1;
      for (const auto& dim : output.get_partial_shape()) {
        if (dim.is_dynamic() || dim.get_length() == 0) continue;
        if (values > kMostValues / dim.get_length()) {
          return fail(ErrorCode::limit_exceeded,
                      fmt::format("layer {} makes more than {} values for one image",
                                  node->get_friendly_name(), kMostValues),
                      "", "choose a smaller input or another network");
        }
        values *= dim.get_length();
      }
    }
  }
  return {};
}

constexpr const char* kEmbedding = "bloodcell.embedding";
constexpr const char* kMaps = "bloodcell.maps";
constexpr const char* kMeans = "bloodcell.means";

void add_output(ov::Model& model, const ov::Output<ov::Node>& value, const char* name) {
  auto output = model.add_output(value);
  output.add_names({name});
}

Result<void> keep_means(ov::Model& model, const std::vector<std::string>& maps) {
  if (maps.empty()) return {};
  const auto places = ov::op::v0::Constant::create(ov::element::i64, ov::Shape{2}, {2, 3});
  ov::OutputVector means;
  for (const auto& map : maps) {
    ov::Output<ov::Node> found;
    for (const auto& node : model.get_ops()) {
      for (const auto& output : node->outputs()) {
        if (output.get_names().contains(map)) found = output;
      }
    }
    if (found.get_node() == nullptr || found.get_partial_shape().size() != 4) {
      return fail(ErrorCode::usage, fmt::format("no layer makes maps called {}", map));
    }
    means.push_back(std::make_shared<ov::op::v1::ReduceMean>(found, places, false));
  }
  add_output(model, std::make_shared<ov::op::v0::Concat>(means, 1), kMeans);
  return {};
}

// Adds the outputs that look() gives, and returns the dense layer after them.
Result<Head> keep_more(ov::Model& model, const SessionOptions& options, std::size_t labels) {
  BC_CHECK(keep_means(model, options.means_of));
  if (!options.keep_embedding && !options.keep_maps) return Head{};
  BC_ASSIGN(Tail tail, find_tail(model));
  if (options.keep_embedding) add_output(model, tail.embedding, kEmbedding);
  if (options.keep_maps) {
    if (tail.maps.get_node() == nullptr) {
      return fail(ErrorCode::unsupported, "the network does not take the mean of maps at its end",
                  {}, "choose a network that does, as compact does");
    }
    add_output(model, tail.maps, kMaps);
  }
  const std::size_t values = tail.weights.size() / labels;
  return Head{values, std::move(tail.weights)};
}

// What the file says of embeddings must be of this network's.
Result<void> check_trust(const model_file::Description& description, const Head& head) {
  if (!description.trust) return {};
  const auto check = [&](const char* field, std::size_t values) -> Result<void> {
    if (values == head.values) return {};
    return fail(ErrorCode::malformed,
                fmt::format("trust.{} is of {} values, the network's embedding has {}", field,
                            values, head.values),
                {}, "fit it anew with bloodcell calibrate");
  };
  const auto& trust = *description.trust;
  if (trust.familiarity) BC_CHECK(check("familiarity", trust.familiarity->values));
  if (trust.other_things) BC_CHECK(check("other_things", trust.other_things->weights.size()));
  return {};
}

ov::AnyMap properties_of(const SessionOptions& options) {
  const auto precision =
      options.precision == Precision::bfloat16 ? ov::element::bf16 : ov::element::f32;
  return {ov::inference_num_threads(static_cast<int>(options.threads)),
          ov::hint::performance_mode(ov::hint::PerformanceMode::LATENCY),
          ov::hint::inference_precision(precision), ov::hint::enable_cpu_pinning(false)};
}

Result<Precision> resolved(ov::Core& core, Precision wanted, const model_file::ModelFile& file) {
  if (wanted == Precision::float32) return wanted;
  const Processor processor = this_processor(core);
  if (wanted == Precision::automatic) return fastest(processor, file);
  const bool is_int8 = wanted == Precision::int8;
  if (is_int8 && !file.has_int8) {
    return fail(ErrorCode::unsupported, "the model file has no layer in int8", {},
                "make one that has with bloodcell quantise, or name another precision");
  }
  if (is_int8 ? processor.has_int8 : processor.has_bfloat16) return wanted;
  return fail(ErrorCode::unsupported,
              fmt::format("this processor does not calculate in {}", name_of(wanted)), {},
              is_int8 ? "say float32, or take a processor that multiplies bytes (VNNI)"
                      : "leave it out, or say float32");
}

// How networks are prepared for the engine: another number, where that changes their values.
constexpr int kPrepared = 2;

// All that the compiled network depends on. The graph was hashed when the file was read.
std::string cache_key(ov::Core& core, const model_file::ModelFile& file,
                      const SessionOptions& options) {
  std::string key =
      fmt::format("{} {} {} {} {} {} {} {} {} {} {}x{}", kPrepared, file.description.graph_sha256,
                  file.onnx_versions, engine_version(),
                  core.get_property("CPU", ov::device::full_name), options.threads,
                  static_cast<int>(options.precision), options.keep_embedding, options.keep_maps,
                  options.one_at_a_time, options.other_size.width_px, options.other_size.height_px);
  for (const auto& can : core.get_property("CPU", ov::device::capabilities)) key += " " + can;
  for (const auto& map : options.means_of) key += " " + map;
  return key;
}

struct Compiled {
  ov::CompiledModel network;
  Head head;
};

// Frees the sides of the input. A graph that does not fit the other size stays as it was.
void free_sides(ov::Model& model, const InputSize& other) {
  const auto given = model.input().get_partial_shape();
  bool fits = false;
  try {
    model.reshape(ov::PartialShape{1, 3, other.height_px, other.width_px});
    fits = model.output("logits").get_partial_shape()[0] == 1;  // a dense layer makes rows of it
  } catch (const std::exception&) {
    fits = false;
  }
  model.reshape(fits ? ov::PartialShape{-1, 3, -1, -1} : given);
}

// A graph that does not fit a single image stays as it was.
void fix_one(ov::Model& model) {
  const auto given = model.input().get_partial_shape();
  auto one = given;
  one[0] = 1;
  try {
    model.reshape(one);
  } catch (const std::exception&) {
    model.reshape(given);
  }
}

Result<Compiled> compile(ov::Core& core, const model_file::ModelFile& file,
                         const SessionOptions& options) {
  const bool in_int8 = file.has_int8 && options.precision == Precision::int8;
  BC_ASSIGN(const Bytes bytes,
            in_int8 ? model_file::int8_network(file) : model_file::float_network(file));
  const std::string onnx(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto model = core.read_model(onnx, ov::Tensor());
  BC_CHECK(check_memory(*model));
  BC_ASSIGN(Head head, keep_more(*model, options, file.description.labels.size()));
  if (options.other_size.height_px > 0) {
    free_sides(*model, options.other_size);
  } else if (options.one_at_a_time) {
    fix_one(*model);
  }
  shorten(model, in_int8);  // last: a shape that is no longer fixed must not be calculated
  return Compiled{core.compile_model(model, "CPU", properties_of(options)), std::move(head)};
}

// Nothing when the engine does not take what it once gave.
std::optional<Compiled> recall(ov::Core& core, const CachedNetwork& cached,
                               const SessionOptions& options) {
  try {
    // Its own memory: the network may go on looking into it.
    ov::Tensor blob(ov::element::u8, {cached.network().size()});
    std::memcpy(blob.data(), cached.network().data(), cached.network().size());
    return Compiled{core.import_model(blob, "CPU", properties_of(options)), cached.head};
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

Result<Compiled> compile_or_recall(ov::Core& core, const model_file::ModelFile& file,
                                   const SessionOptions& options) {
  const NetworkCache cache(options.cache_folder);
  if (cache.is_off()) return compile(core, file, options);
  const std::string key = cache_key(core, file, options);
  if (const auto cached = cache.find(key)) {
    if (auto recalled = recall(core, *cached, options)) return std::move(*recalled);
  }
  BC_ASSIGN(auto compiled, compile(core, file, options));
  try {
    std::ostringstream exported;
    compiled.network.export_model(exported);
    cache.keep(key, compiled.head, exported.view());
  } catch (const std::exception&) {
    // A network that the engine cannot export is compiled each time.
  }
  return compiled;
}

std::vector<float> values_of(const ov::Tensor& tensor) {
  const float* from = tensor.data<const float>();
  return {from, from + tensor.get_size()};
}

// Bytes of the largest tensor between layers, for one image. Errors of the engine are thrown.
std::size_t largest_bytes(const ov::CompiledModel& network) {
  std::size_t largest = 1;
  for (const auto& node : network.get_runtime_model()->get_ordered_ops()) {
    if (ov::is_type<ov::op::v0::Constant>(node)) continue;
    for (const auto& output : node->outputs()) {
      const auto shape = output.get_partial_shape();
      if (shape.rank().is_dynamic() || shape.size() < 4) continue;  // no maps
      std::size_t values = 1;
      for (const auto& dim : shape) {
        values *= dim.is_static() ? static_cast<std::size_t>(dim.get_length()) : 1;
      }
      largest = std::max(largest, values * output.get_element_type().size());
    }
  }
  return largest;
}

void append(Looked& all, const Looked& one) {
  const auto add = [](std::vector<float>& to, const std::vector<float>& from) {
    to.insert(to.end(), from.begin(), from.end());
  };
  add(all.logits, one.logits);
  add(all.embedding, one.embedding);
  add(all.maps, one.maps);
  add(all.means, one.means);
}

}  // namespace

std::string_view name_of(Precision precision) {
  switch (precision) {
    case Precision::automatic: return "auto";
    case Precision::float32: return "float32";
    case Precision::bfloat16: return "bfloat16";
    case Precision::int8: return "int8";
  }
  return "float32";
}

std::optional<Precision> precision_named(std::string_view name) {
  for (const auto precision :
       {Precision::automatic, Precision::float32, Precision::bfloat16, Precision::int8}) {
    if (name_of(precision) == name) return precision;
  }
  return std::nullopt;
}

// One network for every batch size; a single image gains up to a tenth of its own, which is why
// that can be asked for. Large batches run in parts whose maps stay near the processor
// (docs/speed.md).
struct Session::Impl {
  ov::CompiledModel network;
  ov::Output<const ov::Node> logits;
  std::optional<ov::Output<const ov::Node>> embedding;
  std::optional<ov::Output<const ov::Node>> maps;
  std::optional<ov::Output<const ov::Node>> means;
  Head head;
  MapSize map_size;
  std::size_t channels = 3;
  std::size_t height = 0;
  std::size_t width = 0;
  std::size_t outputs = 0;  // for one image
  InputSize other_size;     // 0 × 0: none
  bool is_fixed = false;    // to one image
  std::size_t threads = 1;
  std::once_flag parted;
  std::size_t part = 0;  // set behind `parted`
  Precision precision = Precision::float32;

  // Requests not in use; run() takes one or makes one, and gives it back.
  std::mutex mutex;
  std::vector<ov::InferRequest> idle;  // guarded by mutex

  // Images of a batch that run at once.
  std::size_t most_together(std::size_t batch) {
    if (is_fixed || batch == 1) return 1;
    std::call_once(parted, [&] {
      constexpr std::size_t kNear = 8U << 20;  // bytes of its largest maps, a thread
      part = std::max<std::size_t>(1, threads * kNear / largest_bytes(network));
    });
    return part;
  }

  ov::InferRequest take() {
    {
      const std::lock_guard lock(mutex);
      if (!idle.empty()) {
        ov::InferRequest request = std::move(idle.back());
        idle.pop_back();
        return request;
      }
    }
    return network.create_infer_request();
  }

  void give_back(ov::InferRequest request) {
    const std::lock_guard lock(mutex);
    idle.push_back(std::move(request));
  }

  // shape: [N, 3, H, W]
  Result<Looked> look(std::span<const float> input, ov::Shape shape) {
    try {
      const std::size_t most = most_together(shape[0]);
      if (shape[0] <= most) return infer(input, shape);
      const std::size_t values = input.size() / shape[0];
      Looked all;
      while (!input.empty()) {
        shape[0] = std::min(most, input.size() / values);
        append(all, infer(input.first(shape[0] * values), shape));
        input = input.subspan(shape[0] * values);
      }
      return all;
    } catch (const std::exception& error) {
      return fail(ErrorCode::internal, fmt::format("OpenVINO failed: {}", one_line(error.what())));
    }
  }

 private:
  Looked infer(std::span<const float> input, const ov::Shape& shape) {
    // The request only reads it; OpenVINO has no tensor over constant memory.
    ov::Tensor images(ov::element::f32, shape, const_cast<float*>(input.data()));
    ov::InferRequest request = take();
    request.set_input_tensor(images);
    request.infer();
    Looked looked{values_of(request.get_tensor(logits)), {}, {}, {}};
    if (embedding) looked.embedding = values_of(request.get_tensor(*embedding));
    if (maps) looked.maps = values_of(request.get_tensor(*maps));
    if (means) looked.means = values_of(request.get_tensor(*means));
    give_back(std::move(request));
    return looked;
  }
};

Session::Session(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

Result<Session> Session::open(const model_file::ModelFile& file, const SessionOptions& wanted) {
  SessionOptions options = wanted;
  if (options.threads < 1) return fail(ErrorCode::usage, "a session needs at least one thread");
  const auto& description = file.description;
  auto impl = std::make_unique<Impl>();
  impl->threads = options.threads;
  impl->height = static_cast<std::size_t>(description.preprocessing.height_px);
  impl->width = static_cast<std::size_t>(description.preprocessing.width_px);
  impl->outputs = model_file::output_values(description);
  try {
    ov::Core core;
    BC_ASSIGN(options.precision, resolved(core, wanted.precision, file));
    impl->precision = options.precision;
    BC_ASSIGN(auto compiled, compile_or_recall(core, file, options));
    impl->network = std::move(compiled.network);
    impl->head = std::move(compiled.head);
    if (options.keep_embedding) BC_CHECK(check_trust(description, impl->head));
    impl->logits = impl->network.output("logits");
    impl->is_fixed = impl->network.input().get_partial_shape()[0].is_static();
    if (impl->network.input().get_partial_shape()[2].is_dynamic()) {
      impl->other_size = options.other_size;
    }
    if (options.keep_embedding) impl->embedding = impl->network.output(kEmbedding);
    if (!options.means_of.empty()) impl->means = impl->network.output(kMeans);
    if (options.keep_maps) {
      impl->maps = impl->network.output(kMaps);
      const auto shape = impl->maps->get_partial_shape();
      impl->map_size = {static_cast<int>(shape[2].get_length()),
                        static_cast<int>(shape[3].get_length())};
    }
  } catch (const std::exception& error) {
    return fail(ErrorCode::malformed,
                fmt::format("OpenVINO cannot run this network: {}", one_line(error.what())));
  }
  return Session(std::move(impl));
}

Result<std::vector<float>> Session::run(std::span<const float> input, int batch) const {
  BC_ASSIGN(auto looked, look(input, batch));
  return std::move(looked.logits);
}

namespace {

Result<void> check_input(std::span<const float> input, int batch, std::size_t image) {
  if (batch >= 1 && input.size() == static_cast<std::size_t>(batch) * image) return {};
  return fail(ErrorCode::usage,
              fmt::format("{} input values for {} images of {}", input.size(), batch, image));
}

Result<void> check_finite(const std::vector<float>& logits, std::size_t outputs) {
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (!std::isfinite(logits[i])) {
      return fail(ErrorCode::mismatch, fmt::format("the network gives {} for image {} of the batch",
                                                   logits[i], i / outputs));
    }
  }
  return {};
}

}  // namespace

bool Session::takes_other_size() const { return impl_->other_size.height_px > 0; }

Result<std::vector<float>> Session::run_other_size(std::span<const float> input) const {
  if (!takes_other_size()) {
    return fail(ErrorCode::usage, "this network takes no input of another size");
  }
  const auto height = static_cast<std::size_t>(impl_->other_size.height_px);
  const auto width = static_cast<std::size_t>(impl_->other_size.width_px);
  BC_CHECK(check_input(input, 1, impl_->channels * height * width));
  BC_ASSIGN(auto looked, impl_->look(input, {1, impl_->channels, height, width}));
  BC_CHECK(check_finite(looked.logits, looked.logits.size()));
  return std::move(looked.logits);
}

Result<Looked> Session::look(std::span<const float> input, int batch) const {
  BC_CHECK(check_input(input, batch, impl_->channels * impl_->height * impl_->width));
  BC_ASSIGN(auto looked, impl_->look(input, {static_cast<std::size_t>(batch), impl_->channels,
                                             impl_->height, impl_->width}));
  const std::vector<float>& logits = looked.logits;
  if (logits.size() != static_cast<std::size_t>(batch) * impl_->outputs) {
    return fail(ErrorCode::internal,
                fmt::format("{} logits for {} images of {}", logits.size(), batch, impl_->outputs));
  }
  BC_CHECK(check_finite(logits, impl_->outputs));
  return looked;
}

Precision Session::precision() const { return impl_->precision; }

const Head& Session::head() const { return impl_->head; }

MapSize Session::map_size() const { return impl_->map_size; }

std::string engine_version() { return ov::get_openvino_version().buildNumber; }

}  // namespace bloodcell::infer
