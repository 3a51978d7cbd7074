// SOQL text: literals with their escapes, column names that are safe to put into a query, and lists of ids cut
// so that the address stays within what the server accepts. Knows no object and sends nothing.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "deal/value.h"

namespace cosell::soql {

// "Name", "Account.Name", "ns__Owner__r.Email": letters, digits and underscores, parts joined by dots.
bool is_column_path(std::string_view name);

// 'text' with every escape that SOQL knows; the text is sent in NFC.
std::string quoted(std::string_view text);
// A date-time or date literal, which SOQL wants without quotes.
std::string literal(Instant t);
std::string literal(Date d);
// Any single value; empty result for values that a query cannot compare with (people, solutions …).
std::string literal(const Value& v);

// "SELECT Id, Name FROM Opportunity", columns once each (without regard to case), in the order given.
std::string select(const std::vector<std::string>& columns, std::string_view object);

// The texts in groups, so that "column IN ('a','b')" takes at most `max_bytes` once percent-encoded.
std::vector<std::vector<std::string>> in_groups(const std::vector<std::string>& texts, std::size_t max_bytes);
std::string in(std::string_view column, const std::vector<std::string>& texts);

// Columns that must not be put into a query; the error names the first one.
Result<void> check_columns(const std::vector<std::string>& columns);

}  // namespace cosell::soql
