// Finds the embedded files by the names that people write.
#include "mapping/shipped.h"

#include "base/text.h"

namespace cosell::mapping {

// Generated.
std::string_view embedded_mapping_file(std::string_view name);
std::vector<std::string_view> embedded_mapping_file_names();

std::string_view shipped_mapping(std::string_view name) { return embedded_mapping_file(std::string(name) + ".jsonc"); }

std::vector<std::string> shipped_names() {
  constexpr std::string_view kEnding = ".jsonc";
  std::vector<std::string> names;
  for (const std::string_view file : embedded_mapping_file_names()) {
    if (text::ends_with(file, kEnding)) names.emplace_back(file.substr(0, file.size() - kEnding.size()));
  }
  return names;
}

std::string_view mapping_schema() { return embedded_mapping_file("mapping.schema.json"); }

}  // namespace cosell::mapping
