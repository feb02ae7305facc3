// Ctrl-C and SIGTERM → Cancellation, for as long as the object lives. One at a time in a process.
#pragma once

#include <csignal>

#include <bloodcell/base/cancel.hpp>

namespace bloodcell::cli {

class SignalGuard {
 public:
  // The first signal asks the work to end, the second ends the process with 128 plus its number.
  // A signal that the parent had set to be ignored (nohup) stays so. SIGPIPE is ignored, so that a
  // closed pipe is a failed write.
  explicit SignalGuard(Cancellation& cancellation);
  ~SignalGuard();
  SignalGuard(const SignalGuard&) = delete;
  SignalGuard& operator=(const SignalGuard&) = delete;

  [[nodiscard]] static int received();  // the number of the first signal, 0 for none

 private:
  struct sigaction interrupt_before_{};
  struct sigaction terminate_before_{};
  struct sigaction pipe_before_{};
};

}  // namespace bloodcell::cli
