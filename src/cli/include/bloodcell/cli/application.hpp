// The frame every program of ours shares: verbs, common options, configuration files, exit
// statuses, Ctrl-C, progress on a terminal. `bloodcell` and `bloodcell-train` differ only in their
// verbs.
#pragma once

#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>

namespace bloodcell::cli {

// Where a verb reads and writes; tests hand in string streams.
struct Terminal {
  std::istream& in;
  std::ostream& out;  // the answer
  std::ostream& err;  // messages, progress
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  bool colour = false;  // NO_COLOR and --colour taken into account
  int width_columns = 100;
};

// What a verb is given when it runs.
struct Job {
  Context context;
  Terminal& terminal;
  bool json = false;  // --json: one JSON document on `out`, nothing else there
};

// Exit status: 0 ok, 1 failed, 2 wrong usage, 3 some inputs could not be read (the rest done).
using Action = std::function<Result<int>(const Job&)>;

// A verb adds its options to `command` and returns what to do once they are parsed.
struct Verb {
  std::string name;
  std::string what;      // one line for --help
  std::string examples;  // shown at the end of its --help
  std::function<Action(CLI::App& command)> set_up;
};

struct Program {
  std::string name;
  std::string what;
  std::vector<Verb> verbs;
};

// Parses, runs, reports; never throws. Adds to every verb: --config FILE (TOML), --print-config,
// --json, --threads N, --quiet, --verbose, --colour auto|always|never, the limits
// (--max-file-bytes,
// --max-pixels), and to the program --version and `completion bash|zsh|fish`.
[[nodiscard]] int run(const Program& program, int argc, const char* const* argv,
                      Terminal& terminal);

// A Terminal over the process's own streams.
[[nodiscard]] Terminal& process_terminal();

}  // namespace bloodcell::cli
