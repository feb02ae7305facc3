#include <cache_folder.hpp>

#include <cstdlib>

namespace bloodcell::cli {

namespace fs = std::filesystem;

namespace {

fs::path absolute_folder_in(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value == '/' ? fs::path(value) : fs::path();
}

}  // namespace

fs::path cache_folder(const std::string& named) {
  if (named == "off") return {};
  if (!named.empty()) return named;
  if (const auto caches = absolute_folder_in("XDG_CACHE_HOME"); !caches.empty()) {
    return caches / "bloodcell";
  }
  const auto home = absolute_folder_in("HOME");
  return home.empty() ? fs::path() : home / ".cache" / "bloodcell";
}

}  // namespace bloodcell::cli
