#include "rows.hpp"

#include <nlohmann/json.hpp>

namespace bloodcell::review {

namespace {

using nlohmann::json;

constexpr std::string_view kSummary =
    "SELECT case_id, key, name, created, labels, revision, signed_by, signed_at, "
    "(SELECT count(*) FROM pictures WHERE pictures.case_id = cases.case_id), "
    "(SELECT count(*) FROM cells WHERE cells.case_id = cases.case_id AND name <> 'no_cell'), "
    "(SELECT count(*) FROM cells WHERE cells.case_id = cases.case_id AND name = 'unidentified') "
    "FROM cases ";
constexpr std::string_view kCell =
    "SELECT cell_id, picture_id, number, x, y, width, height, said, guess, confidence, message, "
    "probabilities, name FROM cells WHERE case_id = ? ";

template <class List>
Result<List> list_of(const std::string& text, std::string_view what) {
  const json value = json::parse(text, nullptr, false);
  const bool is_list = value.is_array();
  for (const json& item : value) {
    const bool fits = std::is_same_v<typename List::value_type, std::string> ? item.is_string()
                                                                             : item.is_number();
    if (!is_list || !fits) return fail(ErrorCode::malformed, fmt::format("{}: `{}`", what, text));
  }
  if (!is_list) return fail(ErrorCode::malformed, fmt::format("{}: `{}`", what, text));
  return value.get<List>();
}

Result<Row> summary_of(const Statement& row) {
  Row found;
  found.id = row.integer(0);
  Summary& of = found.summary;
  of.key = row.text(1);
  of.name = row.text(2);
  of.created = row.text(3);
  BC_ASSIGN(of.labels, list_of<std::vector<std::string>>(row.text(4), "labels of a case"));
  of.revision = row.integer(5);
  of.is_signed = !row.is_null(6);
  of.signed_by = row.text(6);
  of.signed_at = row.text(7);
  of.pictures = static_cast<std::size_t>(row.integer(8));
  of.cells = static_cast<std::size_t>(row.integer(9));
  of.unidentified = static_cast<std::size_t>(row.integer(10));
  return found;
}

Result<Cell> cell_of(const Statement& row) {
  Cell cell;
  cell.id = row.integer(0);
  cell.picture = row.integer(1);
  cell.number = static_cast<int>(row.integer(2));
  cell.box = {static_cast<int>(row.integer(3)), static_cast<int>(row.integer(4)),
              static_cast<int>(row.integer(5)), static_cast<int>(row.integer(6))};
  cell.said = row.text(7);
  cell.guess = row.text(8);
  cell.confidence = row.number(9);
  cell.message = row.text(10);
  BC_ASSIGN(cell.probabilities,
            list_of<std::vector<double>>(row.text(11), "probabilities of a cell"));
  cell.name = row.text(12);
  return cell;
}

}  // namespace

Result<Row> read_summary(Database& database, std::string_view key) {
  BC_ASSIGN(auto row, database.prepare(fmt::format("{}WHERE key = ?", kSummary)));
  BC_ASSIGN(const bool has_row, row.bind(key).next());
  if (has_row) return summary_of(row);
  return fail(ErrorCode::not_found, "there is no such case", {}, "see /api/v1/cases");
}

Result<std::vector<Summary>> read_summaries(Database& database, std::string_view before,
                                            std::size_t most) {
  if (!before.empty()) BC_CHECK(read_summary(database, before));
  BC_ASSIGN(auto row,
            database.prepare(fmt::format("{}WHERE ?1 = '' OR case_id < (SELECT case_id FROM cases "
                                         "WHERE key = ?1) ORDER BY case_id DESC LIMIT ?2",
                                         kSummary)));
  row.bind(before).bind(static_cast<std::int64_t>(most));
  std::vector<Summary> found;
  while (true) {
    BC_ASSIGN(const bool has_row, row.next());
    if (!has_row) return found;
    BC_ASSIGN(auto one, summary_of(row));
    found.push_back(std::move(one.summary));
  }
}

Result<std::vector<Picture>> read_pictures(Database& database, std::int64_t of) {
  BC_ASSIGN(auto row,
            database.prepare("SELECT picture_id, name, sha256, type, bytes, model, is_kept "
                             "FROM pictures WHERE case_id = ? ORDER BY picture_id"));
  row.bind(of);
  std::vector<Picture> found;
  while (true) {
    BC_ASSIGN(const bool has_row, row.next());
    if (!has_row) return found;
    found.push_back({row.integer(0), row.text(1), row.text(2), row.text(3),
                     static_cast<std::uint64_t>(row.integer(4)), row.text(5), row.integer(6) != 0});
  }
}

Result<std::vector<Cell>> read_cells(Database& database, std::int64_t of) {
  BC_ASSIGN(auto row, database.prepare(fmt::format("{}ORDER BY cell_id", kCell)));
  row.bind(of);
  std::vector<Cell> found;
  while (true) {
    BC_ASSIGN(const bool has_row, row.next());
    if (!has_row) return found;
    BC_ASSIGN(auto cell, cell_of(row));
    found.push_back(std::move(cell));
  }
}

Result<Cell> read_cell(Database& database, std::int64_t of, std::int64_t cell) {
  BC_ASSIGN(auto row, database.prepare(fmt::format("{}AND cell_id = ?", kCell)));
  BC_ASSIGN(const bool has_row, row.bind(of).bind(cell).next());
  if (has_row) return cell_of(row);
  return fail(ErrorCode::not_found, fmt::format("the case has no cell {}", cell));
}

Result<void> insert_case(Database& database, const Summary& made) {
  BC_ASSIGN(auto put, database.prepare("INSERT INTO cases (key, name, created, labels, revision) "
                                       "VALUES (?, ?, ?, ?, 0)"));
  const std::string labels = json(made.labels).dump();
  put.bind(std::string_view(made.key)).bind(std::string_view(made.name));
  return put.bind(std::string_view(made.created)).bind(std::string_view(labels)).run();
}

Result<void> insert_picture(Database& database, std::int64_t of, Picture& picture) {
  BC_ASSIGN(auto put, database.prepare("INSERT INTO pictures (case_id, name, sha256, type, bytes, "
                                       "model, is_kept) VALUES (?, ?, ?, ?, ?, ?, 1) "
                                       "RETURNING picture_id"));
  put.bind(of).bind(std::string_view(picture.name)).bind(std::string_view(picture.sha256));
  put.bind(std::string_view(picture.type)).bind(static_cast<std::int64_t>(picture.bytes));
  BC_ASSIGN(picture.id, put.bind(std::string_view(picture.model)).run_for_id());
  return {};
}

Result<void> insert_cell(Database& database, std::int64_t of, Cell& cell) {
  BC_ASSIGN(auto put,
            database.prepare("INSERT INTO cells (case_id, picture_id, number, x, y, width, height, "
                             "said, guess, confidence, message, probabilities, name) "
                             "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING cell_id"));
  const std::string probabilities = json(cell.probabilities).dump();
  put.bind(of).bind(cell.picture).bind(std::int64_t{cell.number});
  for (const int side : {cell.box.x, cell.box.y, cell.box.width, cell.box.height}) {
    put.bind(std::int64_t{side});
  }
  put.bind(std::string_view(cell.said)).bind(std::string_view(cell.guess)).bind(cell.confidence);
  put.bind(std::string_view(cell.message)).bind(std::string_view(probabilities));
  BC_ASSIGN(cell.id, put.bind(std::string_view(cell.name)).run_for_id());
  return {};
}

Result<void> rename_cell(Database& database, std::int64_t cell, std::string_view name) {
  BC_ASSIGN(auto put, database.prepare("UPDATE cells SET name = ? WHERE cell_id = ?"));
  return put.bind(name).bind(cell).run();
}

Result<void> put_signature(Database& database, std::int64_t of, std::string_view who,
                           std::string_view at) {
  BC_ASSIGN(auto put, database.prepare("UPDATE cases SET signed_by = nullif(?, ''), "
                                       "signed_at = nullif(?, '') WHERE case_id = ?"));
  return put.bind(who).bind(at).bind(of).run();
}

Result<void> forget_bytes(Database& database, std::int64_t of) {
  BC_ASSIGN(auto put, database.prepare("UPDATE pictures SET is_kept = 0 WHERE case_id = ?"));
  return put.bind(of).run();
}

Result<std::int64_t> number_from(Database& database, std::string_view sql) {
  BC_ASSIGN(auto row, database.prepare(sql));
  BC_ASSIGN(const bool has_row, row.next());
  return has_row ? row.integer(0) : 0;
}

}  // namespace bloodcell::review
