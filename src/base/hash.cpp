#include <bloodcell/base/hash.hpp>

#include <array>

#include <openssl/evp.h>

#include <bloodcell/base/files.hpp>

namespace bloodcell {

std::string sha256(std::span<const std::byte> content) {
  std::array<unsigned char, 32> digest{};
  unsigned length = 0;
  EVP_Digest(content.data(), content.size(), digest.data(), &length, EVP_sha256(), nullptr);
  std::string text;
  for (const unsigned char byte : digest) text += fmt::format("{:02x}", byte);
  return text;
}

Result<std::string> sha256_of_file(const std::filesystem::path& path, std::uint64_t max_bytes) {
  BC_ASSIGN(const Bytes content, read_file(path, max_bytes));
  return sha256(content);
}

}  // namespace bloodcell
