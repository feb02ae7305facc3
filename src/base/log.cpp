#include <bloodcell/base/log.hpp>

#include <spdlog/sinks/null_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>

namespace bloodcell {

namespace {

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::quiet: return spdlog::level::err;
    case LogLevel::warning: return spdlog::level::warn;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::debug: return spdlog::level::debug;
  }
  return spdlog::level::info;
}

}  // namespace

Log::Log()
    : logger_(std::make_shared<spdlog::logger>("bloodcell",
                                               std::make_shared<spdlog::sinks::null_sink_mt>())) {}

Log::Log(LogLevel level, bool colour) {
  const auto mode = colour ? spdlog::color_mode::always : spdlog::color_mode::never;
  logger_ = std::make_shared<spdlog::logger>(
      "bloodcell", std::make_shared<spdlog::sinks::stderr_color_sink_mt>(mode));
  logger_->set_level(spdlog_level(level));
  logger_->set_pattern("%^%l%$: %v");
}

}  // namespace bloodcell
