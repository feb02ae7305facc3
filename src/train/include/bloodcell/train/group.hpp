// Processes that train one run together, over libtorch's c10d: Gloo, or NCCL where the network is
// on CUDA and the libtorch has it.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>

#include <bloodcell/base/result.hpp>
#include <bloodcell/train/launch.hpp>

namespace at {
class Tensor;
}

namespace bloodcell::train {

// All processes call the same functions in the same order. Each waits for the others, no longer
// than the group's limit. A process that is gone, or that does not answer in time, is an error
// (internal) that names it as far as that can be told, with its last words if it had any; the group
// is broken then. Not thread-safe.
class Group {
 public:
  Group();  // of one: every call returns at once
  Group(Group&&) noexcept;
  Group& operator=(Group&&) noexcept;
  ~Group();

  // Meets the others. limit: of this and of each later wait, above 0. Errors: unreadable (the
  // others cannot be reached in time, naming address and port), unsupported (a libtorch without the
  // parts for it).
  [[nodiscard]] static Result<Group> join(const Place& place, std::chrono::seconds limit,
                                          bool on_cuda);

  [[nodiscard]] int rank() const;
  [[nodiscard]] int size() const;
  [[nodiscard]] int local_rank() const;
  [[nodiscard]] bool leads() const { return rank() == 0; }  // it alone writes and talks
  [[nodiscard]] bool is_broken() const;

  // Sums over the processes; each gets the same bits.
  [[nodiscard]] Result<void> sum(std::span<double> values);
  [[nodiscard]] Result<void> sum(std::span<float> values);
  [[nodiscard]] Result<void> sum(at::Tensor& values);  // dense float32, on any device

  // What process 0 hands in; the others hand in what they like.
  [[nodiscard]] Result<std::string> from_first(std::string bytes);

  // Goes on only when all are well: else one's own error; that of another, told as such; or
  // cancelled, when one was asked to stop and none failed.
  [[nodiscard]] Result<void> agree(const Result<void>& mine);

  // Last words of a process that ends with an error, for the others to tell. At most some seconds.
  void leave(const Error& error);

 private:
  struct Impl;
  explicit Group(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace bloodcell::train
