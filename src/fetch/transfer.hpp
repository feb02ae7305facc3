// One HTTP GET into a file. Private to the layer; libcurl stays behind it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include <bloodcell/fetch/download.hpp>

namespace bloodcell::fetch {

struct Transfer {
  std::string url;
  std::filesystem::path file;   // written from `from` on, or from its start when all is sent
  std::uint64_t from = 0;       // bytes already there
  std::string validator;        // for If-Range; needed when from > 0
  std::uint64_t max_bytes = 0;  // of the whole file
  std::uint64_t bytes = 0;      // as it must be; 0: not known
};

struct Transferred {
  std::uint64_t began_at = 0;  // 0 when the server sent all of it
};

// How an attempt failed: `cut` can go on at once, `restart` must begin at 0.
enum class Failure { final, cut, restart };
struct TransferError {
  Failure failure = Failure::final;
  Error error;
};

// Called with the validator of the answer (empty: none) before its first byte is written.
using BeforeWriting = std::function<Result<void>(const std::string& validator)>;

[[nodiscard]] tl::expected<Transferred, TransferError> transfer(
    const Context& context, const Transfer& asked, const DownloadLimits& limits,
    const DownloadStep& step, const BeforeWriting& before_writing);

}  // namespace bloodcell::fetch
