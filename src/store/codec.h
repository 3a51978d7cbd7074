// Columns and values as canonical JSON text, for images, operations and the journal. Stable across versions: equal
// values give equal bytes, and what was written by an older version is read.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "deal/columns.h"

namespace cosell::store {

json::Value to_json(const Value& v);
Result<Value> value_from_json(json::Value v);
// Appends what json::canonical(to_json(v)) gives.
void append_value(const Value& v, std::string& out);
std::string encode(const Columns& columns);
Result<Columns> decode_columns(const std::string& text);

// The same in two parts: ["Amount","Name"] and [1005,"Deal 5"], and as a whole. The names must stand in order.
struct ImageTexts {
  std::string names;
  std::string values;
  std::string whole;  // encode(columns)
};
ImageTexts encode_parts(const Columns& columns);
Result<std::vector<std::string>> decode_names(const std::string& text);
Result<Columns> decode_values(const std::vector<std::string>& names, const std::string& text);

}  // namespace cosell::store
