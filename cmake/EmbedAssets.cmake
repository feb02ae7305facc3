# Puts the page into the program: web/, the libraries that scripts/setup fetched, the samples.
set(BLOODCELL_WEB_PARTS ${PROJECT_SOURCE_DIR}/build/deps/web/node_modules)

function(bloodcell_embed_page target)
  set(seadragon ${BLOODCELL_WEB_PARTS}/openseadragon)
  set(uplot ${BLOODCELL_WEB_PARTS}/uplot)
  if(NOT EXISTS ${seadragon} OR NOT EXISTS ${uplot})
    message(FATAL_ERROR "the page's libraries are not in build/deps/web: run scripts/setup")
  endif()
  file(GLOB own CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/web
       ${PROJECT_SOURCE_DIR}/web/*.html ${PROJECT_SOURCE_DIR}/web/*.css
       ${PROJECT_SOURCE_DIR}/web/*.js ${PROJECT_SOURCE_DIR}/web/*.svg)
  file(GLOB samples CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}
       ${PROJECT_SOURCE_DIR}/samples/*.jpg ${PROJECT_SOURCE_DIR}/samples/*.png)
  set(files)  # path=file
  foreach(name ${own})
    list(APPEND files "/${name}=${PROJECT_SOURCE_DIR}/web/${name}")
  endforeach()
  foreach(name ${samples})
    list(APPEND files "/${name}=${PROJECT_SOURCE_DIR}/${name}")
  endforeach()
  list(APPEND files
    "/lib/openseadragon.js=${seadragon}/build/openseadragon/openseadragon.min.js"
    "/lib/openseadragon.LICENSE.txt=${seadragon}/LICENSE.txt"
    "/lib/uplot.js=${uplot}/dist/uPlot.iife.min.js"
    "/lib/uplot.css=${uplot}/dist/uPlot.min.css"
    "/lib/uplot.LICENSE.txt=${uplot}/LICENSE")
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/assets)
  string(REGEX REPLACE "[^;=]*=" "" depends "${files}")
  string(REPLACE ";" "|" passed "${files}")
  add_custom_command(
    OUTPUT ${folder}/assets.cpp
    COMMAND ${CMAKE_COMMAND} -D FOLDER=${folder} -D "FILES=${passed}"
            -P ${PROJECT_SOURCE_DIR}/cmake/embed_files.cmake
    DEPENDS ${depends} ${PROJECT_SOURCE_DIR}/cmake/embed_files.cmake
    COMMENT "Embedding the page" VERBATIM)
  target_sources(${target} PRIVATE ${folder}/assets.cpp)
endfunction()
