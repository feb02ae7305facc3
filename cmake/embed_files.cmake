# cmake -D FOLDER=… -D FILES=path=file|… -P: writes FOLDER/assets.cpp, whose assembler takes in the
# files and their compressed copies as they are.
string(REPLACE "|" ";" files "${FILES}")
file(REMOVE_RECURSE ${FOLDER})
file(MAKE_DIRECTORY ${FOLDER})
set(data)
set(table)
set(index 0)

# A symbol that begins at the bytes of a file.
function(take_in name file)
  string(APPEND data "asm(\".section .rodata\\n.balign 16\\n.global ${name}\\n${name}:\\n.incbin \\\"${file}\\\"\\n.previous\\n\");\n"
                     "extern \"C\" const char ${name}[] __attribute__((visibility(\"hidden\")));\n")
  set(data "${data}" PARENT_SCOPE)
endfunction()

foreach(pair ${files})
  string(REGEX MATCH "^([^=]*)=(.*)$" matched "${pair}")
  set(path ${CMAKE_MATCH_1})
  set(file ${CMAKE_MATCH_2})
  get_filename_component(ending ${path} LAST_EXT)
  set(type_.html "text/html; charset=utf-8")
  set(type_.css "text/css; charset=utf-8")
  set(type_.js "text/javascript; charset=utf-8")
  set(type_.svg "image/svg+xml")
  set(type_.txt "text/plain; charset=utf-8")
  set(type_.jpg "image/jpeg")
  set(type_.png "image/png")
  file(SHA256 ${file} hash)
  string(SUBSTRING ${hash} 0 16 hash)
  file(SIZE ${file} size)
  take_in(bloodcell_asset_${index} ${file})
  set(compressed "{}")
  if(NOT ending MATCHES "jpg|png")
    set(gzip ${FOLDER}/${index}.gz)
    execute_process(COMMAND gzip -9nc ${file} OUTPUT_FILE ${gzip} COMMAND_ERROR_IS_FATAL ANY)
    file(SIZE ${gzip} gzip_size)
    take_in(bloodcell_asset_${index}_gzip ${gzip})
    set(compressed "{bloodcell_asset_${index}_gzip, ${gzip_size}}")
  endif()
  string(APPEND table "    {\"${path}\", \"${type_${ending}}\", \"\\\"${hash}\\\"\", {bloodcell_asset_${index}, ${size}}, ${compressed}},\n")
  math(EXPR index "${index} + 1")
endforeach()

file(WRITE ${FOLDER}/assets.cpp "// Made by cmake/embed_files.cmake.
#include <assets.hpp>

${data}
namespace bloodcell::serve {
namespace {
const Asset kAssets[] = {
${table}};
}  // namespace
std::span<const Asset> assets() { return kAssets; }
}  // namespace bloodcell::serve
")
