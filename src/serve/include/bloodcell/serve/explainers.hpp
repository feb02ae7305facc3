// The explainer of the model that answers: opened when it is first asked for, since it takes a
// second network. Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include <bloodcell/base/result.hpp>
#include <bloodcell/explain/explainer.hpp>
#include <bloodcell/serve/model_shelf.hpp>

namespace bloodcell::serve {

class Explainers {
 public:
  using Open = std::function<Result<explain::Explainer>(const ShelvedModel& model)>;

  explicit Explainers(Open open) : open_(std::move(open)) {}

  // Errors: those of `open`. The one before is let go.
  [[nodiscard]] Result<std::shared_ptr<const explain::Explainer>> of(const ShelvedModel& model);

 private:
  Open open_;
  std::mutex mutex_;
  std::string name_;                                     // guarded by mutex_
  std::shared_ptr<const explain::Explainer> explainer_;  // guarded by mutex_
};

}  // namespace bloodcell::serve
