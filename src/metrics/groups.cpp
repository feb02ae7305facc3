#include <bloodcell/metrics/groups.hpp>

#include <algorithm>
#include <map>
#include <set>

#include <fmt/ranges.h>

namespace bloodcell::metrics {

namespace {

// The reference's probabilities in the order of `labels`.
Result<PredictionTable> with_labels(const PredictionTable& reference,
                                    const std::vector<std::string>& labels) {
  std::vector<std::size_t> places;
  for (const auto& label : labels) {
    const auto found = std::find(reference.labels.begin(), reference.labels.end(), label);
    if (found == reference.labels.end() || reference.labels.size() != labels.size()) {
      return fail(ErrorCode::mismatch,
                  fmt::format("the reference knows {}, not {}", fmt::join(reference.labels, ", "),
                              fmt::join(labels, ", ")),
                  {}, "compare predictions of the same classes");
    }
    places.push_back(static_cast<std::size_t>(found - reference.labels.begin()));
  }
  PredictionTable ordered{labels, reference.rows};
  for (auto& row : ordered.rows) {
    const auto before = row.probabilities;
    for (std::size_t c = 0; c < places.size(); ++c) row.probabilities[c] = before[places[c]];
  }
  return ordered;
}

// The two tables cut to the files both have, row by row, with the truths and families of the first.
struct Pair {
  PredictionTable first;
  PredictionTable second;
};

Pair paired(const PredictionTable& table, const PredictionTable& reference) {
  std::map<std::string_view, const Prediction*> by_file;
  for (const auto& row : reference.rows) by_file.emplace(row.file, &row);
  Pair pair{{table.labels, {}}, {table.labels, {}}};
  for (const auto& row : table.rows) {
    const auto found = by_file.find(row.file);
    if (found == by_file.end()) continue;
    pair.first.rows.push_back(row);
    pair.second.rows.push_back(row);
    pair.second.rows.back().probabilities = found->second->probabilities;
  }
  return pair;
}

std::uint64_t right_rows(const PredictionTable& table) {
  return static_cast<std::uint64_t>(
      std::count_if(table.rows.begin(), table.rows.end(),
                    [](const auto& row) { return row.predicted() == row.truth; }));
}

FamilyFigures family_of(const PredictionTable& table, const std::vector<std::size_t>& rows) {
  std::vector<std::size_t> truths(table.labels.size());
  Prediction mean;
  mean.probabilities.resize(table.labels.size());
  FamilyFigures figures;
  for (const std::size_t row : rows) {
    const auto& here = table.rows[row];
    ++truths[static_cast<std::size_t>(here.truth)];
    figures.right += here.predicted() == here.truth ? 1 : 0;
    for (std::size_t c = 0; c < mean.probabilities.size(); ++c) {
      mean.probabilities[c] += here.probabilities[c];
    }
  }
  figures.family = table.rows[rows.front()].family;
  figures.truth = static_cast<int>(std::max_element(truths.begin(), truths.end()) - truths.begin());
  figures.by_mean = mean.predicted();
  figures.rows = rows;
  return figures;
}

}  // namespace

std::vector<SourceFigures> figures_by_source(const PredictionTable& table, std::uint64_t seed,
                                             int bootstrap_draws) {
  std::map<std::string, PredictionTable> parts;
  for (const auto& row : table.rows) {
    auto& part = parts[row.source];
    part.labels = table.labels;
    part.rows.push_back(row);
  }
  std::vector<SourceFigures> figures;
  for (const auto& [source, part] : parts) {
    const Report report = evaluate(part, seed, bootstrap_draws);
    figures.push_back(
        {source, report.family_accuracy_mean.of, report.image_accuracy, report.balanced_accuracy});
  }
  return figures;
}

std::vector<FamilyFigures> figures_by_family(const PredictionTable& table) {
  std::vector<FamilyFigures> families;
  for (const auto& rows : rows_by_family(table)) families.push_back(family_of(table, rows));
  const auto share = [](const FamilyFigures& of) {
    return static_cast<double>(of.right) / static_cast<double>(of.rows.size());
  };
  std::sort(families.begin(), families.end(), [&](const auto& a, const auto& b) {
    return share(a) != share(b) ? share(a) < share(b) : a.family < b.family;
  });
  return families;
}

std::vector<std::size_t> confident_mistakes(const PredictionTable& table) {
  std::vector<std::size_t> wrong;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    if (table.rows[i].predicted() != table.rows[i].truth) wrong.push_back(i);
  }
  std::stable_sort(wrong.begin(), wrong.end(), [&](std::size_t a, std::size_t b) {
    return table.rows[a].confidence() > table.rows[b].confidence();
  });
  std::set<std::string_view> seen;
  std::erase_if(wrong, [&](std::size_t i) { return !seen.insert(table.rows[i].family).second; });
  return wrong;
}

Result<Comparison> compare(const PredictionTable& table, const PredictionTable& reference,
                           std::uint64_t seed, int bootstrap_draws) {
  BC_ASSIGN(const PredictionTable ordered, with_labels(reference, table.labels));
  const Pair pair = paired(table, ordered);
  if (pair.first.rows.empty()) {
    return fail(ErrorCode::mismatch, "no file stands in both tables of predictions", {},
                "compare predictions on the same pictures");
  }
  Comparison done;
  done.rows = pair.first.rows.size();
  const auto rows = static_cast<double>(done.rows);
  done.accuracy = static_cast<double>(right_rows(pair.first)) / rows;
  done.reference_accuracy = static_cast<double>(right_rows(pair.second)) / rows;

  const auto families = rows_by_family(pair.first);
  done.families = families.size();
  for (const auto& family : families) {
    const auto here = family_of(pair.first, family);
    const auto there = family_of(pair.second, family);
    const bool this_right = here.by_mean == here.truth;
    const bool reference_right = there.by_mean == there.truth;
    done.only_this += this_right && !reference_right ? 1 : 0;
    done.only_reference += reference_right && !this_right ? 1 : 0;
  }
  done.p_value = mcnemar_p(done.only_this, done.only_reference);

  std::vector<double> gain;
  for (std::size_t i = 0; i < pair.first.rows.size(); ++i) {
    const auto& a = pair.first.rows[i];
    const auto& b = pair.second.rows[i];
    gain.push_back((a.predicted() == a.truth ? 1.0 : 0.0) - (b.predicted() == b.truth ? 1.0 : 0.0));
  }
  done.difference = bootstrap_by_cluster(
      families,
      [&](std::span<const std::size_t> drawn) {
        double sum = 0;
        for (const std::size_t row : drawn) sum += gain[row];
        return sum / static_cast<double>(drawn.size());
      },
      seed, bootstrap_draws);
  return done;
}

double mcnemar_p(std::uint64_t b, std::uint64_t c) {
  return std::min(1.0, 2 * binomial_tail(std::max(b, c), b + c, 0.5));
}

}  // namespace bloodcell::metrics
