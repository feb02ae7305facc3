// A PostgreSQL server of the test's own, in a temporary folder, reached by a socket there.
#pragma once

#include <pwd.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <bloodcell/database/postgres.hpp>
#include <bloodcell/test/program.hpp>
#include <bloodcell/test/support.hpp>

namespace bloodcell::tune::test {

class PostgresServer {
 public:
  // Nothing where the server is not installed.
  static std::unique_ptr<PostgresServer> start() {
    const auto programs = folder_of_programs();
    if (programs.empty()) return nullptr;
    auto server = std::unique_ptr<PostgresServer>(new PostgresServer(programs));
    const auto made = server->run("initdb", {"-D", server->data(), "-U", "postgres", "-A", "trust",
                                             "-N", "-E", "UTF8", "--locale=C"});
    EXPECT_EQ(made.status, 0) << made.err;
    server->begin();
    return server;
  }
  ~PostgresServer() { end(); }
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  [[nodiscard]] std::string url(const std::string& database = "postgres") const {
    return "postgresql://postgres@/" + database + "?host=" + folder_.path().string();
  }

  void begin() {
    const auto command = as_its_user(
        "postgres", {"-D", data(), "-k", folder_.path().string(), "-c", "listen_addresses=", "-c",
                     "fsync=off", "-c", "log_min_messages=panic", "-c", "max_connections=30", "-c",
                     "timezone=Asia/Kolkata"});
    running_ = std::make_unique<bloodcell::test::Child>(
        command.front(), std::vector<std::string>(command.begin() + 1, command.end()));
    for (int i = 0; i < 300; ++i) {
      if (database::open_postgres(url())) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    ADD_FAILURE() << "the server does not answer";
  }

  void end() {
    if (!running_) return;
    running_->signal(SIGINT);  // its users are sent away
    running_->wait();
    running_.reset();
  }

 private:
  explicit PostgresServer(std::filesystem::path programs) : programs_(std::move(programs)) {
    if (const auto* user = root_runs_as(); user != nullptr) {
      EXPECT_EQ(::chown(folder_.path().c_str(), user->pw_uid, user->pw_gid), 0);
    }
  }

  static std::filesystem::path folder_of_programs() {
    if (::geteuid() == 0 && root_runs_as() == nullptr) return {};
    std::error_code error;
    for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql", error)) {
      if (std::filesystem::exists(version.path() / "bin/initdb", error))
        return version.path() / "bin";
    }
    return {};
  }

  // The server refuses to run as root.
  static const passwd* root_runs_as() {
    return ::geteuid() == 0 ? ::getpwnam("postgres") : nullptr;
  }

  // Ends with the test, however that ends.
  std::vector<std::string> as_its_user(const std::string& program,
                                       std::vector<std::string> arguments) const {
    std::vector<std::string> command{"/usr/bin/setpriv", "--pdeathsig", "KILL"};
    if (root_runs_as() != nullptr)
      command.insert(command.end(),
                     {"--reuid", "postgres", "--regid", "postgres", "--clear-groups"});
    command.push_back((programs_ / program).string());
    command.insert(command.end(), arguments.begin(), arguments.end());
    return command;
  }

  bloodcell::test::Ran run(const std::string& program, std::vector<std::string> arguments) const {
    const auto command = as_its_user(program, std::move(arguments));
    return bloodcell::test::run_program(
        command.front(), std::vector<std::string>(command.begin() + 1, command.end()),
        {.folder = folder_.path().string()});
  }
  [[nodiscard]] std::string data() const { return (folder_ / "data").string(); }

  std::filesystem::path programs_;
  bloodcell::test::TemporaryFolder folder_;
  std::unique_ptr<bloodcell::test::Child> running_;
};

}  // namespace bloodcell::tune::test
