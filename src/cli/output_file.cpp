#include <output_file.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace bloodcell::cli {

namespace fs = std::filesystem;

namespace {

tl::unexpected<Error> cannot_write(const fs::path& path, int number) {
  return fail(ErrorCode::unreadable, fmt::format("cannot write: {}", std::strerror(number)),
              path.string(), number == ENOSPC ? "free some disk space" : "");
}

Result<void> sync(const fs::path& written, int flags, const fs::path& path) {
  const int descriptor = ::open(written.c_str(), flags | O_CLOEXEC);
  if (descriptor < 0) return cannot_write(path, errno);
  const int failed = ::fsync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  if (failed != 0) return cannot_write(path, failed);
  return {};
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

}  // namespace

Result<OutputFile> OutputFile::create(const fs::path& path) {
  std::error_code error;
  fs::create_directories(folder_of(path), error);
  if (error) return cannot_write(path, error.value());
  if (fs::is_directory(path, error)) {
    return fail(ErrorCode::unreadable, "is a folder", path.string(), "name a file");
  }
  const auto name = fmt::format(".{}.{}.part", path.filename().string(), ::getpid());
  errno = 0;
  OutputFile file(path, folder_of(path) / name);
  if (!file.stream_) return cannot_write(path, errno);
  return file;
}

OutputFile::OutputFile(fs::path path, fs::path temporary)
    : path_(std::move(path)),
      temporary_(std::move(temporary)),
      stream_(temporary_, std::ios::binary | std::ios::trunc) {}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})),
      stream_(std::move(other.stream_)) {}

OutputFile::~OutputFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Result<void> OutputFile::commit() {
  errno = 0;
  stream_.close();
  if (!stream_) return cannot_write(path_, errno);
  BC_CHECK(sync(temporary_, O_WRONLY, path_));
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) return cannot_write(path_, errno);
  temporary_.clear();
  return sync(folder_of(path_), O_RDONLY | O_DIRECTORY, path_);
}

}  // namespace bloodcell::cli
