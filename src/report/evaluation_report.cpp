#include <bloodcell/report/evaluation_report.hpp>

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include <bloodcell/base/csv.hpp>
#include <bloodcell/metrics/curves.hpp>
#include <bloodcell/report/differential_report.hpp>
#include <bloodcell/report/html.hpp>

namespace bloodcell::report {

namespace {

constexpr std::size_t kListed = 20;  // families in the table of the worst
constexpr std::array kCoverages{1.0, 0.95, 0.9, 0.8, 0.5};

std::string percent(double share) { return fmt::format("{:.1f} %", 100 * share); }

std::string between(const metrics::Interval& interval) {
  return fmt::format("{:.1f} – {:.1f}", 100 * interval.low, 100 * interval.high);
}

std::string area(const std::optional<double>& value) {
  return value ? fmt::format("{:.4f}", *value) : "–";
}

// Figures of plots by name, each with the sentence that explains it.
class Figures {
 public:
  explicit Figures(const JudgedModel& judged) : plots_(plots_of(judged)) {}

  [[nodiscard]] std::string of(std::string_view name, std::string_view sentence) const {
    const auto plot =
        std::find_if(plots_.begin(), plots_.end(), [&](const auto& p) { return p.name == name; });
    return figure(plot->svg, sentence);
  }

