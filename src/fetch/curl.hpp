// libcurl's functions, found when first asked for: linked in, it would cost every program start the
// loading of Kerberos, LDAP, GnuTLS and what they bring (docs/decisions/0010).
#pragma once

#include <curl/curl.h>

#include <bloodcell/base/result.hpp>

namespace bloodcell::fetch {

struct Curl {
  decltype(&curl_global_init) global_init = nullptr;
  decltype(&::curl_easy_init) easy_init = nullptr;
  decltype(&::curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&::curl_easy_setopt) easy_setopt = nullptr;
  decltype(&::curl_easy_getinfo) easy_getinfo = nullptr;
  decltype(&::curl_easy_perform) easy_perform = nullptr;
  decltype(&::curl_easy_strerror) easy_strerror = nullptr;
  decltype(&::curl_slist_append) slist_append = nullptr;
  decltype(&::curl_slist_free_all) slist_free_all = nullptr;
};

// Loaded and begun once, and kept. Errors: unsupported, internal. Thread-safe.
[[nodiscard]] Result<const Curl*> load_curl();

}  // namespace bloodcell::fetch
