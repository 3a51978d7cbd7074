// Writing and reading JSON without a tree of values, for those who handle much of a known form.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "base/json.h"

namespace cosell::json {

// The text as a JSON string, quotes included, as json::write writes it.
void append_string(std::string_view text, std::string& out);

// An object written member by member, in the order in which they are given; a name is to be given once.
class ObjectText {
 public:
  // The text of the member's value is written behind what this returns.
  std::string& member(std::string_view name) {
    text_ += text_.empty() ? '{' : ',';
    append_string(name, text_);
    return text_ += ':';
  }
  void text(std::string_view name, std::string_view value) { append_string(value, member(name)); }
  void text_if_any(std::string_view name, std::string_view value) {
    if (!value.empty()) text(name, value);
  }
  void integer(std::string_view name, std::int64_t value) { member(name) += std::to_string(value); }
  bool empty() const { return text_.empty(); }
  std::string object() const& { return empty() ? "{}" : text_ + '}'; }
  std::string object() && { return empty() ? "{}" : std::move(text_ += '}'); }

 private:
  std::string text_;
};

// Reads one list or one object and hands over each element or member as soon as it is read (an element has no key);
// `take` may move from it. Equal keys are not noticed here. Gives the kind that was read; a text that is neither a list
// nor an object is an error.
tl::expected<Kind, ReadError> read_each(std::string_view text, const std::function<void(Member&)>& take);

// Reads an object with a long list under `name`: each item is handed over as soon as it is read and not kept, because
// thousands of rows together take much memory; the list is empty in what is returned. What is wrong further on in the
// text is found after the items before it were handed over.
using TakeItem = std::function<void(Value& item)>;
tl::expected<Value, ReadError> read_list(std::string_view text, std::string_view name, const TakeItem& take);

}  // namespace cosell::json
