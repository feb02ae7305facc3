#include "rounds.hpp"

#include <cmath>
#include <filesystem>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/predict/evaluate.hpp>
#include <bloodcell/train/export.hpp>
#include <bloodcell/train/folds.hpp>
#include <bloodcell/train/train.hpp>

#include "run_data.hpp"

namespace bloodcell::training {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

struct Round {
  std::string name;
  data::Split split;
};

struct Judged {
  std::string name;
  train::Summary summary;
  predict::Evaluation test;
};

// Before the first of many hours: every round has something to learn from and to watch with.
Result<void> check_parts(const data::Dataset& dataset, const Round& round,
                         const std::string& source) {
  for (const char* part : {"train", "validation"}) {
    if (data::samples_of(dataset, round.split, part)) continue;
    return fail(ErrorCode::usage,
                fmt::format("without the source `{}` nothing is left for {}", source, part),
                dataset.root.string(), "choose another --validation, or another --seed");
  }
  return {};
}

Result<std::vector<Round>> rounds_of(const Context& context, const NewRunOptions& settings,
                                     const RoundOptions& options, const data::Dataset& dataset) {
  std::vector<Round> rounds;
  data::SplitOptions how;
  how.seed = settings.config.seed;
  if (options.folds > 0) {
    how.folds = options.folds;
    BC_ASSIGN(const auto folds, data::make_split(context, dataset, how));
    for (int fold = 0; fold < options.folds; ++fold) {
      rounds.push_back(
          {fmt::format("fold{}", fold), train::split_of_fold(folds, fold, options.folds)});
    }
    return rounds;
  }
  const auto sources = train::sources_of(dataset);
  if (sources.size() < 2) {
    return fail(ErrorCode::usage, "--leave-out-source: the set does not name two sources",
                dataset.root.string(), "give a manifest with a column `source`");
  }
  how.validation = settings.validation;
  how.test = 0;
  BC_ASSIGN(const auto split, data::make_split(context, dataset, how));
  for (const auto& source : sources) {
    if (source.find('/') != std::string::npos) {
      return fail(ErrorCode::malformed, fmt::format("a source named `{}`", source),
                  dataset.root.string(), "name sources without `/`: each gets a folder");
    }
    rounds.push_back({"source-" + source, train::split_without_source(dataset, split, source)});
    BC_CHECK(check_parts(dataset, rounds.back(), source));
  }
  return rounds;
}

// A run that is there is gone on with, if it is this round's.
Result<train::RunDirectory> open_round(const Context& context, const fs::path& folder,
                                       const train::Config& config, const data::Split& split,
                                       const fs::path& data) {
  std::error_code error;
  if (!fs::exists(folder / "config.json", error)) {
    return train::RunDirectory::create(folder, config, split, data);
  }
  BC_ASSIGN(auto run, reopen_run(context, folder, config));
  if (data::to_json_text(run.split()) == data::to_json_text(split)) return run;
  return fail(ErrorCode::mismatch, "holds a round of other data", folder.string(),
              "choose another --run, or repeat the options it was begun with");
}

Result<Judged> run_round(const cli::Job& job, const Round& round, const fs::path& folder,
                         const train::Config& config, const data::Dataset& dataset,
                         const fs::path& data) {
  const Context& context = job.context;
  BC_ASSIGN(const auto run, open_round(context, folder, config, round.split, data));
  Judged judged;
  judged.name = round.name;
  BC_ASSIGN(judged.summary, train::train(context, run, dataset));
  data::Dataset known = dataset;
  data::adopt_families(known, round.split);
  BC_ASSIGN(auto exported, train::export_run(context, run, &known, {}));
  BC_CHECK(model_file::save(exported.file, folder / "model.onnx"));
  BC_ASSIGN(const auto predictor, predict::Predictor::open(context, std::move(exported.file)));
  BC_ASSIGN(const auto samples, data::samples_of(known, round.split, "test"));
  BC_ASSIGN(judged.test, predict::evaluate(context, predictor, known, samples, config.seed));
  BC_CHECK(write_text(folder / "test.json", to_json(judged.test.report).dump(2) + "\n"));
  return judged;
}

struct Spread {
  double mean = 0;
  double deviation = 0;  // of the rounds; 0 for one
};

Spread spread_of(const std::vector<Judged>& rounds, metrics::Share metrics::Report::* share) {
  Spread spread;
  const auto count = static_cast<double>(rounds.size());
  for (const auto& round : rounds) spread.mean += (round.test.report.*share).value / count;
  for (const auto& round : rounds) {
    const double off = (round.test.report.*share).value - spread.mean;
    spread.deviation += off * off;
  }
  spread.deviation = rounds.size() > 1 ? std::sqrt(spread.deviation / (count - 1)) : 0;
  return spread;
}

ordered_json json_of(const Spread& spread) {
  return {{"mean", spread.mean}, {"standard_deviation", spread.deviation}};
}

ordered_json document_of(const std::vector<Judged>& rounds, const metrics::Report& together) {
  ordered_json list = ordered_json::array();
  for (const auto& round : rounds) {
    list.push_back({{"round", round.name},
                    {"best_epoch", round.summary.best_epoch},
                    {"epochs_run", round.summary.epochs_run},
                    {"image_accuracy", round.test.report.image_accuracy.value},
                    {"family_accuracy", round.test.report.family_accuracy_mean.value},
                    {"macro_f1", round.test.report.macro.f1},
                    {"images", round.test.table.rows.size()}});
  }
  return {{"rounds", std::move(list)},
          {"image_accuracy", json_of(spread_of(rounds, &metrics::Report::image_accuracy))},
          {"family_accuracy", json_of(spread_of(rounds, &metrics::Report::family_accuracy_mean))},
          {"together", to_json(together)}};
}

std::string percent(double share) { return fmt::format("{:.1f} %", 100 * share); }

void print_round(std::ostream& out, const Judged& round) {
  const auto& report = round.test.report;
  out << fmt::format("{:<24} {:>6} images  {:>8} right  {:>8} of families  macro F1 {:.3f}\n",
                     round.name, round.test.table.rows.size(), percent(report.image_accuracy.value),
                     percent(report.family_accuracy_mean.value), report.macro.f1)
      << std::flush;
}

void print_together(std::ostream& out, const metrics::Report& report, const fs::path& folder) {
  const auto with_interval = [](const metrics::Share& share) {
    return fmt::format("{} ({} to {})", percent(share.value), percent(share.interval.low),
                       percent(share.interval.high));
  };
  out << fmt::format("\nAll tested pictures together: {} of images, {} of families right; 95 %.\n",
                     with_interval(report.image_accuracy),
                     with_interval(report.family_accuracy_mean))
      << fmt::format("The rounds are in {}.\n", folder.string());
}

}  // namespace

