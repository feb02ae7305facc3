#include <unistd.h>

#include <algorithm>
#include <memory>

#include <bloodcell/base/files.hpp>
#include <bloodcell/cli/verbs.hpp>
#include <bloodcell/serve/api.hpp>
#include <bloodcell/serve/gate.hpp>
#include <bloodcell/serve/server.hpp>

#include <cache_folder.hpp>
#include <installed.hpp>
#include <verbs/model_options.hpp>
#include <verbs/reference_ranges.hpp>

namespace bloodcell::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kLongestToken = 4096;

struct ServeOptions {
  ModelOptions model;
  std::string models;
  std::string index;
  std::string token_file;
  std::string review;
  review::Bounds review_bounds;
  std::string ranges;
  std::string runs;
  std::string studies;
  std::vector<std::string> data;
  std::vector<std::string> splits;
  std::string evaluations;
  serve::Options how;
};

// The first line of the file; without one, the environment's BLOODCELL_TOKEN.
Result<std::string> read_token(const std::string& file) {
  if (file.empty()) {
    const char* variable = std::getenv("BLOODCELL_TOKEN");
    return std::string(variable == nullptr ? "" : variable);
  }
  BC_ASSIGN(std::string text, read_text(file, kLongestToken));
  text.resize(std::min(text.size(), text.find_first_of("\r\n")));
  if (text.empty()) return fail(ErrorCode::malformed, "the first line is empty", file);
  return text;
}

Result<std::vector<fs::path>> model_files(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> files;
  for (fs::directory_iterator at(folder, error); !error && at != fs::directory_iterator();
       at.increment(error)) {
    if (at->path().extension() == ".onnx") files.push_back(at->path());
  }
  if (error) return fail(ErrorCode::unreadable, error.message(), folder.string());
  std::sort(files.begin(), files.end());
  return files;
}

Result<std::unique_ptr<serve::ModelShelf>> fill_shelf(const Job& job, const ServeOptions& options) {
  BC_ASSIGN(const fs::path first, find_model(options.model.model));
  const fs::path folder = options.models.empty() ? first.parent_path() : fs::path(options.models);
  BC_ASSIGN(const auto files, model_files(folder.empty() ? "." : folder));
  return serve::ModelShelf::fill(job.context, files, first,
                                 [&](const fs::path& path) -> Result<predict::Predictor> {
                                   ModelOptions one = options.model;
                                   one.model = path.string();
                                   auto how = predict_options(one);
                                   how.prepares_second = true;
                                   return open_predictor(job.context, one, how);
                                 });
}

// How what a model says is explained: with the known cells where the index is of its network.
Result<serve::Explainers::Open> explaining(const Job& job, const ServeOptions& options,
                                           const serve::ModelShelf& shelf) {
  std::optional<explain::CellIndex> index;
  if (!options.index.empty()) {
    BC_ASSIGN(index, explain::load_index(options.index, job.context.limits));
    const auto& first = *shelf.find(shelf.active()->name);
    if (index->graph_sha256 != first.description.graph_sha256) {
      return fail(
          ErrorCode::mismatch,
          fmt::format("made with another network (`{}`) than the model that answers", index->model),
          options.index, "make it again with bloodcell index and this model");
    }
  }
  explain::ExplainOptions how;
  how.cache_folder = cache_folder(options.model.cache);
  how.reads_twice = !options.model.reads_once;
  how.locates_in = precision_of(options.model.precision);
  if (!options.model.locator.empty()) {
    BC_ASSIGN(how.locator, load_locator(job.context, options.model.locator));
  }
  return [&job, how, index](const serve::ShelvedModel& model) -> Result<explain::Explainer> {
    BC_ASSIGN(const auto file, model_file::load(model.path, job.context.limits));
    const bool is_of_it = index && index->graph_sha256 == model.description.graph_sha256;
    return explain::Explainer::open(job.context, file, how, is_of_it ? index : std::nullopt);
  };
}

// NAME=PATH. Errors: usage.
Result<std::pair<std::string, fs::path>> named_path(std::string_view option,
                                                    const std::string& named) {
  const auto at = named.find('=');
  std::pair<std::string, fs::path> found{named.substr(0, at),
                                         at == std::string::npos ? "" : named.substr(at + 1)};
  std::error_code error;
  if (found.first.empty() || found.second.empty() || !fs::exists(found.second, error)) {
    return fail(ErrorCode::usage, fmt::format("`{} {}` names nothing", option, named), {},
                "write NAME=PATH of something that exists");
  }
  return found;
}

Result<serve::Shown> what_to_show(const ServeOptions& options) {
  serve::Shown shown;
  std::error_code error;
  if (!options.runs.empty() && !fs::is_directory(options.runs, error)) {
    return fail(ErrorCode::not_found, "there is no such folder", options.runs,
                "name one that holds run folders");
  }
  shown.runs = options.runs;
  if (!options.studies.empty() && !fs::exists(options.studies, error)) {
    return fail(ErrorCode::not_found, "there is no study", options.studies,
                "begin one with bloodcell tune");
  }
  shown.studies = options.studies;
  if (!options.evaluations.empty() && !fs::is_directory(options.evaluations, error)) {
    return fail(ErrorCode::not_found, "there is no such folder", options.evaluations,
                "name one that holds folders made by evaluate --report");
  }
  shown.evaluations = options.evaluations;
  for (const auto& named : options.data) {
    BC_ASSIGN(auto set, named_path("--data", named));
    if (!shown.data.insert(std::move(set)).second) {
      return fail(ErrorCode::usage, fmt::format("`--data {}`: the name is taken", named), {},
                  "give it another name");
    }
  }
  for (const auto& named : options.splits) {
    BC_ASSIGN(auto split, named_path("--split", named));
    if (!shown.data.contains(split.first) || !shown.splits.insert(std::move(split)).second) {
      return fail(ErrorCode::usage, fmt::format("`--split {}` is of no set, or the second", named),
                  {}, "give each set of --data one split at most, by its name");
    }
  }
  return shown;
}

