// Writing JSON without a tree of values, for those who write much of a known form.
#pragma once

#include <string>
#include <string_view>

namespace cosell::json {

// The text as a JSON string, quotes included, as json::write writes it.
void append_string(std::string_view text, std::string& out);

}  // namespace cosell::json
