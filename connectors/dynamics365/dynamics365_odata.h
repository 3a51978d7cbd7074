// Texts of the Web API: ids, names of columns, literals, filters and query options. Whatever comes from outside is
// checked or escaped here and nowhere else. Sends nothing.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "deal/value.h"

namespace cosell {

// The one spelling of a GUID: lower case, hyphens, no braces. "" for anything else.
std::string normal_guid(std::string_view written);

namespace dynamics365 {

// "estimatedvalue", "cosell_referralid": a logical name.
bool is_column_name(std::string_view name);
// A logical name, or one of a related record ("parentaccountid.name").
bool is_column_path(std::string_view name);
Result<void> check_columns(const std::vector<std::string>& columns);

// The same text always gives the same GUID (RFC 9562 version 8, from SHA-256), so that a create which is sent twice
// makes one record.
std::string guid_from(std::string_view text);

// 'it''s'; not percent-encoded.
std::string quoted(std::string_view s);
// "" for values that cannot stand in a filter.
std::string literal(const Value& v);
// Microsoft.Dynamics.CRM.In(PropertyName='accountid',PropertyValues=['…','…']). For ids only: such a list is read as
// JSON, so that no way to write a quote or a backslash in it is documented.
std::string in(std::string_view property, const std::vector<std::string>& ids);
// (name eq 'it''s' or name eq '…'): for texts from outside, each a condition, of which a query takes 500.
std::string equals_one_of(std::string_view property, const std::vector<std::string>& texts);
// "opportunities?$select=…&$filter=…"; values are encoded here, empty ones left out.
std::string resource(std::string_view set, const std::vector<std::pair<std::string, std::string>>& options);
// In lists of at most this many; the address of a plain read stays below 32 KB.
constexpr std::size_t kIdsInOneRead = 400;
std::vector<std::vector<std::string>> in_groups(std::vector<std::string> texts, std::size_t group_max);
// Texts for equals_one_of(): a letter may take nine bytes of the address, so that a list also ends by its length.
std::vector<std::vector<std::string>> text_groups(std::vector<std::string> texts);

}  // namespace dynamics365
}  // namespace cosell
