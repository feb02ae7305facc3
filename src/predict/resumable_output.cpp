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

tl::unexpected<Error> other_rows(const fs::path& path) {
  return fail(ErrorCode::mismatch,
              "holds rows of other inputs, of other classes or of another model", path.string(),
              "give what it was begun with, or delete it");
}

std::string name_at(const Inputs& inputs, std::size_t i) {
  if (i < inputs.files.size()) return inputs.files[i].string();
  return inputs.problems[i - inputs.files.size()].path;
}

// What stands in a file of rows, which must follow the inputs.
struct Standing {
  bool has_header = false;
  std::size_t begun = 0;   // inputs that have rows; of the last perhaps not all
  std::size_t errors = 0;  // rows of status `error`, without the last input's
  bool is_last_error = false;
  std::uint64_t keep = 0;  // bytes before the last input's rows
};

Result<Standing> read_standing(const fs::path& path, OutputFormat format, const Inputs& inputs,
                               const std::vector<std::string>& labels) {
  const bool is_csv = format == OutputFormat::csv;
  auto sorted = labels;
  std::sort(sorted.begin(), sorted.end());
  std::ifstream file(path, std::ios::binary);
  const auto cannot_read = [&] {
    return fail(ErrorCode::unreadable, "cannot be read to its end", path.string(),
                "see to its disk, or delete it");
  };
  if (!file.is_open()) return cannot_read();
  RowScanner rows(file, is_csv);
  Standing standing;
  if (is_csv) {
    std::ostringstream expected;
    static_cast<void>(make_writer(format, expected, labels, 0, false));  // writes the header
    const auto header = rows.next();
    standing.has_header = header.has_value();
    if (header && std::string(*header) + "\n" != expected.str()) return other_rows(path);
    if (header) standing.keep = rows.end();
  }
  const std::size_t all = inputs.files.size() + inputs.problems.size();
  std::string current;
  while (const auto row = rows.next()) {
    const RowHead head = is_csv ? head_of_csv(*row) : head_of_json(*row);
    if (!head.classes.empty() && head.classes != sorted) return other_rows(path);
    if (standing.begun > 0 && head.file == current) continue;
    if (standing.begun == all) return other_rows(path);
    const std::string expected = name_at(inputs, standing.begun);
    if (head.file != (is_csv ? expected : as_json_says(expected))) return other_rows(path);
    current = head.file;
    standing.keep = rows.begin();
    standing.errors += standing.is_last_error ? 1 : 0;
    standing.is_last_error = head.is_error;
    ++standing.begun;
  }
  if (file.bad()) return cannot_read();
  return standing;
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
      errors_(other.errors_),
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
  if (::flock(lock_, LOCK_EX | LOCK_NB) != 0 && errno != EWOULDBLOCK) {
    return fail(ErrorCode::unreadable, fmt::format("cannot be locked: {}", std::strerror(errno)),
                part_.string(), "put the output on a file system with locks");
  }
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
  BC_ASSIGN(const Standing standing, read_standing(part_, format_, inputs, labels_));
  has_header_ = standing.has_header;
  done_ = standing.begun == 0 ? 0 : standing.begun - 1;
  errors_ = standing.errors;
  if (::ftruncate(lock_, static_cast<off_t>(standing.keep)) != 0) return cannot_write(part_, errno);
  return {};
}

Result<std::size_t> errors_of_finished(const fs::path& output, OutputFormat format,
                                       const Inputs& inputs,
                                       const std::vector<std::string>& labels) {
  BC_ASSIGN(const Standing standing, read_standing(output, format, inputs, labels));
  if (standing.begun != inputs.files.size() + inputs.problems.size()) return other_rows(output);
  return standing.errors + (standing.is_last_error ? 1 : 0);
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
