#include <bloodcell/base/base64.hpp>

#include <algorithm>
#include <array>

#include <openssl/evp.h>

namespace bloodcell {

namespace {

constexpr std::array<bool, 256> are_letters() {
  std::array<bool, 256> are{};
  for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                       "0123456789+/")) {
    are[static_cast<unsigned char>(c)] = true;
  }
  return are;
}

}  // namespace

std::string base64(std::span<const std::byte> content) {
  constexpr std::size_t kBlock = 3U << 20;  // a multiple of 3, so that blocks join without padding
  std::string text;
  for (std::size_t at = 0; at < content.size(); at += kBlock) {
    const auto block = content.subspan(at, std::min(kBlock, content.size() - at));
    std::string part(4 * ((block.size() + 2) / 3) + 1, '\0');  // OpenSSL ends it with a zero
    EVP_EncodeBlock(reinterpret_cast<unsigned char*>(part.data()),
                    reinterpret_cast<const unsigned char*>(block.data()),
                    static_cast<int>(block.size()));
    part.pop_back();
    text += part;
  }
  return text;
}

Result<Bytes> from_base64(std::string_view text) {
  static constexpr auto kIsLetter = are_letters();
  constexpr std::size_t kBlock = 4U << 20;
  const std::size_t padding = text.size() - std::min(text.size(), text.find_last_not_of('=') + 1);
  const auto letters = text.substr(0, text.size() - padding);
  const bool sound = std::all_of(letters.begin(), letters.end(),
                                 [](char c) { return kIsLetter[static_cast<unsigned char>(c)]; });
  if (text.size() % 4 != 0 || padding > 2 || !sound) {
    return fail(ErrorCode::malformed, "not base64 as RFC 4648 has it");
  }
  Bytes content(text.size() / 4 * 3);
  for (std::size_t at = 0; at < text.size(); at += kBlock) {
    const auto block = text.substr(at, kBlock);
    EVP_DecodeBlock(reinterpret_cast<unsigned char*>(content.data() + at / 4 * 3),
                    reinterpret_cast<const unsigned char*>(block.data()),
                    static_cast<int>(block.size()));
  }
  content.resize(content.size() - padding);
  return content;
}

}  // namespace bloodcell
