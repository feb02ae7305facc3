// Cases, pictures and cells from and to their tables. Inside a transaction of the caller.
#pragma once

#include <vector>

#include <bloodcell/review/review.hpp>

#include "schema.hpp"

namespace bloodcell::review {

struct Row {
  std::int64_t id = 0;
  Summary summary;
};

[[nodiscard]] Result<Row> read_summary(Database& database, std::string_view key);  // not_found
[[nodiscard]] Result<std::vector<Summary>> read_summaries(Database& database,
                                                          std::string_view before,
                                                          std::size_t most);
[[nodiscard]] Result<std::vector<Picture>> read_pictures(Database& database, std::int64_t of);
[[nodiscard]] Result<std::vector<Cell>> read_cells(Database& database, std::int64_t of);
[[nodiscard]] Result<Cell> read_cell(Database& database, std::int64_t of, std::int64_t cell);

[[nodiscard]] Result<void> insert_case(Database& database, const Summary& made);
[[nodiscard]] Result<void> insert_picture(Database& database, std::int64_t of, Picture& picture);
[[nodiscard]] Result<void> insert_cell(Database& database, std::int64_t of, Cell& cell);
[[nodiscard]] Result<void> rename_cell(Database& database, std::int64_t cell,
                                       std::string_view name);
// Empty: not signed.
[[nodiscard]] Result<void> put_signature(Database& database, std::int64_t of, std::string_view who,
                                         std::string_view at);
[[nodiscard]] Result<void> forget_bytes(Database& database, std::int64_t of);

// A sum or count over all pictures or cases.
[[nodiscard]] Result<std::int64_t> number_from(Database& database, std::string_view sql);

}  // namespace bloodcell::review
