// Comma-separated values as RFC 4180 has them: quoted fields, doubled quotes, line breaks in
// quotes, CR LF or LF, an optional UTF-8 byte-order mark. The first row names the columns.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <bloodcell/base/result.hpp>

namespace bloodcell {

struct CsvTable {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;  // each as long as `columns`
  std::vector<std::size_t> lines;              // the line each row starts on, from 1: for messages

  [[nodiscard]] std::optional<std::size_t> column(std::string_view name) const;
};

// Errors: malformed (a row longer or shorter than the header, an open quote, a NUL), naming the
// line.
[[nodiscard]] Result<CsvTable> parse_csv(std::string_view text);

// One row with its line end. Quotes only where needed.
[[nodiscard]] std::string csv_row(std::span<const std::string> fields);

}  // namespace bloodcell
