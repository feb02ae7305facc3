// How many may do a thing at once: who finds no place is told so, nobody waits. Thread-safe.
#pragma once

#include <atomic>
#include <optional>
#include <utility>

namespace bloodcell::serve {

class Slots {
 public:
  explicit Slots(int places) : free_(places) {}
  Slots(const Slots&) = delete;
  Slots& operator=(const Slots&) = delete;

  class Held {
   public:
    explicit Held(std::atomic<int>& free) : free_(&free) {}
    Held(Held&& other) noexcept : free_(std::exchange(other.free_, nullptr)) {}
    Held& operator=(Held&&) = delete;
    ~Held() {
      if (free_ != nullptr) ++*free_;
    }

   private:
    std::atomic<int>* free_;
  };

  // Nothing when all places are taken. The slots outlive what is held.
  [[nodiscard]] std::optional<Held> take() {
    for (int free = free_; free > 0;) {
      if (free_.compare_exchange_weak(free, free - 1)) return std::optional<Held>(free_);
    }
    return std::nullopt;
  }

 private:
  std::atomic<int> free_;
};

}  // namespace bloodcell::serve
