#include "tune_workers.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace bloodcell::training {
namespace {

constexpr const char* kItself = "/proc/self/exe";

int status_of(pid_t process) {
  int status = 0;
  while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace

Result<void> TuneWorkers::start(const std::vector<std::string>& arguments) {
  std::string name = "bloodcell-train";
  std::vector<std::string> copies = arguments;
  std::vector<char*> words{name.data()};
  for (auto& word : copies) words.push_back(word.data());
  words.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0)
    return fail(ErrorCode::internal, fmt::format("no worker: {}", std::strerror(errno)));
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() == parent) ::execv(kItself, words.data());
    ::_exit(127);
  }
  running_.push_back(child);
  return {};
}

int TuneWorkers::wait() {
  int failed = 0;
  for (const pid_t child : running_) failed += status_of(child) != 0 ? 1 : 0;
  running_.clear();
  return failed;
}

TuneWorkers::~TuneWorkers() {
  for (const pid_t child : running_) ::kill(child, SIGTERM);
  static_cast<void>(wait());
}

}  // namespace bloodcell::training
