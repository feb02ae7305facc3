#include <bloodcell/graph/average.hpp>

#include <algorithm>
#include <cmath>

#include <fmt/ranges.h>

namespace bloodcell::graph {
namespace {

Result<void> check_alike(const Weights& mean, const Weights& next) {
  for (const auto& [name, tensor] : mean) {
    const auto found = next.find(name);
    if (found == next.end()) {
      return fail(ErrorCode::mismatch, fmt::format("has no tensor {}, which the first has", name));
    }
    const auto& values = found->second.values;
    if (found->second.dims != tensor.dims || values.size() != tensor.values.size()) {
      return fail(ErrorCode::mismatch,
                  fmt::format("{} is [{}], in the first [{}]", name,
                              fmt::join(found->second.dims, ", "), fmt::join(tensor.dims, ", ")));
    }
    if (!std::all_of(values.begin(), values.end(),
                     [](float value) { return std::isfinite(value); })) {
      return fail(ErrorCode::mismatch, fmt::format("{} has values that are not finite", name));
    }
  }
  if (next.size() == mean.size()) return {};
  const auto extra = std::find_if(next.begin(), next.end(),
                                  [&](const auto& each) { return !mean.contains(each.first); });
  return fail(ErrorCode::mismatch,
              fmt::format("has a tensor {}, which the first has not", extra->first));
}

}  // namespace

Result<void> take_into_mean(Weights& mean, std::int64_t count, const Weights& next) {
  BC_CHECK(check_alike(mean, next));
  const double share = 1.0 / static_cast<double>(count + 1);
  for (auto& [name, tensor] : mean) {
    const auto& values = next.at(name).values;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double before = tensor.values[i];
      tensor.values[i] = static_cast<float>(before + share * (values[i] - before));
    }
  }
  return {};
}

}  // namespace bloodcell::graph
