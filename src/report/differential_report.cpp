#include <bloodcell/report/differential_report.hpp>

#include <algorithm>

#include <fmt/format.h>

#include <bloodcell/report/html.hpp>
#include <bloodcell/report/svg.hpp>

#include "differential_words.hpp"

namespace bloodcell::report {

namespace {

using differential::Differential;
using differential::Placed;
using differential::WhiteClass;

std::string head(const CountedPatient& patient) {
  const auto& count = patient.count;
  std::string html = paragraph(kResearchUse);
  html += facts({{fmt::format("{}", count.white), "white cells identified",
                  count.white < differential::kFewestCells},
                 {fmt::format("{}", count.unidentified), "unidentified"},
                 {fmt::format("{}", count.fields), "pictures"}});
  for (const auto& warning : count.warnings) html += paragraph("Note: " + warning);
  return html;
}

std::string count_section(const CountedPatient& patient) {
  const ClassTable classes = class_table(patient.count);
  Table table{"White cells, percent of those identified", classes.columns, classes.rows};
  for (auto& row : table.rows) row.front() = escape(row.front());
  std::string html = to_html(table);
  html += paragraph(kAboutInterval + about_labels(patient.count));
  if (classes.is_corrected) html += paragraph(kAboutCorrection);
  if (classes.has_ranges) html += paragraph(about_ranges(patient.ranges_source));
  return html;
}

std::string chart(const CountedPatient& patient) {
  BoxPlot plot{"Share of each class", "percent of identified white cells", {}};
  for (const auto& of : patient.count.classes) {
    const double share = 100 * of.share;
    plot.rows.push_back(
        {of.label, 100 * of.interval.low, share, share, share, 100 * of.interval.high, share});
  }
  return figure(to_svg(plot), "Dot: the share; whiskers: its 95 % interval.");
}

std::string others_section(const Differential& count) {
  Table table{"Counted beside the white cells", {"class", ">cells", ">per 100 white cells"}, {}};
  for (const auto& of : count.others) {
    table.rows.push_back(
        {escape(of.label), fmt::format("{}", of.count), fmt::format("{:.1f}", of.per_100_white)});
  }
  return to_html(table);
}

std::string estimates_section(const differential::FieldEstimates& estimates) {
  Table table{"Red cells and platelets of the fields", {"figure", ">value"}, {}};
  for (const auto& [name, value] : estimate_rows(estimates)) {
    table.rows.push_back({escape(name), escape(value)});
  }
  return to_html(table) + paragraph(kAboutEstimates);
}

Result<std::string> gallery_section(const std::vector<GalleryCell>& cells) {
  std::string html;
  for (std::size_t i = 0; i < cells.size();) {
    const auto& heading = cells[i].heading;
    std::vector<std::string> figures;
    for (; i < cells.size() && cells[i].heading == heading; ++i) {
      BC_ASSIGN(const auto shown, picture(cells[i].picture, heading, 120));
      figures.push_back(figure(shown, cells[i].caption));
    }
    html += fmt::format("<h3>{}</h3>\n{}", escape(heading), gallery(figures));
  }
  return html.empty() ? paragraph("None.") : html;
}

}  // namespace

Result<std::string> page_of(const CountedPatient& patient) {
  Page page("Differential count: " + patient.name,
            fmt::format("White cells by class, named by the model {}.", patient.model));
  page.add(head(patient));
  page.section("Count", count_section(patient) + grid({chart(patient)}));
  if (!patient.count.others.empty()) page.section("Other cells", others_section(patient.count));
  if (patient.count.estimates) {
    page.section("Fields", estimates_section(*patient.count.estimates));
  }
  BC_ASSIGN(const auto gallery, gallery_section(patient.gallery));
  page.section("Cells", gallery);
  return page.text();
}

nlohmann::ordered_json to_json(const CountedPatient& patient) {
  using nlohmann::ordered_json;
  const auto& count = patient.count;
  ordered_json document{{"format", 1},
                        {"notice", kResearchUse},
                        {"name", patient.name},
                        {"model", patient.model},
                        {"white_cells", count.white},
                        {"unidentified", count.unidentified},
                        {"pictures", count.fields},
                        {"classes", ordered_json::array()},
                        {"others", ordered_json::array()},
                        {"ranges_source", patient.ranges_source},
                        {"warnings", count.warnings}};
  for (const auto& of : count.classes) {
    ordered_json item{{"label", of.label},
                      {"count", of.count},
                      {"share", of.share},
                      {"interval_95", {of.interval.low, of.interval.high}}};
    if (of.corrected) {
      item["corrected"] = *of.corrected;
      item["corrected_interval_95"] = {of.corrected_interval.low, of.corrected_interval.high};
    }
    if (of.range) {
      item["range_percent"] = {of.range->low_percent, of.range->high_percent};
      item["placed"] = differential::name_of(of.placed);
    }
    document["classes"].push_back(std::move(item));
  }
  for (const auto& of : count.others) {
    document["others"].push_back(
        {{"label", of.label}, {"count", of.count}, {"per_100_white_cells", of.per_100_white}});
  }
  if (count.estimates) {
    const auto cells = [](const differential::FieldCount& of) -> ordered_json {
      return {{"mean", of.mean}, {"fewest", of.fewest}, {"most", of.most}};
    };
    auto& estimates = document["estimates"];
    estimates = {{"fields", count.estimates->fields},
                 {"red_a_field", cells(count.estimates->red)},
                 {"platelets_a_field", cells(count.estimates->platelets)},
                 {"white_per_1000_red", count.estimates->white_per_1000_red},
                 {"platelets_per_1000_red", count.estimates->platelets_per_1000_red}};
    if (count.estimates->white_per_litre) {
      estimates["white_1e9_per_litre"] = *count.estimates->white_per_litre;
      estimates["platelets_1e9_per_litre"] = *count.estimates->platelets_per_litre;
    }
  }
  return document;
}

}  // namespace bloodcell::report
