// BloodCell for C++20 programs: the C interface of bloodcell.h with owners, spans and errors as
// values. Header only, so that the library's binary interface is C's alone. See bloodcell.h for
// threads and lifetimes; nothing here throws but for lack of memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <bloodcell.h>

namespace bloodcell::api {

struct Failure {
  bloodcell_code code = BLOODCELL_INTERNAL;
  std::string message;  // names file, place and remedy
};

// A value, or why there is none.
template <class T>
class Outcome {
 public:
  Outcome(T value) : held_(std::move(value)) {}
  Outcome(Failure failure) : held_(std::move(failure)) {}
  explicit operator bool() const { return std::holds_alternative<T>(held_); }
  // Only of one that is true.
  T& operator*() { return *std::get_if<T>(&held_); }
  T* operator->() { return std::get_if<T>(&held_); }
  // Only of one that is false.
  const Failure& failure() const { return *std::get_if<Failure>(&held_); }

 private:
  std::variant<T, Failure> held_;
};

struct Cell {
  int x = 0;  // pixels of the picture
  int y = 0;
  int width = 0;
  int height = 0;
  bloodcell_status status = BLOODCELL_OK;
  std::string_view label;  // of the model, which must live as long; empty for no_cell
  double confidence = 0;
  std::vector<double> probabilities;  // one a label
  std::string message;
  bool is_read_twice = false;  // by the model's second network, too
};

struct Options {
  unsigned threads = 1;
  bloodcell_shows shows = BLOODCELL_SHOWS_AUTOMATIC;
  double min_confidence = -1;
  std::string cache_folder;  // empty: nothing is kept
  bloodcell_second second = BLOODCELL_SECOND_WHEN_UNSURE;
};

class Model {
 public:
  static Outcome<Model> open(const std::string& path, const Options& options = {}) {
    bloodcell_options how;
    bloodcell_options_init(&how);
    how.threads = options.threads;
    how.shows = options.shows;
    how.min_confidence = options.min_confidence;
    how.cache_folder = options.cache_folder.empty() ? nullptr : options.cache_folder.c_str();
    how.second = options.second;
    bloodcell_error* error = nullptr;
    Owner model(bloodcell_open(path.c_str(), &how, &error));
    if (!model) return taken(error);
    return Model(std::move(model));
  }

  std::string_view name() const { return bloodcell_model_name(model_.get()); }
  std::vector<std::string_view> labels() const {
    std::vector<std::string_view> all;
    for (std::size_t i = 0; i < bloodcell_label_count(model_.get()); ++i) {
      all.emplace_back(bloodcell_label(model_.get(), i));
    }
    return all;
  }

  // Thread-safe.
  Outcome<std::vector<Cell>> classify_file(const std::string& path) const {
    bloodcell_error* error = nullptr;
    bloodcell_cells* cells = bloodcell_classify_file(model_.get(), path.c_str(), &error);
    return cells_of(cells, error);
  }
  Outcome<std::vector<Cell>> classify_bytes(std::span<const std::byte> bytes) const {
    bloodcell_error* error = nullptr;
    bloodcell_cells* cells =
        bloodcell_classify_bytes(model_.get(), bytes.data(), bytes.size(), &error);
    return cells_of(cells, error);
  }
  Outcome<std::vector<Cell>> classify_pixels(const std::uint8_t* rgb, int width, int height,
                                             std::size_t stride) const {
    bloodcell_error* error = nullptr;
    bloodcell_cells* cells =
        bloodcell_classify_pixels(model_.get(), rgb, width, height, stride, &error);
    return cells_of(cells, error);
  }

 private:
  struct Close {
    void operator()(bloodcell_model* model) const { bloodcell_close(model); }
  };
  using Owner = std::unique_ptr<bloodcell_model, Close>;

  explicit Model(Owner model) : model_(std::move(model)) {}

  static Failure taken(bloodcell_error* error) {
    Failure failure;
    if (error != nullptr) {
      failure.code = static_cast<bloodcell_code>(bloodcell_error_code(error));
      failure.message = bloodcell_error_message(error);
    }
    bloodcell_error_free(error);
    return failure;
  }

  Outcome<std::vector<Cell>> cells_of(bloodcell_cells* cells, bloodcell_error* error) const {
    if (cells == nullptr) return taken(error);
    const std::unique_ptr<bloodcell_cells, void (*)(bloodcell_cells*)> owner(cells,
                                                                             bloodcell_cells_free);
    std::vector<Cell> all;
    const std::size_t labels = bloodcell_label_count(model_.get());
    for (std::size_t i = 0; i < bloodcell_cell_count(cells); ++i) {
      const bloodcell_cell& from = *bloodcell_cell_at(cells, i);
      Cell cell{from.x,
                from.y,
                from.width,
                from.height,
                static_cast<bloodcell_status>(from.status),
                {},
                from.confidence,
                {},
                from.message,
                from.is_read_twice != 0};
      if (from.class_index >= 0) {
        cell.label = bloodcell_label(model_.get(), static_cast<std::size_t>(from.class_index));
        cell.probabilities.assign(from.probabilities, from.probabilities + labels);
      }
      all.push_back(std::move(cell));
    }
    return all;
  }

  Owner model_;
};

}  // namespace bloodcell::api
