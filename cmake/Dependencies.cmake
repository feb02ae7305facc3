# Every library we use, each with the Debian package that brings it.
# OpenVINO comes from its wheel, unpacked by scripts/setup under build/deps, or from an installed OpenVINO.

macro(bloodcell_need package debian)
  find_package(${package} ${ARGN} QUIET)
  if(NOT ${package}_FOUND)
    message(FATAL_ERROR "${package} not found: apt-get install ${debian} (or run scripts/setup)")
  endif()
endmacro()

function(bloodcell_need_library target header library debian)
  find_path(${target}_INCLUDE ${header} PATH_SUFFIXES opencv4)
  find_library(${target}_LIBRARY ${library})
  if(NOT ${target}_INCLUDE OR NOT ${target}_LIBRARY)
    message(FATAL_ERROR "${library} not found: apt-get install ${debian} (or run scripts/setup)")
  endif()
  add_library(${target} UNKNOWN IMPORTED GLOBAL)
  set_target_properties(${target} PROPERTIES IMPORTED_LOCATION ${${target}_LIBRARY})
  target_include_directories(${target} SYSTEM INTERFACE ${${target}_INCLUDE})
endfunction()

# bloodcell_need_opencv(<part> <header> <parts it needs>…): shared, but for targets whose property OPENCV_WITHIN is
# set, into which the same package's archive is linked (docs/decisions/0017).
function(bloodcell_need_opencv part header)
  bloodcell_need_library(opencv_${part}_shared ${header} opencv_${part} libopencv-${part}-dev)
  find_library(opencv_${part}_ARCHIVE libopencv_${part}.a)
  if(NOT opencv_${part}_ARCHIVE)
    set(BLOODCELL_OPENCV_WITHIN OFF PARENT_SCOPE)
  endif()
  add_library(opencv_${part} INTERFACE)
  target_include_directories(opencv_${part} SYSTEM INTERFACE ${opencv_${part}_shared_INCLUDE})
  target_link_libraries(opencv_${part} INTERFACE
    $<IF:$<BOOL:$<TARGET_PROPERTY:OPENCV_WITHIN>>,${opencv_${part}_ARCHIVE},opencv_${part}_shared>)
  list(TRANSFORM ARGN PREPEND opencv_)
  target_link_libraries(opencv_${part} INTERFACE ${ARGN})
endfunction()

function(bloodcell_need_headers target header debian)
  find_path(${target}_INCLUDE ${header} PATH_SUFFIXES hdf5/serial)
  if(NOT ${target}_INCLUDE)
    message(FATAL_ERROR "${header} not found: apt-get install ${debian} (or run scripts/setup)")
  endif()
  add_library(${target} INTERFACE)
  target_include_directories(${target} SYSTEM INTERFACE ${${target}_INCLUDE})
endfunction()

list(APPEND CMAKE_PREFIX_PATH ${CMAKE_CURRENT_SOURCE_DIR}/build/deps/openvino)
find_package(OpenVINO QUIET COMPONENTS Runtime)
if(NOT OpenVINO_FOUND)
  message(FATAL_ERROR "OpenVINO not found: run scripts/setup, or give its folder in CMAKE_PREFIX_PATH")
endif()

bloodcell_need(pugixml libpugixml-dev)
bloodcell_need(spdlog libspdlog-dev)
bloodcell_need(nlohmann_json nlohmann-json3-dev)
bloodcell_need(tl-expected libexpected-dev)
bloodcell_need(CLI11 libcli11-dev)
bloodcell_need(tomlplusplus libtomlplusplus-dev)
bloodcell_need(Protobuf libprotobuf-dev)
bloodcell_need(OpenSSL libssl-dev COMPONENTS Crypto)
bloodcell_need(Threads libc6-dev)
bloodcell_need(Eigen3 libeigen3-dev)
bloodcell_need(Boost libboost1.81-dev 1.81)

