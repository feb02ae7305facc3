#include <fstream>
#include <memory>
#include <vector>

#include <fmt/ranges.h>

#include <answer.hpp>
#include <output_file.hpp>

#include <bloodcell/cli/verbs.hpp>
#include <bloodcell/predict/shard.hpp>

namespace bloodcell::cli {

namespace fs = std::filesystem;

namespace {

struct MergeOptions {
  std::string output;
  unsigned shards = 0;
};

Result<void> check_all_there(const MergeOptions& options) {
  std::vector<unsigned> missing;
  for (unsigned i = 0; i < options.shards; ++i) {
    std::error_code ignored;
    if (!fs::exists(predict::shard_output(options.output, {i, options.shards}), ignored)) {
      missing.push_back(i);
    }
  }
  if (missing.empty()) return {};
  return fail(
      ErrorCode::not_found,
      fmt::format("of {} shards these are not done: {}", options.shards, fmt::join(missing, ", ")),
      options.output, "run them, or run them again: they go on where they ended");
}

// Row after row, in the memory of one. CSV's header stands in every shard and is written once.
Result<void> append(const fs::path& shard, std::string& header, bool has_header,
                    std::ostream& out) {
  std::ifstream in(shard, std::ios::binary);
  if (!in) return fail(ErrorCode::unreadable, "cannot be read", shard.string());
  std::string line;
  if (has_header && std::getline(in, line)) {
    if (!header.empty() && header != line) {
      return fail(ErrorCode::mismatch, "has other columns than the shards before it",
                  shard.string(), "make all shards with the same model");
    }
    if (header.empty()) out << line << '\n';
    header = line;
  }
  while (std::getline(in, line)) out << line << '\n';
  if (!in.bad()) return {};
  return fail(ErrorCode::unreadable, "cannot be read to its end", shard.string(),
              "copy it again, or run that shard again");
}

Result<int> run_merge(const Job& job, const MergeOptions& options) {
  const auto ending = fs::path(options.output).extension();
  if (ending != ".csv" && ending != ".jsonl") {
    return fail(ErrorCode::usage, "is named neither .csv nor .jsonl", options.output,
                "name it as --output of the shards did");
  }
  BC_CHECK(check_all_there(options));
  BC_ASSIGN(auto file, OutputFile::create(options.output));
  const bool has_header = ending == ".csv";
  std::string header;
  for (unsigned i = 0; i < options.shards; ++i) {
    BC_CHECK(job.context.cancellation.check());
    const auto shard = predict::shard_output(options.output, {i, options.shards});
    BC_CHECK(append(shard, header, has_header, file.stream()));
  }
  BC_CHECK(file.commit());
  job.context.log.info("{}: {} shards", options.output, options.shards);
  return 0;
}

Action set_up(CLI::App& command) {
  auto options = std::make_shared<MergeOptions>();
  command.add_option("output", options->output, "as --output named it: cells.csv or cells.jsonl")
      ->type_name("FILE")
      ->required();
  command.add_option("--shards", options->shards, "how many there are")
      ->check(CLI::Range(1U, 1'000'000U))
      ->required();
  return [options](const Job& job) { return run_merge(job, *options); };
}

}  // namespace

Verb merge_verb() {
  return {"merge", "Join what the shards of predict have written",
          "  bloodcell merge cells.csv --shards 8", set_up, Uses::nothing};
}

}  // namespace bloodcell::cli
