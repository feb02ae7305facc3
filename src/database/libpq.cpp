#include "libpq.hpp"

#include <bloodcell/base/dynamic_library.hpp>

namespace bloodcell::database {

namespace {

bool load(Libpq& pq) {
  void* handle = ::dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
  return handle != nullptr && find_symbol(handle, "PQconnectdbParams", pq.connect) &&
         find_symbol(handle, "PQfinish", pq.finish) && find_symbol(handle, "PQreset", pq.reset) &&
         find_symbol(handle, "PQstatus", pq.status) &&
         find_symbol(handle, "PQerrorMessage", pq.error_message) &&
         find_symbol(handle, "PQsetNoticeProcessor", pq.set_notice_processor) &&
         find_symbol(handle, "PQexec", pq.exec) &&
         find_symbol(handle, "PQexecParams", pq.exec_params) &&
         find_symbol(handle, "PQresultStatus", pq.result_status) &&
         find_symbol(handle, "PQresultErrorField", pq.result_error_field) &&
         find_symbol(handle, "PQclear", pq.clear) &&
         find_symbol(handle, "PQntuples", pq.row_count) &&
         find_symbol(handle, "PQgetvalue", pq.value) &&
         find_symbol(handle, "PQgetlength", pq.length) &&
         find_symbol(handle, "PQgetisnull", pq.is_null);
}

}  // namespace

Result<const Libpq*> load_libpq() {
  struct Loaded {
    Libpq functions;
    bool is_there = load(functions);
  };
  static const Loaded loaded;
  if (loaded.is_there) return &loaded.functions;
  return fail(ErrorCode::unsupported, "a database on a server, and libpq is not installed", {},
              "apt-get install libpq5");
}

}  // namespace bloodcell::database
