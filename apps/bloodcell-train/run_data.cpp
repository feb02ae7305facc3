#include "run_data.hpp"

#include <algorithm>

#include <bloodcell/data/split.hpp>

namespace bloodcell::training {

Result<data::Dataset> open_run_data(const Context& context, const train::RunDirectory& run,
                                    const std::string& data) {
  const std::filesystem::path path = data.empty() ? run.data() : std::filesystem::path(data);
  auto dataset = data::open_dataset(context, path, {{}, run.split().labels});
  if (!dataset && dataset.error().code == ErrorCode::not_found) {
    Error error = dataset.error();
    error.remedy = "if the data have moved, name them with --data";
    return tl::unexpected(std::move(error));
  }
  if (dataset) data::adopt_families(*dataset, run.split());
  return dataset;
}

int report_problems(const Context& context, const data::Dataset& dataset) {
  constexpr std::size_t kMostShown = 5;
  const auto& problems = dataset.problems;
  for (std::size_t i = 0; i < std::min(problems.size(), kMostShown); ++i) {
    context.log.warning("left out: {}", to_text(problems[i]));
  }
  if (problems.size() > kMostShown) {
    context.log.warning("left out: {} more", problems.size() - kMostShown);
  }
  return problems.empty() ? 0 : 3;
}

}  // namespace bloodcell::training
