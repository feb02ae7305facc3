#include <array>

#include <bloodcell/train/tensorboard.hpp>

namespace bloodcell::train {
namespace {

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t rest = byte;
    for (int bit = 0; bit < 8; ++bit) rest = (rest >> 1) ^ ((rest & 1) != 0 ? 0x82F63B78U : 0);
    table[byte] = rest;
  }
  return table;
}

// TFRecord stores it turned and shifted, for a CRC of bytes that hold their own CRC is weak.
std::uint32_t masked(std::uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xA282EAD8U; }

template <class Number>
void append(Bytes& bytes, Number number) {
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    bytes.push_back(static_cast<std::byte>(number >> (8 * i) & 0xFF));
  }
}

}  // namespace

std::uint32_t crc32c(std::span<const std::byte> bytes) {
  static constexpr auto kTable = make_table();
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const std::byte byte : bytes) {
    crc = kTable[(crc ^ static_cast<std::uint32_t>(byte)) & 0xFF] ^ (crc >> 8);
  }
  return ~crc;
}

Bytes tfrecord(std::string_view payload) {
  const auto content = std::as_bytes(std::span(payload));
  Bytes record;
  record.reserve(content.size() + 16);
  append(record, static_cast<std::uint64_t>(content.size()));
  append(record, masked(crc32c(record)));
  record.insert(record.end(), content.begin(), content.end());
  append(record, masked(crc32c(content)));
  return record;
}

}  // namespace bloodcell::train
