// JSON from a file that may be hostile: headers of weights, metadata of models.
#pragma once

#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include <bloodcell/base/result.hpp>

namespace bloodcell::graph {

// The one value in `text`; the caller has checked its length. Lists and objects may be `deepest`
// deep.
// Errors: malformed (not JSON, not UTF-8, nested deeper, a name twice in one object, more
// than two million values).
[[nodiscard]] Result<nlohmann::json> parse_strict_json(std::string_view text, int deepest);

}  // namespace bloodcell::graph
