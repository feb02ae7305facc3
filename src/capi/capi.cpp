#include <bloodcell.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

#include <bloodcell/base/version.hpp>
#include <bloodcell/predict/predictor.hpp>

using bloodcell::ErrorCode;
using bloodcell::Result;
using bloodcell::predict::Predictor;
using bloodcell::predict::Row;

struct bloodcell_error {
  int code = BLOODCELL_INTERNAL;
  std::string message;
};

struct bloodcell_model {
  bloodcell_model(unsigned threads) : context(threads) {}
  bloodcell::OwnContext context;
  std::optional<Predictor> predictor;
};

struct bloodcell_cells {
  std::vector<Row> rows;
  std::vector<bloodcell_cell> cells;  // look into `rows`
};

namespace {

int code_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::usage: return BLOODCELL_USAGE;
    case ErrorCode::not_found: return BLOODCELL_NOT_FOUND;
    case ErrorCode::unreadable: return BLOODCELL_UNREADABLE;
    case ErrorCode::malformed: return BLOODCELL_MALFORMED;
    case ErrorCode::limit_exceeded: return BLOODCELL_LIMIT_EXCEEDED;
    case ErrorCode::unsupported: return BLOODCELL_UNSUPPORTED;
    case ErrorCode::mismatch:
    case ErrorCode::leak: return BLOODCELL_MISMATCH;
    case ErrorCode::cancelled: return BLOODCELL_CANCELLED;
    case ErrorCode::internal: return BLOODCELL_INTERNAL;
  }
  return BLOODCELL_INTERNAL;
}

void tell(bloodcell_error** error, int code, std::string message) {
  if (error != nullptr) *error = new bloodcell_error{code, std::move(message)};
}

// No exception may leave the library: lack of memory and a library's surprises become errors.
template <class T>
T* guarded(bloodcell_error** error, const auto& work) {
  if (error != nullptr) *error = nullptr;
  try {
    Result<std::unique_ptr<T>> made = work();
    if (made) return made->release();
    tell(error, code_of(made.error().code), to_text(made.error()));
  } catch (const std::exception& thrown) {
    tell(error, BLOODCELL_INTERNAL, thrown.what());
  }
  return nullptr;
}

// Fields that an older caller's struct does not have keep their defaults.
bloodcell_options resolved(const bloodcell_options* given) {
  bloodcell_options options;
  bloodcell_options_init(&options);
  if (given != nullptr) {
    std::memcpy(&options, given, std::min(given->struct_size, sizeof options));
    options.struct_size = sizeof options;
  }
  return options;
}

Result<std::unique_ptr<bloodcell_model>> open(const char* path, const bloodcell_options& options) {
  constexpr unsigned kMostThreads = 1024;
  const bool is_shows =
      options.shows >= BLOODCELL_SHOWS_AUTOMATIC && options.shows <= BLOODCELL_SHOWS_CELL;
  const bool is_second =
      options.second >= BLOODCELL_SECOND_WHEN_UNSURE && options.second <= BLOODCELL_SECOND_NEVER;
  if (path == nullptr || options.threads < 1 || options.threads > kMostThreads || !is_shows ||
      !is_second) {
    return bloodcell::fail(
        ErrorCode::usage,
        "a path, 1 to 1024 threads, a known `shows` and a known `second` are needed");
  }
  auto model = std::make_unique<bloodcell_model>(options.threads);
  const auto context = model->context.get();
  BC_ASSIGN(auto file, bloodcell::model_file::load(path, context.limits));
  bloodcell::predict::Options how;
  how.batch = 1;  // calls bring one picture
  how.judge.min_confidence = options.min_confidence;
  how.shows = static_cast<bloodcell::predict::Shows>(options.shows);
  if (options.cache_folder != nullptr) how.cache_folder = options.cache_folder;
  how.reads_twice = options.second != BLOODCELL_SECOND_NEVER;
  how.prepares_second = options.second == BLOODCELL_SECOND_READY;
  BC_ASSIGN(auto predictor, Predictor::open(context, std::move(file), how));
  model->predictor.emplace(std::move(predictor));
  return model;
}

Result<std::unique_ptr<bloodcell_cells>> cells_of(Result<std::vector<Row>> rows) {
  if (!rows) return tl::unexpected(std::move(rows).error());
  auto cells = std::make_unique<bloodcell_cells>();
  cells->rows = std::move(*rows);
  for (const Row& row : cells->rows) {
    int status = BLOODCELL_OK;
    if (row.status == bloodcell::predict::Status::unidentified) status = BLOODCELL_UNIDENTIFIED;
    if (row.status == bloodcell::predict::Status::no_cell) status = BLOODCELL_NO_CELL;
    cells->cells.push_back({row.box.x, row.box.y, row.box.width, row.box.height, status,
                            row.class_index, row.confidence,
                            row.class_index < 0 ? nullptr : row.probabilities.data(),
                            row.message.c_str(), row.is_read_twice ? 1 : 0});
  }
  return cells;
}

