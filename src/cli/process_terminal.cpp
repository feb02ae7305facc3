#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include <bloodcell/cli/application.hpp>

namespace bloodcell::cli {

namespace {

constexpr int kUsualColumns = 100;

int columns_of_terminal() {
  winsize size{};
  for (const int descriptor : {STDOUT_FILENO, STDERR_FILENO}) {
    if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
      return std::clamp<int>(size.ws_col, 40, 400);
    }
  }
  return kUsualColumns;
}

}  // namespace

Terminal& process_terminal() {
  static Terminal terminal{std::cin,
                           std::cout,
                           std::cerr,
                           ::isatty(STDOUT_FILENO) == 1,
                           ::isatty(STDERR_FILENO) == 1,
                           false,
                           columns_of_terminal()};
  return terminal;
}

}  // namespace bloodcell::cli
