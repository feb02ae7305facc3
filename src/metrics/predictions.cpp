#include <bloodcell/metrics/predictions.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include <bloodcell/base/csv.hpp>

namespace bloodcell::metrics {

namespace {

constexpr double kSumTolerance = 1e-3;
constexpr std::size_t kFirstProbability = 3;
constexpr std::string_view kSource = "source";  // after file, family, truth

tl::unexpected<Error> bad_row(std::size_t row, const std::string& why) {
  return fail(ErrorCode::malformed, fmt::format("prediction {}: {}", row + 1, why));
}

Result<double> number_from(const std::string& text, std::size_t line) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return fail(ErrorCode::malformed, fmt::format("line {}: '{}' is not a number", line, text));
  }
  return value;
}

}  // namespace

std::vector<double> softmax(std::span<const float> logits, double temperature) {
  std::vector<double> values(logits.begin(), logits.end());
  const double largest = *std::max_element(values.begin(), values.end());
  for (double& value : values) value = std::exp((value - largest) / temperature);
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  for (double& value : values) value /= sum;
  return values;
}

int Prediction::predicted() const {
  return static_cast<int>(std::max_element(probabilities.begin(), probabilities.end()) -
                          probabilities.begin());
}

double Prediction::confidence() const {
  return probabilities[static_cast<std::size_t>(predicted())];
}

Result<void> check(const PredictionTable& table) {
  const std::size_t classes = table.labels.size();
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const Prediction& row = table.rows[i];
    if (row.truth < 0 || static_cast<std::size_t>(row.truth) >= classes) {
      return bad_row(i, fmt::format("truth {} of {} classes", row.truth, classes));
    }
    if (row.probabilities.size() != classes) {
      return bad_row(
          i, fmt::format("{} probabilities for {} classes", row.probabilities.size(), classes));
    }
    if (row.family.empty()) return bad_row(i, "no family");
    double sum = 0;
    for (const double p : row.probabilities) {
      if (!(p >= 0 && p <= 1)) return bad_row(i, fmt::format("a probability of {}", p));
      sum += p;
    }
    if (std::abs(sum - 1) > kSumTolerance) {
      return bad_row(i, fmt::format("probabilities that sum to {}", sum));
    }
  }
  return {};
}

std::string to_csv(const PredictionTable& table) {
  const bool has_sources = std::any_of(table.rows.begin(), table.rows.end(),
                                       [](const auto& row) { return !row.source.empty(); });
  std::vector<std::string> fields{"file", "family", "truth"};
  if (has_sources) fields.emplace_back(kSource);
  fields.insert(fields.end(), table.labels.begin(), table.labels.end());
  std::string text = csv_row(fields);
  for (const Prediction& row : table.rows) {
    fields = {row.file, row.family, table.labels[static_cast<std::size_t>(row.truth)]};
    if (has_sources) fields.push_back(row.source);
    for (const double p : row.probabilities) fields.push_back(fmt::format("{:.9g}", p));
    text += csv_row(fields);
  }
  return text;
}

Result<PredictionTable> predictions_from_csv(std::string_view text) {
  BC_ASSIGN(const CsvTable csv, parse_csv(text));
  const bool named = csv.columns.size() > kFirstProbability && csv.columns[0] == "file" &&
                     csv.columns[1] == "family" && csv.columns[2] == "truth";
  if (!named) {
    return fail(ErrorCode::malformed, "line 1: the columns are not file,family,truth,<labels>");
  }
  const bool has_sources = csv.columns[kFirstProbability] == kSource;
  const std::size_t first = kFirstProbability + (has_sources ? 1 : 0);
  PredictionTable table;
  table.labels.assign(csv.columns.begin() + static_cast<std::ptrdiff_t>(first), csv.columns.end());
  for (std::size_t i = 0; i < csv.rows.size(); ++i) {
    const auto& fields = csv.rows[i];
    const auto label = std::find(table.labels.begin(), table.labels.end(), fields[2]);
    if (label == table.labels.end()) {
      return fail(ErrorCode::malformed,
                  fmt::format("line {}: truth '{}' is no column", csv.lines[i], fields[2]));
    }
    Prediction row{fields[0], fields[1], static_cast<int>(label - table.labels.begin()), {}};
    if (has_sources) row.source = fields[kFirstProbability];
    for (std::size_t c = first; c < fields.size(); ++c) {
      BC_ASSIGN(const double p, number_from(fields[c], csv.lines[i]));
      row.probabilities.push_back(p);
    }
    table.rows.push_back(std::move(row));
  }
  BC_CHECK(check(table));
  return table;
}

}  // namespace bloodcell::metrics
