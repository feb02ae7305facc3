// libhdf5's functions, found when first asked for: linked in, it would cost every program start the
// loading of libcurl and what that brings (docs/decisions/0010).
#pragma once

#include <hdf5.h>

#include <bloodcell/base/result.hpp>

namespace bloodcell::graph {

struct Hdf5 {
  decltype(&::H5Aopen) attribute_open = nullptr;
  decltype(&::H5Aclose) attribute_close = nullptr;
  decltype(&::H5Aget_space) attribute_get_space = nullptr;
  decltype(&::H5Aget_type) attribute_get_type = nullptr;
  decltype(&::H5Aread) attribute_read = nullptr;
  decltype(&::H5Aexists) attribute_exists = nullptr;
  decltype(&::H5Sclose) space_close = nullptr;
  decltype(&::H5Sget_simple_extent_npoints) space_get_simple_extent_npoints = nullptr;
  decltype(&::H5Sget_simple_extent_ndims) space_get_simple_extent_ndims = nullptr;
  decltype(&::H5Sget_simple_extent_dims) space_get_simple_extent_dims = nullptr;
  decltype(&::H5Tclose) type_close = nullptr;
  decltype(&::H5Tget_class) type_get_class = nullptr;
  decltype(&::H5Tis_variable_str) type_is_variable_str = nullptr;
  decltype(&::H5Tget_size) type_get_size = nullptr;
  decltype(&::H5Dopen2) set_open = nullptr;
  decltype(&::H5Dclose) set_close = nullptr;
  decltype(&::H5Dget_type) set_get_type = nullptr;
  decltype(&::H5Dget_space) set_get_space = nullptr;
  decltype(&::H5Dread) set_read = nullptr;
  decltype(&::H5Gopen2) group_open = nullptr;
  decltype(&::H5Gclose) group_close = nullptr;
  decltype(&::H5Pcreate) property_create = nullptr;
  decltype(&::H5Pclose) property_close = nullptr;
  decltype(&::H5Pset_fapl_core) property_set_fapl_core = nullptr;
  decltype(&::H5Pset_file_image) property_set_file_image = nullptr;
  decltype(&::H5Fopen) file_open = nullptr;
  decltype(&::H5Fclose) file_close = nullptr;
  decltype(&::H5Ovisit2) object_visit = nullptr;
  decltype(&::H5Eset_auto2) error_set_auto = nullptr;
  hid_t native_float = -1;
  hid_t file_access = -1;
};

// Loaded once and kept. Errors: unsupported. Thread-safe; libhdf5 itself is as thread-safe as it
// was built.
[[nodiscard]] Result<const Hdf5*> load_hdf5();

}  // namespace bloodcell::graph
