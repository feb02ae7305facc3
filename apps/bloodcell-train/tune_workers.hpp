// More workers of a search: processes of this program, so that each has its own libtorch.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include <bloodcell/base/result.hpp>

namespace bloodcell::training {

// They end with this process: when it asks them to, and when it is killed.
class TuneWorkers {
 public:
  TuneWorkers() = default;
  ~TuneWorkers();  // asks those that still run to stop, and waits
  TuneWorkers(const TuneWorkers&) = delete;
  TuneWorkers& operator=(const TuneWorkers&) = delete;

  // This program with other arguments. Errors: internal (no more processes).
  [[nodiscard]] Result<void> start(const std::vector<std::string>& arguments);

  // Until all have ended. Returns how many failed.
  [[nodiscard]] int wait();

 private:
  std::vector<pid_t> running_;
};

}  // namespace bloodcell::training
