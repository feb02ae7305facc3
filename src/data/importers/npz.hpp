// NumPy's .npz: a zip of .npy arrays. Only arrays of whole bytes in C order are read, and never
// more of them than their header says. Private to the layer.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <bloodcell/base/files.hpp>
#include <bloodcell/base/result.hpp>

struct zip;
struct zip_file;

namespace bloodcell::data {

// One array, read from front to back.
class NpyStream {
 public:
  [[nodiscard]] const std::vector<std::uint64_t>& shape() const { return shape_; }
  // The next `count` elements, one byte each. Errors: malformed (ends early).
  [[nodiscard]] Result<Bytes> next(std::size_t count);
  // After the last element. Errors: malformed (more follows, or the checksum is another).
  [[nodiscard]] Result<void> finish();

 private:
  friend class Npz;
  struct Close {
    void operator()(zip_file* file) const;
  };
  std::unique_ptr<zip_file, Close> file_;
  std::vector<std::uint64_t> shape_;
  std::string name_;
};

class Npz {
 public:
  // Errors: malformed (not a whole zip), limit_exceeded (more than 1,000 entries).
  [[nodiscard]] static Result<Npz> open(const std::filesystem::path& path);

  [[nodiscard]] bool holds(const std::string& name) const;
  // `name` without `.npy`. Errors: not_found; unsupported (another type than |u1, Fortran order);
  // malformed (a header that is none, a shape that is not the entry's size).
  [[nodiscard]] Result<NpyStream> array(const std::string& name) const;

 private:
  struct Close {
    void operator()(zip* archive) const;
  };
  std::unique_ptr<zip, Close> archive_;
};

}  // namespace bloodcell::data
