// Where the time of a picture goes, from its file to its rows.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <numeric>
#include <string_view>

namespace bloodcell::predict {

enum class Stage {
  read,     // the file's bytes
  decode,   // bytes → pixels
  locate,   // the locator's network, with its picture's way in and its maps' way out
  frame,    // white balance, crop, resize, normalise
  network,  // the classifier
  second,   // the larger one, of the cells it reads again; with its way in
  label,    // logits → class, confidence, status
};
inline constexpr std::array<std::string_view, 7> kStageNames{"read",    "decode", "locate", "frame",
                                                             "network", "second", "label"};

// Seconds by a steady clock; of several threads the sum.
struct StageTimes {
  std::array<double, kStageNames.size()> seconds{};

  [[nodiscard]] double of(Stage stage) const { return seconds[static_cast<std::size_t>(stage)]; }
  [[nodiscard]] double total() const {
    return std::accumulate(seconds.begin(), seconds.end(), 0.0);
  }
  StageTimes& operator+=(const StageTimes& other) {
    for (std::size_t i = 0; i < seconds.size(); ++i) seconds[i] += other.seconds[i];
    return *this;
  }
};

// Charges the time since it was made, or last charged, to a stage.
class StageClock {
 public:
  explicit StageClock(StageTimes& times) : times_(times) {}

  void charge(Stage stage) {
    const auto now = std::chrono::steady_clock::now();
    times_.seconds[static_cast<std::size_t>(stage)] +=
        std::chrono::duration<double>(now - last_).count();
    last_ = now;
  }

 private:
  StageTimes& times_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace bloodcell::predict
