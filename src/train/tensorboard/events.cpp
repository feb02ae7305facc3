#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include <bloodcell/image/encode.hpp>
#include <bloodcell/train/tensorboard.hpp>

#include "tensorboard/events.pb.h"

namespace bloodcell::train {
namespace {

constexpr int kBuckets = 30;
constexpr const char* kHparams = "hparams";

void append(Bytes& file, const tensorboard::Event& event) {
  const Bytes record = tfrecord(event.SerializeAsString());
  file.insert(file.end(), record.begin(), record.end());
}

// Every file begins so; its version is TensorFlow's.
Bytes begun_file(double seconds) {
  tensorboard::Event event;
  event.set_wall_time(seconds);
  event.set_file_version("brain.Event:2");
  Bytes file;
  append(file, event);
  return file;
}

void add_scalar(tensorboard::Summary& summary, std::string tag, double value) {
  auto& added = *summary.add_value();
  added.set_tag(std::move(tag));
  added.set_simple_value(static_cast<float>(value));
}

// The figures under the names that the history has them by, grouped by their first word.
void add_figures(tensorboard::Summary& summary, const EpochEvents& epoch) {
  const auto figures = to_json(epoch.record);
  for (const auto& [name, value] : figures.items()) {
    if (!value.is_number() || name == "epoch") continue;
    const bool of_part = name.starts_with("train_") || name.starts_with("validation_");
    const auto underscore = name.find('_');
    add_scalar(
        summary,
        of_part ? name.substr(0, underscore) + "/" + name.substr(underscore + 1) : "run/" + name,
        value.get<double>());
  }
  const auto& classes = epoch.record.classes;
  for (std::size_t i = 0; i < std::min(classes.size(), epoch.labels.size()); ++i) {
    add_scalar(summary, "recall/" + epoch.labels[i], classes[i].recall);
    add_scalar(summary, "precision/" + epoch.labels[i], classes[i].precision);
    add_scalar(summary, "family_accuracy/" + epoch.labels[i], classes[i].family_accuracy);
  }
}

void add_histogram(tensorboard::Summary& summary, const std::string& name,
                   const std::vector<float>& values) {
  if (values.empty()) return;
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  auto& added = *summary.add_value();
  added.set_tag("weights/" + name);
  auto& histogram = *added.mutable_histo();
  histogram.set_min(*least);
  histogram.set_max(*most);
  histogram.set_num(static_cast<double>(values.size()));
  const double width = (static_cast<double>(*most) - *least) / kBuckets;
  std::vector<double> counts(kBuckets);
  double sum = 0;
  double squares = 0;
  for (const float value : values) {
    const int bucket = width > 0 ? static_cast<int>((value - *least) / width) : 0;
    ++counts[static_cast<std::size_t>(std::clamp(bucket, 0, kBuckets - 1))];
    sum += value;
    squares += static_cast<double>(value) * value;
  }
  histogram.set_sum(sum);
  histogram.set_sum_squares(squares);
  for (int i = 0; i < kBuckets; ++i) {
    histogram.add_bucket_limit(*least + width * (i + 1));
    histogram.add_bucket(counts[static_cast<std::size_t>(i)]);
  }
}

Result<void> add_picture(tensorboard::Summary& summary, const image::Image& picture,
                         std::size_t number) {
  BC_ASSIGN(const auto png, image::encode_png(picture));
  auto& added = *summary.add_value();
  added.set_tag(fmt::format("pictures/{}", number));
  auto& shown = *added.mutable_image();
  shown.set_width(picture.width_px);
  shown.set_height(picture.height_px);
  shown.set_colorspace(3);
  shown.set_encoded_image_string(png.data(), png.size());
  return {};
}

google::protobuf::Value value_of(const nlohmann::json& json) {
  google::protobuf::Value value;
  if (json.is_boolean()) {
    value.set_bool_value(json.get<bool>());
  } else if (json.is_number()) {
    value.set_number_value(json.get<double>());
  } else {
    value.set_string_value(json.is_string() ? json.get<std::string>() : json.dump());
  }
  return value;
}

void add_hparams(tensorboard::Summary& summary, const char* tag,
                 const tensorboard::HparamsPluginData& data) {
  auto& added = *summary.add_value();
  added.set_tag(fmt::format("_hparams_/{}", tag));
  auto& plugin = *added.mutable_metadata()->mutable_plugin_data();
  plugin.set_plugin_name(kHparams);
  plugin.set_content(data.SerializeAsString());
}

}  // namespace

Result<Bytes> settings_as_events(const Config& config, double seconds) {
  tensorboard::HparamsPluginData experiment;
  tensorboard::HparamsPluginData start;
  auto& hparams = *start.mutable_session_start_info()->mutable_hparams();
  const auto settings = to_json(config);
  for (const auto& [name, value] : settings.items()) {
    if (value.is_structured()) continue;  // files and the preprocessing
    experiment.mutable_experiment()->add_hparam_infos()->set_name(name);
    hparams[name] = value_of(value);
  }
  for (const char* tag : {"validation/loss", "validation/accuracy", "validation/family_accuracy",
                          "validation/macro_f1"}) {
    experiment.mutable_experiment()->add_metric_infos()->mutable_name()->set_tag(tag);
  }
  Bytes file = begun_file(seconds);
  tensorboard::Event event;
  event.set_wall_time(seconds);
  add_hparams(*event.mutable_summary(), "experiment", experiment);
  add_hparams(*event.mutable_summary(), "session_start_info", start);
  append(file, event);
  return file;
}

Result<Bytes> epoch_as_events(const EpochEvents& epoch, double seconds) {
  Bytes file = begun_file(seconds);
  tensorboard::Event event;
  event.set_wall_time(seconds);
  event.set_step(epoch.record.epoch);
  auto& summary = *event.mutable_summary();
  add_figures(summary, epoch);
  for (const auto& [name, tensor] : epoch.weights) add_histogram(summary, name, tensor.values);
  for (std::size_t i = 0; i < epoch.pictures.size(); ++i) {
    BC_CHECK(add_picture(summary, epoch.pictures[i], i));
  }
  append(file, event);
  return file;
}

std::filesystem::path event_file(const std::filesystem::path& run_folder, int epoch) {
  return run_folder / "tensorboard" / fmt::format("events.out.tfevents.{:010}.bloodcell", epoch);
}

}  // namespace bloodcell::train
