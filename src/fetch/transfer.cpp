#include "transfer.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <memory>
#include <optional>
#include <string_view>

#include <bloodcell/base/version.hpp>

#include "curl.hpp"

namespace bloodcell::fetch {

namespace {

constexpr long kOk = 200;
constexpr long kPartial = 206;
constexpr long kNotFound = 404;
constexpr long kGone = 410;
constexpr long kRangeNotSatisfiable = 416;

struct Easy {
  const Curl* curl;
  void operator()(CURL* handle) const { curl->easy_cleanup(handle); }
};
struct Headers {
  const Curl* curl;
  void operator()(curl_slist* list) const { curl->slist_free_all(list); }
};

// `Name: value` → value, when it is this name.
std::optional<std::string> value_of(std::string_view line, std::string_view name) {
  if (line.size() <= name.size() || line[name.size()] != ':') return std::nullopt;
  const auto alike = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  };
  if (!std::equal(name.begin(), name.end(), line.begin(), alike)) return std::nullopt;
  line.remove_prefix(name.size() + 1);
  const auto first = line.find_first_not_of(" \t");
  const auto last = line.find_last_not_of(" \t\r\n");
  if (first == std::string_view::npos) return std::string();
  return std::string(line.substr(first, last - first + 1));
}

// `bytes 5-9/10` → 5 and 10 (0: not said).
std::optional<std::pair<std::uint64_t, std::uint64_t>> content_range(std::string_view text) {
  constexpr std::string_view kUnit = "bytes ";
  if (!text.starts_with(kUnit)) return std::nullopt;
  text.remove_prefix(kUnit.size());
  std::uint64_t start = 0;
  const auto begun = std::from_chars(text.data(), text.data() + text.size(), start);
  const auto slash = text.find('/');
  if (begun.ec != std::errc() || slash == std::string_view::npos) return std::nullopt;
  std::uint64_t whole = 0;
  const std::string_view length = text.substr(slash + 1);
  if (length != "*") {
    const auto ended = std::from_chars(length.data(), length.data() + length.size(), whole);
    if (ended.ec != std::errc()) return std::nullopt;
  }
  return std::pair{start, whole};
}

// What the callbacks of one attempt share.
struct Attempt {
  const Context& context;
  const Transfer& asked;
  const DownloadStep& step;
  const BeforeWriting& before_writing;
  const Curl& curl;
  CURL* handle = nullptr;

  std::string etag{};
  std::string last_modified{};
  std::string range{};
  std::ofstream file{};
  bool begun = false;
  std::uint64_t began_at = 0;
  std::uint64_t written = 0;
  std::optional<TransferError> error{};

  bool stop(Failure failure, Error why) {
    error = TransferError{failure, std::move(why)};
    return false;
  }
  bool stop(ErrorCode code, std::string message, std::string remedy = {}) {
    return stop(Failure::final, {code, std::move(message), asked.url, std::move(remedy)});
  }

  [[nodiscard]] long status() const {
    long code = 0;
    curl.easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &code);
    return code;
  }

  // Of the whole file, as the answer says; 0: it does not.
  [[nodiscard]] std::uint64_t stated_bytes() const {
    if (status() == kPartial) {
      const auto told = content_range(range);
      return told ? told->second : 0;
    }
    curl_off_t length = -1;
    curl.easy_getinfo(handle, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    return length > 0 ? static_cast<std::uint64_t>(length) : 0;
  }

  bool begin() {
    if (status() == kPartial) {
      const auto told = content_range(range);
      if (!told || told->first != asked.from) {
        return stop(Failure::restart,
                    {ErrorCode::mismatch, "the server sent another part than asked", asked.url,
                     "try again"});
      }
      began_at = asked.from;
    } else if (status() != kOk) {
      return stop(ErrorCode::unreadable, fmt::format("the server answered {}", status()));
    }
    const std::uint64_t stated = stated_bytes();
    if (asked.bytes > 0 && stated > 0 && stated != asked.bytes) {
      return stop(ErrorCode::mismatch,
                  fmt::format("the server has {} bytes of it, not {}", stated, asked.bytes),
                  "the file was changed there; look for a newer list of sets");
    }
    if (stated > asked.max_bytes) return too_long();
    if (auto kept = before_writing(etag.empty() ? last_modified : etag); !kept) {
      return stop(Failure::final, kept.error());
    }
    file.open(asked.file, std::ios::binary | (began_at > 0 ? std::ios::app : std::ios::trunc));
    written = began_at;
    begun = true;
    return file ? true : cannot_write();
  }

  bool too_long() {
    return stop(ErrorCode::limit_exceeded, fmt::format("more than {} bytes", asked.max_bytes),
                "raise --max-bytes if you trust it");
  }

  bool cannot_write() {
    return stop(Failure::final, {ErrorCode::unreadable, "cannot write", asked.file.string(),
                                 "free some disk space, or give this user the right to it"});
  }

  bool take(const char* data, std::size_t count) {
    if (!begun && !begin()) return false;
    if (count > asked.max_bytes - std::min(asked.max_bytes, written)) return too_long();
    file.write(data, static_cast<std::streamsize>(count));
    written += count;
    return file ? true : cannot_write();
  }

  // False to stop.
  bool tell() {
    if (context.cancellation.requested()) return false;
    if (begun) {
      const std::uint64_t total = step.total > 0 ? step.total : stated_bytes();
      context.progress.update({step.what, (step.before + written) / 1000, total / 1000, "kB", {}});
    }
    return true;
  }
};

extern "C" {

std::size_t take_header(char* data, std::size_t size, std::size_t count, void* self) {
  auto& attempt = *static_cast<Attempt*>(self);
  const std::string_view line(data, size * count);
  if (line.starts_with("HTTP/")) {  // of the next hop
    attempt.etag.clear();
    attempt.last_modified.clear();
    attempt.range.clear();
  }
  if (auto value = value_of(line, "ETag"); value && value->starts_with('"')) attempt.etag = *value;
  if (auto value = value_of(line, "Last-Modified")) attempt.last_modified = *value;
  if (auto value = value_of(line, "Content-Range")) attempt.range = *value;
  return line.size();
}

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* self) {
  return static_cast<Attempt*>(self)->take(data, size * count) ? size * count : 0;
}

int tell_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Attempt*>(self)->tell() ? 0 : 1;
}

}  // extern "C"

