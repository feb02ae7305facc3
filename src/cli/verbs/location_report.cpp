#include <verbs/location_report.hpp>

#include <filesystem>
#include <sstream>

#include <fmt/ranges.h>

#include <answer.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/cli/table.hpp>
#include <bloodcell/locate/judge.hpp>
#include <bloodcell/locate/nucleus_judge.hpp>
#include <bloodcell/metrics/intervals.hpp>

namespace bloodcell::cli {

namespace {

namespace fs = std::filesystem;

// Names of other sets in the list are passed over.
Result<std::vector<std::string>> names_in(const std::string& list, const fs::path& set,
                                          const Limits& limits) {
  BC_ASSIGN(const auto text, read_text(list, limits.max_file_bytes));
  const fs::path folder = fs::absolute(set).lexically_normal();
  const fs::path name = folder.has_filename() ? folder.filename() : folder.parent_path().filename();
  const std::string prefix = name.string() + "/";
  std::vector<std::string> names;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(prefix)) {
      names.push_back(line.substr(prefix.size()));
    } else if (!line.empty() && line.find('/') == std::string::npos) {
      names.push_back(line);
    }
  }
  if (!names.empty()) return names;
  return fail(ErrorCode::usage, fmt::format("names no file of {}", set.string()), list);
}

// Empty where no list is given: all.
Result<std::vector<std::string>> names_wanted(const std::string& list, const fs::path& set,
                                              const Limits& limits) {
  if (list.empty()) return std::vector<std::string>{};
  return names_in(list, set, limits);
}

std::string share(std::int64_t of, std::int64_t all) {
  if (all == 0) return "–";
  const auto interval =
      metrics::wilson(static_cast<std::uint64_t>(of), static_cast<std::uint64_t>(all));
  return fmt::format("{:.1f} %  ({:.1f}–{:.1f})",
                     100 * static_cast<double>(of) / static_cast<double>(all), 100 * interval.low,
                     100 * interval.high);
}

void print(std::ostream& out, const locate::Judgement& judgement) {
  Table table({"kind", ">drawn", ">found", ">recall (95 %)", ">precision (95 %)"});
  for (std::size_t k = 0; k < smear::kKinds; ++k) {
    const auto& m = judgement.kinds[k];
    table.row({std::string(smear::kKindNames[k]), with_commas(m.drawn), with_commas(m.found),
               share(m.matched, m.drawn), share(m.matched, m.found)});
  }
  table.print(out);
  out << fmt::format("{} fields; a kind counts in those that have a drawn box of it.\n",
                     judgement.fields);
  if (judgement.red_count_ratio > 0) {
    out << fmt::format("Red cells found to drawn, mean over fields: {:.3f}; mean error {:.1f} %.\n",
                       judgement.red_count_ratio, 100 * judgement.red_count_error);
  }
  if (!judgement.missed.empty()) {
    out << fmt::format("White cells missed in: {}\n", fmt::join(judgement.missed, ", "));
  }
  if (!judgement.extra.empty()) {
    out << fmt::format("White cells not drawn in: {}\n", fmt::join(judgement.extra, ", "));
  }
}

nlohmann::ordered_json document_of(const std::string& set, const locate::Judgement& judgement) {
  nlohmann::ordered_json kinds = nlohmann::ordered_json::array();
  for (std::size_t k = 0; k < smear::kKinds; ++k) {
    const auto& m = judgement.kinds[k];
    kinds.push_back({{"kind", smear::kKindNames[k]},
                     {"drawn", m.drawn},
                     {"found", m.found},
                     {"matched", m.matched},
                     {"recall", m.recall()},
                     {"precision", m.precision()}});
  }
  return {{"set", set},
          {"fields", judgement.fields},
          {"least_overlap", 0.5},
          {"kinds", kinds},
          {"red_count_ratio", judgement.red_count_ratio},
          {"red_count_error", judgement.red_count_error},
          {"missed", judgement.missed},
          {"not_drawn", judgement.extra}};
}

}  // namespace

Result<int> report_location(const Job& job, const locate::Locator& locator, const std::string& set,
                            const std::string& only) {
  BC_ASSIGN(const auto names, names_wanted(only, set, job.context.limits));
  BC_ASSIGN(const auto judgement, locate::judge(job.context, locator, set, names));
  if (job.json) {
    job.terminal.out << to_text(document_of(set, judgement));
  } else {
    print(job.terminal.out, judgement);
  }
  return 0;
}

Result<int> report_nuclei(const Job& job, const locate::Locator& locator, const std::string& set,
                          const std::string& only) {
  BC_ASSIGN(const auto names, names_wanted(only, set, job.context.limits));
  BC_ASSIGN(const auto judgement, locate::judge_nuclei(job.context, locator, set, names));
  if (job.json) {
    nlohmann::ordered_json cells = nlohmann::ordered_json::array();
    for (const auto& cell : judgement.cells) {
      cells.push_back({{"file", cell.file},
                       {"dice_in_drawn_box", cell.dice_in_drawn_box},
                       {"dice_in_found_box", cell.dice_in_found_box}});
    }
    job.terminal.out << to_text({{"set", set},
                                 {"located", judgement.located},
                                 {"mean_dice_in_drawn_boxes", judgement.mean_in_drawn_boxes},
                                 {"mean_dice_in_found_boxes", judgement.mean_in_found_boxes},
                                 {"cells", cells}});
    return 0;
  }
  job.terminal.out << fmt::format(
      "{} cells, {} of them located\n"
      "Dice of the nucleus in the drawn box, mean:  {:.4f}\n"
      "Dice of the nucleus in the found box, mean:  {:.4f}  (0 for a cell not located)\n",
      judgement.cells.size(), judgement.located, judgement.mean_in_drawn_boxes,
      judgement.mean_in_found_boxes);
  return 0;
}

}  // namespace bloodcell::cli
