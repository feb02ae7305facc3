#include <verbs/average_weights.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <answer.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/base/hash.hpp>
#include <bloodcell/graph/average.hpp>

namespace bloodcell::cli {

namespace {

using nlohmann::ordered_json;

constexpr std::size_t kMostFiles = 100;

struct Options {
  std::vector<std::string> files;
  std::string output;
};

// What `save_best` of a run said of its weights: which network, and how it saw pixels.
struct Origin {
  std::string architecture;
  nlohmann::json preprocessing;
  friend bool operator==(const Origin&, const Origin&) = default;
};

Result<Origin> origin_of(const graph::WeightsFile& file) {
  if (file.metadata.contains("checkpoint")) {
    return fail(ErrorCode::usage, "is a checkpoint, which holds more than weights", {},
                "give best.safetensors of that run");
  }
  const auto found = file.metadata.find("best");
  const auto said = found == file.metadata.end()
                        ? nlohmann::json()
                        : nlohmann::json::parse(found->second, nullptr, false);
  const bool tells = said.is_object() && said.contains("preprocessing") &&
                     said.contains("architecture") && said["architecture"].is_string();
  if (!tells) {
    return fail(ErrorCode::mismatch, "does not say what network it is of and how that sees pixels",
                {}, "give best.safetensors of runs");
  }
  return Origin{said["architecture"].get<std::string>(), said["preprocessing"]};
}

struct Mean {
  Origin origin;
  graph::Weights weights;
  ordered_json of = ordered_json::array();
};

Result<void> take(std::optional<Mean>& mean, const Bytes& bytes, const Limits& limits) {
  BC_ASSIGN(auto file, graph::read_safetensors(bytes, limits));
  BC_ASSIGN(auto origin, origin_of(file));
  if (!mean) {
    mean.emplace(Mean{std::move(origin), std::move(file.weights)});
  } else if (origin != mean->origin) {
    return fail(ErrorCode::mismatch,
                "is of another network than the first, or saw pixels otherwise");
  } else {
    const auto count = static_cast<std::int64_t>(mean->of.size());
    BC_CHECK(graph::take_into_mean(mean->weights, count, file.weights));
  }
  mean->of.push_back(sha256(bytes));
  return {};
}

Result<int> run_average(const Job& job, const Options& options) {
  const Limits& limits = job.context.limits;
  std::optional<Mean> mean;
  for (const auto& path : options.files) {
    BC_ASSIGN(const auto bytes, read_file(path, limits.max_file_bytes));
    BC_CHECK(take(mean, bytes, limits).map_error([&](Error error) {
      return with_path(std::move(error), path);
    }));
  }
  const ordered_json said{{"architecture", mean->origin.architecture},
                          {"preprocessing", mean->origin.preprocessing},
                          {"of", mean->of}};
  const auto tensors = mean->weights.size();
  BC_CHECK(write_file(options.output, graph::write_safetensors(
                                          {std::move(mean->weights), {{"average", said.dump()}}})));
  if (job.json) {
    job.terminal.out << to_text(
        {{"output", options.output}, {"tensors", tensors}, {"of", mean->of}});
    return 0;
  }
  job.terminal.out << fmt::format(
      "{}: {} tensors, the mean of {} files\n"
      "Now let it learn on for an epoch or two, at a small rate: bloodcell train --model {} "
      "--weights {}\n",
      options.output, tensors, options.files.size(), mean->origin.architecture, options.output);
  return 0;
}

Action set_up(CLI::App& command) {
  auto options = std::make_shared<Options>();
  command
      .add_option("files", options->files,
                  "best.safetensors of runs that began with the same weights")
      ->type_name("FILE")
      ->required()
      ->expected(2, kMostFiles);
  command.add_option("-o,--output", options->output, "the safetensors file to write")
      ->type_name("FILE")
      ->required();
  return [options](const Job& job) { return run_average(job, *options); };
}

}  // namespace

Verb average_weights_verb() {
  return {"average", "Make the mean of the weights of several runs of one network",
          "  bloodcell weights average runs/a/best.safetensors runs/b/best.safetensors -o "
          "mean.safetensors\n"
          "  bloodcell train --model compact --weights mean.safetensors --epochs 2 --lr 0.0003 "
          "--data cells/",
          set_up, Uses::json | Uses::files};
}

}  // namespace bloodcell::cli