void set_up(CURL* handle, Attempt& attempt, const DownloadLimits& limits, curl_slist* headers) {
  const auto& url = attempt.asked.url;
  const auto set = [&](CURLoption option, auto value) {
    attempt.curl.easy_setopt(handle, option, value);
  };
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_REDIR_PROTOCOLS_STR, url.starts_with("https:") ? "https" : "http,https");
  set(CURLOPT_FOLLOWLOCATION, 1L);
  set(CURLOPT_MAXREDIRS, static_cast<long>(limits.redirects));
  set(CURLOPT_FAILONERROR, 1L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_CONNECTTIMEOUT, static_cast<long>(limits.connect_s));
  set(CURLOPT_TIMEOUT, static_cast<long>(limits.total_s));
  set(CURLOPT_LOW_SPEED_LIMIT, static_cast<long>(kSlowestBytesPerSecond));
  set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(limits.stall_s));
  set(CURLOPT_USERAGENT, "bloodcell");
  set(CURLOPT_HTTPHEADER, headers);
  set(CURLOPT_HEADERFUNCTION, &take_header);
  set(CURLOPT_HEADERDATA, static_cast<void*>(&attempt));
  set(CURLOPT_WRITEFUNCTION, &take_body);
  set(CURLOPT_WRITEDATA, static_cast<void*>(&attempt));
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &tell_progress);
  set(CURLOPT_XFERINFODATA, static_cast<void*>(&attempt));
}

TransferError error_of(CURLcode code, const Attempt& attempt) {
  const auto say = [&](Failure failure, ErrorCode kind, std::string message, std::string remedy) {
    return TransferError{failure, {kind, std::move(message), attempt.asked.url, std::move(remedy)}};
  };
  const std::string again = "try again: what has come is kept";
  switch (code) {
    case CURLE_HTTP_RETURNED_ERROR: {
      const long status = attempt.status();
      if (status == kRangeNotSatisfiable && attempt.asked.from > 0) {
        return say(Failure::restart, ErrorCode::mismatch, "the server has less of it than we", {});
      }
      const bool is_gone = status == kNotFound || status == kGone;
      return say(Failure::final, is_gone ? ErrorCode::not_found : ErrorCode::unreadable,
                 fmt::format("the server answered {}", status),
                 is_gone ? "the file is no longer there; look for a newer list of sets"
                         : "try again later");
    }
    case CURLE_TOO_MANY_REDIRECTS:
      return say(Failure::final, ErrorCode::limit_exceeded, "leads on from one address to the next",
                 "give the address it ends at");
    case CURLE_UNSUPPORTED_PROTOCOL:
      return say(Failure::final, ErrorCode::unreadable, "leads to an address that is not safe", {});
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
      return say(Failure::cut, ErrorCode::unreadable, "the connection was cut", again);
    case CURLE_OPERATION_TIMEDOUT:
      return say(Failure::final, ErrorCode::unreadable, "the server is too slow", again);
    default:
      return say(Failure::final, ErrorCode::unreadable, attempt.curl.easy_strerror(code), again);
  }
}

}  // namespace

tl::expected<Transferred, TransferError> transfer(const Context& context, const Transfer& asked,
                                                  const DownloadLimits& limits,
                                                  const DownloadStep& step,
                                                  const BeforeWriting& before_writing) {
  const auto loaded = load_curl();
  if (!loaded) {
    return tl::unexpected(TransferError{Failure::final, with_path(loaded.error(), asked.url)});
  }
  const Curl& curl = **loaded;
  const std::unique_ptr<CURL, Easy> handle(curl.easy_init(), Easy{&curl});
  if (!handle) {
    return tl::unexpected(TransferError{
        Failure::final, {ErrorCode::internal, "libcurl does not start", asked.url, {}}});
  }
  std::unique_ptr<curl_slist, Headers> headers(nullptr, Headers{&curl});
  if (asked.from > 0) {
    headers.reset(curl.slist_append(headers.release(), ("If-Range: " + asked.validator).c_str()));
    headers.reset(
        curl.slist_append(headers.release(), fmt::format("Range: bytes={}-", asked.from).c_str()));
  }
  Attempt attempt{context, asked, step, before_writing, curl, handle.get()};
  set_up(handle.get(), attempt, limits, headers.get());
  const CURLcode code = curl.easy_perform(handle.get());
  if (code == CURLE_OK && !attempt.begun) attempt.begin();  // an empty file
  if (attempt.begun) {
    attempt.file.close();
    if (!attempt.file && !attempt.error) attempt.cannot_write();
  }
  if (auto cancelled = context.cancellation.check(); !cancelled) {
    return tl::unexpected(TransferError{Failure::final, cancelled.error()});
  }
  if (attempt.error) return tl::unexpected(*attempt.error);
  if (code != CURLE_OK) return tl::unexpected(error_of(code, attempt));
  return Transferred{attempt.began_at};
}

}  // namespace bloodcell::fetch
