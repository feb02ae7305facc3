// Large buffers that go from one call to the next in place of being allocated for each: as many as
// calls run at once.
#pragma once

#include <cstddef>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

namespace bloodcell {

// Thread-safe; outlives its leases.
template <class T>
class BufferPool {
 public:
  // A buffer of at least the size asked for, for the lease's lifetime; what is in it is left over.
  class Lease {
   public:
    Lease(BufferPool& pool, std::vector<T> buffer) : pool_(pool), buffer_(std::move(buffer)) {}
    ~Lease() { pool_.give_back(std::move(buffer_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    [[nodiscard]] std::span<T> first(std::size_t count) { return std::span(buffer_).first(count); }

   private:
    BufferPool& pool_;
    std::vector<T> buffer_;
  };

  [[nodiscard]] Lease take(std::size_t size) {
    std::vector<T> buffer;
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        buffer = std::move(idle_.back());
        idle_.pop_back();
      } else {
        idle_.reserve(++made_);  // so that giving back takes no memory
      }
    }
    if (buffer.size() < size) buffer.resize(size);
    return Lease(*this, std::move(buffer));
  }

 private:
  void give_back(std::vector<T> buffer) noexcept {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(buffer));
  }

  std::mutex mutex_;
  std::vector<std::vector<T>> idle_;  // guarded by mutex_
  std::size_t made_ = 0;              // guarded by mutex_
};

}  // namespace bloodcell
