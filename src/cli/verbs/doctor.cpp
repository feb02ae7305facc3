#include <fstream>
#include <sstream>
#include <vector>

#include <fmt/ranges.h>

#include <unistd.h>
#include <answer.hpp>
#include <installed.hpp>

#include <bloodcell/base/thread_pool.hpp>
#include <bloodcell/base/version.hpp>
#include <bloodcell/cli/table.hpp>
#include <bloodcell/cli/verbs.hpp>
#include <bloodcell/infer/session.hpp>
#include <bloodcell/infer/verify.hpp>

namespace bloodcell::cli {

namespace {

struct Finding {
  std::string what;
  std::string value;
  bool fine = true;
};

// One field of /proc/cpuinfo's first processor; empty elsewhere than on Linux.
std::string processor_field(const std::string& name) {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const auto colon = line.find(':');
    if (colon == std::string::npos || !line.starts_with(name)) continue;
    return colon + 2 <= line.size() ? line.substr(colon + 2) : std::string();
  }
  return {};
}

std::string processor_features() {
  std::istringstream flags(processor_field("flags"));
  const std::vector<std::pair<std::string, std::string>> wanted{{"avx2", "AVX2"},
                                                                {"avx512f", "AVX-512"},
                                                                {"avx512_vnni", "VNNI"},
                                                                {"avx512_bf16", "BF16"},
                                                                {"amx_tile", "AMX"}};
  std::vector<std::string> found;
  for (std::string flag; flags >> flag;) {
    for (const auto& [name, shown] : wanted) {
      if (flag == name) found.push_back(shown);
    }
  }
  return found.empty() ? "none of AVX2, AVX-512, VNNI, BF16, AMX"
                       : fmt::format("{}", fmt::join(found, ", "));
}

std::string memory() {
  const auto pages = static_cast<double>(::sysconf(_SC_PHYS_PAGES));
  const auto page_bytes = static_cast<double>(::sysconf(_SC_PAGE_SIZE));
  return fmt::format("{:.1f} GiB", pages * page_bytes / (1024.0 * 1024 * 1024));
}

Finding look_at_model(const Job& job) {
  const auto path = find_model("");
  if (!path) return {"model", "none found", false};
  const auto file = model_file::load(*path, job.context.limits);
  if (!file) return {"model", to_text(file.error()), false};
  const auto verified = infer::verify_file(*file, job.context.pool.size(), job.context.limits);
  if (!verified) return {"model", path->string() + ": " + to_text(verified.error()), false};
  return {"model", fmt::format("{}: {}, {} golden outputs within {:.1g}", path->string(),
                               file->description.name, verified->outputs_checked,
                               verified->largest_difference)};
}

std::vector<Finding> examine(const Job& job) {
  std::string name = processor_field("model name");
  const auto training = find_program("bloodcell-train");
  return {{"bloodcell", std::string(version())},
          {"OpenVINO", infer::engine_version()},
          {"processor", name.empty() ? "unknown" : name},
          {"features", processor_features()},
          {"processors", std::to_string(available_processors())},
          {"threads", std::to_string(job.context.pool.size())},
          {"memory", memory()},
          look_at_model(job),
          {"training", training ? training->string() : "not part of this build"}};
}

Result<int> run_doctor(const Job& job) {
  bool fine = true;
  Table table({"what", "found"});
  nlohmann::ordered_json document;
  for (const Finding& finding : examine(job)) {
    table.row({finding.what, finding.value});
    document[finding.what] = finding.value;
    fine = fine && finding.fine;
  }
  document["fine"] = fine;
  if (job.json) {
    job.terminal.out << to_text(document);
  } else {
    table.print(job.terminal.out);
  }
  return fine ? 0 : 1;
}

}  // namespace

Verb doctor_verb() {
  return {"doctor",
          "Say what is installed and whether it works; exit status 1 if something is amiss",
          "  bloodcell doctor\n  bloodcell doctor --json",
          [](CLI::App&) -> Action { return run_doctor; }, Uses::json | Uses::threads | Uses::files};
}

}  // namespace bloodcell::cli
