#include <bloodcell/train/sampling.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <numeric>
#include <span>
#include <string>
#include <utility>

#include <bloodcell/base/random.hpp>

namespace bloodcell::train {
namespace {

constexpr double kMostWeight = 1000;

using NamedWeights = std::vector<std::pair<std::string, float>>;

tl::unexpected<Error> wrong(std::string_view part) {
  return fail(ErrorCode::usage,
              fmt::format("--class-weights: `{}` is not none, balanced or class=weight,… with "
                          "weights above 0, to {}",
                          part, kMostWeight));
}

Result<NamedWeights> named_weights(std::string_view text) {
  NamedWeights found;
  while (!text.empty()) {
    const auto part = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    const auto equals = part.find('=');
    if (equals == std::string_view::npos || equals == 0) return wrong(part);
    const auto number = part.substr(equals + 1);
    float weight = 0;
    const auto read = std::from_chars(number.data(), number.data() + number.size(), weight);
    const bool whole = read.ec == std::errc{} && read.ptr == number.data() + number.size();
    if (!whole || !(weight > 0 && weight <= kMostWeight)) return wrong(part);
    found.emplace_back(part.substr(0, equals), weight);
  }
  if (found.empty()) return wrong(text);
  return found;
}

std::vector<float> balanced(const data::Dataset& dataset, const std::vector<std::size_t>& samples) {
  std::vector<std::size_t> images(dataset.labels.size());
  for (const auto sample : samples) {
    ++images[static_cast<std::size_t>(dataset.samples[sample].label)];
  }
  std::vector<float> weights(images.size());
  for (std::size_t i = 0; i < images.size(); ++i) {
    if (images[i] == 0) continue;
    weights[i] = static_cast<float>(static_cast<double>(samples.size()) /
                                    static_cast<double>(images.size() * images[i]));
  }
  return weights;
}

// Of `count`, in proportion to the square roots of the groups' families; together exactly `count`.
std::vector<std::size_t> shares_of(const std::vector<std::vector<std::vector<std::size_t>>>& groups,
                                   std::size_t count) {
  double all = 0;
  for (const auto& group : groups) all += std::sqrt(static_cast<double>(group.size()));
  std::vector<std::size_t> shares;
  double weight = 0;
  std::size_t dealt = 0;
  for (const auto& group : groups) {
    weight += std::sqrt(static_cast<double>(group.size()));
    const auto until = static_cast<std::size_t>(
        std::llround(static_cast<double>(count) * std::min(1.0, weight / all)));
    shares.push_back(until - dealt);
    dealt = until;
  }
  return shares;
}

// One picture of each family in a drawn order, then again in another, until `share` are dealt.
void deal(const std::vector<std::vector<std::size_t>>& families, std::size_t share, Random& random,
          std::vector<std::size_t>& order) {
  std::vector<std::size_t> turn(families.size());
  std::iota(turn.begin(), turn.end(), std::size_t{0});
  for (std::size_t shown = 0; shown < share; ++shown) {
    const std::size_t place = shown % turn.size();
    if (place == 0) random.shuffle(std::span(turn));
    const auto& family = families[turn[place]];
    order.push_back(family[random.below(family.size())]);
  }
}

}  // namespace

BalancedOrder::BalancedOrder(const data::Dataset& dataset, const std::vector<std::size_t>& samples,
                             Sources sources) {
  std::map<int, std::map<std::string_view, std::map<std::string_view, Family>>> sorted;
  for (std::size_t position = 0; position < samples.size(); ++position) {
    const auto& sample = dataset.samples[samples[position]];
    std::string_view source;
    if (sources == Sources::evened) source = sample.source;
    sorted[sample.label][source][sample.family].push_back(position);
  }
  for (auto& [label, by_source] : sorted) {
    auto& mine = by_class_.emplace_back();
    for (auto& [source, families] : by_source) {
      auto& group = mine.emplace_back();
      for (auto& [name, family] : families) group.push_back(std::move(family));
    }
  }
}

std::vector<std::size_t> BalancedOrder::of_epoch(std::uint64_t seed, std::uint64_t epoch,
                                                 std::size_t count) const {
  Random random(seed, stream_of("balanced order"), epoch);
  std::vector<std::size_t> order;
  order.reserve(count);
  const std::size_t classes = by_class_.size();
  for (std::size_t i = 0; i < classes; ++i) {
    const auto& groups = by_class_[(i + epoch) % classes];
    const auto shares = shares_of(groups, count / classes + (i < count % classes ? 1 : 0));
    for (std::size_t group = 0; group < groups.size(); ++group) {
      deal(groups[group], shares[group], random, order);
    }
  }
  random.shuffle(std::span(order));
  return order;
}

Result<std::vector<float>> class_weights_of(std::string_view wanted, const data::Dataset& dataset,
                                            const std::vector<std::size_t>& samples) {
  if (wanted == "none") return std::vector<float>{};
  if (wanted == "balanced") return balanced(dataset, samples);
  BC_ASSIGN(const auto named, named_weights(wanted));
  std::vector<float> weights(dataset.labels.size(), 1);
  for (const auto& [name, weight] : named) {
    const auto found = std::find(dataset.labels.begin(), dataset.labels.end(), name);
    if (found == dataset.labels.end()) {
      return fail(ErrorCode::usage, fmt::format("--class-weights: the set has no class `{}`", name),
                  {}, fmt::format("it has {}", fmt::join(dataset.labels, ", ")));
    }
    weights[static_cast<std::size_t>(found - dataset.labels.begin())] = weight;
  }
  return weights;
}

Result<void> check_class_weights(std::string_view wanted) {
  if (wanted == "none" || wanted == "balanced") return {};
  BC_ASSIGN([[maybe_unused]] const auto named, named_weights(wanted));
  return {};
}

}  // namespace bloodcell::train
