#include <answer.hpp>

namespace bloodcell::cli {

namespace fs = std::filesystem;

std::string to_text(const nlohmann::ordered_json& document) {
  return document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

nlohmann::ordered_json to_json(const std::vector<Error>& problems) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& problem : problems) {
    list.push_back({{"code", name_of(problem.code)},
                    {"message", problem.message},
                    {"path", problem.path},
                    {"remedy", problem.remedy}});
  }
  return list;
}

int report_problems(const Job& job, const std::vector<Error>& problems) {
  constexpr std::size_t kMostShown = 10;
  for (std::size_t i = 0; i < std::min(kMostShown, problems.size()); ++i) {
    job.context.log.warning("left out: {}", bloodcell::to_text(problems[i]));
  }
  if (problems.size() > kMostShown) {
    job.context.log.warning("{} more were left out", problems.size() - kMostShown);
  }
  return problems.empty() ? 0 : kSomeUnreadable;
}

Result<void> check_output(const fs::path& output, const fs::path& input) {
  std::error_code ignored;
  if (fs::is_directory(output, ignored)) {
    return fail(ErrorCode::usage, "is a folder", output.string(), "name a file to write");
  }
  if (fs::equivalent(output, input, ignored)) {
    return fail(ErrorCode::usage, "would be written over its own input", output.string(),
                "name another file");
  }
  return {};
}

}  // namespace bloodcell::cli
