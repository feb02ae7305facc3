#include <bloodcell/metrics/classification.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include <bloodcell/metrics/calibration.hpp>

namespace bloodcell::metrics {

namespace {

using Rows = std::vector<std::size_t>;

double ratio(double part, double whole) { return whole > 0 ? part / whole : 0; }

ConfusionMatrix empty_matrix(std::size_t classes) {
  return {std::vector<std::vector<std::uint64_t>>(classes, std::vector<std::uint64_t>(classes))};
}

std::vector<ClassFigures> class_figures(const ConfusionMatrix& confusion,
                                        const std::vector<std::string>& labels) {
  std::vector<ClassFigures> figures;
  for (std::size_t c = 0; c < labels.size(); ++c) {
    std::uint64_t predicted = 0;
    std::uint64_t support = 0;
    for (std::size_t other = 0; other < labels.size(); ++other) {
      predicted += confusion.counts[other][c];
      support += confusion.counts[c][other];
    }
    const auto right = static_cast<double>(confusion.counts[c][c]);
    ClassFigures f;
    f.label = labels[c];
    f.support = support;
    f.precision = ratio(right, static_cast<double>(predicted));
    f.recall = ratio(right, static_cast<double>(support));
    f.f1 = ratio(2 * right, static_cast<double>(predicted + support));
    figures.push_back(f);
  }
  return figures;
}

// Classes that are neither in the data nor predicted are in no average.
bool counts_in(const ConfusionMatrix& confusion, std::size_t c) {
  for (std::size_t other = 0; other < confusion.counts.size(); ++other) {
    if (confusion.counts[c][other] > 0 || confusion.counts[other][c] > 0) return true;
  }
  return false;
}

AverageFigures macro_of(const ConfusionMatrix& confusion,
                        const std::vector<ClassFigures>& classes) {
  AverageFigures sum;
  double count = 0;
  for (std::size_t c = 0; c < classes.size(); ++c) {
    if (!counts_in(confusion, c)) continue;
    sum.precision += classes[c].precision;
    sum.recall += classes[c].recall;
    sum.f1 += classes[c].f1;
    ++count;
  }
  return {ratio(sum.precision, count), ratio(sum.recall, count), ratio(sum.f1, count)};
}

AverageFigures weighted_of(const std::vector<ClassFigures>& classes) {
  AverageFigures sum;
  double count = 0;
  for (const ClassFigures& c : classes) {
    const auto support = static_cast<double>(c.support);
    sum.precision += support * c.precision;
    sum.recall += support * c.recall;
    sum.f1 += support * c.f1;
    count += support;
  }
  return {ratio(sum.precision, count), ratio(sum.recall, count), ratio(sum.f1, count)};
}

int most_frequent(const std::vector<int>& values, int classes) {
  std::vector<int> counts(static_cast<std::size_t>(classes));
  for (const int value : values) ++counts[static_cast<std::size_t>(value)];
  return static_cast<int>(std::max_element(counts.begin(), counts.end()) - counts.begin());
}

struct FamilyVerdict {
  int truth = 0;
  int by_majority = 0;
  int by_mean = 0;
  Rows rows;
};

FamilyVerdict judge(const PredictionTable& table, const Rows& rows) {
  const auto classes = static_cast<int>(table.labels.size());
  std::vector<int> truths;
  std::vector<int> votes;
  Prediction mean;
  mean.probabilities.resize(table.labels.size());
  for (const std::size_t row : rows) {
    truths.push_back(table.rows[row].truth);
    votes.push_back(table.rows[row].predicted());
    for (std::size_t c = 0; c < mean.probabilities.size(); ++c) {
      mean.probabilities[c] += table.rows[row].probabilities[c];
    }
  }
  return {most_frequent(truths, classes), most_frequent(votes, classes), mean.predicted(), rows};
}

Share share_of(std::uint64_t right, std::uint64_t of) {
  return {right, of, ratio(static_cast<double>(right), static_cast<double>(of)), wilson(right, of)};
}

// What one family adds to a confusion matrix: a bootstrap draw is a sum of these.
struct Cell {
  std::size_t truth = 0;
  std::size_t predicted = 0;
};

class Bootstrap {
 public:
  Bootstrap(const PredictionTable& table, std::vector<Rows> clusters, std::uint64_t seed, int draws)
      : clusters_(std::move(clusters)), seed_(seed), draws_(draws) {
    for (const auto& row : table.rows) {
      cells_.push_back(
          {static_cast<std::size_t>(row.truth), static_cast<std::size_t>(row.predicted())});
    }
  }

  [[nodiscard]] Interval accuracy() const {
    return run([this](std::span<const std::size_t> rows) {
      double right = 0;
      for (const std::size_t row : rows) right += cells_[row].truth == cells_[row].predicted;
      return right / static_cast<double>(rows.size());
    });
  }

  [[nodiscard]] Interval recall(std::size_t c) const {
    return run([this, c](std::span<const std::size_t> rows) {
      double right = 0;
      double of = 0;
      for (const std::size_t row : rows) {
        of += cells_[row].truth == c;
        right += cells_[row].truth == c && cells_[row].predicted == c;
      }
      return of > 0 ? right / of : std::numeric_limits<double>::quiet_NaN();
    });
  }

  [[nodiscard]] Interval macro_f1(const std::vector<std::string>& labels) const {
    return run([&](std::span<const std::size_t> rows) {
      ConfusionMatrix confusion = empty_matrix(labels.size());
      for (const std::size_t row : rows) {
        ++confusion.counts[cells_[row].truth][cells_[row].predicted];
      }
      return macro_of(confusion, class_figures(confusion, labels)).f1;
    });
  }

