// What every job is handed instead of globals: where to log, what to refuse, how many threads, when
// to stop.
#pragma once

#include <bloodcell/base/cancel.hpp>
#include <bloodcell/base/limits.hpp>
#include <bloodcell/base/log.hpp>
#include <bloodcell/base/progress.hpp>
#include <bloodcell/base/thread_pool.hpp>

namespace bloodcell {

// Non-owning; the program's entry owns the parts and outlives every job.
struct Context {
  const Log& log;
  const Limits& limits;
  ThreadPool& pool;
  const Cancellation& cancellation;
  ProgressSink& progress;
};

// A silent Context that owns its parts: for tests, examples and the C API.
class OwnContext {
 public:
  explicit OwnContext(unsigned threads = 1) : pool_(threads) {}
  [[nodiscard]] Context get() { return {log_, limits, pool_, cancellation, no_progress()}; }

  Limits limits;
  Cancellation cancellation;

 private:
  Log log_;
  ThreadPool pool_;
};

}  // namespace bloodcell
