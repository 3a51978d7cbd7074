// Values of fields, record ids and the comparisons that Salesforce makes between them.
// Responsible for the form of a value, not for which values a field accepts (records.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/time.h"
#include "connectors/emulator/plain_values.h"

namespace cosell::emulator::salesforce {

// Ids are kept with 15 characters (they fit into a std::string without an allocation) and shown with 18.
using Value = std::variant<std::monostate, bool, double, Instant, Date, std::string>;

inline bool is_null(const Value& v) { return v.index() == 0; }

// A number as base 62 in the order of ASCII, so that later ids are greater ids.
std::string make_id(std::string_view prefix, std::uint64_t number);
std::string to_18(std::string_view id15);
// 15 or 18 characters to 15; the check characters repair upper and lower case. Empty when it is no id.
std::optional<std::string> parse_id(std::string_view text);

// Both of one kind; values of different kinds compare by kind, null first.
int compare_values(const Value& a, const Value& b);
// `%` any run, `_` one character, `\` takes the next one literally; both sides folded.
bool like(std::string_view folded_text, std::string_view folded_pattern);

std::size_t count_characters(std::string_view utf8);
// "2024-01-01T10:02:03.000+0000": whole seconds, always with milliseconds, offset without a colon.
std::string stamp_text(Instant t);
// "Fri, 21 Nov 2025 03:41:07 GMT".
std::optional<Instant> parse_http_date(std::string_view text);

}  // namespace cosell::emulator::salesforce
