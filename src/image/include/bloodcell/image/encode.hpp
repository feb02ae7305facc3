// Image → bytes. Deterministic: the same picture gives the same file.
#pragma once

#include <bloodcell/base/files.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/image/image.hpp>

namespace bloodcell::image {

[[nodiscard]] Result<Bytes> encode_png(const Image& image);
[[nodiscard]] Result<Bytes> encode_jpeg(const Image& image, int quality /* 1 … 100 */);

}  // namespace bloodcell::image
