#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include <nlohmann/json.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/base/names.hpp>
#include <bloodcell/data/split.hpp>

namespace bloodcell::data {

namespace {

using nlohmann::json;

constexpr int kFormat = 1;
constexpr std::array<std::string_view, 6> kSplitFields{"entries", "format", "has_families",
                                                       "labels",  "method", "seed"};
constexpr std::array<std::string_view, 5> kEntryFields{"family", "file", "label", "part", "sha256"};

tl::unexpected<Error> wrong(std::string_view where, std::string_view what) {
  return fail(ErrorCode::malformed, fmt::format("split, {}: {}", where, what));
}

template <std::size_t N>
Result<void> check_fields(const json& object, const std::array<std::string_view, N>& fields,
                          std::string_view where) {
  if (!object.is_object()) return wrong(where, "not an object");
  for (const auto field : fields) {
    if (!object.contains(field)) return wrong(where, fmt::format("`{}` is missing", field));
  }
  if (object.size() != N) return wrong(where, "holds a field that no split has");
  return {};
}

Result<std::string> clean_text(const json& value, std::string_view where) {
  if (!value.is_string()) return wrong(where, "not a text");
  auto text = value.get<std::string>();
  if (!is_clean_name(text)) return wrong(where, "empty, too long or holds control characters");
  return text;
}

bool is_sha256(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

bool is_part(const std::string& part) {
  if (part == "train" || part == "validation" || part == "test" || part == "unused") return true;
  if (!part.starts_with("fold")) return false;
  const std::string number = part.substr(4);
  return !number.empty() && number.size() <= 3 &&
         number.find_first_not_of("0123456789") == std::string::npos &&
         (number == "0" || number[0] != '0');
}

Result<SplitEntry> entry_from(const json& object, const Split& split, std::size_t position) {
  const std::string where = fmt::format("entry {}", position + 1);
  const auto field = [&](std::string_view name) {
    return clean_text(object[name], fmt::format("{}, `{}`", where, name));
  };
  BC_CHECK(check_fields(object, kEntryFields, where));
  SplitEntry entry;
  BC_ASSIGN(entry.file, field("file"));
  BC_ASSIGN(entry.label, field("label"));
  BC_ASSIGN(entry.family, field("family"));
  BC_ASSIGN(entry.sha256, field("sha256"));
  BC_ASSIGN(entry.part, field("part"));
  const auto normal = relative_file(entry.file);
  if (!normal) return wrong(where, normal.error().message);
  if (*normal != entry.file) return wrong(where, "`file` is not in its shortest form");
  if (std::find(split.labels.begin(), split.labels.end(), entry.label) == split.labels.end()) {
    return wrong(where, fmt::format("`{}` is none of the labels", entry.label));
  }
  if (!is_sha256(entry.sha256)) return wrong(where, "`sha256` is not 64 hexadecimal digits");
  if (!is_part(entry.part)) {
    return wrong(where, fmt::format("`{}` is not the name of a part", entry.part));
  }
  return entry;
}

Result<std::vector<std::string>> labels_from(const json& array) {
  if (!array.is_array() || array.empty()) return wrong("`labels`", "not a list of classes");
  std::vector<std::string> labels;
  for (const auto& value : array) {
    BC_ASSIGN(std::string label, clean_text(value, "`labels`"));
    if (std::find(labels.begin(), labels.end(), label) != labels.end()) {
      return wrong("`labels`", fmt::format("`{}` stands twice", label));
    }
    labels.push_back(std::move(label));
  }
  return labels;
}

auto order_of(const SplitEntry& entry) { return std::tie(entry.file, entry.label); }

// A name that no split made here holds, but that a caller may have set, must not throw.
std::string text_of(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

std::string to_json_text(const Split& split) {
  std::string text = fmt::format(
      "{{\"format\": {},\n\"seed\": {},\n\"method\": {},\n\"has_families\": {},\n\"labels\": {},\n"
      "\"entries\": [\n",
      kFormat, split.seed, text_of(split.method), split.has_families, text_of(split.labels));
  for (std::size_t i = 0; i < split.entries.size(); ++i) {
    const auto& entry = split.entries[i];
    text += text_of({{"file", entry.file},
                     {"label", entry.label},
                     {"family", entry.family},
                     {"sha256", entry.sha256},
                     {"part", entry.part}});
    text += i + 1 < split.entries.size() ? ",\n" : "\n";
  }
  return text + "]}\n";
}

Result<Split> split_from_json_text(std::string_view text) {
  const json object = json::parse(text, nullptr, false);
  if (object.is_discarded()) return fail(ErrorCode::malformed, "split: not JSON");
  if (object.is_object() && object.contains("format") && object["format"] != kFormat) {
    return fail(ErrorCode::unsupported,
                fmt::format("split: format {}, where this program reads {}",
                            text_of(object["format"]), kFormat),
                {}, "use the program that wrote it, or split again");
  }
  BC_CHECK(check_fields(object, kSplitFields, "top level"));
  Split split;
  if (!object["seed"].is_number_unsigned())
    return wrong("`seed`", "not a whole number of 0 or more");
  split.seed = object["seed"].get<std::uint64_t>();
  BC_ASSIGN(split.method, clean_text(object["method"], "`method`"));
  if (split.method != "by family" && split.method != "by image") {
    return wrong("`method`", "neither `by family` nor `by image`");
  }
  if (!object["has_families"].is_boolean())
    return wrong("`has_families`", "neither true nor false");
  split.has_families = object["has_families"].get<bool>();
  BC_ASSIGN(split.labels, labels_from(object["labels"]));
  const json& entries = object["entries"];
  if (!entries.is_array() || entries.empty()) return wrong("`entries`", "not a list of files");
  for (std::size_t i = 0; i < entries.size(); ++i) {
    BC_ASSIGN(SplitEntry entry, entry_from(entries[i], split, i));
    if (!split.entries.empty() && !(order_of(split.entries.back()) < order_of(entry))) {
      return wrong(fmt::format("entry {}", i + 1), "stands twice, or not in the order of files");
    }
    split.entries.push_back(std::move(entry));
  }
  return split;
}

Result<Split> load_split(const std::filesystem::path& path, const Limits& limits) {
  BC_ASSIGN(const std::string text, read_text(path, limits.max_json_bytes));
  auto split = split_from_json_text(text);
  if (!split) return tl::unexpected(with_path(split.error(), path.string()));
  return split;
}

}  // namespace bloodcell::data
