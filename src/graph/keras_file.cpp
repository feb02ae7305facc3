#include <bloodcell/graph/keras.hpp>

#include <array>
#include <cstring>
#include <optional>
#include <vector>

#include "hdf5_library.hpp"

namespace bloodcell::graph {

namespace {

constexpr unsigned kReadOnly = 0;  // H5F_ACC_RDONLY calls into the library
constexpr int kMostDims = 5;
constexpr hsize_t kMostNames = 64;  // tensors of one layer

// A handle of libhdf5's with the function that closes it.
class Handle {
 public:
  Handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  [[nodiscard]] hid_t get() const { return id_; }
  [[nodiscard]] bool is_open() const { return id_ >= 0; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

tl::unexpected<Error> bad(std::string message) {
  return fail(ErrorCode::malformed, "not a whole Keras weights file: " + std::move(message), "",
              "copy or fetch it again");
}

// The attribute `weight_names` of a layer's group: an array of texts of one length.
Result<std::vector<std::string>> weight_names(const Hdf5& h5, hid_t group,
                                              const std::string& layer) {
  const Handle attribute(h5.attribute_open(group, "weight_names", H5P_DEFAULT), h5.attribute_close);
  const Handle space(h5.attribute_get_space(attribute.get()), h5.space_close);
  const Handle type(h5.attribute_get_type(attribute.get()), h5.type_close);
  const hssize_t count = h5.space_get_simple_extent_npoints(space.get());
  if (count <= 0) return std::vector<std::string>{};  // a layer without weights
  if (count > static_cast<hssize_t>(kMostNames)) return bad(layer + " has too many tensors");
  if (h5.type_get_class(type.get()) != H5T_STRING || h5.type_is_variable_str(type.get()) != 0) {
    return fail(ErrorCode::unsupported, layer + ": its names are not texts of one length");
  }
  const std::size_t length = h5.type_get_size(type.get());
  std::string text(length * static_cast<std::size_t>(count), '\0');
  if (h5.attribute_read(attribute.get(), type.get(), text.data()) < 0) {
    return bad(layer + " has no names");
  }
  std::vector<std::string> names;
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    const std::string padded = text.substr(i * length, length);
    names.push_back(padded.substr(0, padded.find('\0')));
  }
  return names;
}

Result<Tensor> read_tensor(const Hdf5& h5, hid_t group, const std::string& name,
                           const Limits& limits) {
  const Handle set(h5.set_open(group, name.c_str(), H5P_DEFAULT), h5.set_close);
  if (!set.is_open()) return bad("it has no tensor " + name);
  const Handle type(h5.set_get_type(set.get()), h5.type_close);
  if (h5.type_get_class(type.get()) != H5T_FLOAT) {
    return fail(ErrorCode::unsupported, name + " does not hold floating-point numbers");
  }
  const Handle space(h5.set_get_space(set.get()), h5.space_close);
  const int rank = h5.space_get_simple_extent_ndims(space.get());
  if (rank < 0 || rank > kMostDims) return bad(fmt::format("{} has {} sides", name, rank));
  std::array<hsize_t, kMostDims> dims{};
  h5.space_get_simple_extent_dims(space.get(), dims.data(), nullptr);
  Tensor tensor;
  std::uint64_t values = 1;
  for (int i = 0; i < rank; ++i) {
    const hsize_t side = dims.at(static_cast<std::size_t>(i));
    if (side == 0 || side > limits.max_file_bytes / sizeof(float) / values) {
      return fail(ErrorCode::limit_exceeded, fmt::format("{} is too large", name));
    }
    values *= side;
    tensor.dims.push_back(static_cast<std::int64_t>(side));
  }
  tensor.values.resize(values);
  if (h5.set_read(set.get(), h5.native_float, H5S_ALL, H5S_ALL, H5P_DEFAULT, tensor.values.data()) <
      0) {
    return bad(name + " cannot be read");
  }
  return tensor;
}

// `conv1/kernel:0` -> kernel; of files made by Keras 1, `block1_conv1_W_1:0` -> kernel.
std::string role_of(const std::string& tensor) {
  std::string role = tensor.substr(tensor.rfind('/') + 1);
  role = role.substr(0, role.find(':'));
  if (role.find("_W") != std::string::npos) return "kernel";
  if (role.find("_b_") != std::string::npos || role.ends_with("_b")) return "bias";
  return role;
}

struct Visit {
  const Hdf5& h5;
  const Limits& limits;
  KerasLayers layers{};
  std::optional<Error> error{};
};

Result<void> add_layer(hid_t root, const std::string& path, Visit& visit) {
  const Hdf5& h5 = visit.h5;
  const Handle group(h5.group_open(root, path.c_str(), H5P_DEFAULT), h5.group_close);
  if (!group.is_open()) return bad("it has no group " + path);
  if (h5.attribute_exists(group.get(), "weight_names") <= 0) return {};
  constexpr std::string_view kOfWholeModels = "model_weights/";
  const std::string layer =
      path.starts_with(kOfWholeModels) ? path.substr(kOfWholeModels.size()) : path;
  BC_ASSIGN(const auto names, weight_names(h5, group.get(), layer));
  for (const std::string& name : names) {
    BC_ASSIGN(visit.layers[layer][role_of(name)], read_tensor(h5, group.get(), name, visit.limits));
  }
  return {};
}

herr_t visit_object(hid_t root, const char* path, const H5O_info_t* info, void* data) {
  auto& visit = *static_cast<Visit*>(data);
  if (info->type != H5O_TYPE_GROUP || std::strcmp(path, ".") == 0) return 0;
  if (auto added = add_layer(root, path, visit); !added) {
    visit.error = added.error();
    return 1;
  }
  return 0;
}

}  // namespace

Result<KerasLayers> read_keras(std::span<const std::byte> bytes, const Limits& limits) {
  BC_ASSIGN(const Hdf5* library, load_hdf5());
  const Hdf5& h5 = *library;
  h5.error_set_auto(H5E_DEFAULT, nullptr, nullptr);  // errors are values, not lines on stderr
  const Handle access(h5.property_create(h5.file_access), h5.property_close);
  Bytes image(bytes.begin(), bytes.end());  // the memory driver wants to be able to write
  h5.property_set_fapl_core(access.get(), 1U << 16U, 0);
  if (image.empty() || h5.property_set_file_image(access.get(), image.data(), image.size()) < 0) {
    return bad(fmt::format("{} bytes", image.size()));
  }
  const Handle file(h5.file_open("weights", kReadOnly, access.get()), h5.file_close);
  if (!file.is_open()) return bad("it is not HDF5");
  Visit visit{.h5 = h5, .limits = limits};
  const herr_t done =
      h5.object_visit(file.get(), H5_INDEX_NAME, H5_ITER_INC, visit_object, &visit, H5O_INFO_BASIC);
  if (visit.error) return tl::unexpected(*visit.error);
  if (done < 0) return bad("its groups cannot be walked");
  if (visit.layers.empty()) return bad("it holds no layer with weights");
  return std::move(visit.layers);
}

}  // namespace bloodcell::graph