Result<int> run_serve(const Job& job, ServeOptions options) {
  BC_ASSIGN(options.how.token, read_token(options.token_file));
  BC_CHECK(serve::check_options(options.how));
  options.how.batch = options.model.batch;
  BC_ASSIGN(const auto shelf, fill_shelf(job, options));

  std::unique_ptr<review::Store> reviews;
  if (!options.review.empty()) {
    BC_ASSIGN(reviews, review::Store::open(options.review, options.review_bounds));
  }
  differential::Settings count;
  BC_CHECK(read_ranges(options.ranges, job.context.limits, count));
  BC_CHECK(check_ranges(count, shelf->active()->predictor.labels(), options.ranges));

  const unsigned threads = job.context.pool.size();
  serve::Counters counters;
  const serve::Server* listening = nullptr;
  // Ended last to first: the network, then what still works for it.
  serve::Batcher batcher(threads, options.how.batch, options.how.max_waiting_pictures,
                         job.context.limits, counters);
  serve::Services services{job.context, options.how, *shelf, batcher, counters};
  services.is_stopping = [&listening] { return listening == nullptr || listening->is_stopping(); };
  services.reviews = reviews.get();
  BC_ASSIGN(auto explain, explaining(job, options, *shelf));
  serve::Explainers explainers(std::move(explain));
  services.explainers = &explainers;
  services.count = count;
  BC_ASSIGN(services.shown, what_to_show(options));
  const serve::Router router = serve::make_router(services);
  serve::Workers workers(threads, options.how.max_waiting_requests);
  BC_ASSIGN(const auto server,
            serve::Server::open(options.how, router, workers, counters, job.context.log));
  listening = server.get();
  job.terminal.out << "listening on " << server->address() << std::endl;
  server->run(job.context.cancellation);
  job.context.log.info("stopped");
  return 0;
}

Action set_up(CLI::App& command) {
  auto options = std::make_shared<ServeOptions>();
  auto& how = options->how;
  add_model_options(command, options->model);
  command
      .add_option("--models", options->models,
                  "folder of model files to choose from; without it the model's own")
      ->type_name("FOLDER");
  command
      .add_option("--index", options->index,
                  "index of known cells (bloodcell index): those most alike are shown")
      ->type_name("FILE");
  command
      .add_option("--host", how.host, "address to listen on; beyond 127.0.0.1 with a token only")
      ->type_name("ADDRESS");
  command.add_option("--port", how.port, "0 for any free one")->type_name("INT");
  command
      .add_option("--token-file", options->token_file,
                  "asks for the token in this file's first line (or in $BLOODCELL_TOKEN)")
      ->type_name("FILE");
  command
      .add_option("--review", options->review,
                  "folder for cases under review: their pictures, decisions and trail are kept")
      ->type_name("FOLDER");
  command
      .add_option("--review-max-bytes", options->review_bounds.max_bytes,
                  "pictures of all cases together")
      ->needs("--review");
  command.add_option("--runs", options->runs, "folder of run folders, shown on the page Models")
      ->type_name("FOLDER");
  command
      .add_option("--studies", options->studies,
                  "study file, or folder of .db files, shown on the page Tuning")
      ->type_name("PATH");
  command.add_option("--data", options->data, "data set shown on the page Data; may be repeated")
      ->type_name("NAME=PATH");
  command
      .add_option("--split", options->splits,
                  "split of a set of --data, made by data split: its leak audit is shown")
      ->type_name("NAME=FILE");
  command
      .add_option("--evaluations", options->evaluations,
                  "folder of folders made by evaluate --report, shown on the page Models")
      ->type_name("FOLDER");
  command
      .add_option("--ranges", options->ranges,
                  "reference ranges as TOML: source = \"…\", [percent] label = [low, high]")
      ->type_name("FILE");
  command.add_option("--max-body-bytes", how.max_body_bytes, "of one request");
  command.add_option("--max-request-files", how.max_files, "pictures in one request")
      ->check(CLI::Range(1, 10'000));
  command.add_option("--max-connections", how.max_connections, "open at once")
      ->check(CLI::Range(1, 100'000));
  command.add_option("--max-waiting", how.max_waiting_pictures, "pictures in the queue")
      ->check(CLI::Range(1, 1'000'000));
  return [options](const Job& job) { return run_serve(job, *options); };
}

}  // namespace

Verb serve_verb() {
  return {"serve", "Answer over HTTP: the page, the REST interface, metrics",
          "  bloodcell serve\n"
          "  bloodcell serve --port 0 --models models/\n"
          "  bloodcell serve --host 0.0.0.0 --token-file /etc/bloodcell/token",
          set_up, Uses::threads | Uses::files | Uses::pictures};
}

}  // namespace bloodcell::cli
