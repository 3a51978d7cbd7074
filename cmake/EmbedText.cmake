# cmake -DINPUTS=a;b -DOUTPUT=x.cpp -DNAMESPACE=ns -DFUNCTION=name -P EmbedText.cmake
# Writes a function that gives the embedded files by name, so that the binary carries its SQL and shipped mappings, and
# one, named like it with "_names" behind, that lists the names.
file(WRITE ${OUTPUT}.new "// Generated; do not edit.\n#include <array>\n#include <string_view>\n#include <utility>\n#include <vector>\n\nnamespace ${NAMESPACE} {\n\n")
file(APPEND ${OUTPUT}.new "std::string_view ${FUNCTION}(std::string_view name) {\n")
foreach(input ${INPUTS})
  get_filename_component(name ${input} NAME)
  file(READ ${input} text)
  # One raw string per file; the delimiter does not occur in them.
  file(APPEND ${OUTPUT}.new "  if (name == \"${name}\") return R\"cosell__(${text})cosell__\";\n")
endforeach()
file(APPEND ${OUTPUT}.new "  return {};\n}\n\nstd::vector<std::string_view> ${FUNCTION}_names() {\n  return {")
set(separator "")
foreach(input ${INPUTS})
  get_filename_component(name ${input} NAME)
  file(APPEND ${OUTPUT}.new "${separator}\"${name}\"")
  set(separator ", ")
endforeach()
file(APPEND ${OUTPUT}.new "};\n}\n\n}  // namespace ${NAMESPACE}\n")
execute_process(COMMAND ${CMAKE_COMMAND} -E copy_if_different ${OUTPUT}.new ${OUTPUT})
