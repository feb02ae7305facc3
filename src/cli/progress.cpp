#include <bloodcell/cli/progress.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include <bloodcell/cli/table.hpp>

namespace bloodcell::cli {

namespace {

constexpr double kRedrawSeconds = 0.1;
constexpr double kLineSeconds = 3;
constexpr double kLineShare = 0.1;
constexpr double kLongestSilenceSeconds = 30;
constexpr std::size_t kBarColumns = 24;

double share_of(const ProgressStep& step) {
  if (step.total == 0) return 0;
  return std::min(1.0, static_cast<double>(step.done) / static_cast<double>(step.total));
}

std::string counted(const ProgressStep& step) {
  std::string text = with_commas(static_cast<std::int64_t>(step.done));
  if (step.total > 0) text += " of " + with_commas(static_cast<std::int64_t>(step.total));
  if (!step.unit.empty()) text += " " + step.unit;
  return text;
}

// `42 s`, `3 min 05 s`, `2 h 10 min`
std::string time_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::ceil(std::min(seconds, 1e9)));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

std::string bar_of(const ProgressStep& step) {
  if (step.total == 0) return {};
  const auto full = static_cast<std::size_t>(share_of(step) * kBarColumns);
  return fmt::format(" [{}{}] {:3.0f} %", std::string(full, '#'),
                     std::string(kBarColumns - full, '.'), std::floor(100 * share_of(step)));
}

std::string cut_to(std::string text, std::size_t columns) {
  while (width_of(text) > columns) {
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0U) == 0x80U) {
      text.pop_back();
    }
    if (!text.empty()) text.pop_back();
  }
  return text;
}

}  // namespace

MonotonicClock steady_clock() {
  return [] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch());
  };
}

TerminalProgress::TerminalProgress(std::ostream& err, bool is_terminal, int width_columns,
                                   MonotonicClock clock)
    : err_(err),
      is_terminal_(is_terminal),
      width_columns_(width_columns),
      clock_(std::move(clock)) {}

void TerminalProgress::update(const ProgressStep& step) {
  const double now = clock_().count();
  if (what_.empty() || what_ != step.what || step.done < first_) begin(step, now);
  if (is_terminal_) {
    if (!drawn_ || now - last_ >= kRedrawSeconds) draw_line(step, now);
    return;
  }
  const double silence = now - last_;
  const double more = static_cast<double>(step.done - std::min(step.done, written_));
  const bool far = more >= kLineShare * static_cast<double>(step.total);
  if ((silence >= kLineSeconds && step.total > 0 && far) || silence >= kLongestSilenceSeconds) {
    write_line(step, now);
  }
}

void TerminalProgress::finish() {
  if (drawn_) err_ << "\r\x1b[K" << std::flush;
  drawn_ = false;
  what_.clear();
}

void TerminalProgress::begin(const ProgressStep& step, double now) {
  what_ = step.what;
  began_ = now;
  last_ = now;
  first_ = step.done;
  written_ = step.done;
  drawn_ = false;
}

void TerminalProgress::draw_line(const ProgressStep& step, double now) {
  std::string line = step.what + bar_of(step) + " " + counted(step) + rate_and_rest(step, now);
  if (!step.note.empty()) line += ", " + step.note;
  const auto columns = static_cast<std::size_t>(std::max(20, width_columns_ - 1));
  err_ << '\r' << cut_to(std::move(line), columns) << "\x1b[K" << std::flush;
  drawn_ = true;
  last_ = now;
}

void TerminalProgress::write_line(const ProgressStep& step, double now) {
  err_ << step.what << ": " << counted(step) << rate_and_rest(step, now);
  if (!step.note.empty()) err_ << ", " << step.note;
  err_ << std::endl;
  last_ = now;
  written_ = step.done;
}

std::string TerminalProgress::rate_and_rest(const ProgressStep& step, double now) const {
  const double seconds = now - began_;
  if (seconds <= 0 || step.done <= first_) return {};
  const double rate = static_cast<double>(step.done - first_) / seconds;
  std::string text = fmt::format(", {:.{}f}/s", rate, rate < 10 ? 1 : 0);
  if (step.total > step.done) {
    text += ", " + time_text(static_cast<double>(step.total - step.done) / rate) + " left";
  }
  return text;
}

}  // namespace bloodcell::cli
