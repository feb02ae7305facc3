#include <guarded_stream.hpp>

#include <cerrno>
#include <cstring>

namespace bloodcell::cli {

GuardedStream::GuardedStream(std::ostream& inner, Cancellation& cancellation)
    : inner_(inner), cancellation_(cancellation) {}

bool GuardedStream::reader_went_away() const { return failed_ && error_number_ == EPIPE; }

Error GuardedStream::error() const {
  std::string message = "cannot write the answer";
  if (error_number_ != 0) message += fmt::format(": {}", std::strerror(error_number_));
  const std::string remedy = error_number_ == ENOSPC ? "free some disk space" : "";
  return {ErrorCode::unreadable, std::move(message), "standard output", remedy};
}

GuardedStream::int_type GuardedStream::overflow(int_type character) {
  if (traits_type::eq_int_type(character, traits_type::eof())) {
    return traits_type::not_eof(character);
  }
  const char one = traits_type::to_char_type(character);
  return xsputn(&one, 1) == 1 ? character : traits_type::eof();
}

std::streamsize GuardedStream::xsputn(const char* text, std::streamsize count) {
  if (failed_) return 0;
  errno = 0;
  if (!inner_.write(text, count)) {
    note_failure();
    return 0;
  }
  bytes_ += static_cast<std::uint64_t>(count);
  return count;
}

int GuardedStream::sync() {
  if (failed_) return -1;
  errno = 0;
  if (inner_.flush()) return 0;
  note_failure();
  return -1;
}

void GuardedStream::note_failure() {
  failed_ = true;
  error_number_ = errno;
  cancellation_.request();
}

}  // namespace bloodcell::cli
