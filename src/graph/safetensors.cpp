#include <bloodcell/graph/weights.hpp>

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <numeric>
#include <optional>
#include <tuple>

#include <nlohmann/json.hpp>

#include <bloodcell/base/half.hpp>
#include <bloodcell/graph/strict_json.hpp>

namespace bloodcell::graph {

namespace {

using nlohmann::json;

static_assert(std::endian::native == std::endian::little, "tensors are stored little-endian");

constexpr std::size_t kLengthBytes = 8;
constexpr int kDeepestJson = 8;
constexpr std::size_t kMostDims = 8;

enum class Type { f32, f16, bf16, i64 };

std::optional<Type> type_named(const std::string& name) {
  if (name == "F32") return Type::f32;
  if (name == "F16") return Type::f16;
  if (name == "BF16") return Type::bf16;
  if (name == "I64") return Type::i64;
  return std::nullopt;
}

std::size_t bytes_of(Type type) {
  switch (type) {
    case Type::f32: return 4;
    case Type::f16:
    case Type::bf16: return 2;
    case Type::i64: return 8;
  }
  return 0;
}

template <class T>
T read_as(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

// At most 24 binary digits from the highest one set to the lowest one set.
bool is_exact_as_float(std::int64_t whole) {
  const auto size = static_cast<std::uint64_t>(whole);
  const std::uint64_t magnitude = whole < 0 ? 0 - size : size;
  return magnitude == 0 || std::bit_width(magnitude) - std::countr_zero(magnitude) <= 24;
}

tl::unexpected<Error> bad(std::string message) {
  return fail(ErrorCode::malformed, "not a whole safetensors file: " + std::move(message), "",
              "copy or make it again");
}

struct Entry {
  std::string name;
  Type type = Type::f32;
  std::vector<std::int64_t> dims;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

Result<std::uint64_t> values_of(const std::vector<std::int64_t>& dims, const std::string& name,
                                std::uint64_t most) {
  std::uint64_t count = 1;
  for (const std::int64_t dim : dims) {
    if (dim < 0) return bad(fmt::format("tensor {} has a negative side", name));
    if (dim != 0 && count > most / static_cast<std::uint64_t>(dim)) {
      return bad(fmt::format("tensor {} is larger than the file", name));
    }
    count *= static_cast<std::uint64_t>(dim);
  }
  return count;
}

Result<Entry> entry_of(const std::string& name, const json& item, std::uint64_t data_bytes) {
  const auto wrong = [&](const char* what) {
    return bad(fmt::format("tensor {} has no valid {}", name, what));
  };
  if (!item.is_object() || !item.contains("dtype") || !item["dtype"].is_string()) {
    return wrong("type");
  }
  Entry entry;
  entry.name = name;
  const auto type = type_named(item["dtype"].get<std::string>());
  if (!type) {
    return fail(ErrorCode::unsupported,
                fmt::format("tensor {} is of type {}", name, item["dtype"].get<std::string>()), "",
                "convert it to F32, F16, BF16 or I64");
  }
  entry.type = *type;
  if (!item.contains("shape") || !item["shape"].is_array() || item["shape"].size() > kMostDims) {
    return wrong("shape");
  }
  for (const json& dim : item["shape"]) {
    if (!dim.is_number_unsigned() ||
        dim.get<std::uint64_t>() > std::numeric_limits<std::uint32_t>::max()) {
      return wrong("shape");
    }
    entry.dims.push_back(dim.get<std::int64_t>());
  }
  if (!item.contains("data_offsets") || !item["data_offsets"].is_array() ||
      item["data_offsets"].size() != 2 || !item["data_offsets"][0].is_number_unsigned() ||
      !item["data_offsets"][1].is_number_unsigned()) {
    return wrong("place");
  }
  entry.begin = item["data_offsets"][0].get<std::uint64_t>();
  entry.end = item["data_offsets"][1].get<std::uint64_t>();
  if (entry.begin > entry.end || entry.end > data_bytes) return wrong("place");
  BC_ASSIGN(const std::uint64_t values, values_of(entry.dims, name, data_bytes));
  if (values * bytes_of(entry.type) != entry.end - entry.begin) {
    return bad(
        fmt::format("tensor {} has {} bytes for {} values", name, entry.end - entry.begin, values));
  }
  return entry;
}

Result<Tensor> tensor_of(const Entry& entry, const std::byte* data) {
  Tensor tensor{.dims = entry.dims, .values = {}};
  const std::size_t step = bytes_of(entry.type);
  const std::size_t count = static_cast<std::size_t>(entry.end - entry.begin) / step;
  tensor.values.resize(count);
  const std::byte* from = data + entry.begin;
  if (entry.type == Type::f32 && count > 0) {
    std::memcpy(tensor.values.data(), from, count * step);
    return tensor;
  }
  for (std::size_t i = 0; i < count; ++i, from += step) {
    if (entry.type == Type::f16) {
      tensor.values[i] = float_of_half(read_as<std::uint16_t>(from));
    } else if (entry.type == Type::bf16) {
      tensor.values[i] = std::bit_cast<float>(std::uint32_t{read_as<std::uint16_t>(from)} << 16);
    } else {
      const auto whole = read_as<std::int64_t>(from);
      if (!is_exact_as_float(whole)) {
        return fail(ErrorCode::unsupported,
                    fmt::format("tensor {} holds {}, which float32 cannot", entry.name, whole), "",
                    "convert it to F32");
      }
      tensor.values[i] = static_cast<float>(whole);
    }
  }
  return tensor;
}

Result<void> check_places(std::vector<Entry>& entries, std::uint64_t data_bytes) {
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
  });
  std::uint64_t at = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != at)
      return bad(fmt::format("tensor {} does not follow the last", entry.name));
    at = entry.end;
  }
  if (at != data_bytes) {
    return bad(fmt::format("{} bytes of tensors where there are {}", at, data_bytes));
  }
  return {};
}

}  // namespace