 private:
  template <class Figure>
  [[nodiscard]] Interval run(const Figure& figure) const {
    return bootstrap_by_cluster(clusters_, figure, seed_, draws_);
  }

  std::vector<Rows> clusters_;
  std::vector<Cell> cells_;
  std::uint64_t seed_;
  int draws_;
};

bool all_alike(const PredictionTable& table, const Rows& rows) {
  const auto right = [&](std::size_t row) {
    return table.rows[row].truth == table.rows[row].predicted();
  };
  return std::all_of(rows.begin(), rows.end(),
                     [&](std::size_t row) { return right(row) == right(rows.front()); });
}

Rows joined(const std::vector<Rows>& clusters) {
  Rows all;
  for (const Rows& rows : clusters) all.insert(all.end(), rows.begin(), rows.end());
  return all;
}

// The families' share of right rows as an interval: by bootstrap, or, where all rows agree and a
// bootstrap has no width, by Wilson over families.
template <class Draw>
Interval interval_over(const PredictionTable& table, const std::vector<Rows>& clusters,
                       const Draw& draw) {
  const Rows rows = joined(clusters);
  if (rows.empty()) return {0, 1};
  if (clusters.size() >= 2 && !all_alike(table, rows)) return draw();
  std::uint64_t right = 0;
  for (const Rows& cluster : clusters) {
    const FamilyVerdict verdict = judge(table, cluster);
    right += verdict.truth == verdict.by_majority ? 1 : 0;
  }
  return wilson(right, clusters.size());
}

double log_loss_of(const PredictionTable& table) {
  double sum = 0;
  for (const auto& row : table.rows) {
    sum -= std::log(std::clamp(row.probabilities[static_cast<std::size_t>(row.truth)], 1e-15, 1.0));
  }
  return ratio(sum, static_cast<double>(table.rows.size()));
}

double calibration_error_of(const PredictionTable& table) {
  std::vector<double> confidences;
  std::vector<bool> right;
  for (const auto& row : table.rows) {
    confidences.push_back(row.probabilities[static_cast<std::size_t>(row.predicted())]);
    right.push_back(row.predicted() == row.truth);
  }
  return expected_calibration_error(confidences, right);
}

std::vector<Rows> clusters_of_class(const PredictionTable& table, const std::vector<Rows>& families,
                                    std::size_t c) {
  std::vector<Rows> clusters;
  for (const Rows& family : families) {
    Rows rows;
    for (const std::size_t row : family) {
      if (static_cast<std::size_t>(table.rows[row].truth) == c) rows.push_back(row);
    }
    if (!rows.empty()) clusters.push_back(std::move(rows));
  }
  return clusters;
}

}  // namespace

ConfusionMatrix confusion_of(const PredictionTable& table) {
  ConfusionMatrix confusion = empty_matrix(table.labels.size());
  for (const auto& row : table.rows) {
    ++confusion
          .counts[static_cast<std::size_t>(row.truth)][static_cast<std::size_t>(row.predicted())];
  }
  return confusion;
}

std::vector<std::vector<std::size_t>> rows_by_family(const PredictionTable& table) {
  std::map<std::string, std::size_t, std::less<>> place;
  std::vector<Rows> families;
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    const auto [found, is_new] = place.try_emplace(table.rows[row].family, families.size());
    if (is_new) families.emplace_back();
    families[found->second].push_back(row);
  }
  return families;
}

Report evaluate(const PredictionTable& table, std::uint64_t seed, int bootstrap_draws) {
  Report report;
  report.labels = table.labels;
  report.confusion = confusion_of(table);
  report.classes = class_figures(report.confusion, table.labels);
  report.macro = macro_of(report.confusion, report.classes);
  report.weighted = weighted_of(report.classes);
  report.log_loss = log_loss_of(table);
  report.calibration_error = calibration_error_of(table);

  const std::vector<Rows> families = rows_by_family(table);
  std::uint64_t majority_right = 0;
  std::uint64_t mean_right = 0;
  for (const Rows& rows : families) {
    const FamilyVerdict verdict = judge(table, rows);
    majority_right += verdict.by_majority == verdict.truth ? 1 : 0;
    mean_right += verdict.by_mean == verdict.truth ? 1 : 0;
  }
  report.family_accuracy_majority = share_of(majority_right, families.size());
  report.family_accuracy_mean = share_of(mean_right, families.size());

  std::uint64_t right = 0;
  for (std::size_t c = 0; c < table.labels.size(); ++c) right += report.confusion.counts[c][c];
  report.image_accuracy = share_of(right, table.rows.size());
  report.image_accuracy_wilson = report.image_accuracy.interval;
  const Bootstrap bootstrap(table, families, seed, bootstrap_draws);
  report.image_accuracy.interval =
      interval_over(table, families, [&] { return bootstrap.accuracy(); });
  report.macro_f1_interval =
      interval_over(table, families, [&] { return bootstrap.macro_f1(table.labels); });

  double recall_sum = 0;
  double classes_with_support = 0;
  for (std::size_t c = 0; c < report.classes.size(); ++c) {
    ClassFigures& figures = report.classes[c];
    const std::vector<Rows> clusters = clusters_of_class(table, families, c);
    figures.families = clusters.size();
    for (const Rows& cluster : clusters) {
      const FamilyVerdict verdict = judge(table, cluster);
      figures.families_right += verdict.by_mean == verdict.truth ? 1 : 0;
    }
    const Bootstrap within(table, clusters, seed, bootstrap_draws);
    figures.recall_interval = interval_over(table, clusters, [&] { return within.recall(c); });
    if (figures.support == 0) continue;
    recall_sum += figures.recall;
    ++classes_with_support;
  }
  report.balanced_accuracy = ratio(recall_sum, classes_with_support);
  return report;
}

}  // namespace bloodcell::metrics
