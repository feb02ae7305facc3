// One file from an HTTP server: checked, resumed where it was cut, and in its place only when it is
// whole. Every length and every wait has a limit.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/digest.hpp>
#include <bloodcell/base/result.hpp>

namespace bloodcell::fetch {

struct Checksum {
  Digest digest = Digest::sha256;
  std::string hex;  // lower case: 64 digits, or 32 for MD5
};

struct Wanted {
  std::string url;             // https:// or http://, without a name and password
  std::filesystem::path file;  // where it is to lie; missing folders are made
  Checksum checksum;
  std::uint64_t bytes = 0;  // of the file; 0: not known
};

struct DownloadLimits {
  std::uint64_t max_bytes = 16ULL << 30;  // of one file
  int connect_s = 30;
  int stall_s = 30;     // fewer than kSlowest bytes a second for so long ends the attempt
  int total_s = 86400;  // one attempt
  int redirects = 5;    // https never leads back to http
  int attempts = 3;     // of a connection that is cut; each goes on where the last ended
};
inline constexpr int kSlowestBytesPerSecond = 64;

// A part of a longer job, for its progress.
struct DownloadStep {
  std::string what = "fetching";
  std::uint64_t before = 0;  // bytes of files that are done
  std::uint64_t total = 0;   // bytes of all files; 0: not known
};

struct Downloaded {
  std::uint64_t bytes = 0;
  bool was_there = false;        // nothing was asked of the server
  std::uint64_t resumed_at = 0;  // bytes that an earlier attempt or call had brought
};

// What has come lies in `FILE.part`, and its URL and validator (a strong ETag, else Last-Modified:
// RFC 9110, 13.1.5) in `FILE.part.json`; the next call with the same URL goes on from there by
// Range and If-Range, so that a file changed in between is fetched anew. Without a validator, or
// from a server that ignores Range, it begins again. A file that is there with the right checksum
// is left as it is.
// Does not call context.progress.finish().
// Errors: usage (the URL, a checksum that is none), mismatch (length or checksum: the part is
// removed; a file that is there with another content: it stays), not_found (404, 410), unreadable
// (connection, status, timeouts, disk), limit_exceeded (max_bytes, redirects), cancelled; after all
// but mismatch and limit_exceeded the part stays for the next call.
[[nodiscard]] Result<Downloaded> download(const Context& context, const Wanted& wanted,
                                          const DownloadLimits& limits = {},
                                          const DownloadStep& step = {});

}  // namespace bloodcell::fetch
