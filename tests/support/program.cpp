#include <bloodcell/test/program.hpp>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>

#include <bloodcell/test/support.hpp>

namespace bloodcell::test {

namespace {

struct Pipe {
  Pipe() { EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0); }
  int ends[2]{-1, -1};
};

void close_end(int& end) {
  if (end >= 0) ::close(end);
  end = -1;
}

// In the child, between fork and exec.
void become(const std::string& program, std::vector<char*>& words, const Surroundings& around,
            int input, int output, int error) {
  if (!around.output.empty()) output = ::open(around.output.c_str(), O_WRONLY | O_CLOEXEC);
  ::dup2(input, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(error, STDERR_FILENO);
  if (!around.folder.empty() && ::chdir(around.folder.c_str()) != 0) ::_exit(126);
  ::setenv("XDG_CACHE_HOME", (binary_folder() / "test-cache").c_str(), 1);
  for (const auto& [name, value] : around.names) ::setenv(name.c_str(), value.c_str(), 1);
  ::execv(program.c_str(), words.data());
  ::_exit(127);
}

}  // namespace

Child::Child(const std::string& program, std::vector<std::string> arguments,
             const Surroundings& surroundings) {
  const std::string path = (binary_folder() / "bin" / program).string();
  arguments.insert(arguments.begin(), path);
  std::vector<char*> words;
  for (auto& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  Pipe in;
  Pipe out;
  Pipe err;
  process_ = ::fork();
  if (process_ == 0) become(path, words, surroundings, in.ends[0], out.ends[1], err.ends[1]);
  ::close(out.ends[1]);
  ::close(err.ends[1]);
  out_end_ = out.ends[0];
  err_end_ = err.ends[0];
  // Short enough for a pipe to hold.
  EXPECT_LT(surroundings.input.size(), 60'000U);
  EXPECT_EQ(::write(in.ends[1], surroundings.input.data(), surroundings.input.size()),
            static_cast<ssize_t>(surroundings.input.size()));
  ::close(in.ends[0]);
  ::close(in.ends[1]);
}

Child::~Child() {
  close_end(out_end_);
  close_end(err_end_);
  if (process_ <= 0) return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
}

void Child::read_from(int& end, std::string& text) {
  std::array<char, 4096> buffer;
  const auto got = ::read(end, buffer.data(), buffer.size());
  if (got <= 0) {
    close_end(end);
  } else {
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

void Child::read_for(int milliseconds) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::milliseconds(milliseconds);
  while (out_end_ >= 0 || err_end_ >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
    if (milliseconds >= 0 && left.count() <= 0) return;
    std::array<pollfd, 2> waited{pollfd{out_end_, POLLIN, 0}, pollfd{err_end_, POLLIN, 0}};
    if (::poll(waited.data(), 2, milliseconds < 0 ? -1 : static_cast<int>(left.count())) <= 0) {
      continue;
    }
    if (out_end_ >= 0 && waited[0].revents != 0) read_from(out_end_, out_);
    if (err_end_ >= 0 && waited[1].revents != 0) read_from(err_end_, err_);
  }
}

void Child::close_output() { close_end(out_end_); }

void Child::signal(int number) const { ::kill(process_, number); }

int Child::wait() {
  read_for(-1);
  int status = 0;
  ::waitpid(process_, &status, 0);
  process_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Ran run_program(const std::string& program, std::vector<std::string> arguments,
                const Surroundings& surroundings) {
  Child child(program, std::move(arguments), surroundings);
  const int status = child.wait();
  return {status, child.out(), child.err()};
}

}  // namespace bloodcell::test
