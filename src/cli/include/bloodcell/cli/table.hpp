// Tables for people: columns as wide as their content, numbers to the right.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace bloodcell::cli {

class Table {
 public:
  // A name that begins with `>` is set to the right.
  explicit Table(std::vector<std::string> columns);

  // As long as the columns.
  void row(std::vector<std::string> cells);
  void print(std::ostream& out) const;

 private:
  std::vector<std::string> columns_;
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;
};

// `17,526,468`
[[nodiscard]] std::string with_commas(std::int64_t number);

// Columns a terminal needs for a text: its code points (UTF-8).
[[nodiscard]] std::size_t width_of(std::string_view text);

}  // namespace bloodcell::cli
