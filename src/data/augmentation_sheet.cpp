#include <bloodcell/data/augmentation_sheet.hpp>

#include <algorithm>
#include <filesystem>
#include <map>
#include <span>
#include <utility>

#include <bloodcell/base/random.hpp>
#include <bloodcell/data/augment.hpp>
#include <bloodcell/data/loader.hpp>
#include <bloodcell/image/draw.hpp>

namespace bloodcell::data {

namespace {

constexpr int kGap_px = 4;
constexpr int kLetter_px = 8;
constexpr int kLine_px = 15;
constexpr int kCaption_px = kLine_px + kGap_px;
constexpr int kNarrowest_px = 480;  // so that a caption is not cut where pictures are small
constexpr int kMostDraws = 24;
constexpr image::Colour kGround{255, 255, 255};
constexpr image::Colour kInk{20, 20, 30};

// All samples, `times` times each, in the order given.
Result<std::vector<image::Image>> seen(const Context& context, const Dataset& dataset,
                                       const std::vector<std::size_t>& samples,
                                       const AugmentationSheetOptions& options,
                                       const Augmentation& augmentation, std::size_t times) {
  LoaderOptions loading;
  loading.preprocessing = options.preprocessing;
  loading.augmentation = augmentation;
  loading.seed = options.seed;
  loading.epoch_images = samples.size() * times;
  loading.order = [&](std::uint64_t) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < samples.size(); ++i) order.insert(order.end(), times, i);
    return order;
  };
  Loader loader(context, dataset, samples, loading);
  loader.start(0);
  std::vector<image::Image> pictures;
  const std::size_t values = options.preprocessing.input_values();
  while (true) {
    BC_ASSIGN(const auto batch, loader.next());
    if (!batch) return pictures;
    for (std::size_t i = 0; i < static_cast<std::size_t>(batch->count); ++i) {
      pictures.push_back(image::seen_picture(std::span(batch->images).subspan(i * values, values),
                                             options.preprocessing));
    }
  }
}

Result<void> check(const std::vector<std::size_t>& samples,
                   const AugmentationSheetOptions& options) {
  const std::size_t rows = samples.size() * options.augmentations.size();
  if (rows == 0 || rows > kAugmentationSheetRows) {
    return fail(ErrorCode::usage,
                fmt::format("a sheet has 1 to {} rows, not {}", kAugmentationSheetRows, rows), {},
                "show fewer cells, or fewer augmentations");
  }
  if (options.draws < 1 || options.draws > kMostDraws) {
    return fail(ErrorCode::usage,
                fmt::format("a row has 1 to {} draws, not {}", kMostDraws, options.draws));
  }
  BC_CHECK(image::check(options.preprocessing));
  const auto pixels = static_cast<std::int64_t>(rows) *
                      (options.preprocessing.height_px + kCaption_px + kGap_px) *
                      ((options.draws + 1) * (options.preprocessing.width_px + kGap_px) + kGap_px);
  if (pixels > kAugmentationSheetPixels) {
    return fail(ErrorCode::usage, "such a sheet has more than 100 million pixels", {},
                "show fewer cells or draws, or a smaller size");
  }
  return {};
}

}  // namespace

std::vector<std::size_t> samples_to_show(const Dataset& dataset, std::size_t most,
                                         std::uint64_t seed) {
  std::vector<std::size_t> order(dataset.samples.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  Random random(seed, stream_of("samples to show"), 0);
  random.shuffle(std::span(order));

  // How many of its family and of its class came before: first families, then classes, in turn.
  std::map<std::string, std::size_t> of_family;
  std::map<std::pair<std::size_t, int>, std::size_t> of_class;
  std::vector<std::pair<std::pair<std::size_t, std::size_t>, std::size_t>> turns;
  for (const std::size_t position : order) {
    const auto& sample = dataset.samples[position];
    const std::size_t in_family = of_family[sample.family]++;
    turns.push_back({{in_family, of_class[{in_family, sample.label}]++}, position});
  }
  std::stable_sort(turns.begin(), turns.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  turns.resize(std::min(most, turns.size()));
  std::vector<std::size_t> shown;
  for (const auto& turn : turns) shown.push_back(turn.second);
  std::sort(shown.begin(), shown.end());
  return shown;
}

Result<image::Image> augmentation_sheet(const Context& context, const Dataset& dataset,
                                        const std::vector<std::size_t>& samples,
                                        const AugmentationSheetOptions& options) {
  BC_CHECK(check(samples, options));
  const auto draws = static_cast<std::size_t>(options.draws);
  const auto& names = options.augmentations;
  BC_ASSIGN(const auto unchanged, seen(context, dataset, samples, options, {}, 1));
  const int column_px = options.preprocessing.width_px + kGap_px;
  const int row_px = options.preprocessing.height_px + kCaption_px + kGap_px;
  const int width_px = std::max(kNarrowest_px, (options.draws + 1) * column_px + kGap_px);
  auto sheet =
      image::blank(width_px, static_cast<int>(samples.size() * names.size()) * row_px, kGround);
  for (std::size_t name = 0; name < names.size(); ++name) {
    BC_ASSIGN(const auto augmentation, augmentation_named(names[name]));
    BC_ASSIGN(const auto changed, seen(context, dataset, samples, options, augmentation, draws));
    for (std::size_t i = 0; i < samples.size(); ++i) {
      const auto& sample = dataset.samples[samples[i]];
      const int top = static_cast<int>(i * names.size() + name) * row_px;
      const std::string caption =
          fmt::format("{}: {}, {}", names[name],
                      dataset.labels[static_cast<std::size_t>(sample.label)], sample.file);
      image::draw_text(sheet, image::shortened_to(caption, width_px - 2 * kGap_px, kLetter_px),
                       kGap_px, top + kLine_px, kLetter_px, kInk);
      image::paste(sheet, unchanged[i], kGap_px, top + kCaption_px);
      for (std::size_t draw = 0; draw < draws; ++draw) {
        image::paste(sheet, changed[i * draws + draw],
                     kGap_px + static_cast<int>(draw + 1) * column_px, top + kCaption_px);
      }
    }
  }
  return sheet;
}

}  // namespace bloodcell::data
