// libpq's functions, found when first asked for: linked in, it would cost every program start the
// loading of LDAP, Kerberos and what they bring (docs/decisions/0010).
#pragma once

#include <postgresql/libpq-fe.h>

#include <bloodcell/base/result.hpp>

namespace bloodcell::database {

struct Libpq {
  decltype(&PQconnectdbParams) connect = nullptr;
  decltype(&PQfinish) finish = nullptr;
  decltype(&PQreset) reset = nullptr;
  decltype(&PQstatus) status = nullptr;
  decltype(&PQerrorMessage) error_message = nullptr;
  decltype(&PQsetNoticeProcessor) set_notice_processor = nullptr;
  decltype(&PQexec) exec = nullptr;
  decltype(&PQexecParams) exec_params = nullptr;
  decltype(&PQresultStatus) result_status = nullptr;
  decltype(&PQresultErrorField) result_error_field = nullptr;
  decltype(&PQclear) clear = nullptr;
  decltype(&PQntuples) row_count = nullptr;
  decltype(&PQgetvalue) value = nullptr;
  decltype(&PQgetlength) length = nullptr;
  decltype(&PQgetisnull) is_null = nullptr;
};

// Loaded once, and kept. Errors: unsupported. Thread-safe.
[[nodiscard]] Result<const Libpq*> load_libpq();

}  // namespace bloodcell::database
