#include "curl.hpp"

#include <bloodcell/base/dynamic_library.hpp>

namespace bloodcell::fetch {

namespace {

bool load(Curl& curl) {
  void* handle = ::dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  return handle != nullptr && find_symbol(handle, "curl_global_init", curl.global_init) &&
         find_symbol(handle, "curl_easy_init", curl.easy_init) &&
         find_symbol(handle, "curl_easy_cleanup", curl.easy_cleanup) &&
         find_symbol(handle, "curl_easy_setopt", curl.easy_setopt) &&
         find_symbol(handle, "curl_easy_getinfo", curl.easy_getinfo) &&
         find_symbol(handle, "curl_easy_perform", curl.easy_perform) &&
         find_symbol(handle, "curl_easy_strerror", curl.easy_strerror) &&
         find_symbol(handle, "curl_slist_append", curl.slist_append) &&
         find_symbol(handle, "curl_slist_free_all", curl.slist_free_all);
}

}  // namespace

Result<const Curl*> load_curl() {
  struct Loaded {
    Curl functions;
    bool is_there = load(functions);
    bool is_begun = is_there && functions.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  };
  static const Loaded loaded;
  if (loaded.is_begun) return &loaded.functions;
  if (loaded.is_there) return fail(ErrorCode::internal, "libcurl does not start");
  return fail(ErrorCode::unsupported, "something to fetch, and libcurl is not installed", {},
              "apt-get install libcurl4");
}

}  // namespace bloodcell::fetch
