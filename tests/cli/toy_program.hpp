// A small program on the frame, run within the test: its verbs say what they were given.
#pragma once

#include <initializer_list>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <bloodcell/cli/application.hpp>

namespace bloodcell::cli {

struct Ran {
  int status = 0;
  std::string out;
  std::string err;
};

struct Surroundings {
  bool out_is_terminal = false;
  bool err_is_terminal = false;
};

inline Ran run_with(const Program& program, const std::vector<std::string>& words,
                    Surroundings surroundings = {}) {
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  Terminal terminal{in, out, err, surroundings.out_is_terminal, surroundings.err_is_terminal};
  std::vector<const char*> arguments{program.name.c_str()};
  for (const auto& word : words) arguments.push_back(word.c_str());
  Ran ran;
  ran.status = run(program, static_cast<int>(arguments.size()), arguments.data(), terminal);
  ran.out = out.str();
  ran.err = err.str();
  return ran;
}

// `count` says its numbers, `deep` has the nested verb `dive`, `fail` fails as told.
inline Program toy_program() {
  struct Count {
    int epochs = 20;
    double rate = 0.001;
    bool fast = false;
    std::uint64_t seed = 42;
    std::string format = "table";
    std::string output;
    std::vector<std::string> inputs;
  };
  const Verb count{
      "count", "Count things", "  toy count a.jpg", [](CLI::App& command) -> Action {
        auto count_options = std::make_shared<Count>();
        auto& o = *count_options;
        command.add_option("--epochs", o.epochs, "how often")->check(CLI::Range(1, 1000));
        command.add_option("--rate", o.rate, "how fast it's learnt");
        command.add_flag("--fast", o.fast, "hurry");
        command.add_option("--seed", o.seed, "of the draws");
        command.add_option("--format", o.format, "of the answer")
            ->check(CLI::IsMember({"table", "csv", "json"}));
        command.add_option("-o,--output", o.output, "where to")->type_name("FILE");
        command.add_option("inputs", o.inputs, "what to count")->required();
        return [count_options](const Job& job) -> Result<int> {
          const auto& given = *count_options;
          job.terminal.out << "epochs " << given.epochs << " rate " << given.rate << " fast "
                           << given.fast << " seed " << given.seed << " format " << given.format
                           << " output '" << given.output << "' threads " << job.context.pool.size()
                           << " pixels " << job.context.limits.max_pixels << " json " << job.json
                           << " colour " << job.terminal.colour << " inputs";
          for (const auto& input : given.inputs) job.terminal.out << " <" << input << ">";
          job.terminal.out << '\n';
          return 0;
        };
      }};
  const Verb dive{"dive",
                  "Go down",
                  "  toy deep dive --depth 3",
                  [](CLI::App& command) -> Action {
                    auto depth = std::make_shared<int>(1);
                    command.add_option("--depth", *depth, "in metres");
                    return [depth](const Job& job) -> Result<int> {
                      job.terminal.out << "depth " << *depth << '\n';
                      return 0;
                    };
                  },
                  Uses::json,
                  {}};
  const Verb deep{"deep", "Deep things", "  toy deep dive", {}, Uses::json, {dive}};
  const Verb failing{"fail", "Fail", "  toy fail malformed", [](CLI::App& command) -> Action {
                       auto how = std::make_shared<std::string>();
                       command.add_option("how", *how, "in which way");
                       return [how](const Job& job) -> Result<int> {
                         if (*how == "late") job.terminal.out << "half an answer\n";
                         if (*how == "some") return 3;
                         if (*how == "usage")
                           return bloodcell::fail(ErrorCode::usage, "a wrong combination");
                         if (*how == "throw") throw std::runtime_error("thrown by a library");
                         return bloodcell::fail(ErrorCode::malformed, "ends early", "cells/12.jpg",
                                                "copy it again");
                       };
                     }};
  return {"toy", "A toy.", {count, deep, failing}, {"elsewhere"}};
}

}  // namespace bloodcell::cli
