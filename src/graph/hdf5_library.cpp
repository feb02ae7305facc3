#include "hdf5_library.hpp"

#include <dlfcn.h>

namespace bloodcell::graph {

namespace {

template <class Function>
bool find(void* handle, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(handle, name));
  return function != nullptr;
}

// What H5T_NATIVE_FLOAT and H5P_FILE_ACCESS stand for, once the library has begun.
bool find_values(void* handle, Hdf5& h5) {
  decltype(&::H5open) begin = nullptr;
  const hid_t* native_float = nullptr;
  const hid_t* file_access = nullptr;
  if (!find(handle, "H5open", begin) || begin() < 0 ||
      !find(handle, "H5T_NATIVE_FLOAT_g", native_float) ||
      !find(handle, "H5P_CLS_FILE_ACCESS_ID_g", file_access)) {
    return false;
  }
  h5.native_float = *native_float;
  h5.file_access = *file_access;
  return true;
}

bool load(Hdf5& h5) {
  void* handle = ::dlopen("libhdf5_serial.so.103", RTLD_NOW | RTLD_LOCAL);
  return handle != nullptr && find_values(handle, h5) &&
         find(handle, "H5Aopen", h5.attribute_open) &&
         find(handle, "H5Aclose", h5.attribute_close) &&
         find(handle, "H5Aget_space", h5.attribute_get_space) &&
         find(handle, "H5Aget_type", h5.attribute_get_type) &&
         find(handle, "H5Aread", h5.attribute_read) &&
         find(handle, "H5Aexists", h5.attribute_exists) &&
         find(handle, "H5Sclose", h5.space_close) &&
         find(handle, "H5Sget_simple_extent_npoints", h5.space_get_simple_extent_npoints) &&
         find(handle, "H5Sget_simple_extent_ndims", h5.space_get_simple_extent_ndims) &&
         find(handle, "H5Sget_simple_extent_dims", h5.space_get_simple_extent_dims) &&
         find(handle, "H5Tclose", h5.type_close) &&
         find(handle, "H5Tget_class", h5.type_get_class) &&
         find(handle, "H5Tis_variable_str", h5.type_is_variable_str) &&
         find(handle, "H5Tget_size", h5.type_get_size) && find(handle, "H5Dopen2", h5.set_open) &&
         find(handle, "H5Dclose", h5.set_close) && find(handle, "H5Dget_type", h5.set_get_type) &&
         find(handle, "H5Dget_space", h5.set_get_space) && find(handle, "H5Dread", h5.set_read) &&
         find(handle, "H5Gopen2", h5.group_open) && find(handle, "H5Gclose", h5.group_close) &&
         find(handle, "H5Pcreate", h5.property_create) &&
         find(handle, "H5Pclose", h5.property_close) &&
         find(handle, "H5Pset_fapl_core", h5.property_set_fapl_core) &&
         find(handle, "H5Pset_file_image", h5.property_set_file_image) &&
         find(handle, "H5Fopen", h5.file_open) && find(handle, "H5Fclose", h5.file_close) &&
         find(handle, "H5Ovisit2", h5.object_visit) &&
         find(handle, "H5Eset_auto2", h5.error_set_auto);
}

}  // namespace

Result<const Hdf5*> load_hdf5() {
  struct Loaded {
    Hdf5 functions;
    bool is_there = load(functions);
  };
  static const Loaded loaded;
  if (loaded.is_there) return &loaded.functions;
  return fail(ErrorCode::unsupported, "a weights file of Keras, and HDF5 is not installed", {},
              "apt-get install libhdf5-103-1");
}

}  // namespace bloodcell::graph
