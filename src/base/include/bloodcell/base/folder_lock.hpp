// One process at a time in a folder. Held until the object goes or the process ends, however it
// ends.
#pragma once

#include <filesystem>

#include <bloodcell/base/result.hpp>

namespace bloodcell {

class FolderLock {
 public:
  // Errors: usage (another one holds it), not_found. A file system without locks refuses nobody.
  [[nodiscard]] static Result<FolderLock> take(const std::filesystem::path& folder);
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&& other) noexcept;
  ~FolderLock();

 private:
  explicit FolderLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;  // of the folder; −1: none
};

}  // namespace bloodcell
