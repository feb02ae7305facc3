// What one picture costs on its way into a network: decoding by format and scale, resizing,
// turning, preprocessing. Pictures are made here, so that the figures need no data.
#include <benchmark/benchmark.h>

#include <cmath>

#include <opencv2/imgproc.hpp>

#include <bloodcell/image/decode.hpp>
#include <bloodcell/image/encode.hpp>
#include <bloodcell/image/preprocess.hpp>

namespace {

using namespace bloodcell;
using image::Image;

// Round cells on a bright ground, with a little grain: about as hard to code as a smear.
Image field(int width, int height) {
  Image picture(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double cell = std::sin(x * 0.08) * std::sin(y * 0.08);
      const int grain = (x * 7919 + y * 104729) % 13;
      const auto pixel = picture.at(x, y);
      pixel[0] = static_cast<std::uint8_t>(200 + 30 * cell + grain);
      pixel[1] = static_cast<std::uint8_t>(170 + 60 * cell + grain);
      pixel[2] = static_cast<std::uint8_t>(190 + 20 * cell + grain);
    }
  }
  return picture;
}

void count_pictures(benchmark::State& state) {
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}

void decode(benchmark::State& state, const Bytes& file, const image::DecodeOptions& options) {
  const Limits limits;
  for (auto _ : state) {
    auto picture = image::decode(file, limits, options);
    if (!picture) return state.SkipWithError(to_text(picture.error()).c_str());
    benchmark::DoNotOptimize(picture->rgb.data());
  }
  count_pictures(state);
}

// The argument is the denominator of the scale.
void decode_jpeg_640x480(benchmark::State& state) {
  const Bytes file = image::encode_jpeg(field(640, 480), 90).value();
  const int denominator = static_cast<int>(state.range(0));
  decode(state, file, {640 / denominator, 480 / denominator});
}
BENCHMARK(decode_jpeg_640x480)->Arg(1)->Arg(2)->Arg(4)->Arg(8)->Unit(benchmark::kMillisecond);

void decode_png_640x480(benchmark::State& state) {
  decode(state, image::encode_png(field(640, 480)).value(), {});
}
BENCHMARK(decode_png_640x480)->Unit(benchmark::kMillisecond);

void read_jpeg_header(benchmark::State& state) {
  const Bytes file = image::encode_jpeg(field(640, 480), 90).value();
  const Limits limits;
  for (auto _ : state) benchmark::DoNotOptimize(image::read_header(file, limits));
  count_pictures(state);
}
BENCHMARK(read_jpeg_header);

void resize_to_224(benchmark::State& state, image::Interpolation how) {
  const Image picture = field(640, 480);
  for (auto _ : state) benchmark::DoNotOptimize(image::resize(picture, 224, 224, how));
  count_pictures(state);
}
BENCHMARK_CAPTURE(resize_to_224, area, image::Interpolation::area)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(resize_to_224, bilinear, image::Interpolation::bilinear)
    ->Unit(benchmark::kMicrosecond);

// A field on its way to the locator, by our area mean and by the one it stands for.
void shrink_to_256x192(benchmark::State& state, bool ours) {
  Image picture = field(640, 480);
  Image small(256, 192);
  const cv::Mat from(480, 640, CV_8UC3, picture.rgb.data());
  cv::Mat to(192, 256, CV_8UC3, small.rgb.data());
  cv::setNumThreads(1);
  for (auto _ : state) {
    if (ours) {
      small = image::resize(picture, 256, 192, image::Interpolation::area);
    } else {
      cv::resize(from, to, to.size(), 0, 0, cv::INTER_AREA);
    }
    benchmark::DoNotOptimize(small.rgb.data());
  }
  count_pictures(state);
}
BENCHMARK_CAPTURE(shrink_to_256x192, ours, true)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(shrink_to_256x192, opencv, false)->Unit(benchmark::kMicrosecond);

void warp_360(benchmark::State& state) {
  const Image picture = field(360, 360);
  const image::Affine turn{0.8, -0.6, 144, 0.6, 0.8, -72};
  for (auto _ : state) {
    benchmark::DoNotOptimize(image::warp(picture, turn, image::Border::reflect));
  }
  count_pictures(state);
}
BENCHMARK(warp_360)->Unit(benchmark::kMicrosecond);

// The argument is the side of the picture; the input is 96×96.
void preprocess_to_96(benchmark::State& state) {
  const int side = static_cast<int>(state.range(0));
  const Image picture = field(side, side);
  const image::Preprocessing preprocessing{
      .width_px = 96, .height_px = 96, .mean = {128, 128, 128}, .deviation = {64, 64, 64}};
  std::vector<float> input(preprocessing.input_values());
  for (auto _ : state) {
    image::preprocess(picture, preprocessing, input);
    benchmark::DoNotOptimize(input.data());
  }
  count_pictures(state);
}
BENCHMARK(preprocess_to_96)->Arg(96)->Arg(192)->Arg(360)->Unit(benchmark::kMicrosecond);

}  // namespace
