#include <bloodcell/base/base64.hpp>

#include <algorithm>

#include <openssl/evp.h>

namespace bloodcell {

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

}  // namespace bloodcell
