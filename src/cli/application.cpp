#include <bloodcell/cli/application.hpp>

#include <cstdlib>
#include <exception>
#include <string_view>

#include <nlohmann/json.hpp>

#include <bloodcell/cli/progress.hpp>
#include <command_tree.hpp>
#include <guarded_stream.hpp>
#include <signals.hpp>

namespace bloodcell::cli {

namespace {

constexpr int kFailed = 1;
constexpr int kWrongUsage = 2;
constexpr int kSignalBase = 128;  // as shells count

bool environment_allows_colour() {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  return (no_colour == nullptr || *no_colour == '\0') &&
         (terminal == nullptr || std::string_view(terminal) != "dumb");
}

bool wants_colour(const std::string& colour, bool is_terminal) {
  return colour == "always" || (colour == "auto" && is_terminal && environment_allows_colour());
}

bool names_json(std::span<const char* const> words) {
  for (const std::string_view word : words) {
    if (word == "--") return false;
    if (word == "--json") return true;
  }
  return false;
}

LogLevel log_level(const CommonOptions& common) {
  if (common.quiet) return LogLevel::quiet;
  return common.verbose ? LogLevel::debug : LogLevel::info;
}

class Application {
 public:
  Application(const Program& program, int argc, const char* const* argv, Terminal& terminal)
      : argc_(argc),
        argv_(argv),
        outer_(terminal),
        out_(terminal.out, cancellation_),
        terminal_{terminal.in,
                  out_.stream(),
                  terminal.err,
                  terminal.out_is_terminal,
                  terminal.err_is_terminal,
                  false,
                  terminal.width_columns},
        signals_(cancellation_),
        tree_(program) {}

  int run() {
    json_ = names_json(words());
    int status = 0;
    try {
      tree_.parse(argc_, argv_);
      status = run_verb();
    } catch (const CLI::CallForHelp&) {
      out_.stream() << tree_.root().help();
    } catch (const CLI::CallForVersion& version) {
      out_.stream() << version.what() << '\n';
    } catch (const CLI::ParseError& thrown) {
      print_error(tree_.explain(thrown));
      status = kWrongUsage;
    }
    return flushed(status);
  }

 private:
  [[nodiscard]] std::span<const char* const> words() const {
    return {argv_ + 1, static_cast<std::size_t>(argc_ > 0 ? argc_ - 1 : 0)};
  }

  int run_verb() {
    const auto& common = tree_.common();
    json_ = tree_.wants_json();
    terminal_.colour = wants_colour(common.colour, outer_.out_is_terminal);
    if (auto checked = tree_.check_common_options(); !checked) {
      print_error(checked.error());
      return kWrongUsage;
    }
    if (common.print_config) {
      out_.stream() << tree_.configuration_text();
      return 0;
    }
    const Log log(log_level(common), wants_colour(common.colour, outer_.err_is_terminal));
    ThreadPool pool(common.threads);
    TerminalProgress drawn(outer_.err, outer_.err_is_terminal, outer_.width_columns);
    ProgressSink& progress = common.quiet ? no_progress() : drawn;
    log.debug("{} threads, files to {} bytes, pictures to {} pixels", common.threads,
              common.limits.max_file_bytes, common.limits.max_pixels);
    const Job job{{log, common.limits, pool, cancellation_, progress}, terminal_, json_, words()};
    const auto result = tree_.action()(job);
    progress.finish();
    return status_of(result);
  }

  int status_of(const Result<int>& result) {
    if (result) return *result;
    const bool stopped = result.error().code == ErrorCode::cancelled;
    if (stopped && out_.failed()) return kFailed;  // flushed() says why
    print_error(result.error());
    if (stopped && SignalGuard::received() != 0) return kSignalBase + SignalGuard::received();
    return exit_status(result.error().code);
  }

  // A full disk is an error; a reader who went away (`| head`) is not worth a word.
  int flushed(int status) {
    out_.stream().flush();
    if (!out_.failed()) return status;
    if (out_.reader_went_away()) return kSignalBase + SIGPIPE;
    if (SignalGuard::received() != 0) return kSignalBase + SignalGuard::received();
    print_text(out_.error());
    return kFailed;
  }

  void print_error(const Error& error) {
    if (!json_ || !out_.untouched()) return print_text(error);
    const nlohmann::ordered_json document{{"error",
                                           {{"code", name_of(error.code)},
                                            {"message", error.message},
                                            {"path", error.path},
                                            {"remedy", error.remedy}}}};
    using nlohmann::ordered_json;
    out_.stream() << document.dump(2, ' ', false, ordered_json::error_handler_t::replace) << '\n';
  }

  void print_text(const Error& error) {
    const bool colour = wants_colour(tree_.common().colour, outer_.err_is_terminal);
    outer_.err << (colour ? "\x1b[1;31merror:\x1b[0m " : "error: ") << to_text(error) << std::endl;
  }

  int argc_;
  const char* const* argv_;
  Terminal& outer_;
  Cancellation cancellation_;
  GuardedStream out_;
  Terminal terminal_;  // what verbs see: `out` guarded, colour decided
  SignalGuard signals_;
  CommandTree tree_;
  bool json_ = false;
};

}  // namespace

int run(const Program& program, int argc, const char* const* argv, Terminal& terminal) {
  try {
    return Application(program, argc, argv, terminal).run();
  } catch (const std::exception& thrown) {
    terminal.err << "error: " << thrown.what() << std::endl;
    return kFailed;
  }
}

}  // namespace bloodcell::cli
