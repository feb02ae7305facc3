// Progress for people: one line that redraws itself on a terminal, now and then a plain line
// elsewhere (a log of a batch job). Never on the stream of the answer.
#pragma once

#include <chrono>
#include <functional>
#include <ostream>
#include <string>

#include <bloodcell/base/progress.hpp>

namespace bloodcell::cli {

using MonotonicClock = std::function<std::chrono::duration<double>()>;  // seconds since any moment

[[nodiscard]] MonotonicClock steady_clock();

// Not thread-safe: ProgressSink promises one thread at a time.
// On a terminal: redrawn at most ten times a second, wiped by finish().
// Elsewhere: a line when 3 s and 10 % have passed since the last, or 30 s; short work prints none.
class TerminalProgress final : public ProgressSink {
 public:
  // err outlives the sink.
  TerminalProgress(std::ostream& err, bool is_terminal, int width_columns,
                   MonotonicClock clock = steady_clock());
  void update(const ProgressStep& step) override;
  void finish() override;

 private:
  void begin(const ProgressStep& step, double now);
  void draw_line(const ProgressStep& step, double now);
  void write_line(const ProgressStep& step, double now);
  [[nodiscard]] std::string rate_and_rest(const ProgressStep& step, double now) const;

  std::ostream& err_;
  bool is_terminal_;
  int width_columns_;
  MonotonicClock clock_;
  std::string what_;           // of the step under way; empty: none
  double began_ = 0;           // seconds on clock_
  double last_ = 0;            // when a line was last written
  std::uint64_t first_ = 0;    // `done` at the first update: what was there before does not count
  std::uint64_t written_ = 0;  // `done` when a line was last written
  bool drawn_ = false;
};

}  // namespace bloodcell::cli
