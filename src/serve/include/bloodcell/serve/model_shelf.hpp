// The model files at hand and the one that answers. Thread-safe; a request keeps the model it began
// with, however often another one is chosen meanwhile.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/model_file/model_file.hpp>
#include <bloodcell/predict/predictor.hpp>

namespace bloodcell::serve {

struct ShelvedModel {
  std::string name;  // of the file, without its ending: how requests name it
  std::filesystem::path path;
  std::uint64_t bytes = 0;
  model_file::Description description;
};

struct ActiveModel {
  std::string name;
  predict::Predictor predictor;
};

class ModelShelf {
 public:
  using Open = std::function<Result<predict::Predictor>(const std::filesystem::path& path)>;

  // Reads the description of every classifier among `files`; those that cannot be read are left
  // out, with a warning. Opens `first`, which is added when not among them. Errors: as `open`.
  [[nodiscard]] static Result<std::unique_ptr<ModelShelf>> fill(
      const Context& context, const std::vector<std::filesystem::path>& files,
      const std::filesystem::path& first, Open open);

  [[nodiscard]] const std::vector<ShelvedModel>& models() const { return models_; }
  [[nodiscard]] const ShelvedModel* find(std::string_view name) const;
  [[nodiscard]] std::shared_ptr<const ActiveModel> active() const;

  // Opens the file, proves its golden outputs, then lets it answer. Errors: not_found, those of
  // `open`, mismatch; the model before stays.
  [[nodiscard]] Result<void> activate(std::string_view name);

 private:
  explicit ModelShelf(Open open) : open_(std::move(open)) {}

  Open open_;
  std::vector<ShelvedModel> models_;  // by name; never changed after fill()
  std::mutex opening_;                // one model at a time is opened
  mutable std::mutex mutex_;
  std::shared_ptr<const ActiveModel> active_;  // guarded by mutex_
};

}  // namespace bloodcell::serve
