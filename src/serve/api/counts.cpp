// /api/v1/differential: a count of given numbers; /api/v1/about: what this server was started with.
#include <bloodcell/base/version.hpp>

#include "review_json.hpp"

namespace bloodcell::serve {

namespace {

using nlohmann::json;

constexpr std::size_t kMostLabels = 1000;

Result<std::uint64_t> count_in(const json& value, std::string_view name) {
  constexpr std::uint64_t kMost = 1'000'000'000;
  if (value.is_number_unsigned() && value.get<std::uint64_t>() <= kMost) {
    return value.get<std::uint64_t>();
  }
  return fail(ErrorCode::malformed,
              fmt::format("`{}` must be a whole number from 0 to {}", name, kMost));
}

Result<Response> differentiate(const Services& services, const Request& request) {
  BC_ASSIGN(const auto body, json_body(request));
  const auto found = body.find("counts");
  if (found == body.end() || !found->is_object() || found->empty() || found->size() > kMostLabels) {
    return fail(ErrorCode::malformed, "`counts` must be an object of label and number");
  }
  differential::Counts counts;
  for (const auto& [label, value] : found->items()) {
    counts.labels.push_back(label);
    BC_ASSIGN(const auto count, count_in(value, "counts"));
    counts.identified.push_back(count);
  }
  BC_ASSIGN(counts.unidentified, count_in(body.value("unidentified", json(0U)), "unidentified"));
  BC_ASSIGN(counts.fields, count_in(body.value("pictures", json(0U)), "pictures"));
  BC_ASSIGN(const auto document,
            count_json(counts, services.count, "", services.models.active()->name));
  return json_response(document);
}

}  // namespace

void add_count_routes(Router& router, const Services& services) {
  const json count{{"type", "integer"}, {"minimum", 0}, {"maximum", 1'000'000'000}};
  router.add(
      {.method = "POST",
       .pattern = "/api/v1/differential",
       .id = "differentiate",
       .tag = "differential",
       .summary = "Shares, exact intervals and reference ranges of counted cells",
       .takes = {{"application/json",
                  {{"type", "object"},
                   {"required", {"counts"}},
                   {"properties",
                    {{"counts",
                      {{"type", "object"}, {"minProperties", 1}, {"additionalProperties", count}}},
                     {"unidentified", count},
                     {"pictures", count}}}}}},
       .gives = {{"application/json", schema_of("Differential")}},
       .max_body_bytes = 64 << 10,
       .answer = [&services](const Request& request) { return differentiate(services, request); }});
  router.add({.method = "GET",
              .pattern = "/api/v1/about",
              .id = "getAbout",
              .tag = "health",
              .summary = "The program's version and what this server keeps",
              .gives = {{"application/json", schema_of("About")}},
              .talk = [&services](auto, auto reply) {
                reply->send(json_response({{"version", version()},
                                           {"keeps_reviews", services.reviews != nullptr},
                                           {"ranges_source", services.count.ranges_source}}));
              }});
}

}  // namespace bloodcell::serve
