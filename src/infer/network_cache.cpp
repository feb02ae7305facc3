#include "network_cache.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include <bloodcell/base/hash.hpp>

namespace bloodcell::infer {

namespace fs = std::filesystem;

namespace {

// magic, SHA-256 of the rest in hexadecimal digits, sizes, weights of the head, network
constexpr std::string_view kMagic = "bloodcell network 2\n";
constexpr std::size_t kDigits = 64;
constexpr std::size_t kBefore = kMagic.size() + kDigits;
constexpr std::string_view kEnding = ".network";
constexpr std::uint64_t kMostBytes = 4ULL << 30;

using Sizes = std::array<std::uint64_t, 2>;  // Head::values, Head::weights.size()

void append(Bytes& bytes, const void* from, std::size_t count) {
  const auto* begin = static_cast<const std::byte*>(from);
  bytes.insert(bytes.end(), begin, begin + count);
}

std::optional<CachedNetwork> unpacked(Bytes file) {
  auto content = std::span<const std::byte>(file).subspan(kBefore);
  Sizes sizes{};
  if (content.size() < sizeof sizes) return std::nullopt;
  std::memcpy(sizes.data(), content.data(), sizeof sizes);
  content = content.subspan(sizeof sizes);
  if (sizes[1] > content.size() / sizeof(float)) return std::nullopt;
  CachedNetwork found;
  found.head.values = sizes[0];
  found.head.weights.resize(sizes[1]);
  const std::size_t weight_bytes = sizes[1] * sizeof(float);
  if (weight_bytes > 0) std::memcpy(found.head.weights.data(), content.data(), weight_bytes);
  found.before = kBefore + sizeof sizes + weight_bytes;
  found.file = std::move(file);
  return found;
}

}  // namespace

fs::path NetworkCache::file_of(std::string_view key) const {
  return folder_ / (sha256(as_bytes_of(key)).substr(0, 32) + std::string(kEnding));
}

std::optional<CachedNetwork> NetworkCache::find(std::string_view key) const {
  if (is_off()) return std::nullopt;
  const fs::path file = file_of(key);
  auto bytes = read_file(file, kMostBytes);
  if (!bytes || bytes->size() < kBefore ||
      std::memcmp(bytes->data(), kMagic.data(), kMagic.size()) != 0) {
    return std::nullopt;
  }
  const auto digest = sha256(std::span(*bytes).subspan(kBefore));
  if (std::memcmp(bytes->data() + kMagic.size(), digest.data(), kDigits) != 0) {
    return std::nullopt;
  }
  std::error_code ignored;
  fs::last_write_time(file, fs::file_time_type::clock::now(), ignored);  // used just now
  return unpacked(std::move(*bytes));
}

void NetworkCache::keep(std::string_view key, const Head& head, std::string_view exported) const {
  if (is_off()) return;
  const Sizes sizes{head.values, head.weights.size()};
  Bytes content;
  append(content, sizes.data(), sizeof sizes);
  append(content, head.weights.data(), head.weights.size() * sizeof(float));
  append(content, exported.data(), exported.size());
  Bytes file;
  append(file, kMagic.data(), kMagic.size());
  append(file, sha256(content).data(), kDigits);
  append(file, content.data(), content.size());
  if (write_file(file_of(key), file)) make_room();
}

void NetworkCache::make_room() const {
  std::vector<std::pair<fs::file_time_type, fs::path>> files;
  std::error_code error;
  for (fs::directory_iterator at(folder_, error); !error && at != fs::directory_iterator();
       at.increment(error)) {
    if (at->path().extension() != kEnding) continue;
    std::error_code gone;
    const auto used = at->last_write_time(gone);
    if (!gone) files.emplace_back(used, at->path());
  }
  if (files.size() <= kMostNetworks) return;
  std::sort(files.begin(), files.end());
  files.resize(files.size() - kMostNetworks);
  for (const auto& [used, file] : files) fs::remove(file, error);
}

}  // namespace bloodcell::infer
