// A database on a PostgreSQL server (9.5 or later), for programs on several machines.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <bloodcell/base/result.hpp>
#include <bloodcell/database/database.hpp>

namespace bloodcell::database {

// `postgresql://…` or `postgres://…`; `postgresql+psycopg2://…` as SQLAlchemy writes it, too.
[[nodiscard]] bool is_postgres_url(std::string_view text);

// The URL as messages and command lines may show it.
[[nodiscard]] std::string without_password(std::string_view url);

// Connects; a connection that is lost between two transactions is made again, for half a minute.
// What the URL leaves open libpq finds: PGPASSWORD, ~/.pgpass and so on. Errors: unreadable (no
// server, no leave), unsupported (libpq is not installed: it is loaded here, not linked).
[[nodiscard]] Result<std::unique_ptr<Database>> open_postgres(std::string_view url);

}  // namespace bloodcell::database
