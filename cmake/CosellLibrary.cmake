# cosell_library(name [DEPS ...] [APART ...]): the static library of the present folder, made of its *.cpp files.
# APART names files that cannot share a translation unit with their neighbours (the release preset joins files).
# cosell_test(name SOURCES ... [DEPS ...] [OPTIMIZED]): one GoogleTest program. Its own files are compiled without
# optimisation, which halves their build; OPTIMIZED is for those that compute a lot themselves. They are joined as those
# of a library are, so that no two of them give one name to two things.

add_library(cosell_options INTERFACE)
target_compile_options(cosell_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
  -Wnon-virtual-dtor -Woverloaded-virtual)
if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Joined files: gcc takes a class of one file for one of a header, and misjudges inlined string copies.
  target_compile_options(cosell_options INTERFACE -Wno-subobject-linkage -Wno-stringop-overread -Wno-stringop-overflow
    -Wno-restrict -Wno-maybe-uninitialized)
endif()
if(COSELL_WERROR)
  target_compile_options(cosell_options INTERFACE -Werror)
endif()
target_include_directories(cosell_options INTERFACE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR})

function(cosell_library name)
  cmake_parse_arguments(ARG "" "" "DEPS;APART" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  add_library(${name} STATIC ${sources})
  if(ARG_APART)
    set_source_files_properties(${ARG_APART} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  endif()
  target_link_libraries(${name} PRIVATE cosell_options PUBLIC ${ARG_DEPS})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR})
endfunction()

function(cosell_test name)
  cmake_parse_arguments(ARG "OPTIMIZED" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  if(NOT ARG_OPTIMIZED)
    target_compile_options(${name} PRIVATE -O0)
  endif()
  target_link_libraries(${name} PRIVATE cosell_options ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    # Clang reads these headers in half the time when they are precompiled; gcc gains nothing.
    target_precompile_headers(${name} PRIVATE <gmock/gmock.h> <gtest/gtest.h> <nlohmann/json.hpp>)
    target_compile_options(${name} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  endif()
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 300)
endfunction()

# cosell_embed(target NAMESPACE ns FUNCTION name FILES ...): compiles the texts into `target` as
# `std::string_view ns::name(std::string_view file_name)`, empty for an unknown name.
function(cosell_embed target)
  cmake_parse_arguments(ARG "" "NAMESPACE;FUNCTION" "FILES" ${ARGN})
  set(output ${CMAKE_CURRENT_BINARY_DIR}/${ARG_FUNCTION}.cpp)
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} "-DINPUTS=${ARG_FILES}" -DOUTPUT=${output} -DNAMESPACE=${ARG_NAMESPACE}
            -DFUNCTION=${ARG_FUNCTION} -P ${CMAKE_SOURCE_DIR}/cmake/EmbedText.cmake
    DEPENDS ${ARG_FILES} ${CMAKE_SOURCE_DIR}/cmake/EmbedText.cmake VERBATIM)
  # By itself, so that clang-tidy, which builds nothing, can read the files that it would be joined with.
  set_source_files_properties(${output} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  target_sources(${target} PRIVATE ${output})
endfunction()
