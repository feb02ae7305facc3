#include <bloodcell/base/thread_pool.hpp>

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <memory>

namespace bloodcell {

ThreadPool::ThreadPool(unsigned threads) : size_(std::max(1U, threads)) {
  for (unsigned i = 0; size_ > 1 && i < size_; ++i) workers_.emplace_back([this] { work(); });
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_all();
  for (auto& worker : workers_) worker.join();
}

void ThreadPool::work() {
  while (true) {
    std::function<void()> job;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return closing_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      job = std::move(jobs_.front());
      jobs_.pop();
    }
    job();
  }
}

void ThreadPool::submit(std::function<void()> job) {
  if (workers_.empty()) return job();
  {
    const std::lock_guard lock(mutex_);
    jobs_.push(std::move(job));
  }
  wake_.notify_one();
}

void ThreadPool::for_each(std::size_t count, const std::function<void(std::size_t)>& job) {
  if (workers_.empty() || count <= 1) {
    for (std::size_t i = 0; i < count; ++i) job(i);
    return;
  }

  // Helpers may start after the caller has returned, so what they touch is theirs as well; the job
  // itself is only called for an index below count, all of which are done before the caller leaves.
  struct Shared {
    std::atomic<std::size_t> next{0};
    std::size_t done = 0;  // guarded by mutex
    std::mutex mutex;
    std::condition_variable all_done;
  };
  const auto shared = std::make_shared<Shared>();
  const auto take_jobs = [shared, count, &job] {
    std::size_t mine = 0;
    for (std::size_t i = shared->next++; i < count; i = shared->next++, ++mine) job(i);
    if (mine == 0) return;
    const std::lock_guard lock(shared->mutex);
    shared->done += mine;
    if (shared->done == count) shared->all_done.notify_all();
  };

  const std::size_t helpers = std::min<std::size_t>(size_, count) - 1;
  for (std::size_t i = 0; i < helpers; ++i) submit(take_jobs);
  take_jobs();
  std::unique_lock lock(shared->mutex);
  shared->all_done.wait(lock, [&] { return shared->done == count; });
}

unsigned available_processors() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    return std::max(1U, static_cast<unsigned>(CPU_COUNT(&set)));
  }
  return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace bloodcell
