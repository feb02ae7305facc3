// Rows appended to a file that a kill at any moment leaves fit to be continued: each input ends up
// in it exactly once. The file is called `<output>.part` until it holds everything.
#pragma once

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <bloodcell/base/result.hpp>
#include <bloodcell/predict/inputs.hpp>
#include <bloodcell/predict/output.hpp>

namespace bloodcell::predict {

class ResumableOutput {
 public:
  // Reads what an earlier process left, row by row, and cuts off what it may not have finished: a
  // torn row and the rows of the last input. `format` is csv or jsonl. Creates missing folders.
  // Errors: unreadable, mismatch (rows of other inputs, of another order or with other columns),
  // usage (another process is writing it; another format).
  [[nodiscard]] static Result<ResumableOutput> open(const std::filesystem::path& output,
                                                    OutputFormat format, const Inputs& inputs,
                                                    const std::vector<std::string>& labels);
  ResumableOutput(ResumableOutput&& other) noexcept;
  ResumableOutput& operator=(ResumableOutput&&) = delete;
  ~ResumableOutput();

  // Inputs – files, then problems – whose rows stand there: these remain.
  [[nodiscard]] std::size_t done() const { return done_; }
  [[nodiscard]] std::size_t errors() const { return errors_; }  // rows of status `error` among them
  [[nodiscard]] Inputs remaining(Inputs inputs) const;

  // Continues the rows: with the header if there are none yet.
  [[nodiscard]] std::unique_ptr<RowWriter> writer();

  // Syncs and gives the file its name. Errors: unreadable (a full disk).
  [[nodiscard]] Result<void> commit();

 private:
  ResumableOutput(std::filesystem::path output, OutputFormat format,
                  const std::vector<std::string>& labels);
  [[nodiscard]] Result<void> lock();
  [[nodiscard]] Result<void> recover(const Inputs& inputs);

  std::filesystem::path output_;
  std::filesystem::path part_;
  OutputFormat format_;
  std::vector<std::string> labels_;
  int lock_ = -1;  // held for as long as the object lives
  std::size_t done_ = 0;
  std::size_t errors_ = 0;
  bool has_header_ = false;
  std::ofstream stream_;
};

// Rows of status `error` in a file that holds everything. Errors: unreadable, mismatch (as above,
// or inputs without rows).
[[nodiscard]] Result<std::size_t> errors_of_finished(const std::filesystem::path& output,
                                                     OutputFormat format, const Inputs& inputs,
                                                     const std::vector<std::string>& labels);

}  // namespace bloodcell::predict
