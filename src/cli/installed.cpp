#include <installed.hpp>

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <vector>

#include <fmt/ranges.h>

namespace bloodcell::cli {

namespace fs = std::filesystem;

namespace {

bool is_program(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored) && ::access(path.c_str(), X_OK) == 0;
}

// Absolute folders only: a program is not taken from wherever the user happens to stand.
std::vector<fs::path> folders_of_path() {
  std::vector<fs::path> folders;
  const char* path = std::getenv("PATH");
  std::istringstream all(path == nullptr ? "" : path);
  for (std::string folder; std::getline(all, folder, ':');) {
    if (folder.starts_with('/')) folders.emplace_back(folder);
  }
  return folders;
}

// A sort of model file: where it may be named, and how its file names end.
struct Sort {
  const char* variable;
  bool locates;
};

constexpr std::string_view kLocatorEnding = ".locator.onnx";

std::optional<fs::path> first_model_in(const fs::path& folder, const Sort& sort) {
  std::vector<fs::path> models;
  std::error_code error;
  for (fs::directory_iterator at(folder, error); !error && at != fs::directory_iterator();
       at.increment(error)) {
    const bool locates = at->path().filename().string().ends_with(kLocatorEnding);
    if (at->path().extension() == ".onnx" && locates == sort.locates) models.push_back(at->path());
  }
  if (models.empty()) return std::nullopt;
  return *std::min_element(models.begin(), models.end());
}

}  // namespace

fs::path program_folder() {
  std::error_code error;
  const auto program = fs::read_symlink("/proc/self/exe", error);
  return error ? fs::path(".") : program.parent_path();
}

std::optional<fs::path> find_program(const std::string& name) {
  std::vector<fs::path> folders{program_folder(),
                                program_folder() / ".." / "libexec" / "bloodcell"};
  const auto on_path = folders_of_path();
  folders.insert(folders.end(), on_path.begin(), on_path.end());
  for (const auto& folder : folders) {
    if (is_program(folder / name)) return folder / name;
  }
  return std::nullopt;
}

namespace {

Result<fs::path> find(const std::string& named, const Sort& sort) {
  if (!named.empty()) return named;
  if (const char* variable = std::getenv(sort.variable); variable != nullptr && *variable != '\0') {
    std::error_code ignored;
    if (fs::exists(variable, ignored)) return variable;
    return fail(ErrorCode::not_found, fmt::format("no such file, but {} names it", sort.variable),
                variable, fmt::format("set {} to a model file", sort.variable));
  }
  const fs::path here = program_folder();
  const std::vector<fs::path> folders{
      here / "models", (here / ".." / "share" / "bloodcell" / "models").lexically_normal(),
      BLOODCELL_SOURCE_MODELS};
  std::vector<std::string> looked;
  for (const auto& folder : folders) {
    if (auto model = first_model_in(folder, sort)) return *model;
    looked.push_back(folder.string());
  }
  return fail(
      ErrorCode::not_found,
      fmt::format("no model file: none is named, and there is none in {}", fmt::join(looked, ", ")),
      {}, fmt::format("name one with --model FILE or set {}", sort.variable));
}

}  // namespace

Result<fs::path> find_model(const std::string& named) {
  return find(named, {"BLOODCELL_MODEL", false});
}

// Without a locator's own file, the one within the shipped classifier.
Result<fs::path> find_locator(const std::string& named) {
  auto own = find(named, {"BLOODCELL_LOCATOR", true});
  if (own || own.error().code != ErrorCode::not_found || !named.empty()) return own;
  return find_model({});
}

}  // namespace bloodcell::cli
