// Finds the embedded files by the names that people write.
#include "mapping/shipped.h"

namespace cosell::mapping {

std::string_view embedded_mapping_file(std::string_view name);  // generated

std::string_view shipped_mapping(std::string_view name) { return embedded_mapping_file(std::string(name) + ".jsonc"); }

std::vector<std::string> shipped_names() { return {"salesforce"}; }

std::string_view mapping_schema() { return embedded_mapping_file("mapping.schema.json"); }

}  // namespace cosell::mapping
