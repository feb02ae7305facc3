// A set in figures, before anyone learns from it: what is in it, how it looks, what is wrong with
// it. Each picture is decoded once, small; what is kept of it is a few numbers.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/data/audit.hpp>
#include <bloodcell/data/dataset.hpp>
#include <bloodcell/image/image.hpp>

namespace bloodcell::data {

// How one picture looks, all in 0 … 255 but the last.
enum class Measure {
  brightness,  // mean luma, 0.299 R + 0.587 G + 0.114 B (Rec. 601)
  red,         // mean of the channel
  green,
  blue,
  sharpness,    // variance of the 4-neighbour Laplacian of the luma, inner pixels; ≥ 0
  black_share,  // percent of pixels whose three channels are all ≤ kBlackest
};
inline constexpr std::size_t kMeasures = 6;
inline constexpr int kBlackest = 16;
// Pictures are measured at this length of their shorter side (smaller ones as they are), so that
// sharpness compares across sizes.
inline constexpr int kMeasuredSide_px = 96;
using Look = std::array<double, kMeasures>;  // by Measure

// `brightness` … `black_share`.
[[nodiscard]] std::string_view name_of(Measure measure);

// Of the picture as it is. A picture under 3 × 3 has sharpness 0; not empty.
[[nodiscard]] Look look_of(const image::Image& picture);

// Order statistics by linear interpolation (Hyndman and Fan 1996, type 7).
struct Spread {
  std::size_t count = 0;
  double mean = 0;
  double deviation = 0;  // sample standard deviation; 0 for one value
  double minimum = 0, p05 = 0, q1 = 0, median = 0, q3 = 0, p95 = 0, maximum = 0;
};
// All zero for no values.
[[nodiscard]] Spread spread_of(std::vector<double> values);

// The pictures of one class or one source.
struct Group {
  std::string name;
  std::size_t images = 0;  // that could be read
  std::array<Spread, kMeasures> spreads;
};

struct PartCount {
  std::string part;  // of the split, else as published, else `all`; kOutside: not in the split
  std::string label;
  std::size_t images = 0;
  std::size_t families = 0;
};
inline constexpr std::string_view kOutside = "not in the split";

struct SizeCount {
  int width_px = 0;
  int height_px = 0;
  std::size_t images = 0;
};

// A class as it looks. Empty pictures: none could be read.
struct ClassCells {
  std::string label;
  struct Example {
    std::string file;
    image::Image picture;  // shorter side at most kMeasuredSide_px
  };
  std::vector<Example> examples;  // evenly spaced among the class's files
  image::Image mean;              // kMeanSide_px square, each picture stretched to it
};
inline constexpr int kMeanSide_px = 64;
inline constexpr std::size_t kExamples = 6;
inline constexpr std::size_t kShownClasses = 40;  // ClassCells for the first of them only

struct Exploration {
  std::vector<std::string> labels;
  std::vector<std::string> parts;  // train, validation, test first, then by name
  std::size_t images = 0;          // samples of the set
  std::size_t families = 0;
  bool families_known = false;
  std::vector<PartCount> counts;  // by part, then class; those with images
  std::vector<SizeCount> sizes;   // most images first
  std::vector<Group> classes;     // one for each label
  std::vector<Group> sources;     // by name; empty when no sample names one
  std::vector<ClassCells> cells;
  std::vector<Error> unreadable;  // in the order of the samples; no such picture is in a figure
  std::vector<Error> problems;    // of the set itself (Dataset::problems)
  std::vector<Double> doubles;
  std::vector<Conflict> conflicts;
};

// split: names the parts (and, where the set brings none, the families). The same for any number of
// threads. Memory: some 100 bytes a picture. Errors: cancelled, usage (more than 10,000 classes).
[[nodiscard]] Result<Exploration> explore(const Context& context, const Dataset& dataset,
                                          const std::optional<Split>& split = std::nullopt);

}  // namespace bloodcell::data
