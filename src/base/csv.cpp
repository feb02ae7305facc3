#include <bloodcell/base/csv.hpp>

#include <algorithm>

namespace bloodcell {

namespace {

// Walks the text once; each call of row() gives the fields of the next record.
class CsvReader {
 public:
  explicit CsvReader(std::string_view text) : text_(text) {
    if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
  }

  [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
  [[nodiscard]] std::size_t line() const { return line_; }

  Result<std::vector<std::string>> row() {
    std::vector<std::string> fields;
    while (true) {
      std::string field;
      BC_CHECK(read_field(field));
      fields.push_back(std::move(field));
      if (at_end()) return fields;
      if (text_[at_++] == ',') {
        if (!at_end()) continue;
        fields.emplace_back();
        return fields;
      }
      ++line_;
      return fields;
    }
  }

 private:
  // Leaves at_ on the comma or line feed that ended the field, or at the end.
  Result<void> read_field(std::string& field) {
    const std::size_t start_line = line_;
    std::size_t quoted_length = 0;
    if (!at_end() && text_[at_] == '"') {
      ++at_;
      while (true) {
        if (at_end()) {
          return fail(ErrorCode::malformed,
                      fmt::format("line {}: a quote is opened and never closed", start_line));
        }
        const char c = text_[at_++];
        if (c == '"') {
          if (at_end() || text_[at_] != '"') break;
          ++at_;
        }
        if (c == '\n') ++line_;
        field += c;
      }
      quoted_length = field.size();
    }
    while (!at_end() && text_[at_] != ',' && text_[at_] != '\n') {
      if (text_[at_] == '\0') {
        return fail(ErrorCode::malformed, fmt::format("line {}: holds a NUL byte", line_));
      }
      field += text_[at_++];
    }
    const bool ends_line = at_end() || text_[at_] == '\n';
    if (ends_line && field.size() > quoted_length && field.ends_with('\r')) field.pop_back();
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
};

}  // namespace

std::optional<std::size_t> CsvTable::column(std::string_view name) const {
  const auto found = std::find(columns.begin(), columns.end(), name);
  if (found == columns.end()) return std::nullopt;
  return static_cast<std::size_t>(found - columns.begin());
}

Result<CsvTable> parse_csv(std::string_view text) {
  CsvReader reader(text);
  if (reader.at_end()) return fail(ErrorCode::malformed, "line 1: no header row");
  CsvTable table;
  BC_ASSIGN(table.columns, reader.row());
  while (!reader.at_end()) {
    const std::size_t line = reader.line();
    BC_ASSIGN(auto fields, reader.row());
    if (fields.size() == 1 && fields[0].empty()) continue;
    if (fields.size() != table.columns.size()) {
      return fail(ErrorCode::malformed, fmt::format("line {}: {} fields where the header has {}",
                                                    line, fields.size(), table.columns.size()));
    }
    table.rows.push_back(std::move(fields));
    table.lines.push_back(line);
  }
  return table;
}

std::string csv_row(std::span<const std::string> fields) {
  std::string row;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) row += ',';
    const std::string& field = fields[i];
    const bool quote = field.find_first_of(",\"\r\n") != std::string::npos ||
                       field.starts_with(' ') || field.ends_with(' ');
    if (!quote) {
      row += field;
      continue;
    }
    row += '"';
    for (const char c : field) {
      if (c == '"') row += '"';
      row += c;
    }
    row += '"';
  }
  return row + '\n';
}

}  // namespace bloodcell
