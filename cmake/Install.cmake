# What is installed, and where: the program, the library with its headers, CMake and pkg-config files,
# the model, and the engine beside them when it came from its wheel. Components: program, embedding
# (all that a program which embeds us needs), engine (needed by both).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/bloodcell)
install(TARGETS bloodcell RUNTIME COMPONENT program)
install(TARGETS bloodcell_shared EXPORT bloodcellTargets LIBRARY COMPONENT embedding)
install(FILES src/capi/include/bloodcell.h src/capi/include/bloodcell.hpp
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT embedding)
install(EXPORT bloodcellTargets NAMESPACE bloodcell:: DESTINATION ${package} COMPONENT embedding)
configure_package_config_file(cmake/bloodcellConfig.cmake.in ${PROJECT_BINARY_DIR}/bloodcellConfig.cmake
                              INSTALL_DESTINATION ${package} PATH_VARS CMAKE_INSTALL_DATADIR)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/bloodcellConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/bloodcellConfig.cmake ${PROJECT_BINARY_DIR}/bloodcellConfigVersion.cmake
        DESTINATION ${package} COMPONENT embedding)
file(RELATIVE_PATH prefix_from_pc /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(cmake/bloodcell.pc.in ${PROJECT_BINARY_DIR}/bloodcell.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/bloodcell.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
        COMPONENT embedding)
install(FILES models/wbc.onnx models/README.md DESTINATION ${CMAKE_INSTALL_DATADIR}/bloodcell/models
        COMPONENT engine)

# What it takes to run an ONNX or a cached network on a CPU; the GPU, NPU and other front ends stay out.
set(engine ${PROJECT_SOURCE_DIR}/build/deps/openvino)
if(EXISTS ${engine}/libs)
  file(GLOB parts ${engine}/libs/libopenvino.so* ${engine}/libs/libopenvino_*_cpu_plugin.so
       ${engine}/libs/libopenvino_onnx_frontend.so* ${engine}/libs/libopenvino_ir_frontend.so*
       ${engine}/libs/libtbb.so* ${engine}/libs/libtbbmalloc.so* ${engine}/libs/libtbbbind_*.so*
       ${engine}/libs/libhwloc.so*)
  install(FILES ${parts} DESTINATION ${CMAKE_INSTALL_LIBDIR}/bloodcell COMPONENT engine)
  install(DIRECTORY ${engine}/licenses/ DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/bloodcell/openvino
          COMPONENT engine)
endif()
