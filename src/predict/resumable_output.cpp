#include <bloodcell/predict/resumable_output.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sstream>
#include <utility>

#include <bloodcell/base/finished_file.hpp>

#include "row_scanner.hpp"

namespace bloodcell::predict {

namespace fs = std::filesystem;

namespace {

tl::unexpected<Error> cannot_write(const fs::path& path, int number) {
  return fail(ErrorCode::unreadable, fmt::format("cannot write: {}", std::strerror(number)),
              path.string(), number == ENOSPC ? "free some disk space" : "");
}

std::string name_at(const Inputs& inputs, std::size_t i) {
  if (i < inputs.files.size()) return inputs.files[i].string();
  return inputs.problems[i - inputs.files.size()].path;
}

}  // namespace

ResumableOutput::ResumableOutput(fs::path output, OutputFormat format,
                                 const std::vector<std::string>& labels)
    : output_(std::move(output)), part_(output_), format_(format), labels_(labels) {
  part_ += ".part";
}

ResumableOutput::ResumableOutput(ResumableOutput&& other) noexcept
    : output_(std::move(other.output_)),
      part_(std::move(other.part_)),
      format_(other.format_),
      labels_(std::move(other.labels_)),
      lock_(std::exchange(other.lock_, -1)),
      done_(other.done_),
      has_header_(other.has_header_),
      stream_(std::move(other.stream_)) {}

ResumableOutput::~ResumableOutput() {
  if (lock_ >= 0) ::close(lock_);
}

Result<ResumableOutput> ResumableOutput::open(const fs::path& output, OutputFormat format,
                                              const Inputs& inputs,
                                              const std::vector<std::string>& labels) {
  if (format != OutputFormat::csv && format != OutputFormat::jsonl) {
    return fail(ErrorCode::usage, "rows can be continued as CSV and as JSON Lines alone",
                output.string(), "name a file that ends in .csv or .jsonl");
  }
  ResumableOutput file(output, format, labels);
  std::error_code error;
  if (output.has_parent_path()) fs::create_directories(output.parent_path(), error);
  if (error) return cannot_write(output, error.value());
  BC_CHECK(file.lock());
  BC_CHECK(file.recover(inputs));
  errno = 0;
  file.stream_.open(file.part_, std::ios::binary | std::ios::app);
  if (!file.stream_) return cannot_write(file.part_, errno);
  return file;
}

Result<void> ResumableOutput::lock() {
  lock_ = ::open(part_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (lock_ < 0) return cannot_write(part_, errno);
  struct stat held{};
  struct stat named{};
  // The file may have got its final name between the two calls: then it is no longer ours to
  // change.
  const bool is_ours = ::flock(lock_, LOCK_EX | LOCK_NB) == 0 && ::fstat(lock_, &held) == 0 &&
                       ::stat(part_.c_str(), &named) == 0 && held.st_ino == named.st_ino;
  if (is_ours) return {};
  return fail(ErrorCode::usage, "another process is writing it", part_.string(),
              "wait for it, or end it");
}

Result<void> ResumableOutput::recover(const Inputs& inputs) {
  const bool is_csv = format_ == OutputFormat::csv;
  const auto other_rows = [&] {
    return fail(ErrorCode::mismatch, "holds rows of other inputs or of another model",
                part_.string(), "give what it was begun with, or delete it");
  };
  std::ifstream file(part_, std::ios::binary);
  RowScanner rows(file, is_csv);
  std::uint64_t keep = 0;  // bytes that stay
  if (is_csv) {
    std::ostringstream expected;
    make_writer(format_, expected, labels_, 0, false);
    const auto header = rows.next();
    has_header_ = header.has_value();
    if (header && std::string(*header) + "\n" != expected.str()) return other_rows();
    if (header) keep = rows.end();
  }
  const std::size_t all = inputs.files.size() + inputs.problems.size();
  std::string current;
  std::size_t begun = 0;
  while (const auto row = rows.next()) {
    const std::string name = is_csv ? file_of_csv(*row) : file_of_json(*row);
    if (begun > 0 && name == current) continue;
    if (begun == all) return other_rows();
    const std::string expected = name_at(inputs, begun);
    if (name != (is_csv ? expected : as_json_says(expected))) return other_rows();
    current = name;
    keep = rows.begin();
    ++begun;
  }
  done_ = begun == 0 ? 0 : begun - 1;
  if (::ftruncate(lock_, static_cast<off_t>(keep)) != 0) return cannot_write(part_, errno);
  return {};
}

Inputs ResumableOutput::remaining(Inputs inputs) const {
  const auto drop = [](auto& list, std::size_t count) {
    list.erase(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(count));
  };
  const std::size_t files = std::min(done_, inputs.files.size());
  drop(inputs.problems, done_ - files);
  drop(inputs.files, files);
  return inputs;
}

std::unique_ptr<RowWriter> ResumableOutput::writer() {
  return make_writer(format_, stream_, labels_, 0, false, has_header_);
}

Result<void> ResumableOutput::commit() {
  errno = 0;
  stream_.close();
  if (!stream_) return cannot_write(part_, errno);
  return move_into_place(part_, output_);
}

}  // namespace bloodcell::predict
