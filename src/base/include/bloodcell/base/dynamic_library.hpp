// Functions of a library that is opened only when there is something for it.
#pragma once

#include <dlfcn.h>

namespace bloodcell {

// The address of `name` in what dlopen gave; false where the library lacks it. A value the library
// exports is found in the same way, as a pointer to it. Thread-safe.
template <class Pointer>
[[nodiscard]] bool find_symbol(void* handle, const char* name, Pointer& found) {
  found = reinterpret_cast<Pointer>(::dlsym(handle, name));
  return found != nullptr;
}

}  // namespace bloodcell
