// The groups of routes, one .cpp each, and what they share.
#pragma once

#include <nlohmann/json.hpp>

#include <bloodcell/serve/api.hpp>

namespace bloodcell::serve {

void add_health_routes(Router& router, const Services& services);
void add_predict_routes(Router& router, const Services& services);
void add_explain_routes(Router& router, const Services& services);
void add_model_routes(Router& router, const Services& services);
void add_inference_routes(Router& router, const Services& services);  // KServe's, /v2
void add_count_routes(Router& router, const Services& services);
void add_review_routes(Router& router, const Services& services);
void add_shown_routes(Router& router, const Services& services);   // runs, studies, sets
void add_judged_routes(Router& router, const Services& services);  // evaluations, leak audits
void add_page_routes(Router& router);

// `#/components/schemas` of the OpenAPI document.
[[nodiscard]] nlohmann::json schemas();
[[nodiscard]] nlohmann::json schema_of(std::string_view name);  // a reference to one of them

// Text that is not UTF-8 gets U+FFFD where it is broken.
[[nodiscard]] Response json_response(const nlohmann::ordered_json& document, int status = 200);

// The body as a JSON object: no deeper than 32, no key twice. Errors: unsupported (another media
// type, or none unless `may_be_untyped`), malformed.
[[nodiscard]] Result<nlohmann::json> json_body(const Request& request, bool may_be_untyped = false);
// A field of it. Errors: malformed, naming the field.
[[nodiscard]] Result<std::string> text_field(const nlohmann::json& object, std::string_view name,
                                             std::size_t longest);

}  // namespace bloodcell::serve
