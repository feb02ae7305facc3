// A stream over another that notices the first write which fails (a full disk, a closed pipe) and
// asks the work to stop: nobody computes for a reader who is gone.
#pragma once

#include <cstdint>
#include <ostream>
#include <streambuf>

#include <bloodcell/base/cancel.hpp>
#include <bloodcell/base/result.hpp>

namespace bloodcell::cli {

class GuardedStream final : private std::streambuf {
 public:
  // inner and cancellation outlive the stream.
  GuardedStream(std::ostream& inner, Cancellation& cancellation);

  [[nodiscard]] std::ostream& stream() { return stream_; }
  [[nodiscard]] bool untouched() const { return bytes_ == 0; }
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool reader_went_away() const;
  [[nodiscard]] Error error() const;  // of the first write that failed

 private:
  int_type overflow(int_type character) override;
  std::streamsize xsputn(const char* text, std::streamsize count) override;
  int sync() override;
  void note_failure();

  std::ostream stream_{this};
  std::ostream& inner_;
  Cancellation& cancellation_;
  std::uint64_t bytes_ = 0;
  bool failed_ = false;
  int error_number_ = 0;
};

}  // namespace bloodcell::cli
