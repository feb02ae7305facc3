#include "review_json.hpp"

#include <algorithm>
#include <set>

#include <bloodcell/report/differential_report.hpp>

namespace bloodcell::serve {

using nlohmann::ordered_json;

ordered_json to_json(const review::Summary& of) {
  return {{"case", of.key},
          {"name", of.name},
          {"created", of.created},
          {"labels", of.labels},
          {"revision", of.revision},
          {"is_signed", of.is_signed},
          {"signed_by", of.signed_by},
          {"signed_at", of.signed_at},
          {"pictures", of.pictures},
          {"cells", of.cells},
          {"unidentified", of.unidentified}};
}

ordered_json to_json(const review::Picture& picture) {
  return {{"picture", picture.id},     {"name", picture.name},   {"sha256", picture.sha256},
          {"type", picture.type},      {"bytes", picture.bytes}, {"model", picture.model},
          {"is_kept", picture.is_kept}};
}

ordered_json to_json(const review::Cell& cell, const std::vector<std::string>& labels) {
  auto probabilities = ordered_json::object();
  for (std::size_t i = 0; i < std::min(labels.size(), cell.probabilities.size()); ++i) {
    probabilities[labels[i]] = cell.probabilities[i];
  }
  return {{"cell", cell.id},
          {"picture", cell.picture},
          {"number", cell.number},
          {"box",
           {{"x", cell.box.x},
            {"y", cell.box.y},
            {"width", cell.box.width},
            {"height", cell.box.height}}},
          {"said", cell.said},
          {"class", cell.name},
          {"guess", cell.guess},
          {"confidence", cell.confidence},
          {"message", cell.message},
          {"probabilities", probabilities}};
}

ordered_json to_json(const review::Entry& entry) {
  ordered_json told{{"number", entry.number},      {"at", entry.at},         {"who", entry.who},
                    {"what", name_of(entry.deed)}, {"before", entry.before}, {"after", entry.after},
                    {"note", entry.note},          {"hash", entry.hash}};
  if (entry.subject != 0) told["subject"] = entry.subject;
  if (entry.of != 0) told["of"] = entry.of;
  return told;
}

Result<ordered_json> count_json(const differential::Counts& counts,
                                const differential::Settings& settings, std::string_view name,
                                std::string_view model) {
  report::CountedPatient patient;
  patient.name = name;
  patient.model = model;
  patient.ranges_source = settings.ranges_source;
  BC_ASSIGN(patient.count, differential::differentiate(counts, settings));
  return report::to_json(patient);
}

Result<ordered_json> counts_of(const review::Case& of, const differential::Settings& settings) {
  std::set<std::string> models;
  for (const auto& picture : of.pictures) models.insert(picture.model);
  std::string model;
  for (const auto& one : models) model += (model.empty() ? "" : ", ") + one;
  const auto count = [&](const review::Tally& tally) {
    return count_json(
        {of.summary.labels, tally.identified, tally.unidentified, of.summary.pictures}, settings,
        of.summary.name, model);
  };
  BC_ASSIGN(auto before, count(of.said()));
  BC_ASSIGN(auto after, count(of.now()));
  return ordered_json{{"before", std::move(before)}, {"after", std::move(after)}};
}

}  // namespace bloodcell::serve
