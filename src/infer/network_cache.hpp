// Compiled networks on disk, so that a program that starts again need not compile them again. A
// file each, written whole and checked by its hash: one that is damaged, of another version or
// deleted meanwhile is as if it were not there, and two programs may share a folder.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <bloodcell/base/files.hpp>
#include <bloodcell/infer/session.hpp>

namespace bloodcell::infer {

struct CachedNetwork {
  Head head;  // empty unless the session keeps what look() gives
  Bytes file;
  std::size_t before = 0;  // bytes of the file

  // As the engine exported it.
  [[nodiscard]] std::span<const std::byte> network() const {
    return std::span(file).subspan(before);
  }
};

class NetworkCache {
 public:
  static constexpr std::size_t kMostNetworks = 64;  // the ones longest unused make room

  // Empty: finds nothing, keeps nothing.
  explicit NetworkCache(std::filesystem::path folder) : folder_(std::move(folder)) {}

  [[nodiscard]] bool is_off() const { return folder_.empty(); }

  // `key` says all that the compiled network depends on.
  [[nodiscard]] std::optional<CachedNetwork> find(std::string_view key) const;

  // A folder that cannot be written to keeps nothing: the cache is a help, never a need.
  void keep(std::string_view key, const Head& head, std::string_view exported) const;

 private:
  [[nodiscard]] std::filesystem::path file_of(std::string_view key) const;
  void make_room() const;

  std::filesystem::path folder_;
};

}  // namespace bloodcell::infer
