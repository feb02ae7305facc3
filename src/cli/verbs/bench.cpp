#include <algorithm>
#include <chrono>
#include <memory>

#include <unistd.h>

#include <answer.hpp>
#include <embedded.hpp>
#include <installed.hpp>
#include <measured_child.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/cli/table.hpp>
#include <bloodcell/cli/verbs.hpp>
#include <bloodcell/image/decode.hpp>
#include <bloodcell/predict/predictor.hpp>
#include <verbs/model_options.hpp>
#include <verbs/network_bench.hpp>

namespace bloodcell::cli {

namespace {

namespace fs = std::filesystem;

struct BenchOptions {
  ModelOptions model;
  std::string field;
  std::string cell;
  int repeats = 50;
};

// Removed with the object.
class WorkFolder {
 public:
  WorkFolder() : path_(fs::temp_directory_path() / fmt::format("bloodcell-bench.{}", ::getpid())) {}
  ~WorkFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  [[nodiscard]] fs::path operator/(const char* name) const { return path_ / name; }

 private:
  fs::path path_;
};

struct Spread {
  double median = 0;
  double high = 0;  // 95 % are at most this
};

Spread spread_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return {values[values.size() / 2], values[(values.size() - 1) * 95 / 100]};
}

// One picture at a time, on one thread.
struct Latency {
  Spread all;
  std::array<Spread, predict::kStageNames.size()> stages;
};

Context with_threads(const Job& job, ThreadPool& pool) {
  return {job.context.log, job.context.limits, pool, job.context.cancellation, no_progress()};
}

Result<Latency> measure_latency(const Context& context, const predict::Predictor& predictor,
                                const fs::path& picture, int repeats) {
  constexpr int kWarmUp = 5;
  std::array<std::vector<double>, predict::kStageNames.size()> stages;
  std::vector<double> all;
  for (int i = -kWarmUp; i < repeats; ++i) {
    BC_ASSIGN(const auto totals,
              predictor.run(context, {{picture}, {}}, [](const predict::Row&) {}));
    if (totals.errors > 0) return fail(ErrorCode::malformed, "cannot be read", picture.string());
    if (i < 0) continue;
    all.push_back(totals.times.total());
    for (std::size_t s = 0; s < stages.size(); ++s) stages[s].push_back(totals.times.seconds[s]);
  }
  Latency latency{spread_of(all), {}};
  for (std::size_t s = 0; s < stages.size(); ++s) latency.stages[s] = spread_of(stages[s]);
  return latency;
}

// Pictures a second of a folder of that one picture.
Result<double> measure_throughput(const Context& context, const predict::Predictor& predictor,
                                  const fs::path& picture, int repeats) {
  predict::Inputs inputs;
  inputs.files.assign(static_cast<std::size_t>(repeats) * 4, picture);
  const auto ignore = [](const predict::Row&) {};
  BC_CHECK(predictor.run(context, inputs, ignore));
  const auto began = std::chrono::steady_clock::now();
  BC_CHECK(predictor.run(context, inputs, ignore));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  return static_cast<double>(inputs.files.size()) / took.count();
}

struct Start {
  Spread seconds;
  double peak_mb = 0;
};

Result<Start> measure_start(const Context& context, const BenchOptions& options,
                            const fs::path& picture, const std::string& cache) {
  constexpr int kStarts = 11;
  std::vector<std::string> words{"predict",     picture.string(),
                                 "--format",    "csv",
                                 "--cache",     cache,
                                 "--precision", options.model.precision,
                                 "--threads",   std::to_string(context.pool.size())};
  if (options.model.reads_once) words.emplace_back("--no-second");
  if (!options.model.locator.empty()) {
    words.insert(words.end(), {"--locator", options.model.locator});
  }
  if (!options.model.model.empty()) {
    words.insert(words.end(), {"--model", options.model.model});
  }
  std::vector<double> seconds;
  std::uint64_t peak = 0;
  for (int i = -1; i < kStarts; ++i) {  // the first fills caches, the system's too
    BC_CHECK(context.cancellation.check());
    BC_ASSIGN(const auto run, measure_child("/proc/self/exe", words));
    if (i < 0) continue;
    seconds.push_back(run.first_byte_seconds);
    peak = std::max(peak, run.peak_bytes);
  }
  return Start{spread_of(seconds), static_cast<double>(peak) / 1e6};
}

struct Figures {
  Table table{{"what", ">median", ">95 % within"}};
  nlohmann::ordered_json document;

