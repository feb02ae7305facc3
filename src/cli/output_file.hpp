// A file written row by row that appears whole or not at all.
#pragma once

#include <filesystem>
#include <fstream>

#include <bloodcell/base/result.hpp>

namespace bloodcell::cli {

// Writes to a temporary name in the same folder; commit() syncs and renames it over `path`. Without
// commit() the old file is untouched and nothing is left.
class OutputFile {
 public:
  // Creates missing parent folders. Errors: unreadable.
  [[nodiscard]] static Result<OutputFile> create(const std::filesystem::path& path);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();

  [[nodiscard]] std::ostream& stream() { return stream_; }
  // Errors: unreadable (a full disk).
  [[nodiscard]] Result<void> commit();

 private:
  OutputFile(std::filesystem::path path, std::filesystem::path temporary);

  std::filesystem::path path_;
  std::filesystem::path temporary_;  // empty: committed or moved from
  std::ofstream stream_;
};

}  // namespace bloodcell::cli
