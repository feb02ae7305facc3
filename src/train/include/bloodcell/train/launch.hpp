// Which of several processes this one is, from the variables that launchers set.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include <bloodcell/base/result.hpp>

namespace bloodcell::train {

// The most processes that train one run.
inline constexpr int kMostProcesses = 1024;

struct Place {
  int rank = 0;  // 0 ≤ rank < size
  int size = 1;  // of the group; 1: alone, and nothing below counts
  int local_rank = 0;
  std::string address;  // where the processes meet: of process 0, or of its launcher
  int port = 0;
  bool launcher_hosts = false;  // torchrun's own agent keeps the meeting point, else process 0 does
  std::string attempt;          // names of things there begin with it
};

using Environment = std::map<std::string, std::string>;

[[nodiscard]] Environment own_environment();

// launcher:
//   off       alone, whatever the variables say
//   torchrun  RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT
//   mpi       OMPI_COMM_WORLD_RANK and _SIZE (Open MPI), or PMI_RANK and PMI_SIZE (MPICH, Intel)
//   slurm     SLURM_PROCID, SLURM_NTASKS
//   auto      torchrun's or mpi's when they are there, else alone; never Slurm's, which a batch
//             script that starts one process has, too
// Under mpi and slurm MASTER_ADDR and MASTER_PORT may be left out: the address is then this
// machine's own when all processes are on it, else Slurm's first node; the port is 29500, under
// Slurm drawn from the job's number. Errors: usage, naming the variable: one that is missing, not a
// number or out of range, and variables that contradict each other.
[[nodiscard]] Result<Place> place_in(std::string_view launcher, const Environment& environment);

// The first name of a list as Slurm writes it: `node[003-007,9],login` -> `node003`.
[[nodiscard]] std::string first_node(std::string_view list);

}  // namespace bloodcell::train
