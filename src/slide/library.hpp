// OpenSlide's functions, found when first asked for: linked in, it would cost every program start
// the loading of GLib, Cairo and what they bring.
#pragma once

#include <bloodcell/base/result.hpp>

#ifdef BLOODCELL_SLIDES
#include <openslide/openslide.h>

namespace bloodcell::slide {

struct Library {
  decltype(&openslide_detect_vendor) detect_vendor = nullptr;
  decltype(&openslide_open) open = nullptr;
  decltype(&openslide_close) close = nullptr;
  decltype(&openslide_get_error) get_error = nullptr;
  decltype(&openslide_get_level_count) level_count = nullptr;
  decltype(&openslide_get_level_dimensions) level_dimensions = nullptr;
  decltype(&openslide_get_level_downsample) level_downsample = nullptr;
  decltype(&openslide_read_region) read_region = nullptr;
  decltype(&openslide_get_property_value) property_value = nullptr;
};

// Loaded once and kept: GLib cannot be unloaded. Errors: unsupported. Thread-safe.
[[nodiscard]] Result<const Library*> library();

}  // namespace bloodcell::slide
#endif
