// MedMNIST (Yang et al. 2023, Scientific Data 10:41): train_images [N, H, W, 3], train_labels
// [N, 1], and so for val and test. The pictures become PNG files beside the manifest.
#include <array>

#include <bloodcell/image/encode.hpp>

#include "importers/npz.hpp"
#include "importers/readers.hpp"

namespace bloodcell::data {

namespace fs = std::filesystem;

namespace {

constexpr std::array<std::string_view, 8> kBloodMnist{"basophil",   "eosinophil", "erythroblast",
                                                      "ig",         "lymphocyte", "monocyte",
                                                      "neutrophil", "platelet"};
constexpr std::uint64_t kMaxSidePx = 1024;
constexpr std::uint64_t kMaxPictureBytes = 8ULL << 30;  // of one set, unpacked

struct Part {
  std::string name;
  NpyStream images;
  Bytes labels;
};

Result<Part> open_part(const Context& context, const Npz& npz, const std::string& name,
                       std::size_t classes) {
  Part part{name, {}, {}};
  BC_ASSIGN(part.images, npz.array(name + "_images"));
  BC_ASSIGN(NpyStream labels, npz.array(name + "_labels"));
  const auto& shape = part.images.shape();
  if (shape.size() != 4 || shape[3] != 3 || shape[1] > kMaxSidePx || shape[2] > kMaxSidePx) {
    return fail(ErrorCode::unsupported,
                fmt::format("{}_images: not colour pictures of at most {} pixels a side", name,
                            kMaxSidePx));
  }
  const std::uint64_t picture_bytes = shape[1] * shape[2] * shape[3];
  if (shape[0] > context.limits.max_files || shape[0] > kMaxPictureBytes / picture_bytes) {
    return fail(ErrorCode::limit_exceeded,
                fmt::format("{}_images: more than {} files or {} bytes", name,
                            context.limits.max_files, kMaxPictureBytes));
  }
  const bool one_each = labels.shape().size() <= 2 && labels.shape()[0] == shape[0] &&
                        (labels.shape().size() == 1 || labels.shape()[1] == 1);
  if (!one_each) {
    return fail(ErrorCode::malformed, fmt::format("{}_labels: not one for each picture", name));
  }
  BC_ASSIGN(part.labels, labels.next(shape[0]));
  BC_CHECK(labels.finish());
  for (std::size_t i = 0; i < part.labels.size(); ++i) {
    const auto label = std::to_integer<std::size_t>(part.labels[i]);
    if (label >= classes) {
      return fail(ErrorCode::malformed,
                  fmt::format("{}_labels[{}]: {} is not below {}", name, i, label, classes));
    }
  }
  return part;
}

Result<void> unpack(Part& part, const std::vector<std::string>& names, const fs::path& folder,
                    const fs::path& source, Collector& found) {
  const auto& shape = part.images.shape();
  for (std::size_t i = 0; i < part.labels.size(); ++i) {
    image::Image picture(static_cast<int>(shape[2]), static_cast<int>(shape[1]));
    BC_ASSIGN(const Bytes pixels, part.images.next(picture.rgb.size()));
    for (std::size_t k = 0; k < pixels.size(); ++k) {
      picture.rgb[k] = std::to_integer<std::uint8_t>(pixels[k]);
    }
    BC_ASSIGN(const Bytes png, image::encode_png(picture));
    const fs::path file = folder / part.name / fmt::format("{:06}.png", i);
    BC_CHECK(write_file(file, png));
    BC_CHECK(found.add({file, names[std::to_integer<std::size_t>(part.labels[i])], std::nullopt, "",
                        part.name, fmt::format("{}_images[{}]", part.name, i), source}));
  }
  return part.images.finish();
}

Result<void> read_all(const Context& context, const ImportOptions& options, Collector& found) {
  std::vector<std::string> names = options.labels;
  if (names.empty()) names.assign(kBloodMnist.begin(), kBloodMnist.end());
  BC_ASSIGN(const Npz npz, Npz::open(options.source));
  std::vector<Part> parts;
  for (const char* name : {"train", "val", "test"}) {
    if (!npz.holds(std::string(name) + "_images")) continue;
    BC_ASSIGN(Part part, open_part(context, npz, name, names.size()));
    parts.push_back(std::move(part));
  }
  const fs::path beside =
      options.manifest.extension() == ".csv" ? options.manifest.parent_path() : options.manifest;
  const fs::path folder = beside / options.source.stem();
  std::error_code ignored;
  if (fs::exists(folder, ignored)) {
    return fail(ErrorCode::usage, "the pictures would be written there, but it exists",
                folder.string(), "remove it, or write the manifest elsewhere");
  }
  found.made_folder = folder;
  for (Part& part : parts) BC_CHECK(unpack(part, names, folder, options.source, found));
  return {};
}

}  // namespace

Result<void> read_medmnist(const Context& context, const ImportOptions& options, Collector& found) {
  auto read = read_all(context, options, found);
  if (!read) return tl::unexpected(with_path(read.error(), options.source.string()));
  return {};
}

}  // namespace bloodcell::data
