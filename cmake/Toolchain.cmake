# How everything of ours is compiled: standard, warnings, cache, linker, sanitizers.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()

add_library(bloodcell_compile INTERFACE)
target_compile_options(bloodcell_compile INTERFACE -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(bloodcell_compile INTERFACE
    -Wno-restrict -Wno-array-bounds -Wno-stringop-overread)  # false alarms on std::string and std::vector: GCC bug 105651
endif()
if(BLOODCELL_SANITIZE)
  target_compile_options(bloodcell_compile INTERFACE
    -fsanitize=${BLOODCELL_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(bloodcell_compile INTERFACE -fsanitize=${BLOODCELL_SANITIZE})
endif()

find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT CMAKE_CROSSCOMPILING)
  target_link_options(bloodcell_compile INTERFACE -fuse-ld=mold)
endif()

# RPATH, not RUNPATH: only RPATH also holds for what OpenVINO's libraries load themselves, so that they
# find their own TBB before Debian's.
target_link_options(bloodcell_compile INTERFACE -Wl,--disable-new-dtags)
