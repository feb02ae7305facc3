// Logging to stderr, handed down in the Context. Thread-safe.
#pragma once

#include <memory>
#include <utility>

#include <spdlog/logger.h>

namespace bloodcell {

enum class LogLevel { quiet, warning, info, debug };

// One line a message, `warning: …`; colours only when `colour`.
class Log {
 public:
  Log();  // says nothing; for tests and for library use
  Log(LogLevel level, bool colour);

  template <class... Args>
  void info(fmt::format_string<Args...> text, Args&&... args) const {
    logger_->info(text, std::forward<Args>(args)...);
  }
  template <class... Args>
  void warning(fmt::format_string<Args...> text, Args&&... args) const {
    logger_->warn(text, std::forward<Args>(args)...);
  }
  template <class... Args>
  void debug(fmt::format_string<Args...> text, Args&&... args) const {
    logger_->debug(text, std::forward<Args>(args)...);
  }

 private:
  std::shared_ptr<spdlog::logger> logger_;  // spdlog's own sinks share it
};

}  // namespace bloodcell
