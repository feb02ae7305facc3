#include <verbs/foreign_options.hpp>

#include <algorithm>
#include <array>
#include <charconv>

#include <bloodcell/base/files.hpp>

namespace bloodcell::cli {

namespace {

using Three = std::array<double, 3>;

struct Scaling {
  std::string_view name;
  Three mean;
  Three deviation;
};

// In the order R, G, B. imagenet: torchvision's 0.485 … and 0.229 … times 255.
constexpr std::array kScalings{
    Scaling{"none", {0, 0, 0}, {1, 1, 1}},
    Scaling{"unit", {0, 0, 0}, {255, 255, 255}},
    Scaling{"symmetric", {127.5, 127.5, 127.5}, {127.5, 127.5, 127.5}},
    Scaling{"imagenet", {123.675, 116.28, 103.53}, {58.395, 57.12, 57.375}},
    Scaling{"caffe", {123.68, 116.779, 103.939}, {1, 1, 1}},
};

Result<void> take_size(const std::string& text, image::Preprocessing& how) {
  if (text.empty()) return {};
  const auto x = text.find('x');
  const auto number = [](std::string_view digits, int& side) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), side);
    return error == std::errc() && end == digits.data() + digits.size() && side > 0;
  };
  if (x != std::string::npos && number(std::string_view(text).substr(0, x), how.width_px) &&
      number(std::string_view(text).substr(x + 1), how.height_px)) {
    return {};
  }
  return fail(ErrorCode::usage, fmt::format("a size of '{}'", text), {},
              "give width x height in pixels, as 224x224");
}

void take_scaling(const ForeignOptions& options, image::Preprocessing& how) {
  const auto* scaling = std::find_if(kScalings.begin(), kScalings.end(), [&](const Scaling& known) {
    return known.name == options.scaling;
  });
  how.mean = scaling->mean;
  how.deviation = scaling->deviation;
  if (options.mean.size() == 3) std::copy_n(options.mean.begin(), 3, how.mean.begin());
  if (options.deviation.size() == 3) {
    std::copy_n(options.deviation.begin(), 3, how.deviation.begin());
  }
  if (options.channels == "bgr") {  // the file says them in the order of the planes
    how.channels = image::ChannelOrder::bgr;
    std::reverse(how.mean.begin(), how.mean.end());
    std::reverse(how.deviation.begin(), how.deviation.end());
  }
}

}  // namespace

void add_foreign_options(CLI::App& command, ForeignOptions& options) {
  command
      .add_option("--labels", options.labels,
                  "of an ONNX classifier that is not ours: its classes, one a line")
      ->type_name("FILE");
  command.add_option("--size", options.size, "its input, as 224x224, where it does not say so")
      ->type_name("WxH");
  command
      .add_option("--scaling", options.scaling,
                  "its numbers for a pixel: none 0…255, unit 0…1, symmetric −1…1, imagenet "
                  "(PyTorch, timm) or caffe")
      ->check(CLI::IsMember({"none", "unit", "symmetric", "imagenet", "caffe"}))
      ->capture_default_str();
  command.add_option("--mean", options.mean, "in place of the scaling's: R G B in 0 … 255")
      ->expected(3);
  command
      .add_option("--deviation", options.deviation, "likewise: what (pixel − mean) is divided by")
      ->expected(3);
  command.add_option("--channels", options.channels, "the order of its planes")
      ->check(CLI::IsMember({"rgb", "bgr"}))
      ->capture_default_str();
  command.add_option("--layout", options.layout, "of its input: PyTorch nchw, Keras nhwc")
      ->check(CLI::IsMember({"nchw", "nhwc"}))
      ->capture_default_str();
  command
      .add_option("--output-is", options.output,
                  "what it gives; Keras mostly ends in probabilities")
      ->check(CLI::IsMember({"logits", "probabilities"}))
      ->capture_default_str();
  command
      .add_option("--fit", options.fit, "a picture of another shape: stretch, letterbox or crop")
      ->check(CLI::IsMember({"stretch", "letterbox", "crop"}))
      ->capture_default_str();
}

Result<model_file::ModelFile> load_foreign(const Context& context,
                                           const std::filesystem::path& path,
                                           const ForeignOptions& options) {
  model_file::Foreign foreign;
  foreign.name = path.stem().string();
  const auto place = [](std::string where) {
    return [where = std::move(where)](Error error) { return with_path(std::move(error), where); };
  };
  BC_ASSIGN(const auto text, read_text(options.labels, context.limits.max_file_bytes));
  BC_ASSIGN(foreign.labels, model_file::labels_of_lines(text).map_error(place(options.labels)));
  BC_CHECK(take_size(options.size, foreign.preprocessing));
  take_scaling(options, foreign.preprocessing);
  if (options.fit == "letterbox") foreign.preprocessing.fit = image::Fit::letterbox;
  if (options.fit == "crop") foreign.preprocessing.fit = image::Fit::crop;
  foreign.channels_last = options.layout == "nhwc";
  foreign.gives_probabilities = options.output == "probabilities";
  BC_ASSIGN(auto bytes, read_file(path, context.limits.max_file_bytes));
  return model_file::wrap(std::move(bytes), foreign, context.limits)
      .map_error(place(path.string()));
}

}  // namespace bloodcell::cli
