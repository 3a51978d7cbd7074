// Record ids of Salesforce: 15 characters with case, or the same with 3 check characters that say which of them
// are capitals. Everything else in the bridge only ever sees the 18-character form.
#pragma once

#include <string>
#include <string_view>

namespace cosell {

// The 18-character form of an id, of a 15-character id, of an 18-character id whose case was lost on the way, or of
// the id inside a page's address. Anything else comes back trimmed and otherwise as written.
std::string normal_salesforce_id(std::string_view written);

// Whether the text has the shape of an id (18 characters with fitting check characters).
bool is_salesforce_id(std::string_view id);

}  // namespace cosell
