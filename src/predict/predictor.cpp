#include <bloodcell/predict/predictor.hpp>

#include <algorithm>
#include <utility>

#include <bloodcell/base/files.hpp>
#include <bloodcell/metrics/predictions.hpp>

namespace bloodcell::predict {

namespace {

Row error_row(std::string file, const Error& error) {
  Error without_path = error;
  without_path.path.clear();
  Row row;
  row.file = std::move(file);
  row.status = Status::error;
  row.message = to_text(without_path);
  return row;
}

Result<image::Box> read_into(const std::filesystem::path& path, const Limits& limits,
                             const image::Preprocessing& preprocessing, std::span<float> input) {
  BC_ASSIGN(const Bytes bytes, read_file(path, limits.max_file_bytes));
  BC_ASSIGN(const image::Header header, image::read_header(bytes, limits));
  BC_ASSIGN(const image::Image picture,
            image::decode(bytes, limits, image::decode_options_for(preprocessing)));
  image::preprocess(picture, preprocessing, input);
  return image::Box{0, 0, header.width_px, header.height_px};
}

Row row_for(std::string file, const image::Box& box, std::span<const float> logits,
            const model_file::Description& description, double min_confidence) {
  Row row;
  row.file = std::move(file);
  row.box = box;
  row.probabilities = metrics::softmax(logits, description.temperature);
  const auto best = std::max_element(row.probabilities.begin(), row.probabilities.end());
  row.class_index = static_cast<int>(best - row.probabilities.begin());
  row.confidence = *best;
  if (row.confidence < min_confidence) {
    row.status = Status::unidentified;
    row.message = fmt::format("confidence {:.2f} is under {:.2f}", row.confidence, min_confidence);
  }
  return row;
}

void count(const Row& row, Totals& totals) {
  ++totals.files;
  if (row.status == Status::error) {
    ++totals.errors;
  } else if (row.status != Status::no_cell) {
    ++totals.cells;
    if (row.status == Status::unidentified) ++totals.unidentified;
  }
}

}  // namespace

std::string_view name_of(Status status) {
  switch (status) {
    case Status::ok: return "ok";
    case Status::unidentified: return "unidentified";
    case Status::no_cell: return "no_cell";
    case Status::error: return "error";
  }
  return "error";
}

Predictor::Predictor(model_file::Description description, infer::Session session, Options options)
    : description_(std::move(description)), session_(std::move(session)), options_(options) {}

Result<Predictor> Predictor::open(const Context& context, model_file::ModelFile model,
                                  const Options& options) {
  if (options.batch < 1 || options.batch > 4096) {
    return fail(ErrorCode::usage, fmt::format("a batch of {}, must be 1 to 4096", options.batch));
  }
  if (model.description.task != graph::Task::classify) {
    return fail(ErrorCode::usage,
                fmt::format("`{}` finds cells and names no classes", model.description.name), {},
                "give a model that classifies; this one is for bloodcell locate");
  }
  Options resolved = options;
  if (resolved.min_confidence < 0) resolved.min_confidence = model.description.min_confidence;
  if (!(resolved.min_confidence <= 1)) {
    return fail(ErrorCode::usage,
                fmt::format("a least confidence of {}, must be 0 to 1", resolved.min_confidence));
  }
  BC_ASSIGN(auto session, infer::Session::open(model, {.threads = context.pool.size(),
                                                       .precision = options.precision,
                                                       .cache_folder = {}}));
  return Predictor(std::move(model.description), std::move(session), resolved);
}

// A window of `batch` files at a time: read side by side, run as one batch of those that could be
// read.
Result<Totals> Predictor::run(const Context& context, const Inputs& inputs,
                              const std::function<void(const Row&)>& sink) const {
  Totals totals;
  const auto emit = [&](const Row& row) {
    count(row, totals);
    sink(row);
  };
  const std::size_t window = static_cast<std::size_t>(options_.batch);
  const std::size_t values = description_.preprocessing.input_values();
  const std::size_t classes = description_.labels.size();
  std::vector<float> input(window * values);

  for (std::size_t first = 0; first < inputs.files.size(); first += window) {
    BC_CHECK(context.cancellation.check());
    const std::size_t here = std::min(window, inputs.files.size() - first);
    std::vector<Result<image::Box>> boxes(here);
    context.pool.for_each(here, [&](std::size_t i) {
      boxes[i] = read_into(inputs.files[first + i], context.limits, description_.preprocessing,
                           std::span(input).subspan(i * values, values));
    });

    std::size_t readable = 0;  // readable pictures are moved together to the front of the batch
    for (std::size_t i = 0; i < here; ++i) {
      if (!boxes[i]) continue;
      if (readable != i) {
        std::copy_n(input.begin() + static_cast<std::ptrdiff_t>(i * values), values,
                    input.begin() + static_cast<std::ptrdiff_t>(readable * values));
      }
      ++readable;
    }
    std::vector<float> logits;
    if (readable > 0) {
      BC_ASSIGN(logits, session_.run(std::span(input).first(readable * values),
                                     static_cast<int>(readable)));
    }

    std::size_t next = 0;
    for (std::size_t i = 0; i < here; ++i) {
      const std::string file = inputs.files[first + i].string();
      if (!boxes[i]) {
        emit(error_row(file, boxes[i].error()));
      } else {
        emit(row_for(file, *boxes[i], std::span(logits).subspan(next++ * classes, classes),
                     description_, options_.min_confidence));
      }
    }
    context.progress.update({"classifying", first + here, inputs.files.size(), "images", ""});
  }
  for (const Error& problem : inputs.problems) emit(error_row(problem.path, problem));
  context.progress.finish();
  return totals;
}

Result<std::vector<Row>> Predictor::classify(const image::Image& image,
                                             std::string_view file) const {
  if (image.empty()) return fail(ErrorCode::usage, "an empty picture");
  std::vector<float> input(description_.preprocessing.input_values());
  image::preprocess(image, description_.preprocessing, input);
  BC_ASSIGN(const auto logits, session_.run(input, 1));
  return std::vector<Row>{row_for(std::string(file), {0, 0, image.width_px, image.height_px},
                                  logits, description_, options_.min_confidence)};
}

}  // namespace bloodcell::predict
