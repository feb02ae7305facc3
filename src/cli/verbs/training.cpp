#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include <installed.hpp>

#include <bloodcell/cli/verbs.hpp>

namespace bloodcell::cli {

namespace {

constexpr const char* kProgram = "bloodcell-train";

// libtorch's OpenMP threads spin between steps; beside the loader's threads, or another program,
// that makes an epoch several times longer. Set by the user, they stay.
void keep_openmp_from_spinning() {
  ::setenv("OMP_WAIT_POLICY", "PASSIVE", 0);
  ::setenv("GOMP_SPINCOUNT", "0", 0);
}

// The whole command line goes over as it stands: common options before the verb mean the same
// there.
Result<int> hand_over(const Job& job) {
  const auto program = find_program(kProgram);
  if (!program) {
    return fail(ErrorCode::not_found, "training is not part of this build", {},
                "run ./test, or cmake --preset release");
  }
  std::vector<char*> words{const_cast<char*>(kProgram)};
  for (const char* word : job.arguments) words.push_back(const_cast<char*>(word));
  words.push_back(nullptr);
  job.terminal.out.flush();
  keep_openmp_from_spinning();
  ::execv(program->c_str(), words.data());
  return fail(ErrorCode::internal, fmt::format("cannot be started: {}", std::strerror(errno)),
              program->string());
}

}  // namespace

Verb training_verb(std::string name, std::string what) {
  std::string examples = fmt::format("  bloodcell {} --help", name);
  return {std::move(name), std::move(what), std::move(examples), [](CLI::App& command) -> Action {
            command.set_help_flag();
            command.fallthrough(false);
            command.prefix_command();
            return hand_over;
          }};
}

}  // namespace bloodcell::cli
