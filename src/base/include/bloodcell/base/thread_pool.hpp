// The one pool of the program. Its size is the one thread setting: decoding, OpenCV, OpenVINO and
// libtorch are told the same number.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <queue>
#include <thread>
#include <vector>

namespace bloodcell {

class ThreadPool {
 public:
  // threads ≥ 1. With one, everything runs on the calling thread.
  explicit ThreadPool(unsigned threads);
  ~ThreadPool();  // finishes what was submitted
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  [[nodiscard]] unsigned size() const { return size_; }

  // Runs job(0) … job(count-1), each once, in any order; returns when all are done.
  // The calling thread works too, so a job may itself call for_each. Jobs must not throw.
  void for_each(std::size_t count, const std::function<void(std::size_t)>& job);

  // Runs the job some time later. Jobs must not throw.
  void submit(std::function<void()> job);

 private:
  void work();

  unsigned size_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::queue<std::function<void()>> jobs_;  // guarded by mutex_
  bool closing_ = false;                    // guarded by mutex_
  std::vector<std::thread> workers_;
};

// The processors this process may use, at least 1.
[[nodiscard]] unsigned available_processors();

}  // namespace bloodcell
