// The files that the program carries: the shipped mappings and the schema.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cosell::mapping {

// Text of a shipped mapping by the name that `extends` uses; empty for an unknown name.
std::string_view shipped_mapping(std::string_view name);
std::vector<std::string> shipped_names();
std::string_view mapping_schema();  // mapping.schema.json

}  // namespace cosell::mapping