Result<int> run_rounds(const cli::Job& job, const NewRunOptions& settings,
                       const RoundOptions& options) {
  if (settings.run.empty()) {
    return fail(ErrorCode::usage, "--run: name the folder that the rounds go to");
  }
  BC_ASSIGN(const auto config, config_of(job.context, settings));
  BC_ASSIGN(const auto dataset,
            data::open_dataset(job.context, settings.data, {settings.families, {}}));
  const int status = report_problems(job.context, dataset);
  BC_ASSIGN(const auto rounds, rounds_of(job.context, settings, options, dataset));
  const fs::path folder = settings.run;
  std::vector<Judged> judged;
  metrics::PredictionTable table;
  for (const auto& round : rounds) {
    BC_ASSIGN(auto found,
              run_round(job, round, folder / round.name, config, dataset, settings.data));
    table.labels = found.test.table.labels;
    table.rows.insert(table.rows.end(), found.test.table.rows.begin(), found.test.table.rows.end());
    if (!job.json) print_round(job.terminal.out, found);
    judged.push_back(std::move(found));
  }
  const auto together = metrics::evaluate(table, config.seed);
  const auto document = document_of(judged, together);
  BC_CHECK(write_text(folder / "rounds.json", document.dump(2) + "\n"));
  BC_CHECK(write_text(folder / "predictions.csv", metrics::to_csv(table)));
  if (job.json) {
    job.terminal.out << document.dump(2) << "\n";
  } else {
    print_together(job.terminal.out, together, folder);
  }
  return status;
}

}  // namespace bloodcell::training
