#include <unistd.h>

#include <algorithm>
#include <memory>

#include <bloodcell/base/files.hpp>
#include <bloodcell/cli/verbs.hpp>
#include <bloodcell/serve/api.hpp>
#include <bloodcell/serve/gate.hpp>
#include <bloodcell/serve/server.hpp>

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
  std::string token_file;
  std::string review;
  review::Bounds review_bounds;
  std::string ranges;
  std::string runs;
  std::string studies;
  std::vector<std::string> data;
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
                                   return open_predictor(job.context, one, predict_options(one));
                                 });
}

// A study file, or all `.db` files of a folder.
Result<std::vector<fs::path>> study_files(const std::string& named) {
  std::error_code error;
  if (named.empty()) return std::vector<fs::path>{};
  if (!fs::exists(named, error)) {
    return fail(ErrorCode::not_found, "there is no study", named, "begin one with bloodcell tune");
  }
  if (!fs::is_directory(named, error)) return std::vector<fs::path>{named};
  std::vector<fs::path> files;
  for (fs::directory_iterator at(named, error), end; !error && at != end; at.increment(error)) {
    if (at->path().extension() == ".db") files.push_back(at->path());
  }
  if (error) return fail(ErrorCode::unreadable, error.message(), named);
  std::sort(files.begin(), files.end());
  return files;
}

Result<serve::Shown> what_to_show(const ServeOptions& options) {
  serve::Shown shown;
  std::error_code error;
  if (!options.runs.empty() && !fs::is_directory(options.runs, error)) {
    return fail(ErrorCode::not_found, "there is no such folder", options.runs,
                "name one that holds run folders");
  }
  shown.runs = options.runs;
  BC_ASSIGN(shown.studies, study_files(options.studies));
  for (const auto& named : options.data) {
    const auto at = named.find('=');
    const std::string path = at == std::string::npos ? "" : named.substr(at + 1);
    if (at == 0 || path.empty() || !fs::exists(path, error)) {
      return fail(ErrorCode::usage, fmt::format("`--data {}` names no set", named), {},
                  "write NAME=PATH of a folder or manifest that exists");
    }
    const std::string name = named.substr(0, at);
    if (name.find('/') != std::string::npos || !shown.data.emplace(name, path).second) {
      return fail(ErrorCode::usage, fmt::format("`--data {}`: the name is taken or has a /", named),
                  {}, "give it another name");
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