  void add(const std::string& what, const Spread& seconds) {
    table.row({what, fmt::format("{:.3g} ms", 1e3 * seconds.median),
               fmt::format("{:.3g} ms", 1e3 * seconds.high)});
    document[what] = {{"median_ms", 1e3 * seconds.median}, {"p95_ms", 1e3 * seconds.high}};
  }
  void add(const std::string& what, double value, const std::string& unit) {
    table.row({what, fmt::format("{:.1f} {}", value, unit), ""});
    document[what] = {{"value", value}, {"unit", unit}};
  }
};

// Latency on one thread, throughput on one and on all, of a picture.
Result<void> add_picture(const Job& job, const BenchOptions& options, const std::string& what,
                         const fs::path& picture, Figures& figures) {
  ThreadPool one(1);
  const Context alone = with_threads(job, one);
  const predict::Options how = predict_options(options.model);
  predict::Options one_by_one = how;
  one_by_one.batch = 1;
  BC_ASSIGN(const auto predictor, open_predictor(alone, options.model, how));
  BC_ASSIGN(const auto single, open_predictor(alone, options.model, one_by_one));
  BC_ASSIGN(const auto latency, measure_latency(alone, single, picture, options.repeats));
  figures.add(what, latency.all);
  for (std::size_t s = 0; s < latency.stages.size(); ++s) {
    figures.add(fmt::format("{}: {}", what, predict::kStageNames[s]), latency.stages[s]);
  }
  BC_ASSIGN(const double by_one, measure_throughput(alone, predictor, picture, options.repeats));
  figures.add(fmt::format("folder of them ({}), 1 thread", what), by_one, "a second");
  const unsigned threads = job.context.pool.size();
  if (threads == 1) return {};
  const Context together = with_threads(job, job.context.pool);
  BC_ASSIGN(const auto wide, open_predictor(together, options.model, how));
  BC_ASSIGN(const double by_all, measure_throughput(together, wide, picture, options.repeats));
  figures.add(fmt::format("folder of them ({}), {} threads", what, threads), by_all, "a second");
  return {};
}

// The network alone, each precision beside the others.
Result<void> add_network(const Job& job, const BenchOptions& options, Figures& figures) {
  BC_ASSIGN(const auto path, find_model(options.model.model));
  BC_ASSIGN(const auto model, model_file::load(path, job.context.limits));
  const auto add = [&](const char* which, const model_file::ModelFile& file) -> Result<void> {
    BC_ASSIGN(const auto times, measure_network(job.context, file, options.repeats));
    for (const auto& time : times) {
      figures.add(fmt::format("{} alone, batch {}, {}", which, time.batch, time.precision),
                  spread_of(time.seconds));
    }
    return {};
  };
  BC_CHECK(add("network", model));
  if (!model.description.second || options.model.reads_once) return {};
  BC_ASSIGN(const auto second, model_file::second_of(model, job.context.limits));
  return add("second network", second);
}

// What `auto` comes to here.
Result<std::string> resolved_precision(const Job& job, const BenchOptions& options) {
  BC_ASSIGN(const auto predictor,
            open_predictor(job.context, options.model, predict_options(options.model)));
  return std::string(infer::name_of(predictor.session().precision()));
}

Result<int> run_bench(const Job& job, const BenchOptions& options) {
  const WorkFolder folder;
  const fs::path field = options.field.empty() ? folder / "field.jpg" : fs::path(options.field);
  const fs::path cell = options.cell.empty() ? folder / "cell.jpg" : fs::path(options.cell);
  if (options.field.empty()) BC_CHECK(write_text(field, embedded::sample_field()));
  if (options.cell.empty()) BC_CHECK(write_text(cell, embedded::sample_cell()));
  for (const auto& picture : {field, cell}) {
    BC_CHECK(image::decode_file(picture, job.context.limits));
  }
  // Before this process grows: a child's peak includes what its parent held when it was made.
  BC_ASSIGN(const auto cold, measure_start(job.context, options, cell, "off"));
  BC_ASSIGN(const auto warm,
            measure_start(job.context, options, cell, (folder / "cache").string()));
  BC_ASSIGN(const auto cold_field, measure_start(job.context, options, field, "off"));
  BC_ASSIGN(const auto warm_field,
            measure_start(job.context, options, field, (folder / "cache").string()));
  Figures figures;
  BC_ASSIGN(const std::string precision, resolved_precision(job, options));
  BC_CHECK(add_picture(job, options, "field", field, figures));
  BC_CHECK(add_picture(job, options, "cell", cell, figures));
  BC_CHECK(add_network(job, options, figures));
  figures.document["precision"] = precision;
  figures.table.row({"precision", precision, ""});
  figures.add("start to first label, no cache", cold.seconds);
  figures.add("start to first label, cache", warm.seconds);
  figures.add("start to first label of the field, no cache", cold_field.seconds);
  figures.add("start to first label of the field, cache", warm_field.seconds);
  figures.add("peak memory", std::max(cold.peak_mb, cold_field.peak_mb), "MB");
  if (job.json) {
    job.terminal.out << to_text(figures.document);
  } else {
    figures.table.print(job.terminal.out);
  }
  return 0;
}

Action set_up(CLI::App& command) {
  auto options = std::make_shared<BenchOptions>();
  add_model_options(command, options->model);
  command.add_option("--field", options->field, "picture of a field; without it a sample, 640x480")
      ->type_name("FILE");
  command.add_option("--cell", options->cell, "picture of one cell; without it a sample, 180x182")
      ->type_name("FILE");
  command.add_option("--repeats", options->repeats, "of each measurement")
      ->check(CLI::Range(3, 100'000));
  return [options](const Job& job) { return run_bench(job, *options); };
}

}  // namespace

Verb bench_verb() {
  return {"bench", "Measure this machine: a picture's stages, folders, start, memory",
          "  bloodcell bench\n  bloodcell bench --precision bfloat16 --json", set_up};
}

}  // namespace bloodcell::cli
