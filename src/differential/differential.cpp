#include <bloodcell/differential/differential.hpp>

#include <algorithm>

#include <bloodcell/base/csv.hpp>

#include "correction.hpp"

namespace bloodcell::differential {

namespace {

Placed place(const WhiteClass& of) {
  if (!of.range) return Placed::no_range;
  if (100 * of.interval.high < of.range->low_percent) return Placed::below;
  if (100 * of.interval.low > of.range->high_percent) return Placed::above;
  const bool is_whole_within = 100 * of.interval.low >= of.range->low_percent &&
                               100 * of.interval.high <= of.range->high_percent;
  return is_whole_within ? Placed::within : Placed::unclear;
}

std::vector<std::string> warnings_of(const Differential& done) {
  std::vector<std::string> warnings;
  if (done.white < kFewestCells) {
    warnings.push_back(fmt::format(
        "Only {} white cells were identified: under {} the shares say little; count more fields.",
        done.white, kFewestCells));
  }
  const std::uint64_t found = done.white + done.unidentified;
  if (found > 0 && 10 * done.unidentified > found) {
    warnings.push_back(
        fmt::format("{} of {} cells are unidentified: look at them, they may be of one kind.",
                    done.unidentified, found));
  }
  return warnings;
}

FieldCount field_count(const std::vector<std::uint64_t>& of_field) {
  FieldCount count{0, *std::min_element(of_field.begin(), of_field.end()),
                   *std::max_element(of_field.begin(), of_field.end())};
  for (const std::uint64_t cells : of_field) {
    count.mean += static_cast<double>(cells) / static_cast<double>(of_field.size());
  }
  return count;
}

std::optional<FieldEstimates> estimates_of(const Counts& counts, std::uint64_t white,
                                           const Settings& settings) {
  const auto& red = counts.red_of_field;
  if (red.empty() || red.size() != counts.fields ||
      red.size() != counts.platelets_of_field.size()) {
    return std::nullopt;  // not counted, or some pictures show a cell alone
  }
  FieldEstimates estimates;
  estimates.fields = red.size();
  estimates.red = field_count(red);
  estimates.platelets = field_count(counts.platelets_of_field);
  const double reds = estimates.red.mean * static_cast<double>(red.size());
  if (reds == 0) return estimates;
  const double platelets = estimates.platelets.mean * static_cast<double>(red.size());
  estimates.white_per_1000_red = 1000 * static_cast<double>(white) / reds;
  estimates.platelets_per_1000_red = 1000 * platelets / reds;
  if (settings.red_per_litre) {  // 10¹²/l of red cells, a thousandth of them: 10⁹/l
    estimates.white_per_litre = estimates.white_per_1000_red * *settings.red_per_litre;
    estimates.platelets_per_litre = estimates.platelets_per_1000_red * *settings.red_per_litre;
  }
  return estimates;
}

void add_correction(Differential& done, const std::vector<std::size_t>& white,
                    const metrics::ConfusionMatrix& confusion, const Settings& settings) {
  std::vector<double> said;
  for (const auto& of : done.classes) said.push_back(static_cast<double>(of.count));
  std::vector<std::vector<double>> among_white;
  for (const std::size_t truth : white) {
    auto& row = among_white.emplace_back();
    for (const std::size_t called : white) {
      row.push_back(static_cast<double>(confusion.counts[truth][called]));
    }
  }
  const auto corrected = correct(said, among_white, settings.seed, settings.draws);
  for (std::size_t c = 0; c < done.classes.size(); ++c) {
    done.classes[c].corrected = corrected.shares[c];
    done.classes[c].corrected_interval = corrected.intervals[c];
  }
}

}  // namespace

std::string_view name_of(Placed placed) {
  switch (placed) {
    case Placed::no_range: return "";
    case Placed::below: return "below";
    case Placed::within: return "within";
    case Placed::unclear: return "unclear";
    case Placed::above: return "above";
  }
  return "";
}

Result<Differential> differentiate(const Counts& counts, const Settings& settings,
                                   const std::optional<metrics::ConfusionMatrix>& confusion) {
  const std::size_t classes = counts.labels.size();
  if (counts.identified.size() != classes || (confusion && confusion->counts.size() != classes)) {
    return fail(ErrorCode::mismatch, "counts or confusions of other classes than the labels");
  }
  Differential done;
  done.unidentified = counts.unidentified;
  done.fields = counts.fields;
  std::vector<std::size_t> white;
  for (std::size_t c = 0; c < classes; ++c) {
    const auto& label = counts.labels[c];
    const bool is_other = std::find(settings.not_white.begin(), settings.not_white.end(), label) !=
                          settings.not_white.end();
    if (is_other) {
      done.others.push_back({label, counts.identified[c], 0});
      continue;
    }
    white.push_back(c);
    WhiteClass of;
    of.label = label;
    of.count = counts.identified[c];
    done.classes.push_back(of);
    done.white += of.count;
  }
  if (white.empty()) return fail(ErrorCode::usage, "no class of the model is a white cell's");

  const auto whole = static_cast<double>(std::max<std::uint64_t>(done.white, 1));
  for (auto& of : done.classes) {
    of.share = static_cast<double>(of.count) / whole;
    of.interval = metrics::clopper_pearson(of.count, done.white);
    for (const auto& range : settings.ranges) {
      if (range.label == of.label) of.range = range;
    }
    of.placed = place(of);
  }
  for (auto& other : done.others) {
    other.per_100_white = 100 * static_cast<double>(other.count) / whole;
  }
  if (confusion) add_correction(done, white, *confusion, settings);
  done.estimates = estimates_of(counts, done.white + done.unidentified, settings);
  done.warnings = warnings_of(done);
  return done;
}

std::string to_csv(const Differential& done) {
  std::string text = csv_row(std::vector<std::string>{
      "label", "count", "percent", "low", "high", "corrected", "corrected_low", "corrected_high",
      "range_low", "range_high", "placed"});
  const auto percent = [](double share) { return fmt::format("{:.2f}", 100 * share); };
  for (const auto& of : done.classes) {
    text += csv_row(std::vector<std::string>{
        of.label, std::to_string(of.count), percent(of.share), percent(of.interval.low),
        percent(of.interval.high), of.corrected ? percent(*of.corrected) : "",
        of.corrected ? percent(of.corrected_interval.low) : "",
        of.corrected ? percent(of.corrected_interval.high) : "",
        of.range ? fmt::format("{:g}", of.range->low_percent) : "",
        of.range ? fmt::format("{:g}", of.range->high_percent) : "",
        std::string(name_of(of.placed))});
  }
  return text;
}

}  // namespace bloodcell::differential
