#include "importers/npz.hpp"

#include <algorithm>
#include <charconv>
#include <regex>

#include <zip.h>

namespace bloodcell::data {

namespace {

constexpr zip_int64_t kMaxEntries = 1000;
constexpr std::size_t kMaxHeaderBytes = 4096;

// `(2, 28, 28, 3)` → its numbers; nothing when it is not a shape of 1 … 4 numbers below 2^31.
std::vector<std::uint64_t> shape_in(std::string_view text) {
  std::vector<std::uint64_t> shape;
  while (!text.empty()) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || value > 0x7FFFFFFF || shape.size() == 4) return {};
    shape.push_back(value);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const std::size_t next = text.find_first_not_of(", ");
    text.remove_prefix(std::min(next, text.size()));
  }
  return shape;
}

}  // namespace

void NpyStream::Close::operator()(zip_file* file) const { zip_fclose(file); }
void Npz::Close::operator()(zip* archive) const { zip_discard(archive); }

Result<Bytes> NpyStream::next(std::size_t count) {
  Bytes bytes(count);
  std::size_t done = 0;
  while (done < count) {
    const zip_int64_t got = zip_fread(file_.get(), bytes.data() + done, count - done);
    if (got <= 0) {
      return fail(ErrorCode::malformed, fmt::format("{}: ends early or is damaged", name_), {},
                  "copy it again");
    }
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

Result<void> NpyStream::finish() {
  char more = 0;
  if (zip_fread(file_.get(), &more, 1) == 0) return {};
  return fail(ErrorCode::malformed, fmt::format("{}: is damaged", name_), {}, "copy it again");
}

Result<Npz> Npz::open(const std::filesystem::path& path) {
  int error = 0;
  Npz npz;
  npz.archive_.reset(zip_open(path.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &error));
  if (!npz.archive_) {
    return fail(ErrorCode::malformed, "not a whole .npz (a zip of arrays)", path.string(),
                "copy it again");
  }
  if (zip_get_num_entries(npz.archive_.get(), 0) > kMaxEntries) {
    return fail(ErrorCode::limit_exceeded, fmt::format("more than {} arrays", kMaxEntries),
                path.string());
  }
  return npz;
}

bool Npz::holds(const std::string& name) const {
  return zip_name_locate(archive_.get(), (name + ".npy").c_str(), 0) >= 0;
}

Result<NpyStream> Npz::array(const std::string& name) const {
  const std::string entry = name + ".npy";
  zip_stat_t stat;
  zip_stat_init(&stat);
  NpyStream array;
  array.name_ = entry;
  if (zip_stat(archive_.get(), entry.c_str(), 0, &stat) == 0) {
    array.file_.reset(zip_fopen(archive_.get(), entry.c_str(), 0));
  }
  if (!array.file_) return fail(ErrorCode::not_found, fmt::format("no array {}", entry));
  const auto wrong = [&](ErrorCode code, std::string_view what) {
    return fail(code, fmt::format("{}: {}", entry, what));
  };
  BC_ASSIGN(const Bytes start, array.next(10));
  const auto at = [](const Bytes& bytes, std::size_t i) {
    return std::to_integer<unsigned char>(bytes[i]);
  };
  const std::string_view magic(reinterpret_cast<const char*>(start.data()), 6);
  const std::size_t length = at(start, 8) + 256U * at(start, 9);
  if (magic != "\x93NUMPY" || at(start, 6) != 1 || length > kMaxHeaderBytes) {
    return wrong(ErrorCode::malformed, "no .npy header of version 1");
  }
  BC_ASSIGN(const Bytes bytes, array.next(length));
  const std::string header(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  static const std::regex kShape(R"('shape': \(([0-9, ]{1,100})\))");
  std::smatch match;
  if (!std::regex_search(header, match, kShape)) {
    return wrong(ErrorCode::malformed, "no shape in its header");
  }
  if (header.find("'descr': '|u1'") == std::string::npos ||
      header.find("'fortran_order': False") == std::string::npos) {
    return wrong(ErrorCode::unsupported, "not an array of bytes in C order");
  }
  array.shape_ = shape_in(match[1].str());
  std::uint64_t elements = array.shape_.empty() ? 0 : 1;
  bool fits = (stat.valid & ZIP_STAT_SIZE) != 0;
  for (const std::uint64_t side : array.shape_) {
    fits = fits && !__builtin_mul_overflow(elements, side, &elements);
  }
  if (!fits || elements == 0 || stat.size != elements + 10 + length) {
    return wrong(ErrorCode::malformed, "its shape is not the size of the entry");
  }
  return array;
}

}  // namespace bloodcell::data
