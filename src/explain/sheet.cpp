#include <algorithm>
#include <cmath>
#include <filesystem>

#include <bloodcell/explain/output.hpp>
#include <bloodcell/image/decode.hpp>
#include <bloodcell/image/draw.hpp>

namespace bloodcell::explain {

namespace {

using image::Colour;
using image::Image;

constexpr int kWidth = 960;
constexpr int kGap = 24;
constexpr int kPanel = (kWidth - 4 * kGap) / 3;
constexpr int kHeading = 15;  // letters, in pixels
constexpr int kText = 11;
constexpr int kLine = 24;
constexpr int kKnown = 96;  // a known cell's side
constexpr Colour kInk{30, 30, 30};
constexpr Colour kSoft{95, 95, 95};
constexpr Colour kPaper{255, 255, 255};
constexpr Colour kFor{200, 40, 20};
constexpr Colour kAgainst{25, 80, 200};

// −1 … 1 over a grey: blue speaks against, red for, nothing leaves the grey.
Colour heat(double value, std::uint8_t grey) {
  const Colour& full = value < 0 ? kAgainst : kFor;
  const double share = 0.8 * std::min(std::abs(value), 1.0);
  Colour mixed{};
  for (std::size_t i = 0; i < 3; ++i) {
    mixed[i] = static_cast<std::uint8_t>(std::lround(grey + share * (full[i] - grey)));
  }
  return mixed;
}

std::uint8_t grey_of(std::span<const std::uint8_t, 3> pixel) {
  return static_cast<std::uint8_t>(
      std::lround(0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2]));
}

Image heated(const Image& frame, const HeatMap& map, double scale) {
  Image painted = frame;
  for (int y = 0; y < frame.height_px; ++y) {
    for (int x = 0; x < frame.width_px; ++x) {
      const double value = value_at(map, (x + 0.5) / frame.width_px, (y + 0.5) / frame.height_px);
      const auto colour = heat(value / scale, grey_of(frame.at(x, y)));
      std::copy(colour.begin(), colour.end(), painted.at(x, y).begin());
    }
  }
  return painted;
}

void write(Image& sheet, std::string_view text, int x, int baseline, int height, Colour colour,
           int room) {
  image::draw_text(sheet, image::shortened_to(text, room, height), x, baseline, height, colour);
}

// From −scale to scale, with its ends and its middle named.
void draw_legend(Image& sheet, int left, int top, int width, double scale) {
  constexpr int kHeight = 14;
  constexpr std::uint8_t kGrey = 225;
  for (int x = 0; x < width; ++x) {
    const auto colour = heat(2.0 * x / (width - 1) - 1, kGrey);
    image::paste(sheet, image::blank(1, kHeight, colour), left + x, top);
  }
  image::draw_frame(sheet, {left, top, width, kHeight}, kSoft, 1);
  const int baseline = top + kHeight + kText + 7;
  const auto low = fmt::format("{:.2f} against", -scale);
  const auto high = fmt::format("for +{:.2f}", scale);
  image::draw_text(sheet, low, left, baseline, kText, kInk);
  image::draw_text(sheet, "0", left + width / 2 - image::text_width_px("0", kText) / 2, baseline,
                   kText, kInk);
  image::draw_text(sheet, high, left + width - image::text_width_px(high, kText), baseline, kText,
                   kInk);
}

std::string_view short_meaning(Method method) {
  switch (method) {
    case Method::cam: return "What each place adds to the class's logit (class activation map)";
    case Method::occlusion: return "What the class's logit loses when the place is covered";
    case Method::rise: return "How the class's logit rises when the place is seen (RISE)";
  }
  return "";
}

Result<void> draw_neighbours(Image& sheet, int top, const ExplainedCell& cell,
                             const Neighbours& neighbours, const Limits& limits) {
  const auto& index = neighbours.index();
  write(sheet,
        fmt::format("Nearest known cells, by what the network makes of them; {:.1f} is usual "
                    "between cells of a class",
                    neighbours.usual_distance()),
        kGap, top + kText, kText, kInk, kWidth - 2 * kGap);
  const int columns = (kWidth - 2 * kGap + kGap) / (kKnown + kGap);
  for (int i = 0; i < std::min(columns, static_cast<int>(cell.near.size())); ++i) {
    const auto& near = cell.near[static_cast<std::size_t>(i)];
    const auto& known = index.cells[near.cell];
    BC_ASSIGN(const auto picture, image::decode(known.thumbnail, limits));
    const int left = kGap + i * (kKnown + kGap);
    image::paste(sheet, image::resize(picture, kKnown, kKnown, image::Interpolation::bilinear),
                 left, top + kLine);
    const int below = top + kLine + kKnown;
    write(sheet, known.label, left, below + 17, kText, kInk, kKnown + kGap - 4);
    write(sheet, fmt::format("{:.1f}", near.distance), left, below + 35, kText, kInk, kKnown);
    write(sheet, known.source, left, below + 53, kText, kSoft, kKnown + kGap - 4);
  }
  if (!index.licence.empty()) {
    write(sheet, "Known cells: " + index.licence, kGap, top + kLine + kKnown + 78, kText, kSoft,
          kWidth - 2 * kGap);
  }
  return {};
}

}  // namespace