Result<WeightsFile> read_safetensors(std::span<const std::byte> bytes, const Limits& limits) {
  if (bytes.size() < kLengthBytes) return bad(fmt::format("{} bytes", bytes.size()));
  const auto header_bytes = read_as<std::uint64_t>(bytes.data());
  if (header_bytes > bytes.size() - kLengthBytes) {
    return bad(fmt::format("a header of {} bytes in a file of {}", header_bytes, bytes.size()));
  }
  if (header_bytes > limits.max_json_bytes) {
    return fail(ErrorCode::limit_exceeded,
                fmt::format("a safetensors header of {} bytes, more than the limit of {}",
                            header_bytes, limits.max_json_bytes));
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes.data() + kLengthBytes),
                              static_cast<std::size_t>(header_bytes));
  if (!text.starts_with('{')) return bad("its header is not a JSON object");
  const auto header = parse_strict_json(text, kDeepestJson);
  if (!header) return bad("its header is not sound JSON: " + header.error().message);

  const std::byte* data = bytes.data() + kLengthBytes + header_bytes;
  const std::uint64_t data_bytes = bytes.size() - kLengthBytes - header_bytes;
  WeightsFile file;
  std::vector<Entry> entries;
  for (const auto& [name, item] : header->items()) {
    if (name == "__metadata__") {
      if (!item.is_object()) return bad("its metadata is not an object");
      for (const auto& [key, value] : item.items()) {
        if (!value.is_string()) return bad("its metadata holds more than text");
        file.metadata[key] = value.get<std::string>();
      }
      continue;
    }
    BC_ASSIGN(Entry entry, entry_of(name, item, data_bytes));
    entries.push_back(std::move(entry));
  }
  BC_CHECK(check_places(entries, data_bytes));
  for (const Entry& entry : entries) {
    BC_ASSIGN(file.weights[entry.name], tensor_of(entry, data));
  }
  return file;
}

Result<WeightsFile> load_safetensors(const std::filesystem::path& path, const Limits& limits) {
  BC_ASSIGN(const Bytes bytes, read_file(path, limits.max_file_bytes));
  return read_safetensors(bytes, limits).map_error([&](Error error) {
    return with_path(std::move(error), path.string());
  });
}

Bytes write_safetensors(const WeightsFile& file) {
  json header = json::object();
  if (!file.metadata.empty()) header["__metadata__"] = file.metadata;
  std::uint64_t at = 0;
  for (const auto& [name, tensor] : file.weights) {
    assert(std::accumulate(tensor.dims.begin(), tensor.dims.end(), std::int64_t{1},
                           std::multiplies<>()) == static_cast<std::int64_t>(tensor.values.size()));
    const std::uint64_t end = at + tensor.values.size() * sizeof(float);
    header[name] = {{"dtype", "F32"}, {"shape", tensor.dims}, {"data_offsets", {at, end}}};
    at = end;
  }
  std::string text = header.dump(-1, ' ', false, json::error_handler_t::replace);
  text.resize((text.size() + 7) / 8 * 8, ' ');

  Bytes bytes(kLengthBytes + text.size() + at);
  const std::uint64_t header_bytes = text.size();
  std::memcpy(bytes.data(), &header_bytes, kLengthBytes);
  std::memcpy(bytes.data() + kLengthBytes, text.data(), text.size());
  std::byte* to = bytes.data() + kLengthBytes + text.size();
  for (const auto& [name, tensor] : file.weights) {
    const std::size_t size = tensor.values.size() * sizeof(float);
    if (size > 0) std::memcpy(to, tensor.values.data(), size);
    to += size;
  }
  return bytes;
}

}  // namespace bloodcell::graph
