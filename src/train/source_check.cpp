#include "source_check.hpp"

#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include <bloodcell/base/hash.hpp>

namespace bloodcell::train {
namespace {

Result<void> check_one(const Context& context, const data::Dataset& dataset,
                       const std::string& file, std::string_view recorded) {
  BC_CHECK(context.cancellation.check());
  const auto path = dataset.root / file;
  BC_ASSIGN(const auto found, sha256_of_file(path, context.limits.max_file_bytes));
  if (found == recorded || recorded.empty()) return {};
  return fail(ErrorCode::mismatch, "is not the picture that the split recorded", path.string(),
              "put the old file back, or make a new split and a new run");
}

}  // namespace

Result<void> check_complete(const data::Dataset& dataset, const data::Split& split,
                            std::string_view part, const std::vector<std::size_t>& samples) {
  std::unordered_set<std::string_view> present;
  for (const auto sample : samples) present.insert(dataset.samples[sample].file);
  for (const auto& entry : split.entries) {
    if (entry.part != part || present.contains(entry.file)) continue;
    return fail(ErrorCode::mismatch,
                fmt::format("stands in part `{}` of the split but not in the data", part),
                (dataset.root / entry.file).string(),
                "put the file back, or make a new split and a new run");
  }
  return {};
}

Result<void> check_contents(const Context& context, const data::Dataset& dataset,
                            const data::Split& split, const std::vector<std::size_t>& samples) {
  std::unordered_map<std::string_view, std::string_view> recorded;
  for (const auto& entry : split.entries) recorded.emplace(entry.file, entry.sha256);
  std::vector<std::optional<Error>> errors(samples.size());
  context.pool.for_each(samples.size(), [&](std::size_t i) {
    const std::string& file = dataset.samples[samples[i]].file;
    const auto checked = check_one(context, dataset, file, recorded.at(file));
    if (!checked) errors[i] = checked.error();
  });
  for (auto& error : errors) {
    if (error) return tl::unexpected(std::move(*error));
  }
  return {};
}

}  // namespace bloodcell::train
