#include <signals.hpp>

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <string_view>

namespace bloodcell::cli {

namespace {

// A signal handler is given no argument of ours: these two are what it can reach.
std::atomic<Cancellation*> asked_to_stop{nullptr};
std::atomic<int> first_signal{0};
static_assert(std::atomic<Cancellation*>::is_always_lock_free &&
              std::atomic<int>::is_always_lock_free);

extern "C" void stop_or_end(int number) {
  int none = 0;
  if (!first_signal.compare_exchange_strong(none, number)) ::_exit(128 + number);
  const int errno_before = errno;  // of the call that was interrupted
  if (Cancellation* cancellation = asked_to_stop.load()) cancellation->request();
  constexpr std::string_view kSaid = "\nstopping; once more to end at once\n";
  if (::isatty(STDERR_FILENO) == 1) {
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kSaid.data(), kSaid.size());
  }
  errno = errno_before;
}

void install(int number, void (*handler)(int), struct sigaction& before) {
  struct sigaction action{};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  ::sigaction(number, nullptr, &before);
  if (before.sa_handler != SIG_IGN) ::sigaction(number, &action, nullptr);
}

}  // namespace

SignalGuard::SignalGuard(Cancellation& cancellation) {
  first_signal = 0;
  asked_to_stop = &cancellation;
  install(SIGINT, stop_or_end, interrupt_before_);
  install(SIGTERM, stop_or_end, terminate_before_);
  install(SIGPIPE, SIG_IGN, pipe_before_);
}

SignalGuard::~SignalGuard() {
  ::sigaction(SIGINT, &interrupt_before_, nullptr);
  ::sigaction(SIGTERM, &terminate_before_, nullptr);
  ::sigaction(SIGPIPE, &pipe_before_, nullptr);
  asked_to_stop = nullptr;
}

int SignalGuard::received() { return first_signal; }

}  // namespace bloodcell::cli
