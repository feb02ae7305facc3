// A flag that asks work to end at its next safe point. Setting it is safe in a signal handler.
#pragma once

#include <atomic>

#include <bloodcell/base/result.hpp>

namespace bloodcell {

class Cancellation {
 public:
  void request() noexcept { requested_.store(true, std::memory_order_relaxed); }
  [[nodiscard]] bool requested() const noexcept {
    return requested_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] Result<void> check() const {
    if (requested()) return fail(ErrorCode::cancelled, "stopped on request");
    return {};
  }

 private:
  std::atomic<bool> requested_{false};
  static_assert(std::atomic<bool>::is_always_lock_free);
};

}  // namespace bloodcell
