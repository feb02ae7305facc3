#include <bloodcell/serve/explainers.hpp>

namespace bloodcell::serve {

Result<std::shared_ptr<const explain::Explainer>> Explainers::of(const ShelvedModel& model) {
  const std::lock_guard lock(mutex_);
  if (explainer_ == nullptr || name_ != model.name) {
    explainer_.reset();
    BC_ASSIGN(auto opened, open_(model));
    explainer_ = std::make_shared<const explain::Explainer>(std::move(opened));
    name_ = model.name;
  }
  return explainer_;
}

}  // namespace bloodcell::serve
