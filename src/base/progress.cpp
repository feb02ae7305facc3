#include <bloodcell/base/progress.hpp>

namespace bloodcell {

ProgressSink& no_progress() {
  struct Nothing final : ProgressSink {
    void update(const ProgressStep&) override {}
    void finish() override {}
  };
  static Nothing nothing;
  return nothing;
}

}  // namespace bloodcell
