#include <bloodcell/fetch/download.hpp>

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/base/finished_file.hpp>

#include "transfer.hpp"

namespace bloodcell::fetch {

namespace fs = std::filesystem;

namespace {

using nlohmann::json;

constexpr std::uint64_t kMaxNoteBytes = 64 << 10;

std::string name_of(Digest digest) { return digest == Digest::md5 ? "MD5" : "SHA-256"; }

Result<void> check_wanted(const Wanted& wanted) {
  const auto wrong = [&](std::string what) {
    return fail(ErrorCode::usage, std::move(what), wanted.url);
  };
  const bool is_http = wanted.url.starts_with("https://") || wanted.url.starts_with("http://");
  if (!is_http) return wrong("an address begins with https:// or http://");
  const bool is_plain = std::all_of(wanted.url.begin(), wanted.url.end(),
                                    [](unsigned char c) { return c > 0x20 && c < 0x7F; });
  if (!is_plain) return wrong("an address holds a blank or a character that must be escaped");
  const std::size_t host = wanted.url.find("//") + 2;
  if (wanted.url.substr(host, wanted.url.find('/', host) - host).find('@') != std::string::npos) {
    return wrong("an address with a user's name or password is not used");
  }
  const std::size_t digits = wanted.checksum.digest == Digest::md5 ? 32 : 64;
  const bool is_hex =
      wanted.checksum.hex.size() == digits &&
      wanted.checksum.hex.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!is_hex) {
    return wrong(fmt::format("its {} is not {} lower-case hexadecimal digits",
                             name_of(wanted.checksum.digest), digits));
  }
  return {};
}

// The part of a file that has come, and the note beside it.
class Part {
 public:
  explicit Part(const Wanted& wanted) : url_(wanted.url), file_(wanted.file), note_(wanted.file) {
    file_ += ".part";
    note_ += ".part.json";
  }

  [[nodiscard]] const fs::path& file() const { return file_; }

  // The validator to go on with, and how much is there; 0 to begin anew.
  [[nodiscard]] std::pair<std::string, std::uint64_t> state() const {
    std::error_code error;
    const std::uint64_t size = fs::file_size(file_, error);
    if (error || size == 0) return {};
    const auto text = read_text(note_, kMaxNoteBytes);
    if (!text) return {};
    const json note = json::parse(*text, nullptr, false);
    if (!note.is_object() || note.value("url", json()) != json(url_)) return {};
    const json validator = note.value("validator", json());
    if (!validator.is_string() || validator.get<std::string>().empty()) return {};
    auto value = validator.get<std::string>();
    if (value.find_first_of("\r\n") != std::string::npos) return {};
    return {std::move(value), size};
  }

  [[nodiscard]] Result<void> note(const std::string& validator) const {
    const json note{{"url", url_}, {"validator", validator}};
    return write_text(note_, note.dump(2, ' ', false, json::error_handler_t::replace) + "\n");
  }

  void remove_note() const {
    std::error_code ignored;
    fs::remove(note_, ignored);
  }
  void remove() const {
    std::error_code ignored;
    fs::remove(file_, ignored);
    remove_note();
  }

 private:
  std::string url_;
  fs::path file_;
  fs::path note_;
};

// Until the part is whole, as far as the server says so. Returns where the last answer began.
Result<std::uint64_t> bring(const Context& context, const Wanted& wanted,
                            const DownloadLimits& limits, const DownloadStep& step,
                            const Part& part) {
  for (int attempt = 1;; ++attempt) {
    auto [validator, size] = part.state();
    if (size > limits.max_bytes || (wanted.bytes > 0 && size >= wanted.bytes)) size = 0;
    Transfer asked{wanted.url, part.file(), size, validator, limits.max_bytes, wanted.bytes};
    if (wanted.bytes > 0) asked.max_bytes = std::min(asked.max_bytes, wanted.bytes);
    const auto done = transfer(context, asked, limits, step,
                               [&](const std::string& strong) { return part.note(strong); });
    if (done) return done->began_at;
    const auto& [failure, error] = done.error();
    const bool is_spoilt = failure == Failure::restart || error.code == ErrorCode::limit_exceeded ||
                           error.code == ErrorCode::mismatch;
    if (is_spoilt) part.remove();
    if (failure == Failure::final || attempt >= limits.attempts) return tl::unexpected(error);
  }
}

Result<Downloaded> check_present(const Wanted& wanted) {
  BC_ASSIGN(const std::string is, digest_of_file(wanted.file, wanted.checksum.digest));
  if (is != wanted.checksum.hex) {
    return fail(ErrorCode::mismatch, "is there already, with another content", wanted.file.string(),
                "move it away, or fetch into another folder");
  }
  std::error_code ignored;
  return Downloaded{fs::file_size(wanted.file, ignored), true, 0};
}

}  // namespace

Result<Downloaded> download(const Context& context, const Wanted& wanted,
                            const DownloadLimits& limits, const DownloadStep& step) {
  BC_CHECK(check_wanted(wanted));
  BC_CHECK(context.cancellation.check());
  std::error_code error;
  if (fs::exists(wanted.file, error)) return check_present(wanted);
  if (wanted.file.has_parent_path()) fs::create_directories(wanted.file.parent_path(), error);
  if (error) {
    return fail(ErrorCode::unreadable, "cannot make the folder",
                wanted.file.parent_path().string());
  }

  const Part part(wanted);
  // A second time from the start when what was pieced together is not what it must be.
  for (bool is_second = false;; is_second = true) {
    BC_ASSIGN(const std::uint64_t began_at, bring(context, wanted, limits, step, part));
    BC_ASSIGN(const std::string is, digest_of_file(part.file(), wanted.checksum.digest));
    if (is == wanted.checksum.hex) {
      const Downloaded done{fs::file_size(part.file(), error), false, began_at};
      BC_CHECK(move_into_place(part.file(), wanted.file));
      part.remove_note();
      return done;
    }
    part.remove();
    if (began_at == 0 || is_second) {
      return fail(ErrorCode::mismatch,
                  fmt::format("its {} is {}, not {}", name_of(wanted.checksum.digest), is,
                              wanted.checksum.hex),
                  wanted.url,
                  "try again; if it stays so, the file was changed there: do not use it");
    }
  }
}

}  // namespace bloodcell::fetch
