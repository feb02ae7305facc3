// A program of ours, run from outside.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

namespace bloodcell::test {

struct Surroundings {
  std::string input{};                         // on its standard input
  std::string output{};                        // a path that takes its standard output; else a pipe
  std::string folder{};                        // where it stands
  std::map<std::string, std::string> names{};  // environment variables on top of ours
};

// A running program. Standard output and standard error are read apart.
class Child {
 public:
  Child(const std::string& program, std::vector<std::string> arguments,
        const Surroundings& surroundings = {});
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Reads until the program closes its outputs, or for so long; negative: as long as it takes.
  void read_for(int milliseconds);
  void close_output();  // as `head` does when it has enough
  void signal(int number) const;
  // Reads all. The exit status; 128 and more for a signal.
  int wait();

  [[nodiscard]] const std::string& out() const { return out_; }
  [[nodiscard]] const std::string& err() const { return err_; }

 private:
  void read_from(int& end, std::string& text);

  pid_t process_ = -1;
  int out_end_ = -1;
  int err_end_ = -1;
  std::string out_;
  std::string err_;
};

struct Ran {
  int status = 0;
  std::string out;
  std::string err;
};

[[nodiscard]] Ran run_program(const std::string& program, std::vector<std::string> arguments,
                              const Surroundings& surroundings = {});

}  // namespace bloodcell::test
