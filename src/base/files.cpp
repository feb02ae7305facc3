#include <bloodcell/base/files.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include <bloodcell/base/finished_file.hpp>

namespace bloodcell {

namespace fs = std::filesystem;

namespace {

class FileHandle {
 public:
  explicit FileHandle(int descriptor) : descriptor_(descriptor) {}
  ~FileHandle() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  FileHandle(const FileHandle&) = delete;
  FileHandle& operator=(const FileHandle&) = delete;
  [[nodiscard]] bool open() const { return descriptor_ >= 0; }
  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

tl::unexpected<Error> system_failure(const std::string& what, const fs::path& path, int number) {
  if (number == ENOENT) return fail(ErrorCode::not_found, "no such file or folder", path.string());
  if (number == ELOOP) {
    return fail(ErrorCode::unreadable, "a loop of links", path.string(), "remove the link");
  }
  std::string remedy;
  if (number == EACCES || number == EPERM) remedy = "give this user the right to it";
  if (number == ENOSPC) remedy = "free some disk space";
  return fail(ErrorCode::unreadable, fmt::format("{}: {}", what, std::strerror(number)),
              path.string(), remedy);
}

Result<void> write_all(int descriptor, std::span<const std::byte> content, const fs::path& path) {
  while (!content.empty()) {
    const ssize_t written = ::write(descriptor, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return system_failure("cannot write", path, errno);
    content = content.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

fs::path temporary_beside(const fs::path& path) {
  static std::atomic<unsigned> counter{0};
  return path.parent_path() /
         fmt::format(".{}.{}.{}.part", path.filename().string(), ::getpid(), counter++);
}

// Ends at the first failure that leaves nothing to go on with; other failures become problems.
class Walker {
 public:
  explicit Walker(const Limits& limits) : limits_(limits) {}

  Result<WalkedFiles> walk(const fs::path& folder) {
    std::error_code error;
    if (!fs::exists(folder, error)) {
      return fail(ErrorCode::not_found, "no such folder", folder.string());
    }
    BC_CHECK(enter(folder, 0));
    std::sort(found_.files.begin(), found_.files.end());
    return std::move(found_);
  }

 private:
  using Identity = std::pair<dev_t, ino_t>;

  Result<void> enter(const fs::path& folder, int depth) {
    if (depth > limits_.max_folder_depth) {
      return fail(ErrorCode::limit_exceeded,
                  fmt::format("folders nested deeper than {}", limits_.max_folder_depth),
                  folder.string());
    }
    struct stat status{};
    if (::stat(folder.c_str(), &status) != 0) {
      found_.problems.push_back(system_failure("cannot open", folder, errno).value());
      return {};
    }
    const Identity identity{status.st_dev, status.st_ino};
    if (std::find(above_.begin(), above_.end(), identity) != above_.end()) {
      found_.problems.push_back({ErrorCode::unreadable, "a link back into a folder above it",
                                 folder.string(), "remove the link"});
      return {};
    }
    above_.push_back(identity);
    auto result = list(folder, depth);
    above_.pop_back();
    return result;
  }

  Result<void> list(const fs::path& folder, int depth) {
    std::error_code error;
    std::vector<fs::path> entries;
    fs::directory_iterator at(folder, error);
    for (; !error && at != fs::directory_iterator(); at.increment(error)) {
      entries.push_back(at->path());
      if (entries.size() > limits_.max_files) return too_many(folder);
    }
    if (error) {
      found_.problems.push_back(system_failure("cannot list", folder, error.value()).value());
      return {};
    }
    std::sort(entries.begin(), entries.end());
    for (const auto& entry : entries) {
      if (entry.filename().string().starts_with('.')) continue;
      const auto status = fs::status(entry, error);
      if (error && status.type() != fs::file_type::not_found) {
        found_.problems.push_back(system_failure("cannot open", entry, error.value()).value());
      } else if (status.type() == fs::file_type::not_found) {
        found_.problems.push_back(
            {ErrorCode::not_found, "a link that leads nowhere", entry.string(), "remove the link"});
      } else if (fs::is_directory(status)) {
        BC_CHECK(enter(entry, depth + 1));
      } else if (fs::is_regular_file(status)) {
        if (found_.files.size() >= limits_.max_files) return too_many(folder);
        found_.files.push_back(entry);
      } else {
        found_.problems.push_back(
            {ErrorCode::unreadable, "not a regular file", entry.string(), {}});
      }
    }
    return {};
  }

  [[nodiscard]] tl::unexpected<Error> too_many(const fs::path& folder) const {
    return fail(ErrorCode::limit_exceeded, fmt::format("more than {} files", limits_.max_files),
                folder.string(), "name a smaller folder");
  }

  const Limits& limits_;
  WalkedFiles found_;
  std::vector<Identity> above_;  // the folders from the first to the one being listed
};

}  // namespace

Result<Bytes> read_file(const fs::path& path, std::uint64_t max_bytes) {
  const FileHandle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.open()) return system_failure("cannot open", path, errno);
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return system_failure("cannot open", path, errno);
  if (!S_ISREG(status.st_mode)) {
    return fail(ErrorCode::unreadable, "not a regular file", path.string(), "name a file");
  }
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size > max_bytes) {
    return fail(ErrorCode::limit_exceeded,
                fmt::format("{} bytes, more than the limit of {}", size, max_bytes), path.string(),
                "raise --max-file-bytes if you trust it");
  }
  Bytes content(size);
  std::size_t done = 0;
  while (done < content.size()) {
    const ssize_t got = ::read(file.get(), content.data() + done, content.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_failure("cannot read", path, errno);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  content.resize(done);
  return content;
}

Result<std::string> read_text(const fs::path& path, std::uint64_t max_bytes) {
  BC_ASSIGN(const Bytes content, read_file(path, max_bytes));
  return std::string(reinterpret_cast<const char*>(content.data()), content.size());
}

Result<void> write_file(const fs::path& path, std::span<const std::byte> content) {
  std::error_code error;
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  fs::create_directories(folder, error);
  if (error) return system_failure("cannot make the folder", folder, error.value());

  const fs::path temporary = temporary_beside(path);
  Result<void> written;
  {
    const FileHandle file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (!file.open()) return system_failure("cannot write", path, errno);
    written = write_all(file.get(), content, path);
  }
  if (written) written = move_into_place(temporary, path);
  if (!written) ::unlink(temporary.c_str());
  return written;
}

Result<void> move_into_place(const fs::path& temporary, const fs::path& path) {
  const FileHandle file(::open(temporary.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.open() || ::fsync(file.get()) != 0) return system_failure("cannot write", path, errno);
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    return system_failure("cannot rename into place", path, errno);
  }
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const FileHandle parent(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (parent.open()) ::fsync(parent.get());
  return {};
}

Result<void> write_text(const fs::path& path, std::string_view content) {
  return write_file(path, as_bytes_of(content));
}

Result<WalkedFiles> walk_folder(const fs::path& folder, const Limits& limits) {
  return Walker(limits).walk(folder);
}

std::span<const std::byte> as_bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

}  // namespace bloodcell
