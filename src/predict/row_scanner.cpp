#include "row_scanner.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include <bloodcell/base/csv.hpp>
#include <bloodcell/predict/predictor.hpp>

namespace bloodcell::predict {

using nlohmann::json;

std::optional<std::string_view> RowScanner::next() {
  constexpr std::size_t kLongestRow = 1 << 20;
  row_.clear();
  begin_ = end_;
  std::uint64_t at = begin_;
  bool is_open = false;  // within quotes
  // At the end: the line has no end of its own.
  while (std::getline(file_, line_) && !file_.eof() && row_.size() <= kLongestRow) {
    at += line_.size() + 1;
    row_ += line_;
    if (is_csv_ && std::count(line_.begin(), line_.end(), '"') % 2 != 0) is_open = !is_open;
    if (!is_open) {
      end_ = at;
      return row_;
    }
    row_ += '\n';
  }
  return std::nullopt;
}

RowHead head_of_csv(std::string_view row) {
  constexpr std::size_t kStatus = 8;
  const auto fields = parse_csv(row);
  if (!fields || fields->columns.size() <= kStatus) return {};
  return {fields->columns.front(), fields->columns[kStatus] == name_of(Status::error), {}};
}

RowHead head_of_json(std::string_view row) {
  const auto parsed = json::parse(row, nullptr, false);
  if (!parsed.is_object() || !parsed.contains("file") || !parsed["file"].is_string()) return {};
  RowHead head{parsed["file"].get<std::string>(), parsed.value("status", json()) == "error", {}};
  const auto probabilities = parsed.find("probabilities");
  if (probabilities == parsed.end()) return head;
  for (const auto& [name, share] : probabilities->items()) head.classes.push_back(name);
  std::sort(head.classes.begin(), head.classes.end());
  return head;
}

std::string as_json_says(std::string_view path) {
  const auto text = json(std::string(path)).dump(-1, ' ', false, json::error_handler_t::replace);
  return json::parse(text).get<std::string>();
}

}  // namespace bloodcell::predict
