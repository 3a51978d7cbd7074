// Country names to ISO 3166-1 alpha-2 codes. Exact English names only (without regard to case): a misspelt or local
// name belongs into a mapping's own table, where a person has said what it means.
#pragma once

#include <string>
#include <string_view>

namespace cosell::mapping {

// "DE" for "Germany", "DE" or "de"; "" when it is neither a code nor a name.
std::string country_code(std::string_view name_or_code);
// "Germany" for "DE"; "" when there is no such code.
std::string country_name(std::string_view code);

}  // namespace cosell::mapping
