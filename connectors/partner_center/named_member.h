// The members of the service's JSON, whose letter case it mixes now and then.
#pragma once

#include <string_view>

#include "base/json.h"

namespace cosell::partner_center {

// The member of that name: exact first, whatever its letter case else. nullptr: there is none.
const json::Value* named_member(const json::Value* object, std::string_view name);

}  // namespace cosell::partner_center
