#include <measured_child.hpp>

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>

namespace bloodcell::cli {

namespace {

using Clock = std::chrono::steady_clock;

ssize_t read_some(int end) {
  std::array<char, 4096> dropped{};
  ssize_t count = 0;
  do {
    count = ::read(end, dropped.data(), dropped.size());
  } while (count < 0 && errno == EINTR);
  return count;
}

class SpawnActions {
 public:
  explicit SpawnActions(int output) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
  }
  ~SpawnActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  [[nodiscard]] const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

}  // namespace

Result<MeasuredChild> measure_child(const std::filesystem::path& program,
                                    std::vector<std::string> arguments) {
  std::string name = program.string();
  std::vector<char*> words{name.data()};
  for (auto& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(ErrorCode::internal, "no pipe to be had");
  const SpawnActions actions(ends[1]);
  const auto began = Clock::now();
  pid_t process = 0;
  const int failed =
      ::posix_spawn(&process, name.c_str(), actions.get(), nullptr, words.data(), environ);
  ::close(ends[1]);
  if (failed != 0) {
    ::close(ends[0]);
    return fail(ErrorCode::not_found, "cannot be run", name);
  }
  const bool spoke = read_some(ends[0]) > 0;
  const std::chrono::duration<double> first_byte = Clock::now() - began;
  while (read_some(ends[0]) > 0) {
  }
  ::close(ends[0]);
  int status = 0;
  rusage usage{};
  while (::wait4(process, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  if (!spoke || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return fail(ErrorCode::internal, "failed, or said nothing", name);
  }
  return MeasuredChild{first_byte.count(), static_cast<std::uint64_t>(usage.ru_maxrss) * 1024};
}

}  // namespace bloodcell::cli
