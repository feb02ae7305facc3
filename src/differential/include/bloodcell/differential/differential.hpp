// The differential count: what share of a patient's white cells each class is, how sure that is,
// and what it would be without the classifier's own confusions. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <bloodcell/base/result.hpp>
#include <bloodcell/metrics/classification.hpp>
#include <bloodcell/metrics/intervals.hpp>

namespace bloodcell::differential {

// All cells of all fields of one patient.
struct Counts {
  std::vector<std::string> labels;
  std::vector<std::uint64_t> identified;  // of each label
  std::uint64_t unidentified = 0;         // cells that were found but not trusted
  std::uint64_t fields = 0;               // pictures they come from
  // Whole cells found in each field; used where all pictures are fields.
  std::vector<std::uint64_t> red_of_field{};
  std::vector<std::uint64_t> platelets_of_field{};
};

struct ReferenceRange {
  std::string label;
  double low_percent = 0;
  double high_percent = 100;
};

struct Settings {
  // Counted beside 100 white cells, not among them.
  std::vector<std::string> not_white{"erythroblast", "platelet"};
  std::vector<ReferenceRange> ranges;
  std::string ranges_source;            // whose they are
  std::optional<double> red_per_litre;  // ×10¹²/l, of a haemocytometer: turns ratios into counts
  std::uint64_t seed = 42;              // of the bootstrap
  int draws = 1000;
};

enum class Placed {
  no_range,
  below,    // the whole interval lies below the range
  within,   // the whole interval lies in it
  unclear,  // the interval reaches across an end of it: more cells would tell
  above,
};

struct WhiteClass {
  std::string label;
  std::uint64_t count = 0;
  double share = 0;                 // of the identified white cells, 0 … 1
  metrics::Interval interval;       // exact binomial, Clopper and Pearson (1934): Rümke's table
  std::optional<double> corrected;  // share without the classifier's confusions
  metrics::Interval corrected_interval;  // bootstrap of cells and confusions
  std::optional<ReferenceRange> range;
  Placed placed = Placed::no_range;
};

struct OtherClass {
  std::string label;
  std::uint64_t count = 0;
  double per_100_white = 0;
};

// Cells of one kind over the fields. A smear is no counting chamber: how many lie in a field
// depends on its thickness and on the magnification, so only ratios to red cells become counts.
struct FieldCount {
  double mean = 0;
  std::uint64_t fewest = 0;
  std::uint64_t most = 0;
};

struct FieldEstimates {
  std::uint64_t fields = 0;
  FieldCount red;
  FieldCount platelets;
  double white_per_1000_red = 0;      // identified or not
  double platelets_per_1000_red = 0;  // Fonio (1912)
  // ×10⁹/l, where Settings::red_per_litre is known and red cells were found.
  std::optional<double> white_per_litre;
  std::optional<double> platelets_per_litre;
};

struct Differential {
  std::uint64_t white = 0;  // identified white cells: the whole of the shares
  std::uint64_t unidentified = 0;
  std::uint64_t fields = 0;
  std::vector<WhiteClass> classes;
  std::vector<OtherClass> others;
  std::optional<FieldEstimates> estimates;  // where the cells of fields were counted
  std::vector<std::string> warnings;        // sentences for people
};

// The least count that a differential is read from (CLSI H20-A2 asks 200 by each of two examiners).
inline constexpr std::uint64_t kFewestCells = 100;

// confusion: [truth][said] over the same labels, from cells of known class; without it nothing is
// corrected. Errors: mismatch (sizes that differ), usage (no label is a white cell's).
[[nodiscard]] Result<Differential> differentiate(
    const Counts& counts, const Settings& settings,
    const std::optional<metrics::ConfusionMatrix>& confusion = std::nullopt);

// The shares of the truth most likely to give `said` (counts, any scale) when a cell of class t is
// called s with probability rates[t][s]: Rogan and Gladen's correction (1978) for many classes,
// kept within 0 … 1 by maximising the likelihood (EM; Saerens et al. 2002). All zero for no cells.
[[nodiscard]] std::vector<double> corrected_shares(const std::vector<double>& said,
                                                   const std::vector<std::vector<double>>& rates);

// label,count,percent,low,high,corrected,corrected_low,corrected_high,range_low,range_high,placed
[[nodiscard]] std::string to_csv(const Differential& differential);

[[nodiscard]] std::string_view name_of(Placed placed);

}  // namespace bloodcell::differential
