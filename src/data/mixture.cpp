// Several sets as one: {"format": 1, "sources": [{"data", "name", "weight", "map", "families"}]}.
#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/base/names.hpp>

#include "listing.hpp"

namespace bloodcell::data {

namespace fs = std::filesystem;

namespace {

using nlohmann::json;

constexpr std::size_t kMostSources = 1000;
constexpr double kMostWeight = 1000;

struct Source {
  std::string data;  // below the mixture's folder
  std::string name;  // empty: the samples keep theirs
  double weight = 1;
  std::map<std::string, std::string> map;  // canonical; an empty label leaves the class out
  std::string families;
};

tl::unexpected<Error> wrong(std::string_view where, std::string_view what,
                            std::string remedy = {}) {
  return fail(ErrorCode::malformed, fmt::format("mixture, {}: {}", where, what), {},
              std::move(remedy));
}

template <std::size_t N>
Result<void> check_fields(const json& object, const std::array<std::string_view, N>& fields,
                          std::string_view where) {
  if (!object.is_object()) return wrong(where, "not an object");
  for (const auto& item : object.items()) {
    if (std::find(fields.begin(), fields.end(), item.key()) == fields.end()) {
      return wrong(where, fmt::format("`{}` is no field of it",
                                      is_clean_name(item.key()) ? item.key() : "?"));
    }
  }
  return {};
}

Result<std::string> clean_text(const json& object, std::string_view field, std::string_view where) {
  const auto found = object.find(field);
  if (found == object.end()) return std::string();
  if (!found->is_string() || !is_clean_name(found->get_ref<const std::string&>())) {
    return wrong(where, fmt::format("`{}` is not a line of text", field));
  }
  return found->get<std::string>();
}

Result<std::string> place_below(const json& object, std::string_view field,
                                const std::string& where) {
  BC_ASSIGN(const std::string text, clean_text(object, field, where));
  if (text.empty()) return text;
  auto place = relative_file(text);
  if (!place) return wrong(where, place.error().message, place.error().remedy);
  return place;
}

Result<std::map<std::string, std::string>> read_map(const json& object, const std::string& where) {
  std::map<std::string, std::string> map;
  const auto found = object.find("map");
  if (found == object.end()) return map;
  if (!found->is_object()) return wrong(where, "`map` is not an object");
  for (const auto& item : found->items()) {
    const bool is_name = item.value().is_string() && is_clean_name(item.value().get<std::string>());
    if (!is_clean_name(item.key()) || !(is_name || item.value().is_null())) {
      return wrong(where, "`map` goes from a class to a class or to null");
    }
    const std::string to = is_name ? canonical_label(item.value().get<std::string>()) : "";
    if (!map.emplace(canonical_label(item.key()), to).second) {
      return wrong(where, fmt::format("`map` names the class `{}` twice", item.key()));
    }
  }
  return map;
}

Result<Source> read_source(const json& object, const std::string& where) {
  static constexpr std::array<std::string_view, 5> kFields{"data", "families", "map", "name",
                                                           "weight"};
  BC_CHECK(check_fields(object, kFields, where));
  Source source;
  BC_ASSIGN(source.data, place_below(object, "data", where));
  if (source.data.empty()) return wrong(where, "`data` is missing");
  if (fs::path(source.data).extension() == ".json") {
    return wrong(where, "a mixture within a mixture", "name its sources here");
  }
  BC_ASSIGN(source.families, place_below(object, "families", where));
  BC_ASSIGN(source.name, clean_text(object, "name", where));
  BC_ASSIGN(source.map, read_map(object, where));
  if (const auto weight = object.find("weight"); weight != object.end()) {
    source.weight = weight->is_number() ? weight->get<double>() : 0;
    if (!(source.weight > 0 && source.weight <= kMostWeight)) {
      return wrong(where, fmt::format("`weight` is not above 0, to {}", kMostWeight));
    }
  }
  return source;
}

Result<std::vector<Source>> read_sources(const std::string& text) {
  static constexpr std::array<std::string_view, 2> kFields{"format", "sources"};
  const json document = json::parse(text, nullptr, false);
  if (document.is_discarded()) return wrong("document", "not JSON");
  BC_CHECK(check_fields(document, kFields, "document"));
  if (document.value("format", json()) != json(1)) {
    return fail(ErrorCode::unsupported, "mixture: its `format` is not 1");
  }
  const json list = document.value("sources", json());
  if (!list.is_array() || list.empty() || list.size() > kMostSources) {
    return wrong("document", fmt::format("`sources` is not a list of 1 to {}", kMostSources));
  }
  std::vector<Source> sources;
  for (const json& object : list) {
    BC_ASSIGN(Source source, read_source(object, fmt::format("source {}", sources.size() + 1)));
    sources.push_back(std::move(source));
  }
  return sources;
}

using SourceOf = std::map<std::string, const Source*>;  // each picture's

// Adds the samples of one source to the listing, under the names they have there.
Result<void> add(Dataset set, const Source& source, Listing& listing, SourceOf& source_of) {
  for (const auto& [from, to] : source.map) {
    if (std::find(set.labels.begin(), set.labels.end(), from) == set.labels.end()) {
      return wrong(source.data,
                   fmt::format("`map` names the class `{}`, which it does not have", from));
    }
  }
  const fs::path below =
      set.root.lexically_normal().lexically_relative(listing.root.lexically_normal());
  for (Sample& sample : set.samples) {
    const std::string& published = set.labels[static_cast<std::size_t>(sample.label)];
    const auto mapped = source.map.find(published);
    const std::string label = mapped == source.map.end() ? published : mapped->second;
    if (label.empty()) continue;
    const bool is_alone = sample.family == sample.file;
    sample.file = (below / sample.file).lexically_normal().generic_string();
    sample.family = is_alone ? sample.file : fmt::format("{}/{}", source.data, sample.family);
    if (!source.name.empty()) sample.source = source.name;
    sample.weight = source.weight;
    if (source_of.try_emplace(sample.file, &source).first->second != &source) {
      return wrong(source.data, fmt::format("`{}` is in another source too", sample.file));
    }
    listing.rows.push_back({std::move(sample), label, 0});
  }
  listing.problems.insert(listing.problems.end(), set.problems.begin(), set.problems.end());
  listing.has_families = listing.has_families && set.has_families;
  return {};
}

}  // namespace

Result<Listing> list_mixture(const Context& context, const fs::path& mixture) {
  BC_ASSIGN(const std::string text, read_text(mixture, context.limits.max_json_bytes));
  const auto sources = read_sources(text);
  if (!sources) return tl::unexpected(with_path(sources.error(), mixture.string()));
  Listing listing;
  listing.root = mixture.has_parent_path() ? mixture.parent_path() : fs::path(".");
  listing.has_families = true;
  SourceOf source_of;
  for (const Source& source : *sources) {
    OpenOptions options;
    if (!source.families.empty()) options.families_csv = listing.root / source.families;
    BC_ASSIGN(Dataset set, open_dataset(context, listing.root / source.data, options));
    if (auto added = add(std::move(set), source, listing, source_of); !added) {
      return tl::unexpected(with_path(added.error(), mixture.string()));
    }
  }
  return listing;
}

}  // namespace bloodcell::data