 private:
  std::vector<Plot> plots_;
};

std::string head(const JudgedModel& judged) {
  const auto& report = judged.report;
  const auto at90 = metrics::at_coverage(metrics::coverage_curve(judged.table), 0.9);
  return paragraph(kResearchUse) +
         facts({{percent(report.image_accuracy.value), "accuracy, images"},
                {between(report.image_accuracy.interval), "its 95 % interval, percent"},
                {percent(report.family_accuracy_mean.value), "accuracy, families"},
                {fmt::format("{:.3f}", report.macro.f1), "macro F1"},
                {fmt::format("{:.4f}", report.calibration_error), "calibration error"},
                {percent(at90->accuracy), "accuracy, surest 90 %"},
                {fmt::format("{}", judged.table.rows.size()), "images"},
                {fmt::format("{}", report.family_accuracy_mean.of),
                 judged.families_known ? "families" : "families (unknown: one an image)"}});
}

std::string classes_section(const JudgedModel& judged) {
  Table table{"Figures of each class; recall with its 95 % interval over families",
              {"class", ">images", ">families", ">precision", ">recall", ">95 % of recall", ">F1",
               ">ROC area", ">average precision"},
              {}};
  for (std::size_t c = 0; c < judged.report.classes.size(); ++c) {
    const auto& of = judged.report.classes[c];
    const bool occurs = of.support > 0;
    table.rows.push_back({escape(of.label), fmt::format("{}", of.support),
                          fmt::format("{}", of.families), percent(of.precision),
                          occurs ? percent(of.recall) : "–",
                          occurs ? between(of.recall_interval) : "–", fmt::format("{:.3f}", of.f1),
                          area(metrics::roc_of(judged.table, c).area),
                          area(metrics::precision_recall_of(judged.table, c).average_precision)});
  }
  return to_html(table) +
         paragraph(
             "Precision: of the images called so, those that are. Recall: of the images that are, "
             "those called so. F1 is the harmonic mean of the two. A family is all pictures of one "
             "cell or field: copies of a cell are no further evidence, so intervals draw whole "
             "families.");
}

std::string coverage_table(const JudgedModel& judged) {
  Table table{"What one gains by leaving doubtful images to a person",
              {"images kept", ">accuracy", ">least confidence"},
              {}};
  const auto curve = metrics::coverage_curve(judged.table);
  for (const double coverage : kCoverages) {
    const auto point = metrics::at_coverage(curve, coverage);
    table.rows.push_back({percent(point->coverage), fmt::format("{:.2f} %", 100 * point->accuracy),
                          fmt::format("{:.3f}", point->threshold)});
  }
  return to_html(table);
}

std::string sources_section(const JudgedModel& judged) {
  Table table{"Accuracy by source, with its 95 % interval over families",
              {"source", ">images", ">families", ">accuracy", ">95 %", ">balanced accuracy"},
              {}};
  for (const auto& of : judged.sources) {
    table.rows.push_back({of.source.empty() ? "not named" : escape(of.source),
                          fmt::format("{}", of.accuracy.of), fmt::format("{}", of.families),
                          percent(of.accuracy.value), between(of.accuracy.interval),
                          percent(of.balanced_accuracy)});
  }
  return to_html(table) +
         paragraph(
             "A source is a laboratory or a published set. A network that reads one need not "
             "read the next: look at each.");
}

std::string families_section(const JudgedModel& judged) {
  const auto families = metrics::figures_by_family(judged.table);
  Table table{"Families with wrong images, the worst first",
              {"family", "truth", "by mean probability", ">right", ">images"},
              {}};
  std::size_t wrong = 0;
  for (const auto& of : families) {
    if (of.right == of.rows.size()) continue;
    if (++wrong > kListed) continue;
    table.rows.push_back({breakable(of.family),
                          escape(judged.report.labels[static_cast<std::size_t>(of.truth)]),
                          escape(judged.report.labels[static_cast<std::size_t>(of.by_mean)]),
                          fmt::format("{}", of.right), fmt::format("{}", of.rows.size())});
  }
  const std::string summary =
      fmt::format("{} of {} families have a wrong image{}.", wrong, families.size(),
                  wrong > kListed ? fmt::format("; {} are listed", kListed) : "");
  return paragraph(summary) + (wrong > 0 ? to_html(table) : "");
}

Result<std::string> cells(const JudgedModel& judged, const std::vector<ShownCell>& shown) {
  std::vector<std::string> figures;
  for (const auto& cell : shown) {
    const auto& row = judged.table.rows[cell.row];
    const auto& truth = judged.report.labels[static_cast<std::size_t>(row.truth)];
    const auto& said = judged.report.labels[static_cast<std::size_t>(row.predicted())];
    const std::string named = row.truth == row.predicted()
                                  ? fmt::format("{}, called so", truth)
                                  : fmt::format("{}, called {}", truth, said);
    BC_ASSIGN(const auto html, picture(cell.picture, named, 120));
    figures.push_back(
        figure(html, fmt::format("{} at {} ({})", named, percent(row.confidence()), row.file)));
  }
  return figures.empty() ? paragraph("None.") : gallery(figures);
}

std::string comparison_section(const JudgedModel& judged) {
  const auto& compared = *judged.comparison;
  Table table{
      fmt::format("Against {}, on the {} files that both judged", judged.reference, compared.rows),
      {"figure", ">value"},
      {{"accuracy of this model", percent(compared.accuracy)},
       {"accuracy of the reference", percent(compared.reference_accuracy)},
       {"difference in points, 95 %", between(compared.difference)},
       {"families only this model gets right", fmt::format("{}", compared.only_this)},
       {"families only the reference gets right", fmt::format("{}", compared.only_reference)},
       {"p of McNemar's exact test", fmt::format("{:.3g}", compared.p_value)}}};
  return to_html(table) +
         paragraph(
             "A small p says that two equally good models would seldom differ so much. It "
             "counts families, not copies.");
}

}  // namespace

Result<std::string> page_of(const JudgedModel& judged) {
  const Figures plots(judged);
  Page page(fmt::format("{} on {}", judged.model, judged.data),
            "How well the model names the cells of this set, how sure one can be of that, and "
            "where it errs.");
  page.add(head(judged));
  page.section("Classes", classes_section(judged));
  page.section(
      "Confusion",
      grid({plots.of("confusion",
                     "Each row holds the images of one true class, by what the model "
                     "called them. Right answers lie on the diagonal."),
            plots.of("confusion-normalised",
                     "The same as percent of each row: what becomes of a cell of that class.")}));
  page.section("Thresholds",
               grid({plots.of("roc",
                              "How many of a class are found, against how many others are called "
                              "so, for every threshold. The dashed line is guessing."),
                     plots.of("precision-recall",
                              "How clean the answers stay as more of a class are "
                              "found. Upper right is perfect.")}));
  page.section("Trust",
               grid({plots.of("reliability",
                              "Images in bins of confidence. On the dashed line confidence "
                              "means what it says; below it the model is too sure. Beneath, how "
                              "many images a bin holds."),
                     plots.of("coverage",
                              "Accuracy if only the most confident share of the images is "
                              "answered and the rest left to a person.")}) +
                   coverage_table(judged));
  page.section("Sources", sources_section(judged));
  page.section("Families", families_section(judged));
  if (judged.comparison) page.section("Comparison", comparison_section(judged));
  if (!judged.history.empty()) {
    page.section("Learning", grid({plots.of("learning-loss",
                                            "Loss by epoch. Validation rising while training "
                                            "falls is learning by heart."),
                                   plots.of("learning-accuracy", "Accuracy of images by epoch.")}));
  }
  BC_ASSIGN(const auto mistakes, cells(judged, judged.mistakes));
  page.section("The most confident mistakes", mistakes);
  BC_ASSIGN(const auto samples, cells(judged, judged.samples));
  page.section("Sample predictions", samples);
  return page.text();
}

nlohmann::ordered_json curves_to_json(const JudgedModel& judged) {
  using nlohmann::ordered_json;
  ordered_json document;
  const auto optional = [](const std::optional<double>& value) {
    return value ? ordered_json(*value) : ordered_json();
  };
  for (std::size_t c = 0; c < judged.report.labels.size(); ++c) {
    document["classes"].push_back(
        {{"label", judged.report.labels[c]},
         {"roc_auc", optional(metrics::roc_of(judged.table, c).area)},
         {"average_precision",
          optional(metrics::precision_recall_of(judged.table, c).average_precision)}});
  }
  for (const auto& bin : metrics::reliability_of(judged.table)) {
    document["reliability"].push_back({{"low", bin.low},
                                       {"high", bin.high},
                                       {"images", bin.images},
                                       {"mean_confidence", bin.mean_confidence},
                                       {"accuracy", bin.accuracy},
                                       {"interval_95", {bin.interval.low, bin.interval.high}}});
  }
  const auto curve = metrics::coverage_curve(judged.table);
  for (const double coverage : kCoverages) {
    const auto point = metrics::at_coverage(curve, coverage);
    document["coverage"].push_back({{"coverage", point->coverage},
                                    {"accuracy", point->accuracy},
                                    {"least_confidence", point->threshold}});
  }
  document["area_under_risk"] = metrics::area_under_risk(judged.table);
  for (const auto& of : judged.sources) {
    document["sources"].push_back(
        {{"source", of.source},
         {"images", of.accuracy.of},
         {"families", of.families},
         {"accuracy", of.accuracy.value},
         {"interval_95", {of.accuracy.interval.low, of.accuracy.interval.high}},
         {"balanced_accuracy", of.balanced_accuracy}});
  }
  if (judged.comparison) {
    const auto& of = *judged.comparison;
    document["comparison"] = {{"reference", judged.reference},
                              {"images", of.rows},
                              {"families", of.families},
                              {"accuracy", of.accuracy},
                              {"reference_accuracy", of.reference_accuracy},
                              {"difference_95", {of.difference.low, of.difference.high}},
                              {"families_only_this", of.only_this},
                              {"families_only_reference", of.only_reference},
                              {"mcnemar_p", of.p_value}};
  }
  return document;
}

std::string classes_to_csv(const JudgedModel& judged) {
  std::string text = csv_row(std::vector<std::string>{"label", "images", "families", "precision",
                                                      "recall", "recall_low", "recall_high", "f1",
                                                      "roc_auc", "average_precision"});
  const auto field = [](const std::optional<double>& value) {
    return value ? fmt::format("{:.6f}", *value) : std::string();
  };
  for (std::size_t c = 0; c < judged.report.classes.size(); ++c) {
    const auto& of = judged.report.classes[c];
    text += csv_row(std::vector<std::string>{
        of.label, fmt::format("{}", of.support), fmt::format("{}", of.families),
        field(of.precision), field(of.recall), field(of.recall_interval.low),
        field(of.recall_interval.high), field(of.f1), field(metrics::roc_of(judged.table, c).area),
        field(metrics::precision_recall_of(judged.table, c).average_precision)});
  }
  return text;
}

}  // namespace bloodcell::report
