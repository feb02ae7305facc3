#include <verbs/profile_table.hpp>

#include <ostream>

#include <bloodcell/cli/table.hpp>

namespace bloodcell::cli {

void print_profile(std::ostream& out, const predict::Totals& totals, double open_seconds,
                   double run_seconds) {
  const double all = totals.times.total();
  const auto read = totals.files - totals.errors;
  Table table({"stage", ">ms a picture", ">share"});
  for (std::size_t i = 0; read > 0 && all > 0 && i < predict::kStageNames.size(); ++i) {
    const double seconds = totals.times.seconds[i];
    table.row({std::string(predict::kStageNames[i]),
               fmt::format("{:.3f}", 1e3 * seconds / static_cast<double>(read)),
               fmt::format("{:.1f} %", 100 * seconds / all)});
  }
  if (read > 0) {
    table.row({"all", fmt::format("{:.3f}", 1e3 * all / static_cast<double>(read)), ""});
  }
  table.print(out);
  out << fmt::format("\nopening the model: {:.1f} ms; then {} pictures, {} cells in {:.3f} s\n",
                     1e3 * open_seconds, read, totals.cells, run_seconds);
}

}  // namespace bloodcell::cli
