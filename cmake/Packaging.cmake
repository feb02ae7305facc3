# `cmake --build --preset product --target package`: a .deb of the program, the model and the engine.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME bloodcell)
set(CPACK_PACKAGE_CONTACT "the BloodCell project <bloodcell@example.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_COMPONENTS_ALL program engine)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libcurl4, libhdf5-103-1, libpq5, liblapack3, libblas3")  # loaded when asked for, which SHLIBDEPS does not see
set(CPACK_DEBIAN_PACKAGE_SUGGESTS libopenslide0)  # opened when a slide is given
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_SOURCE_DIR}/build/deps/openvino/libs)
set(CPACK_STRIP_FILES ON)
include(CPack)
