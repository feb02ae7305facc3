#include <bloodcell/report/comparison.hpp>

#include <algorithm>

#include <fmt/format.h>

#include <bloodcell/base/csv.hpp>
#include <bloodcell/report/curve_svg.hpp>
#include <bloodcell/report/html.hpp>

namespace bloodcell::report {
namespace {

std::string percent(double share) { return fmt::format("{:.1f}", 100 * share); }

std::string between(const metrics::Interval& interval) {
  return fmt::format("{:.1f} – {:.1f}", 100 * interval.low, 100 * interval.high);
}

std::string known(double value, const char* format) {
  return value > 0 ? fmt::format(fmt::runtime(format), value) : std::string("–");
}

std::string leaderboard(const std::vector<ComparedRun>& runs) {
  Table table;
  table.caption = "Best epoch of each run, judged on its validation pictures";
  table.columns = {"run",    "network",      ">input",       ">epoch",     ">families, %",
                   ">95 %",  ">images, %",   ">macro F1",    ">loss",      ">parameters, M",
                   ">GFLOP", ">weights, MB", ">latency, ms", ">trained, s"};
  for (const auto& run : runs) {
    table.rows.push_back({breakable(run.name), escape(run.architecture),
                          fmt::format("{}×{}", run.width_px, run.height_px),
                          fmt::format("{} of {}", run.best.epoch, run.history.size()),
                          percent(run.best.validation_family_accuracy),
                          between(run.family_interval), percent(run.best.validation_accuracy),
                          fmt::format("{:.3f}", run.best.validation_macro_f1),
                          fmt::format("{:.4f}", run.best.validation_loss),
                          known(static_cast<double>(run.parameters) / 1e6, "{:.2f}"),
                          known(static_cast<double>(run.flops) / 1e9, "{:.3f}"),
                          known(static_cast<double>(run.weight_bytes) / 1e6, "{:.1f}"),
                          known(run.latency_ms, "{:.2f}"), fmt::format("{:.0f}", run.seconds)});
  }
  return to_html(table);
}

CurvePlot plot_of(const std::vector<ComparedRun>& runs, const char* title, const char* axis,
                  double ComparedEpoch::* figure, bool is_share) {
  CurvePlot plot;
  plot.title = title;
  plot.x_axis = "epoch";
  plot.y_axis = axis;
  plot.x_low = 0;
  double highest = 0;
  for (const auto& run : runs) {
    auto& curve = plot.curves.emplace_back();
    curve.name = run.name;
    curve.dots = run.history.size() == 1;
    for (const auto& epoch : run.history) {
      curve.points.push_back({static_cast<double>(epoch.epoch), epoch.*figure});
      highest = std::max(highest, epoch.*figure);
    }
    plot.x_high = std::max(plot.x_high, static_cast<double>(run.history.back().epoch));
  }
  plot.y_high = is_share || highest <= 0 ? 1 : highest;
  return plot;
}

}  // namespace

void sort_by_accuracy(std::vector<ComparedRun>& runs) {
  std::stable_sort(runs.begin(), runs.end(), [](const auto& a, const auto& b) {
    if (a.best.validation_family_accuracy != b.best.validation_family_accuracy) {
      return a.best.validation_family_accuracy > b.best.validation_family_accuracy;
    }
    return a.best.validation_accuracy > b.best.validation_accuracy;
  });
}

bool have_the_same_judges(const std::vector<ComparedRun>& runs) {
  return std::all_of(runs.begin(), runs.end(),
                     [&](const auto& run) { return run.judges == runs.front().judges; });
}

std::string to_csv(const std::vector<ComparedRun>& runs) {
  const auto number = [](double value) { return fmt::format("{:.9g}", value); };
  const std::vector<std::string> columns{"run",
                                         "architecture",
                                         "width_px",
                                         "height_px",
                                         "epochs",
                                         "best_epoch",
                                         "family_accuracy",
                                         "family_accuracy_low",
                                         "family_accuracy_high",
                                         "validation_families",
                                         "image_accuracy",
                                         "validation_images",
                                         "macro_f1",
                                         "validation_loss",
                                         "parameters",
                                         "flops",
                                         "weight_bytes",
                                         "latency_ms",
                                         "seconds",
                                         "judges"};
  std::string text = csv_row(columns);
  for (const auto& run : runs) {
    const std::vector<std::string> fields{run.name,
                                          run.architecture,
                                          std::to_string(run.width_px),
                                          std::to_string(run.height_px),
                                          std::to_string(run.history.size()),
                                          std::to_string(run.best.epoch),
                                          number(run.best.validation_family_accuracy),
                                          number(run.family_interval.low),
                                          number(run.family_interval.high),
                                          std::to_string(run.validation_families),
                                          number(run.best.validation_accuracy),
                                          std::to_string(run.validation_images),
                                          number(run.best.validation_macro_f1),
                                          number(run.best.validation_loss),
                                          std::to_string(run.parameters),
                                          std::to_string(run.flops),
                                          std::to_string(run.weight_bytes),
                                          number(run.latency_ms),
                                          number(run.seconds),
                                          run.judges};
    text += csv_row(fields);
  }
  return text;
}

std::string comparison_page(const std::vector<ComparedRun>& runs) {
  Page page("Training runs compared", fmt::format("{} runs, best first.", runs.size()));
  if (!have_the_same_judges(runs)) {
    page.add(
        paragraph("These runs were not judged on the same pictures: their figures cannot be "
                  "held against each other."));
  }
  page.section("Leaderboard", leaderboard(runs));
  const auto drawn = [&](const char* title, const char* axis, double ComparedEpoch::* figure_of,
                         bool is_share, const char* sentence) {
    return figure(to_svg(plot_of(runs, title, axis, figure_of, is_share)), sentence);
  };
  page.section(
      "Curves",
      grid({drawn(
                "Validation loss", "cross entropy", &ComparedEpoch::validation_loss, false,
                "Lower is better; where it rises again, the network learns its pictures by heart."),
            drawn("Training loss", "cross entropy", &ComparedEpoch::train_loss, false,
                  "With smoothing, mixing and augmentation as each run was given."),
            drawn("Families right", "share", &ComparedEpoch::validation_family_accuracy, true,
                  "By the mean probability over a family's pictures."),
            drawn("Images right", "share", &ComparedEpoch::validation_accuracy, true,
                  "Copies of one cell count as often as there are.")}));
  return page.text();
}

}  // namespace bloodcell::report
