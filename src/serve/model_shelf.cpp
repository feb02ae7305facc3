#include <bloodcell/serve/model_shelf.hpp>

#include <algorithm>

#include <bloodcell/infer/session.hpp>

namespace bloodcell::serve {

namespace fs = std::filesystem;

namespace {

Result<ShelvedModel> look_at(const fs::path& path, const Limits& limits) {
  BC_ASSIGN(auto file, model_file::load(path, limits));
  return ShelvedModel{path.stem().string(), path, file.onnx.size(), std::move(file.description)};
}

}  // namespace

Result<std::unique_ptr<ModelShelf>> ModelShelf::fill(const Context& context,
                                                     const std::vector<fs::path>& files,
                                                     const fs::path& first, Open open) {
  std::unique_ptr<ModelShelf> shelf(new ModelShelf(std::move(open)));
  std::vector<fs::path> all{first};
  std::copy_if(files.begin(), files.end(), std::back_inserter(all), [&](const fs::path& file) {
    std::error_code ignored;
    return !fs::equivalent(file, first, ignored);
  });
  for (const fs::path& path : all) {
    auto model = look_at(path, context.limits);
    if (!model) {
      if (path == first) return tl::unexpected(with_path(model.error(), path.string()));
      context.log.warning("{}", to_text(with_path(model.error(), path.string())));
    } else if (shelf->find(model->name) != nullptr) {
      context.log.warning("{}: left out, another model has this name", path.string());
    } else if (path == first || model->description.task == graph::Task::classify) {
      shelf->models_.push_back(std::move(*model));
    }
  }
  const std::string name = first.stem().string();
  std::sort(shelf->models_.begin(), shelf->models_.end(),
            [](const ShelvedModel& a, const ShelvedModel& b) { return a.name < b.name; });
  BC_CHECK(shelf->activate(name));
  return shelf;
}

const ShelvedModel* ModelShelf::find(std::string_view name) const {
  const auto found = std::find_if(models_.begin(), models_.end(),
                                  [&](const ShelvedModel& model) { return model.name == name; });
  return found == models_.end() ? nullptr : &*found;
}

std::shared_ptr<const ActiveModel> ModelShelf::active() const {
  const std::lock_guard lock(mutex_);
  return active_;
}

Result<void> ModelShelf::activate(std::string_view name) {
  const ShelvedModel* model = find(name);
  if (model == nullptr) {
    return fail(ErrorCode::not_found, fmt::format("no model is called `{}`", name), {},
                "see /api/v1/models for those there are");
  }
  const std::lock_guard opening(opening_);
  BC_ASSIGN(auto predictor, open_(model->path));
  BC_CHECK(predictor.verify());
  auto active = std::make_shared<const ActiveModel>(ActiveModel{model->name, std::move(predictor)});
  const std::lock_guard lock(mutex_);
  active_ = std::move(active);
  return {};
}

}  // namespace bloodcell::serve
