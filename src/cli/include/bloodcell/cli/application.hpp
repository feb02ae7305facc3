// The frame every program of ours shares: verbs, common options, configuration files, exit
// statuses, Ctrl-C, progress on a terminal. `bloodcell` and `bloodcell-train` differ only in their
// verbs.
#pragma once

#include <functional>
#include <iosfwd>
#include <span>
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
  bool colour = false;  // on `out`: a verb sees NO_COLOR and --colour taken into account
  int width_columns = 100;
};

// What a verb is given when it runs.
struct Job {
  Context context;
  Terminal& terminal;  // a write to `out` that fails asks the job to stop
  bool json = false;   // --json: one JSON document on `out`, nothing else there
  std::span<const char* const> arguments{};  // the command line without the program's name
};

// Exit status: 0 ok, 1 failed, 2 wrong usage, 3 some inputs could not be read (the rest done).
using Action = std::function<Result<int>(const Job&)>;

// Which of the common options have an effect on a verb; the others are not shown and refused.
enum class Uses : unsigned {
  nothing = 0,
  json = 1,
  threads = 2,
  files = 4,     // reads files whole: --max-file-bytes
  pictures = 8,  // decodes pictures: --max-pixels
  lists = 16,    // walks folders or lists: --max-files
  everything = 31,
};
[[nodiscard]] constexpr Uses operator|(Uses a, Uses b) {
  return static_cast<Uses>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
[[nodiscard]] constexpr bool has(Uses all, Uses part) {
  return (static_cast<unsigned>(all) & static_cast<unsigned>(part)) == static_cast<unsigned>(part);
}

// A verb adds its options to `command` and returns what to do once they are parsed. An option's
// type name says what its value is: FILE and FOLDER are paths (completed as such); CLI11's own INT,
// UINT and FLOAT are numbers in a configuration file.
struct Verb {
  std::string name;
  std::string what;      // one line for --help
  std::string examples;  // shown at the end of its --help
  std::function<Action(CLI::App& command)> set_up;
  Uses uses = Uses::everything;
  std::vector<Verb> nested{};  // when there are any, set_up is not called
};

struct Program {
  std::string name;
  std::string what;
  std::vector<Verb> verbs;
  // Verbs of a sibling program: their tables in a shared configuration file are passed over.
  std::vector<std::string> sibling_verbs{};
};

// Parses, runs, reports; never throws.
// Common to every verb: --config FILE (TOML: common options at the top, a table for each verb,
// `[data.split]` for a nested one), --print-config, --quiet, --verbose, --colour auto|always|never
// and, where they have an effect, --json, --threads N and the limits --max-file-bytes,
// --max-pixels, --max-files. The command line beats the file. The program has --version and
// `completion bash|zsh|fish`.
// Errors are printed to `err` as `error: …`. With --json they are the document on `out`,
// {"error": {"code", "message", "path", "remedy"}}, unless something stands there already.
// Exit status: that of the action; 2 for anything wrong in options or configuration; 128 plus the
// signal's number after SIGINT or SIGTERM (the second ends the process at once); 141 when the
// reader of `out` went away.
[[nodiscard]] int run(const Program& program, int argc, const char* const* argv,
                      Terminal& terminal);

// A Terminal over the process's own streams.
[[nodiscard]] Terminal& process_terminal();

}  // namespace bloodcell::cli
