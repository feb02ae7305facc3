// Pictures of all requests in one queue with an end; whoever is free takes as many as wait, up to a
// batch, and classifies them together: one alone does not wait for company, many share a run. Large
// ones, which take a core seconds, never have all threads: the small ones pass them.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include <bloodcell/base/limits.hpp>
#include <bloodcell/predict/predictor.hpp>
#include <bloodcell/serve/counters.hpp>
#include <bloodcell/serve/model_shelf.hpp>

namespace bloodcell::serve {

struct Picture {
  std::string name;
  std::string_view bytes;             // encoded
  std::shared_ptr<const void> owner;  // of the bytes
  std::shared_ptr<const ActiveModel> model;
  std::function<bool()> is_wanted;  // false: the client has gone, nothing is done
  // Called once, from any thread: the rows, one of status `error` when it could not be read.
  std::function<void(std::vector<predict::Row>)> done;
};

class Batcher {
 public:
  // threads, batch ≥ 1.
  Batcher(unsigned threads, int batch, std::size_t most_waiting, const Limits& limits,
          Counters& counters);
  ~Batcher();  // finishes what was taken
  Batcher(const Batcher&) = delete;
  Batcher& operator=(const Batcher&) = delete;

  // All or none: false when there is no room for all. Thread-safe.
  [[nodiscard]] bool offer(std::vector<Picture> pictures);
  [[nodiscard]] std::size_t waiting() const;

 private:
  struct Waiting {
    Picture picture;
    std::int64_t pixels = 0;  // 0: not a picture
  };
  using Queue = std::deque<Waiting>;
  struct Taken {
    std::vector<Picture> pictures{};  // none: the end
    bool is_large = false;
  };

  void work();
  [[nodiscard]] Taken take();
  [[nodiscard]] Queue::iterator next_for_a_thread();       // with mutex_ held
  void classify(std::span<const Picture> pictures) const;  // of one model
  void answer(const Picture& picture, Result<std::vector<predict::Row>> rows) const;

  const std::size_t batch_;
  const std::size_t most_waiting_;
  const Limits limits_;
  Counters& counters_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  Queue queue_;              // guarded by mutex_
  int large_now_ = 0;        // being classified; guarded by mutex_
  bool is_closing_ = false;  // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace bloodcell::serve
