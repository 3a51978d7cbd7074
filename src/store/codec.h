// Columns and values as canonical JSON text, for images, operations and the journal. Stable across versions: equal
// values give equal bytes, and what was written by an older version is read.
#pragma once

#include <optional>
#include <string>

#include "base/json.h"
#include "deal/value.h"

namespace cosell::store {

json::Value to_json(const Value& v);
Result<Value> value_from_json(const json::Value& v);
std::string encode(const Columns& columns);
Result<Columns> decode_columns(const std::string& text);

}  // namespace cosell::store
