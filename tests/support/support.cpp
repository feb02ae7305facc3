#include <bloodcell/test/support.hpp>

#include <cstdlib>
#include <stdexcept>

namespace bloodcell::test {

namespace fs = std::filesystem;

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (fs::temp_directory_path() / "bloodcell-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path source_folder() { return BLOODCELL_SOURCE_FOLDER; }

fs::path binary_folder() { return BLOODCELL_BINARY_FOLDER; }

std::optional<fs::path> shared(const std::string& name) {
  fs::path path = source_folder().parent_path() / "shared" / name;
  if (!fs::exists(path)) return std::nullopt;
  return path;
}

}  // namespace bloodcell::test
