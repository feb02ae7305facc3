#include <bloodcell/train/launch.hpp>

#include <unistd.h>

#include <charconv>
#include <optional>
#include <utility>

namespace bloodcell::train {
namespace {

constexpr const char* kOneMachine = "127.0.0.1";
constexpr int kUsualPort = 29500;  // torchrun's

const std::string* value_of(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() || found->second.empty() ? nullptr : &found->second;
}

bool has(const Environment& environment, const std::string& name) {
  return value_of(environment, name) != nullptr;
}

std::optional<long long> number_in(std::string_view text) {
  long long number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

Result<int> number_at(const Environment& environment, const std::string& name, int least,
                      int most) {
  const std::string* text = value_of(environment, name);
  if (text == nullptr) {
    return fail(ErrorCode::usage, fmt::format("{} is not set", name), {},
                "start the processes with a launcher that sets it, or give --distributed off");
  }
  const auto number = number_in(*text);
  if (number && *number >= least && *number <= most) return static_cast<int>(*number);
  return fail(ErrorCode::usage,
              fmt::format("{}={}: not a whole number from {} to {}", name, *text, least, most));
}

Result<Place> ranked(const Environment& environment, const std::string& rank,
                     const std::string& size) {
  Place place;
  BC_ASSIGN(place.size, number_at(environment, size, 1, kMostProcesses));
  BC_ASSIGN(place.rank, number_at(environment, rank, 0, kMostProcesses));
  if (place.rank < place.size) return place;
  return fail(ErrorCode::usage,
              fmt::format("{}={} is not below {}={}", rank, place.rank, size, place.size));
}

Result<void> set_local_rank(const Environment& environment, const std::string& name, Place& place) {
  if (!has(environment, name)) return {};
  BC_ASSIGN(place.local_rank, number_at(environment, name, 0, kMostProcesses));
  return {};
}

bool is(const Environment& environment, const std::string& name, int number) {
  const std::string* text = value_of(environment, name);
  return text != nullptr && number_in(*text) == number;
}

// MASTER_ADDR and MASTER_PORT, or what stands in for them; an empty address: nothing does.
Result<void> set_meeting_point(const Environment& environment, std::string address, int port,
                               Place& place) {
  const std::string* given = value_of(environment, "MASTER_ADDR");
  place.address = given != nullptr ? *given : std::move(address);
  if (place.address.empty()) {
    return fail(ErrorCode::usage,
                "MASTER_ADDR is not set, and the processes are on several machines", {},
                "set it to the name or address of the machine of process 0");
  }
  place.port = port;
  if (!has(environment, "MASTER_PORT")) return {};
  BC_ASSIGN(place.port, number_at(environment, "MASTER_PORT", 1, 65535));
  return {};
}

Result<Place> from_torchrun(const Environment& environment) {
  BC_ASSIGN(auto place, ranked(environment, "RANK", "WORLD_SIZE"));
  if (place.size == 1) return place;
  BC_CHECK(set_local_rank(environment, "LOCAL_RANK", place));
  for (const char* name : {"MASTER_ADDR", "MASTER_PORT"}) {
    if (has(environment, name)) continue;
    return fail(ErrorCode::usage,
                fmt::format("{} is not set beside WORLD_SIZE={}", name, place.size), {},
                "start the processes with torchrun, or set it as it would");
  }
  BC_CHECK(set_meeting_point(environment, {}, 0, place));
  const std::string* agent = value_of(environment, "TORCHELASTIC_USE_AGENT_STORE");
  place.launcher_hosts = agent != nullptr && *agent == "True";
  if (const auto* count = value_of(environment, "TORCHELASTIC_RESTART_COUNT")) {
    place.attempt = "attempt " + *count;
  }
  return place;
}

bool mpi_is_there(const Environment& environment) {
  return has(environment, "OMPI_COMM_WORLD_SIZE") || has(environment, "PMI_SIZE");
}

Result<Place> from_mpi(const Environment& environment) {
  const bool open_mpi = has(environment, "OMPI_COMM_WORLD_SIZE") || !has(environment, "PMI_SIZE");
  BC_ASSIGN(auto place, open_mpi
                            ? ranked(environment, "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE")
                            : ranked(environment, "PMI_RANK", "PMI_SIZE"));
  if (place.size == 1) return place;
  BC_CHECK(set_local_rank(environment, open_mpi ? "OMPI_COMM_WORLD_LOCAL_RANK" : "MPI_LOCALRANKID",
                          place));
  const bool together =
      is(environment, open_mpi ? "OMPI_COMM_WORLD_LOCAL_SIZE" : "MPI_LOCALNRANKS", place.size);
  BC_CHECK(set_meeting_point(environment, together ? kOneMachine : "", kUsualPort, place));
  return place;
}

Result<Place> from_slurm(const Environment& environment) {
  BC_ASSIGN(auto place, ranked(environment, "SLURM_PROCID", "SLURM_NTASKS"));
  if (place.size == 1) return place;
  BC_CHECK(set_local_rank(environment, "SLURM_LOCALID", place));
  std::string address;
  for (const char* name : {"SLURM_STEP_NODELIST", "SLURM_JOB_NODELIST", "SLURM_NODELIST"}) {
    const std::string* list = value_of(environment, name);
    if (address.empty() && list != nullptr) address = first_node(*list);
  }
  if (is(environment, "SLURM_NNODES", 1)) address = kOneMachine;
  int port = kUsualPort;
  if (const std::string* job = value_of(environment, "SLURM_JOB_ID")) {
    // Two jobs on one machine do not meet; below the ports that systems hand out themselves.
    const auto number = number_in(*job);
    if (number && *number >= 0) port = 10000 + static_cast<int>(*number % 20000);
  }
  BC_CHECK(set_meeting_point(environment, std::move(address), port, place));
  return place;
}

Result<Place> from_whoever_is_there(const Environment& environment) {
  const bool torchrun = has(environment, "RANK") || has(environment, "WORLD_SIZE");
  const bool mpi = mpi_is_there(environment);
  if (!torchrun) return mpi ? from_mpi(environment) : Place{};
  BC_ASSIGN(auto place, from_torchrun(environment));
  if (!mpi) return place;
  BC_ASSIGN(const auto other, from_mpi(environment));
  if (other.rank == place.rank && other.size == place.size) return place;
  return fail(ErrorCode::usage,
              fmt::format("torchrun's variables say process {} of {}, MPI's {} of {}", place.rank,
                          place.size, other.rank, other.size),
              {}, "say which of them counts: --distributed torchrun or --distributed mpi");
}

}  // namespace

Environment own_environment() {
  Environment environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

Result<Place> place_in(std::string_view launcher, const Environment& environment) {
  if (launcher == "off") return Place{};
  if (launcher == "auto") return from_whoever_is_there(environment);
  if (launcher == "torchrun") return from_torchrun(environment);
  if (launcher == "mpi") return from_mpi(environment);
  if (launcher == "slurm") return from_slurm(environment);
  return fail(ErrorCode::usage,
              fmt::format("--distributed {}: auto, off, torchrun, mpi or slurm", launcher));
}

std::string first_node(std::string_view list) {
  std::string name;
  while (!list.empty() && list.front() != ',') {
    if (list.front() != '[') {
      name += list.front();
      list.remove_prefix(1);
      continue;
    }
    const auto end = list.find(']');
    if (end == std::string_view::npos) return {};
    name += list.substr(1, list.find_first_of("-,]") - 1);
    list.remove_prefix(end + 1);
  }
  return name;
}

}  // namespace bloodcell::train
