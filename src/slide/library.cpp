#include "library.hpp"

#ifdef BLOODCELL_SLIDES

#include <dlfcn.h>

namespace bloodcell::slide {

namespace {

template <class Function>
bool find(void* handle, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(handle, name));
  return function != nullptr;
}

bool load(Library& library) {
  for (const char* name : {"libopenslide.so.0", "libopenslide.so.1"}) {
    void* handle = ::dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) continue;
    return find(handle, "openslide_detect_vendor", library.detect_vendor) &&
           find(handle, "openslide_open", library.open) &&
           find(handle, "openslide_close", library.close) &&
           find(handle, "openslide_get_error", library.get_error) &&
           find(handle, "openslide_get_level_count", library.level_count) &&
           find(handle, "openslide_get_level_dimensions", library.level_dimensions) &&
           find(handle, "openslide_get_level_downsample", library.level_downsample) &&
           find(handle, "openslide_read_region", library.read_region) &&
           find(handle, "openslide_get_property_value", library.property_value);
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
