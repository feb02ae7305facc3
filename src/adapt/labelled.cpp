#include "labelled.hpp"

#include <map>
#include <numeric>
#include <span>
#include <utility>

#include "family_mean.hpp"

namespace bloodcell::adapt {

namespace {

constexpr int kFolds = 5;
constexpr int kTurns = 8;  // quarter turns and their mirrors
// Standard errors by which another choice must beat the usual one: of a dozen that are no better
// one does so by a single error as a rule.
constexpr double kSurely = 2;

}  // namespace

Result<void> Labelled::look(const Context& context, const View& view, int batch) {
  BC_ASSIGN(heads_.emplace_back(), model_file::dense_head(view.model));
  auto& turns = views_.emplace_back();
  for (int turn = 0; turn < kTurns; ++turn) {
    BC_ASSIGN(auto seen,
              see(context, view.model,
                  input_of(cells_.frames[view.margin], view.model.description.preprocessing, turn),
                  batch));
    turns.push_back(std::move(seen.embeddings));
  }
  BC_ASSIGN(wide_.emplace_back(), Wide::of(context, view, cells_, pictures_, batch));
  return {};
}

std::vector<Labelled::Choice> Labelled::choices() const {
  std::vector<Choice> all;
  for (std::size_t v = 0; v < views_.size(); ++v) {
    if (wide_[v]) all.push_back({v, {HeadKind::maps, 0}});
    for (const auto& head : head_choices()) all.push_back({v, head});
  }
  return all;
}

Labelled::Head Labelled::fit(const Choice& choice, const Rows& rows) const {
  const auto& own = heads_[choice.view];
  Examples examples{own.values, {}, {}};
  for (const auto& turn : views_[choice.view]) {
    for (const std::size_t row : rows) {
      examples.add(std::span(turn).subspan(row * own.values, own.values), cells_.truths[row]);
    }
  }
  if (choice.head.kind != HeadKind::maps) return {fit_head(examples, own, choice.head), {}};
  std::vector<int> truths(cells_.size(), WideMeans::kUntaught);
  for (const std::size_t row : rows) truths[row] = cells_.truths[row];
  auto last = fit_head(examples, own, {HeadKind::logistic, kHold});
  auto wide = wide_[choice.view]->fit(truths, last);
  return {std::move(last), std::move(wide)};
}

Result<model_file::ModelFile> Labelled::with_head(const Choice& choice,
                                                  const model_file::ModelFile& model) const {
  if (choice.head.kind == HeadKind::shipped) return model;
  const auto head = fit(choice, all_rows());
  if (choice.head.kind == HeadKind::maps) return wide_[choice.view]->with(head.wide, model);
  return model_file::with_dense_head(model, head.dense);
}

std::vector<float> Labelled::logits(const Choice& choice, const Head& head, std::size_t row) const {
  if (choice.head.kind == HeadKind::maps) return wide_[choice.view]->logits(head.wide, row);
  const std::size_t values = head.dense.values;
  return logits_of(head.dense,
                   std::span(views_[choice.view].front()).subspan(row * values, values));
}

std::vector<std::vector<float>> Labelled::left_out(const Choice& choice, const Rows& rows,
                                                   std::uint64_t seed) const {
  const auto fold = folds(rows, seed);
  std::vector<std::vector<float>> all(rows.size());
  for (int f = 0; f < kFolds; ++f) {
    std::vector<std::size_t> others;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (fold[i] != f) others.push_back(rows[i]);
    }
    if (others.empty() || others.size() == rows.size()) continue;
    const auto head = fit(choice, others);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (fold[i] == f) all[i] = logits(choice, head, rows[i]);
    }
  }
  return all;
}

Labelled::Choice Labelled::best(const Rows& rows, std::uint64_t seed) const {
  const auto all = choices();
  const auto truths = truths_of(rows);
  const auto families = families_of(rows);
  const auto usual = right(left_out(all.front(), rows, seed), rows);
  Choice best_choice = all.front();
  double best_figure = judged(usual, truths).balanced;
  for (const auto& choice : std::span(all).subspan(1)) {
    const auto rights = right(left_out(choice, rows, seed), rows);
    const auto gain = gain_by_family(usual, rights, families);
    const double figure = judged(rights, truths).balanced;
    if (gain.value <= kSurely * gain.error || figure <= best_figure + 1e-12) continue;
    best_figure = figure;
    best_choice = choice;
  }
  return best_choice;
}

std::vector<std::vector<float>> Labelled::logits_when_chosen_apart(std::uint64_t seed) const {
  const auto rows = all_rows();
  const auto fold = folds(rows, seed);
  std::vector<std::vector<float>> logits_of_rows(rows.size());
  for (int f = 0; f < kFolds; ++f) {
    std::vector<std::size_t> others;
    for (const std::size_t row : rows) {
      if (fold[row] != f) others.push_back(row);
    }
    if (others.empty() || others.size() == rows.size()) continue;
    const auto choice = best(others, seed + 1);
    const auto head = fit(choice, others);
    for (const std::size_t row : rows) {
      if (fold[row] == f) logits_of_rows[row] = logits(choice, head, row);
    }
  }
  return logits_of_rows;
}

std::vector<bool> Labelled::right(const std::vector<std::vector<float>>& logits_of_rows,
                                  const Rows& rows) const {
  std::vector<bool> all;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    all.push_back(!logits_of_rows[i].empty() &&
                  best_of(logits_of_rows[i]) == cells_.truths[rows[i]]);
  }
  return all;
}

Labelled::Rows Labelled::all_rows() const {
  std::vector<std::size_t> rows(cells_.size());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  return rows;
}

std::vector<int> Labelled::truths_of(const Rows& rows) const {
  std::vector<int> truths;
  for (const std::size_t row : rows) truths.push_back(cells_.truths[row]);
  return truths;
}

std::vector<std::string> Labelled::families_of(const Rows& rows) const {
  std::vector<std::string> families;
  for (const std::size_t row : rows) families.push_back(cells_.families[row]);
  return families;
}

std::vector<int> Labelled::folds(const Rows& rows, std::uint64_t seed) const {
  return folds_of(truths_of(rows), families_of(rows), kFolds, seed);
}

Judged judged(const std::vector<bool>& right, const std::vector<int>& truths) {
  std::map<int, std::pair<double, double>> classes;
  Judged figures;
  for (std::size_t i = 0; i < right.size(); ++i) {
    classes[truths[i]].first += right[i] ? 1 : 0;
    classes[truths[i]].second += 1;
    figures.accuracy += right[i] ? 1 : 0;
  }
  figures.accuracy /= static_cast<double>(right.size());
  for (const auto& [label, counts] : classes) figures.balanced += counts.first / counts.second;
  figures.balanced /= static_cast<double>(classes.size());
  return figures;
}

}  // namespace bloodcell::adapt
