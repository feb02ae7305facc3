// A file of rows read one at a time, in the memory of one.
#pragma once

#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bloodcell::predict {

class RowScanner {
 public:
  // In CSV a line break within quotes belongs to the row.
  RowScanner(std::ifstream& file, bool is_csv) : file_(file), is_csv_(is_csv) {}

  // The next whole row without its line end; nothing at the end, when the last is torn or when it
  // is longer than a megabyte, as after a quote that never ends.
  [[nodiscard]] std::optional<std::string_view> next();

  // Where the last row that next() gave begins, and where the next one does.
  [[nodiscard]] std::uint64_t begin() const { return begin_; }
  [[nodiscard]] std::uint64_t end() const { return end_; }

 private:
  std::ifstream& file_;
  bool is_csv_;
  std::string row_;
  std::string line_;
  std::uint64_t begin_ = 0;
  std::uint64_t end_ = 0;
};

struct RowHead {
  std::string file;  // empty: none
  bool is_error = false;
  std::vector<std::string> classes;  // that a JSON row has probabilities of, sorted
};
[[nodiscard]] RowHead head_of_csv(std::string_view row);
[[nodiscard]] RowHead head_of_json(std::string_view row);

// How such a column says a path: JSON holds UTF-8 alone.
[[nodiscard]] std::string as_json_says(std::string_view path);

}  // namespace bloodcell::predict