# OpenCV's archives for other processors need parts that Debian does not pack; oneTBB is the engine's.
get_target_property(engine_library openvino::runtime IMPORTED_LOCATION_RELEASE)
cmake_path(GET engine_library PARENT_PATH engine_folder)
find_library(tbb_LIBRARY NAMES libtbb.so.12 tbb HINTS ${engine_folder})
find_package(ZLIB QUIET)
set(BLOODCELL_OPENCV_WITHIN OFF)
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64" AND tbb_LIBRARY AND ZLIB_FOUND)
  set(BLOODCELL_OPENCV_WITHIN ON)
endif()
# Debian's OpenCVConfig.cmake lies in libopencv-dev, which brings 34 packages and 306 MB more: we take the parts.
bloodcell_need_opencv(core opencv2/core.hpp)
bloodcell_need_opencv(imgproc opencv2/imgproc.hpp core)
bloodcell_need_opencv(flann opencv2/flann.hpp core)
bloodcell_need_opencv(features2d opencv2/features2d.hpp flann imgproc)
bloodcell_need_opencv(calib3d opencv2/calib3d.hpp features2d)
target_link_libraries(opencv_core INTERFACE
  $<$<BOOL:$<TARGET_PROPERTY:OPENCV_WITHIN>>:bloodcell_opencv_calls>)
bloodcell_need_library(turbojpeg turbojpeg.h turbojpeg libturbojpeg0-dev)
bloodcell_need_library(png png.h png libpng-dev)
bloodcell_need_library(tiff tiffio.h tiff libtiff-dev)
bloodcell_need_library(webp webp/decode.h webp libwebp-dev)
# Its own CMake package wants the zip programs beside the library.
bloodcell_need_library(libzip zip.h zip libzip-dev)
bloodcell_need_library(nlopt nlopt.h nlopt libnlopt-dev)
bloodcell_need_library(libharu hpdf.h hpdf libhpdf-dev)
bloodcell_need_library(sqlite sqlite3.h sqlite3 libsqlite3-dev)
bloodcell_need_library(onnx_proto onnx/onnx_pb.h onnx_proto libonnx-dev)
target_compile_definitions(onnx_proto INTERFACE ONNX_ML=1 ONNX_NAMESPACE=onnx)
target_link_libraries(onnx_proto INTERFACE protobuf::libprotobuf)

# Only headers: these libraries are loaded at run time when there is something to fetch, a weights file of Keras,
# a study on a server, a slide. Linked, they would cost every start the loading of forty others.
bloodcell_need_headers(libcurl curl/curl.h libcurl4-openssl-dev)
bloodcell_need_headers(hdf5 hdf5.h libhdf5-dev)
bloodcell_need_headers(libpq postgresql/libpq-fe.h libpq-dev)
if(BLOODCELL_SLIDES)
  bloodcell_need_headers(openslide openslide/openslide.h "libopenslide-dev, or set BLOODCELL_SLIDES=OFF")
endif()

bloodcell_need_headers(random123 Random123/philox.h librandom123-dev)

if(BLOODCELL_TRAINING)
  find_package(Torch QUIET)
  if(NOT Torch_FOUND)
    message(FATAL_ERROR "libtorch not found: apt-get install libtorch-dev libopenblas0-pthread, "
                        "give a newer one in CMAKE_PREFIX_PATH, or set BLOODCELL_TRAINING=OFF")
  endif()
endif()

if(BLOODCELL_TRAINING)
  # libtorch's flags and includes, as system headers, in one place; only nn and train link it.
  add_library(bloodcell_torch INTERFACE)
  target_link_libraries(bloodcell_torch INTERFACE ${TORCH_LIBRARIES})
  target_include_directories(bloodcell_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})

  # Debian's libtorch and we share its oneDNN. A libtorch of pip has another one within and its headers beside its own.
  if(Torch_VERSION VERSION_LESS 2)
    bloodcell_need_library(onednn oneapi/dnnl/dnnl.hpp dnnl libdnnl-dev)
    target_compile_definitions(onednn INTERFACE BLOODCELL_HAS_ONEDNN)
  endif()
endif()

if(BLOODCELL_TESTS)
  bloodcell_need(GTest libgtest-dev)
  bloodcell_need(rapidcheck librapidcheck-dev)
endif()
if(BLOODCELL_BENCH)
  bloodcell_need(benchmark libbenchmark-dev)
endif()
