// How long work tells how far it is. The terminal, the log and the web page each draw it in their
// own way.
#pragma once

#include <cstdint>
#include <string>

namespace bloodcell {

struct ProgressStep {
  std::string what;  // `reading`, `epoch 3`
  std::uint64_t done = 0;
  std::uint64_t total = 0;  // 0: not known
  std::string unit;         // `images`
  std::string note;         // a running figure, `loss 0.41`; may be empty
};

// Called from one thread at a time.
class ProgressSink {
 public:
  virtual ~ProgressSink() = default;
  virtual void update(const ProgressStep& step) = 0;
  virtual void finish() = 0;  // the current step is over: end the line
};

// Draws nothing.
[[nodiscard]] ProgressSink& no_progress();

}  // namespace bloodcell
