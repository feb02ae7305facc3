// The plots of study_report.hpp. Each is empty where there is nothing to show.
#pragma once

#include <string>
#include <vector>

#include <bloodcell/report/study_report.hpp>

namespace bloodcell::report {

[[nodiscard]] std::string history_plot(const SearchedStudy& study);
[[nodiscard]] std::string reports_plot(const SearchedStudy& study);
[[nodiscard]] std::string importance_plot(const SearchedStudy& study);
[[nodiscard]] std::vector<std::string> slice_plots(const SearchedStudy& study);
[[nodiscard]] std::string pair_plot(const SearchedStudy& study);
[[nodiscard]] std::string parallel_plot(const SearchedStudy& study);
// What its axes are: `1 learning_rate, 2 …`.
[[nodiscard]] std::string parallel_names(const SearchedStudy& study);
[[nodiscard]] std::string front_plot(const SearchedStudy& study);
[[nodiscard]] std::string timeline_plot(const SearchedStudy& study);

}  // namespace bloodcell::report
