# The house's law. A layer sees a header only if it, or a layer it names under USES, owns it:
# an include that runs up or sideways does not compile. tests/architecture checks the same by reading.

# bloodcell_library(<folder> USES <layers below> PUBLIC <libraries seen in our headers> PRIVATE <libraries>)
function(bloodcell_library name)
  cmake_parse_arguments(ARG "" "" "USES;PUBLIC;PRIVATE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  add_library(bloodcell_${name} STATIC ${sources})
  add_library(bloodcell::${name} ALIAS bloodcell_${name})
  target_include_directories(bloodcell_${name} PUBLIC include PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  list(TRANSFORM ARG_USES PREPEND bloodcell::)
  target_link_libraries(bloodcell_${name} PUBLIC ${ARG_USES} ${ARG_PUBLIC}
                                          PRIVATE ${ARG_PRIVATE} bloodcell_compile)
endfunction()

# bloodcell_test(<folder> USES <layers> [PRIVATE <libraries>]): tests/<folder>/*_test.cpp as one program
function(bloodcell_test name)
  cmake_parse_arguments(ARG "" "" "USES;PRIVATE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp)
  add_executable(test_${name} ${sources})
  list(TRANSFORM ARG_USES PREPEND bloodcell::)
  target_link_libraries(test_${name} PRIVATE ${ARG_USES} ${ARG_PRIVATE} bloodcell_test_support bloodcell_compile)
  # A test's own code runs once: a third less of compiling than at -O3.
  target_compile_options(test_${name} PRIVATE $<$<CONFIG:Release>:-O1>)
  gtest_discover_tests(test_${name} TEST_PREFIX ${name}/ DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 600)
endfunction()

# bloodcell_embed(<target> <file> <function>): the file's bytes as std::string_view bloodcell::embedded::<function>(),
# so that a program needs nothing beside itself. The target's sources declare the function.
function(bloodcell_embed target file function)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(READ ${file} bytes HEX)
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${bytes}")
  string(CONCAT source
    "#include <embedded.hpp>\n\nnamespace bloodcell::embedded {\n\n"
    "std::string_view ${function}() {\n  static constexpr char kBytes[] = {${bytes}};\n"
    "  return {kBytes, sizeof(kBytes)};\n}\n\n}  // namespace bloodcell::embedded\n")
  set(generated ${CMAKE_CURRENT_BINARY_DIR}/${function}.cpp)
  file(CONFIGURE OUTPUT ${generated} CONTENT "${source}" @ONLY)
  target_sources(${target} PRIVATE ${generated})
endfunction()
