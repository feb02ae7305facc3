// The pictures of the cases as files: FOLDER/pictures/KEY/ID.TYPE.
#pragma once

#include <filesystem>

#include <bloodcell/base/files.hpp>
#include <bloodcell/review/review.hpp>

#include "schema.hpp"

namespace bloodcell::review {

class Shelf {
 public:
  explicit Shelf(std::filesystem::path folder) : folder_(std::move(folder)) {}

  [[nodiscard]] std::filesystem::path file_of(std::string_view key, const Picture& picture) const;
  [[nodiscard]] Result<void> put(std::string_view key, const Picture& picture,
                                 std::string_view bytes) const;
  // Errors: those of read_file; mismatch when it is not what was put there.
  [[nodiscard]] Result<Bytes> get(std::string_view key, const Picture& picture) const;
  void remove(std::string_view key, const Picture& picture) const;
  void remove(std::string_view key) const;  // all of the case

  // Deletes files of ours that no row knows. Inside a write transaction of the caller.
  [[nodiscard]] Result<void> sweep(Database& database) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace bloodcell::review
