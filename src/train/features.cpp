#include "features.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <bloodcell/graph/backbone.hpp>

namespace bloodcell::train {

Features::Features(std::size_t samples, int variants, std::size_t values)
    : samples_(samples), variants_(static_cast<std::size_t>(variants)), values_(values) {}

Result<void> Features::fill(const Context& context, const data::Dataset& dataset,
                            const std::vector<std::size_t>& samples, data::LoaderOptions options,
                            const FeaturesOf& backbone) {
  options.shuffle = false;
  options.order = nullptr;
  data::Loader loader(context, dataset, samples, std::move(options));
  table_.reserve(variants_ * samples_ * values_);
  for (std::size_t variant = 0; variant < variants_; ++variant) {
    loader.start(variant);
    while (true) {
      BC_CHECK(context.cancellation.check());
      BC_ASSIGN(const auto batch, loader.next());
      if (!batch) break;
      BC_ASSIGN(const auto found, backbone(batch->images, batch->count));
      const auto strange = std::find_if_not(found.begin(), found.end(),
                                            [](float value) { return std::isfinite(value); });
      if (strange != found.end()) {
        const auto row = static_cast<std::size_t>(strange - found.begin()) / values_;
        return fail(ErrorCode::internal,
                    fmt::format("a feature of {} is {}", dataset.samples[batch->samples[row]].file,
                                *strange),
                    {}, "these weights may belong to another --input-scale");
      }
      table_.insert(table_.end(), found.begin(), found.end());
      context.progress.update({"features of the frozen backbone",
                               table_.size() / values_,
                               variants_ * samples_,
                               "images",
                               {}});
    }
  }
  context.progress.finish();
  return {};
}

void Features::copy(std::uint64_t epoch, std::size_t position, std::span<float> features) const {
  const std::uint64_t variant = epoch == 0 ? 0 : (epoch - 1) % variants_;
  const float* const from = table_.data() + (variant * samples_ + position) * values_;
  std::copy(from, from + values_, features.begin());
}

namespace {

// Features serve for good where the same picture always gives the same ones.
bool is_free_to(const Config& config) {
  return config.freeze == "backbone" && config.unfreeze.empty() && config.augmentation == "none" &&
         config.mixup == 0 && config.cutmix == 0 && config.teachers.empty() && !config.tensorboard;
}

}  // namespace

Result<int> variants_to_keep(const Context& context, const Config& config,
                             const graph::Graph& graph, std::size_t learning,
                             std::size_t watching) {
  const bool asked = config.feature_variants > 0;
  if (!asked && !is_free_to(config)) return 0;
  const int variants = asked ? config.feature_variants : 1;
  const auto& shape = graph.nodes[graph::seam_after(graph, graph.features)].shape;
  const double bytes = sizeof(float) * static_cast<double>(shape.values()) *
                       (static_cast<double>(variants) * static_cast<double>(learning) +
                        static_cast<double>(watching));
  const auto most = static_cast<double>(context.limits.cache_bytes);
  if (bytes <= most) return variants;
  const std::string told = fmt::format(
      "features of {} pictures in {} variants take {:.0f} MB, more than the {:.0f} MB that are "
      "kept",
      learning + watching, variants, bytes / 1e6, most / 1e6);
  if (asked) {
    return fail(ErrorCode::limit_exceeded, "--feature-variants: " + told, {},
                "give fewer variants, or --head pooled, whose features are means of maps");
  }
  context.log.warning("{}: each epoch runs the whole network", told);
  return 0;
}

}  // namespace bloodcell::train
