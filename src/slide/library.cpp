#include "library.hpp"

#ifdef BLOODCELL_SLIDES

#include <bloodcell/base/dynamic_library.hpp>

namespace bloodcell::slide {

namespace {

bool load(Library& library) {
  for (const char* name : {"libopenslide.so.0", "libopenslide.so.1"}) {
    void* handle = ::dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) continue;
    return find_symbol(handle, "openslide_detect_vendor", library.detect_vendor) &&
           find_symbol(handle, "openslide_open", library.open) &&
           find_symbol(handle, "openslide_close", library.close) &&
           find_symbol(handle, "openslide_get_error", library.get_error) &&
           find_symbol(handle, "openslide_get_level_count", library.level_count) &&
           find_symbol(handle, "openslide_get_level_dimensions", library.level_dimensions) &&
           find_symbol(handle, "openslide_get_level_downsample", library.level_downsample) &&
           find_symbol(handle, "openslide_read_region", library.read_region) &&
           find_symbol(handle, "openslide_get_property_value", library.property_value);
  }
  return false;
}

}  // namespace

Result<const Library*> library() {
  struct Loaded {
    Library functions;
    bool is_there = load(functions);
  };
  static const Loaded loaded;
  if (loaded.is_there) return &loaded.functions;
  return fail(ErrorCode::unsupported, "a scanned slide, and OpenSlide is not installed", {},
              "apt-get install libopenslide0");
}

}  // namespace bloodcell::slide

#endif
