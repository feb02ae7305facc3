#include <bloodcell/explain/heat_map.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include <bloodcell/base/random.hpp>

namespace bloodcell::explain {

namespace {

constexpr std::size_t kPlanes = 3;

struct Side {
  int width;
  int height;
  [[nodiscard]] std::size_t area() const {
    return static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  }
};

// A logit less the mean of all.
double lead(std::span<const float> logits, int of) {
  double sum = 0;
  for (const float logit : logits) sum += logit;
  return logits[static_cast<std::size_t>(of)] - sum / static_cast<double>(logits.size());
}

// The mean of the outermost pixels, a plane each: what surrounds a cell.
std::array<float, kPlanes> rim_of(std::span<const float> input, Side side) {
  std::array<float, kPlanes> rim{};
  for (std::size_t plane = 0; plane < kPlanes; ++plane) {
    double sum = 0;
    int pixels = 0;
    for (int y = 0; y < side.height; ++y) {
      const bool is_end = y == 0 || y == side.height - 1;
      for (int x = 0; x < side.width; x += is_end ? 1 : std::max(side.width - 1, 1)) {
        sum += input[plane * side.area() + static_cast<std::size_t>(y * side.width + x)];
        ++pixels;
      }
    }
    rim[plane] = static_cast<float>(sum / pixels);
  }
  return rim;
}

// Changed copies of one picture, run in batches: change(i, copy) makes the i-th. Returns the leads
// of the classes, copy by copy.
Result<std::vector<double>> leads_of_copies(
    const infer::Session& session, std::span<const float> input, std::span<const int> classes,
    std::size_t copies, int batch,
    const std::function<void(std::size_t, std::span<float>)>& change) {
  std::vector<double> leads;
  leads.reserve(copies * classes.size());
  std::vector<float> images;
  for (std::size_t first = 0; first < copies; first += static_cast<std::size_t>(batch)) {
    const std::size_t here = std::min(static_cast<std::size_t>(batch), copies - first);
    images.clear();
    for (std::size_t i = 0; i < here; ++i) {
      images.insert(images.end(), input.begin(), input.end());
      change(first + i, std::span(images).last(input.size()));
    }
    BC_ASSIGN(const auto logits, session.run(images, static_cast<int>(here)));
    const std::size_t labels = logits.size() / here;
    for (std::size_t i = 0; i < here; ++i) {
      for (const int of : classes) {
        leads.push_back(lead(std::span(logits).subspan(i * labels, labels), of));
      }
    }
  }
  return leads;
}

Result<std::vector<HeatMap>> activation_maps(const infer::Session& session,
                                             std::span<const float> input,
                                             std::span<const int> classes) {
  const auto size = session.map_size();
  if (size.width == 0) {
    return fail(ErrorCode::unsupported, "the network does not take the mean of maps at its end", {},
                "choose the method occlusion or rise");
  }
  BC_ASSIGN(const auto looked, session.look(input, 1));
  const auto& head = session.head();
  const std::size_t labels = head.weights.size() / head.values;
  const auto places = static_cast<std::size_t>(size.width * size.height);
  std::vector<HeatMap> maps;
  for (const int of : classes) {
    std::vector<double> sums(places);
    for (std::size_t v = 0; v < head.values; ++v) {
      double mean = 0;
      for (std::size_t k = 0; k < labels; ++k) mean += head.weights[k * head.values + v];
      const double weight = head.weights[static_cast<std::size_t>(of) * head.values + v] -
                            mean / static_cast<double>(labels);
      for (std::size_t p = 0; p < places; ++p) sums[p] += weight * looked.maps[v * places + p];
    }
    maps.push_back({size.width, size.height, {sums.begin(), sums.end()}});
  }
  return maps;
}

Result<std::vector<HeatMap>> occlusion_maps(const infer::Session& session, Side side,
                                            std::span<const float> input,
                                            std::span<const int> classes,
                                            const HeatOptions& options) {
  const int columns = std::clamp(options.cells_a_side, 2, side.width);
  const int rows = std::clamp(options.cells_a_side, 2, side.height);
  const auto rim = rim_of(input, side);
  // Windows of 2 × 2 places, those at the edges half outside: each place lies under four.
  const auto windows_a_row = static_cast<std::size_t>(columns) + 1;
  const std::size_t windows = windows_a_row * (static_cast<std::size_t>(rows) + 1);
  const auto edge = [](int place, int places, int length) {
    return std::clamp(place, 0, places) * length / places;
  };
  const auto cover = [&](std::size_t window, std::span<float> copy) {
    const int left = static_cast<int>(window % windows_a_row) - 1;
    const int top = static_cast<int>(window / windows_a_row) - 1;
    for (std::size_t plane = 0; plane < kPlanes; ++plane) {
      for (int y = edge(top, rows, side.height); y < edge(top + 2, rows, side.height); ++y) {
        const auto line =
            copy.subspan(plane * side.area() + static_cast<std::size_t>(y * side.width),
                         static_cast<std::size_t>(side.width));
        std::fill(line.begin() + edge(left, columns, side.width),
                  line.begin() + edge(left + 2, columns, side.width), rim[plane]);
      }
    }
  };
  BC_ASSIGN(const auto whole,
            leads_of_copies(session, input, classes, 1, 1, [](std::size_t, std::span<float>) {}));
  BC_ASSIGN(const auto covered,
            leads_of_copies(session, input, classes, windows, options.batch, cover));
  std::vector<HeatMap> maps;
  for (std::size_t c = 0; c < classes.size(); ++c) {
    HeatMap map{columns, rows, {}};
    for (int y = 0; y < rows; ++y) {
      for (int x = 0; x < columns; ++x) {
        double lost = 0;
        for (const int dy : {0, 1}) {
          for (const int dx : {0, 1}) {
            const auto window =
                static_cast<std::size_t>(y + dy) * windows_a_row + static_cast<std::size_t>(x + dx);
            lost += (whole[c] - covered[window * classes.size() + c]) / 4;
          }
        }
        map.values.push_back(static_cast<float>(lost));
      }
    }
    maps.push_back(std::move(map));
  }
  return maps;
}

// How much of each pixel a mask leaves seen, 0 … 1: a coarse grid of coins, smoothed and shifted.
std::vector<float> random_mask(Side side, std::uint64_t seed, std::size_t index) {
  constexpr int kGrid = 7;
  Random random(seed, stream_of("rise"), index);
  HeatMap coins{kGrid + 1, kGrid + 1, {}};
  for (int i = 0; i < coins.width * coins.height; ++i) {
    coins.values.push_back(random.chance(0.5) ? 1.0F : 0.0F);
  }
  const double shift_x = random.uniform() / (kGrid + 1);
  const double shift_y = random.uniform() / (kGrid + 1);
  constexpr double kScale = static_cast<double>(kGrid) / (kGrid + 1);
  std::vector<float> mask;
  mask.reserve(side.area());
  for (int y = 0; y < side.height; ++y) {
    for (int x = 0; x < side.width; ++x) {
      mask.push_back(static_cast<float>(value_at(coins, shift_x + kScale * (x + 0.5) / side.width,
                                                 shift_y + kScale * (y + 0.5) / side.height)));
    }
  }
  return mask;
}

Result<std::vector<HeatMap>> rise_maps(const infer::Session& session, Side side,
                                       std::span<const float> input, std::span<const int> classes,
                                       const HeatOptions& options) {
  const auto rim = rim_of(input, side);
  const auto masks = static_cast<std::size_t>(options.masks);
  const auto veil = [&](std::size_t index, std::span<float> copy) {
    const auto mask = random_mask(side, options.seed, index);
    for (std::size_t plane = 0; plane < kPlanes; ++plane) {
      for (std::size_t p = 0; p < mask.size(); ++p) {
        float& value = copy[plane * mask.size() + p];
        value = rim[plane] + mask[p] * (value - rim[plane]);
      }
    }
  };
  BC_ASSIGN(const auto leads, leads_of_copies(session, input, classes, masks, options.batch, veil));
  constexpr int kPlaces = 24;
  const int columns = std::min(kPlaces, side.width);
  const int rows = std::min(kPlaces, side.height);
  const auto places = static_cast<std::size_t>(columns * rows);
  std::vector<double> means(classes.size());
  for (std::size_t i = 0; i < leads.size(); ++i) {
    means[i % classes.size()] += leads[i] / static_cast<double>(masks);
  }
  std::vector<std::vector<double>> sums(classes.size(), std::vector<double>(places));
  std::vector<double> seen(places);
  for (std::size_t m = 0; m < masks; ++m) {
    const auto mask = random_mask(side, options.seed, m);
    for (std::size_t p = 0; p < places; ++p) {
      const int x = (2 * static_cast<int>(p % static_cast<std::size_t>(columns)) + 1) * side.width /
                    (2 * columns);
      const int y = (2 * static_cast<int>(p / static_cast<std::size_t>(columns)) + 1) *
                    side.height / (2 * rows);
      const double share = mask[static_cast<std::size_t>(y * side.width + x)];
      seen[p] += share;
      for (std::size_t c = 0; c < classes.size(); ++c) {
        sums[c][p] += share * (leads[m * classes.size() + c] - means[c]);
      }
    }
  }
  std::vector<HeatMap> maps;
  for (std::size_t c = 0; c < classes.size(); ++c) {
    HeatMap map{columns, rows, {}};
    for (std::size_t p = 0; p < places; ++p) {
      map.values.push_back(static_cast<float>(sums[c][p] / std::max(seen[p], 1e-9)));
    }
    maps.push_back(std::move(map));
  }
  return maps;
}

}  // namespace

std::string_view name_of(Method method) {
  switch (method) {
    case Method::cam: return "cam";
    case Method::occlusion: return "occlusion";
    case Method::rise: return "rise";
  }
  return "";
}

std::optional<Method> method_named(std::string_view name) {
  for (const auto method : {Method::cam, Method::occlusion, Method::rise}) {
    if (name == name_of(method)) return method;
  }
  return std::nullopt;
}

std::string_view meaning_of(Method method) {
  switch (method) {
    case Method::cam:
      return "what each place adds to the class's logit, less the mean of all classes";
    case Method::occlusion:
      return "what the class's logit, less the mean of all classes, loses when the place is "
             "covered";
    case Method::rise:
      return "how far the class's logit, less the mean of all classes, lies above its mean when "
             "the place is seen through random masks";
  }
  return "";
}

Result<std::vector<HeatMap>> heat_maps(const infer::Session& session,
                                       const image::Preprocessing& preprocessing,
                                       std::span<const float> input, std::span<const int> classes,
                                       Method method, const HeatOptions& options) {
  if (input.size() != preprocessing.input_values() || options.batch < 1 || options.masks < 1) {
    return fail(ErrorCode::usage, "a heat map is made of one picture, in batches of at least one");
  }
  const Side side{preprocessing.width_px, preprocessing.height_px};
  switch (method) {
    case Method::cam: return activation_maps(session, input, classes);
    case Method::occlusion: return occlusion_maps(session, side, input, classes, options);
    case Method::rise: return rise_maps(session, side, input, classes, options);
  }
  return fail(ErrorCode::internal, "no such method");
}

double value_at(const HeatMap& map, double x, double y) {
  const auto between = [](double at, int places, int& low, int& high) {
    const double place = std::clamp(at * places - 0.5, 0.0, static_cast<double>(places - 1));
    low = static_cast<int>(place);
    high = std::min(low + 1, places - 1);
    return place - low;
  };
  int left = 0;
  int right = 0;
  int top = 0;
  int bottom = 0;
  const double across = between(x, map.width, left, right);
  const double down = between(y, map.height, top, bottom);
  const auto at = [&](int column, int row) {
    return static_cast<double>(map.values[static_cast<std::size_t>(row * map.width + column)]);
  };
  return (1 - down) * ((1 - across) * at(left, top) + across * at(right, top)) +
         down * ((1 - across) * at(left, bottom) + across * at(right, bottom));
}

double largest_of(const HeatMap& map) {
  double largest = 0;
  for (const float value : map.values) largest = std::max(largest, std::abs(double{value}));
  return largest;
}

}  // namespace bloodcell::explain
