// Threads that take jobs from a queue with an end: where requests wait that may take their time.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace bloodcell::serve {

class Workers {
 public:
  Workers(unsigned threads, std::size_t most_waiting);
  ~Workers();  // finishes what was taken
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // False when the queue is full: nothing was taken. Jobs must not throw. Thread-safe.
  [[nodiscard]] bool offer(std::function<void()> job);
  [[nodiscard]] std::size_t waiting() const;

 private:
  void work();

  const std::size_t most_waiting_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;  // guarded by mutex_
  bool is_closing_ = false;                 // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace bloodcell::serve
