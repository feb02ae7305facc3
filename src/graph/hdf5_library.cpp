#include "hdf5_library.hpp"

#include <bloodcell/base/dynamic_library.hpp>

namespace bloodcell::graph {

namespace {

// What H5T_NATIVE_FLOAT and H5P_FILE_ACCESS stand for, once the library has begun.
bool find_values(void* handle, Hdf5& h5) {
  decltype(&::H5open) begin = nullptr;
  const hid_t* native_float = nullptr;
  const hid_t* file_access = nullptr;
  if (!find_symbol(handle, "H5open", begin) || begin() < 0 ||
      !find_symbol(handle, "H5T_NATIVE_FLOAT_g", native_float) ||
      !find_symbol(handle, "H5P_CLS_FILE_ACCESS_ID_g", file_access)) {
    return false;
  }
  h5.native_float = *native_float;
  h5.file_access = *file_access;
  return true;
}

bool load(Hdf5& h5) {
  void* handle = ::dlopen("libhdf5_serial.so.103", RTLD_NOW | RTLD_LOCAL);
  return handle != nullptr && find_values(handle, h5) &&
         find_symbol(handle, "H5Aopen", h5.attribute_open) &&
         find_symbol(handle, "H5Aclose", h5.attribute_close) &&
         find_symbol(handle, "H5Aget_space", h5.attribute_get_space) &&
         find_symbol(handle, "H5Aget_type", h5.attribute_get_type) &&
         find_symbol(handle, "H5Aread", h5.attribute_read) &&
         find_symbol(handle, "H5Aexists", h5.attribute_exists) &&
         find_symbol(handle, "H5Sclose", h5.space_close) &&
         find_symbol(handle, "H5Sget_simple_extent_npoints", h5.space_get_simple_extent_npoints) &&
         find_symbol(handle, "H5Sget_simple_extent_ndims", h5.space_get_simple_extent_ndims) &&
         find_symbol(handle, "H5Sget_simple_extent_dims", h5.space_get_simple_extent_dims) &&
         find_symbol(handle, "H5Tclose", h5.type_close) &&
         find_symbol(handle, "H5Tget_class", h5.type_get_class) &&
         find_symbol(handle, "H5Tis_variable_str", h5.type_is_variable_str) &&
         find_symbol(handle, "H5Tget_size", h5.type_get_size) &&
         find_symbol(handle, "H5Dopen2", h5.set_open) &&
         find_symbol(handle, "H5Dclose", h5.set_close) &&
         find_symbol(handle, "H5Dget_type", h5.set_get_type) &&
         find_symbol(handle, "H5Dget_space", h5.set_get_space) &&
         find_symbol(handle, "H5Dread", h5.set_read) &&
         find_symbol(handle, "H5Gopen2", h5.group_open) &&
         find_symbol(handle, "H5Gclose", h5.group_close) &&
         find_symbol(handle, "H5Pcreate", h5.property_create) &&
         find_symbol(handle, "H5Pclose", h5.property_close) &&
         find_symbol(handle, "H5Pset_fapl_core", h5.property_set_fapl_core) &&
         find_symbol(handle, "H5Pset_file_image", h5.property_set_file_image) &&
         find_symbol(handle, "H5Fopen", h5.file_open) &&
         find_symbol(handle, "H5Fclose", h5.file_close) &&
         find_symbol(handle, "H5Ovisit2", h5.object_visit) &&
         find_symbol(handle, "H5Eset_auto2", h5.error_set_auto);
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