// Without padding between rows.
Result<bloodcell::image::Image> picture_of(const std::uint8_t* rgb, int width, int height,
                                           std::size_t stride, const bloodcell::Limits& limits) {
  const auto row_bytes = 3 * static_cast<std::size_t>(std::max(width, 0));
  if (rgb == nullptr || width < 1 || height < 1 || stride < row_bytes) {
    return bloodcell::fail(ErrorCode::usage,
                           "pixels of a width, a height and a stride >= 3 * width are needed");
  }
  if (static_cast<std::uint64_t>(width) * static_cast<std::uint64_t>(height) > limits.max_pixels) {
    return bloodcell::fail(
        ErrorCode::limit_exceeded,
        fmt::format("{}x{} pixels, more than {}", width, height, limits.max_pixels));
  }
  bloodcell::image::Image picture(width, height);
  for (int y = 0; y < height; ++y) {
    std::memcpy(picture.at(0, y).data(), rgb + static_cast<std::size_t>(y) * stride, row_bytes);
  }
  return picture;
}

}  // namespace

const char* bloodcell_version(void) {
  return bloodcell::version().data();  // of a literal: it ends with a zero
}

void bloodcell_options_init_sized(bloodcell_options* options, size_t struct_size) {
  const bloodcell_options usual{struct_size, 1,       BLOODCELL_SHOWS_AUTOMATIC,
                                -1.0,        nullptr, BLOODCELL_SECOND_WHEN_UNSURE};
  std::memcpy(options, &usual, std::min(struct_size, sizeof usual));
}

#undef bloodcell_options_init
void bloodcell_options_init(bloodcell_options* options) {
  bloodcell_options_init_sized(options, offsetof(bloodcell_options, second));
}

bloodcell_model* bloodcell_open(const char* model_path, const bloodcell_options* options,
                                bloodcell_error** error) {
  return guarded<bloodcell_model>(error, [&] { return open(model_path, resolved(options)); });
}

void bloodcell_close(bloodcell_model* model) { delete model; }

const char* bloodcell_model_name(const bloodcell_model* model) {
  return model->predictor->description().name.c_str();
}

size_t bloodcell_label_count(const bloodcell_model* model) {
  return model->predictor->description().labels.size();
}

const char* bloodcell_label(const bloodcell_model* model, size_t index) {
  const auto& labels = model->predictor->description().labels;
  return index < labels.size() ? labels[index].c_str() : nullptr;
}

bloodcell_cells* bloodcell_classify_file(const bloodcell_model* model, const char* path,
                                         bloodcell_error** error) {
  return guarded<bloodcell_cells>(error, [&]() -> Result<std::unique_ptr<bloodcell_cells>> {
    if (path == nullptr) return bloodcell::fail(ErrorCode::usage, "no path is given");
    const auto& limits = model->context.limits;
    BC_ASSIGN(const auto bytes, bloodcell::read_file(path, limits.max_file_bytes));
    return cells_of(model->predictor->classify_bytes(bytes, path, limits).map_error([&](auto why) {
      return with_path(std::move(why), path);
    }));
  });
}

bloodcell_cells* bloodcell_classify_bytes(const bloodcell_model* model, const void* bytes,
                                          size_t count, bloodcell_error** error) {
  return guarded<bloodcell_cells>(error, [&] {
    const std::span picture(static_cast<const std::byte*>(bytes), bytes == nullptr ? 0 : count);
    return cells_of(model->predictor->classify_bytes(picture, {}, model->context.limits));
  });
}

bloodcell_cells* bloodcell_classify_pixels(const bloodcell_model* model, const uint8_t* rgb,
                                           int width, int height, size_t stride,
                                           bloodcell_error** error) {
  return guarded<bloodcell_cells>(error, [&]() -> Result<std::unique_ptr<bloodcell_cells>> {
    BC_ASSIGN(const auto picture, picture_of(rgb, width, height, stride, model->context.limits));
    return cells_of(model->predictor->classify(picture, {}));
  });
}

void bloodcell_cells_free(bloodcell_cells* cells) { delete cells; }

size_t bloodcell_cell_count(const bloodcell_cells* cells) { return cells->cells.size(); }

const bloodcell_cell* bloodcell_cell_at(const bloodcell_cells* cells, size_t index) {
  return index < cells->cells.size() ? &cells->cells[index] : nullptr;
}

int bloodcell_error_code(const bloodcell_error* error) { return error->code; }

const char* bloodcell_error_message(const bloodcell_error* error) { return error->message.c_str(); }

void bloodcell_error_free(bloodcell_error* error) { delete error; }
