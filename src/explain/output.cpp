#include <bloodcell/explain/output.hpp>

#include <cmath>

namespace bloodcell::explain {

namespace {

using nlohmann::ordered_json;

double rounded(double value) { return std::round(value * 1e5) / 1e5; }

}  // namespace

ordered_json to_json(const ExplainedCell& cell, const Explainer& explainer) {
  const auto& labels = explainer.labels();
  const auto name = [&](int label) { return labels[static_cast<std::size_t>(label)]; };
  const auto share = [&](int label) {
    return cell.verdict.probabilities[static_cast<std::size_t>(label)];
  };
  ordered_json probabilities = ordered_json::object();
  for (std::size_t i = 0; i < labels.size(); ++i) {
    probabilities[labels[i]] = cell.verdict.probabilities[i];
  }
  ordered_json document{
      {"file", cell.file},
      {"cell", cell.cell},
      {"x", cell.box.x},
      {"y", cell.box.y},
      {"width", cell.box.width},
      {"height", cell.box.height},
      {"status", predict::name_of(cell.verdict.doubt.empty() ? predict::Status::ok
                                                             : predict::Status::unidentified)},
      {"message", cell.verdict.doubt},
      {"class", name(cell.verdict.class_index)},
      {"confidence", cell.verdict.confidence},
      {"second", name(cell.second)},
      {"second_confidence", share(cell.second)},
      {"probabilities", probabilities},
      {"method", name_of(cell.method)},
      {"meaning", meaning_of(cell.method)},
      {"maps", ordered_json::array()}};
  for (const auto& of : cell.maps) {
    ordered_json values = ordered_json::array();
    for (const float value : of.map.values) values.push_back(rounded(value));
    document["maps"].push_back({{"class", name(of.class_index)},
                                {"width", of.map.width},
                                {"height", of.map.height},
                                {"values", std::move(values)}});
  }
  if (explainer.neighbours() == nullptr) return document;
  const auto& index = explainer.neighbours()->index();
  document["neighbours"] = ordered_json::array();
  for (const auto& near : cell.near) {
    const auto& known = index.cells[near.cell];
    document["neighbours"].push_back({{"label", known.label},
                                      {"file", known.file},
                                      {"source", known.source},
                                      {"distance", rounded(near.distance)}});
  }
  document["usual_distance"] = rounded(explainer.neighbours()->usual_distance());
  document["neighbours_licence"] = index.licence;
  return document;
}

}  // namespace bloodcell::explain
