// What was explained, as a picture for people and as JSON for programs.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include <bloodcell/base/result.hpp>
#include <bloodcell/explain/explainer.hpp>
#include <bloodcell/image/image.hpp>

namespace bloodcell::explain {

// One cell on a sheet: what the network saw, the map of each class over it with one scale for both,
// the legend, the nearest known cells. 960 px wide. Errors: malformed (a thumbnail of the index
// that is no picture).
[[nodiscard]] Result<image::Image> sheet_of(const ExplainedCell& cell, const Explainer& explainer,
                                            const Limits& limits);

// {"file", "cell", "x", "y", "width", "height", "status", "message", "class", "confidence",
// "second", "second_confidence", "probabilities", "method", "meaning", "maps": [{"class", "width",
// "height", "values"}], "neighbours": [{"label", "file", "source", "distance"}]}
[[nodiscard]] nlohmann::ordered_json to_json(const ExplainedCell& cell, const Explainer& explainer);

}  // namespace bloodcell::explain
