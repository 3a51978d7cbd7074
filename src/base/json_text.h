// Writing and reading JSON without a tree of values, for those who handle much of a known form.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace cosell::json {

// The text as a JSON string, quotes included, as json::write writes it.
void append_string(std::string_view text, std::string& out);

// Reads one list or one object and hands over each element or member as soon as it is read (an element has no key);
// `take` may move from it. Equal keys are not noticed here. Gives the kind that was read; a text that is neither a list
// nor an object is an error.
tl::expected<Kind, ReadError> read_each(std::string_view text, const std::function<void(Member&)>& take);

}  // namespace cosell::json
