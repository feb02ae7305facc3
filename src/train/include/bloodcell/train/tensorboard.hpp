// What TensorBoard shows of a run, in its event files: TFRecord framing (length, masked CRC-32C,
// the event, its CRC) around protobuf events. One file an epoch, each written whole, so that a
// resumed run writes again what it had not finished and nothing twice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <bloodcell/base/files.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/graph/weights.hpp>
#include <bloodcell/image/image.hpp>
#include <bloodcell/train/config.hpp>
#include <bloodcell/train/run_directory.hpp>

namespace bloodcell::train {

// CRC-32C (Castagnoli; RFC 3720, appendix B.4).
[[nodiscard]] std::uint32_t crc32c(std::span<const std::byte> bytes);

// One record: little-endian length, its masked CRC, the payload, its masked CRC.
[[nodiscard]] Bytes tfrecord(std::string_view payload);

struct EpochEvents {
  EpochRecord record;
  std::vector<std::string> labels;     // of record.classes
  graph::Weights weights;              // a histogram each
  std::vector<image::Image> pictures;  // as the network saw them while it learned
};

// The hyper-parameters; epoch 0. seconds: since 1970, as TensorBoard orders by.
[[nodiscard]] Result<Bytes> settings_as_events(const Config& config, double seconds);
[[nodiscard]] Result<Bytes> epoch_as_events(const EpochEvents& epoch, double seconds);

[[nodiscard]] double seconds_since_1970();

// The first of a batch's images (count × 3 × H × W as `preprocessing` scales them), as pictures.
[[nodiscard]] std::vector<image::Image> pictures_of(std::span<const float> images, int count,
                                                    const image::Preprocessing& preprocessing);

// `events.out.tfevents.0000000007.bloodcell`: TensorBoard reads a folder's files in this order.
[[nodiscard]] std::filesystem::path event_file(const std::filesystem::path& run_folder, int epoch);

}  // namespace bloodcell::train
