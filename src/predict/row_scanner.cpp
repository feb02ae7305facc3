#include "row_scanner.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace bloodcell::predict {

using nlohmann::json;

std::optional<std::string_view> RowScanner::next() {
  row_.clear();
  begin_ = end_;
  std::uint64_t at = begin_;
  while (std::getline(file_, line_) &&
         !file_.eof()) {  // at the end: the line has no end of its own
    at += line_.size() + 1;
    row_ += line_;
    const bool is_open = is_csv_ && std::count(row_.begin(), row_.end(), '"') % 2 != 0;
    if (!is_open) {
      end_ = at;
      return row_;
    }
    row_ += '\n';
  }
  return std::nullopt;
}

std::string file_of_csv(std::string_view row) {
  if (!row.starts_with('"')) return std::string(row.substr(0, row.find(',')));
  std::string file;
  for (std::size_t i = 1; i < row.size(); ++i) {
    if (row[i] == '"' && (i + 1 == row.size() || row[i + 1] != '"')) return file;
    if (row[i] == '"') ++i;
    file += row[i];
  }
  return {};
}

std::string file_of_json(std::string_view row) {
  const auto parsed = json::parse(row, nullptr, false);
  if (!parsed.is_object() || !parsed.contains("file") || !parsed["file"].is_string()) return {};
  return parsed["file"].get<std::string>();
}

std::string as_json_says(std::string_view path) {
  const auto text = json(std::string(path)).dump(-1, ' ', false, json::error_handler_t::replace);
  return json::parse(text).get<std::string>();
}

}  // namespace bloodcell::predict
