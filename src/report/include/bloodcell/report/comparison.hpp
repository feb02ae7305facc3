// Training runs side by side: a leaderboard and their curves. A run is read from its folder alone.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <bloodcell/base/limits.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/metrics/intervals.hpp>

namespace bloodcell::report {

struct ComparedEpoch {
  int epoch = 0;
  double train_loss = 0;
  double validation_loss = 0;
  double validation_accuracy = 0;
  double validation_family_accuracy = 0;
  double validation_macro_f1 = 0;
  double seconds = 0;
};

// What of a new head decides its size; the fields are those of the run's configuration.
struct ComparedHead {
  std::string kind = "own";  // the architecture's; else `pooled`, `flat`
  int layers = 0;
  int width = 0;
  bool batch_norm = false;
};

struct ComparedRun {
  std::string name;  // as it was given
  std::string architecture;
  ComparedHead head;
  int width_px = 0;
  int height_px = 0;
  std::vector<std::string> labels;
  std::string judges;  // hash of who watches; runs with another one are not comparable
  std::size_t validation_images = 0;
  std::size_t validation_families = 0;
  std::vector<ComparedEpoch> history;  // at least one
  ComparedEpoch best;                  // by what the run monitored
  metrics::Interval family_interval;   // Wilson, over families; of best
  double seconds = 0;                  // of all epochs
  std::uint64_t weight_bytes = 0;      // of the best weights' file
  // Filled in by those who know networks; 0: not known.
  std::int64_t parameters = 0;
  std::int64_t flops = 0;  // one image
  double latency_ms = 0;   // one image
};

// Errors: not_found (no run, or one without a finished epoch), malformed, naming file and field.
[[nodiscard]] Result<ComparedRun> read_run(const std::filesystem::path& folder,
                                           const Limits& limits);

// Best first: by the share of families right, then by that of images.
void sort_by_accuracy(std::vector<ComparedRun>& runs);

[[nodiscard]] bool have_the_same_judges(const std::vector<ComparedRun>& runs);

[[nodiscard]] std::string to_csv(const std::vector<ComparedRun>& runs);
[[nodiscard]] std::string comparison_page(const std::vector<ComparedRun>& runs);

}  // namespace bloodcell::report