Result<Image> sheet_of(const ExplainedCell& cell, const Explainer& explainer,
                       const Limits& limits) {
  const auto& labels = explainer.labels();
  const auto named = [&](int label) {
    return fmt::format("{} {:.1f} %", labels[static_cast<std::size_t>(label)],
                       100 * cell.verdict.probabilities[static_cast<std::size_t>(label)]);
  };
  const int panels_top = 4 * kLine + 10;
  const int legend_top = panels_top + kPanel + 2 * kLine;
  const int known_top = legend_top + 3 * kLine;
  const int known_height = explainer.neighbours() == nullptr ? 0 : kLine + kKnown + 4 * kLine;
  Image sheet = image::blank(kWidth, known_top + known_height + kLine, kPaper);
  const int room = kWidth - 2 * kGap;
  write(
      sheet,
      fmt::format("{}, cell {}: {}, then {}", std::filesystem::path(cell.file).filename().string(),
                  cell.cell, named(cell.verdict.class_index), named(cell.second)),
      kGap, kLine + 6, kHeading, kInk, room);
  write(sheet,
        cell.verdict.doubt.empty() ? fmt::format("model {}", explainer.description().name)
                                   : fmt::format("model {}: unidentified, {}",
                                                 explainer.description().name, cell.verdict.doubt),
        kGap, 2 * kLine + 6, kText, cell.verdict.doubt.empty() ? kSoft : kFor, room);

  double scale = 0;
  for (const auto& of : cell.maps) scale = std::max(scale, largest_of(of.map));
  scale = std::max(scale, 1e-6);
  const auto panel = [&](int place, const Image& picture, const std::string& heading) {
    const int left = kGap + place * (kPanel + kGap);
    write(sheet, heading, left, panels_top - 8, kText, kInk, kPanel);
    const auto shown = image::thumbnail(picture, kPanel, kPanel);
    image::paste(sheet, shown, left, panels_top);
    image::draw_frame(sheet, {left, panels_top, shown.width_px, shown.height_px}, kSoft, 1);
  };
  panel(0, cell.frame, "What the network saw");
  for (std::size_t i = 0; i < cell.maps.size(); ++i) {
    // Painted at the panel's size, so that the map is smooth where the picture's pixels are not.
    const auto large = image::thumbnail(cell.frame, kPanel, kPanel);
    panel(static_cast<int>(i) + 1, heated(large, cell.maps[i].map, scale),
          "Evidence for " + named(cell.maps[i].class_index));
  }
  const int right = 2 * kGap + kPanel;
  write(sheet, short_meaning(cell.method), right, legend_top - 10, kText, kInk,
        kWidth - right - kGap);
  draw_legend(sheet, right, legend_top, kWidth - right - kGap, scale);
  write(sheet, "For research use only.", kGap, legend_top + 2, kText, kSoft, kPanel);
  if (explainer.neighbours() != nullptr) {
    BC_CHECK(draw_neighbours(sheet, known_top, cell, *explainer.neighbours(), limits));
  }
  return sheet;
}

}  // namespace bloodcell::explain
