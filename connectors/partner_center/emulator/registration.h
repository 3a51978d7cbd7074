// Deal registration: when a won deal may be registered, and what a registration must say.
#pragma once

#include "connectors/partner_center/emulator/call.h"
#include "connectors/partner_center/emulator/problem.h"

namespace cosell::emulator::partner_center {

// Whether the deal may be registered at all.
Check check_eligible(const Call& call, const Json& deal);
// Whether `registration` (already in the known spelling) is complete and fits the deal.
Check check_registration(const Call& call, const Json& deal, const Json& registration);
// What the server makes of an accepted one: it waits for review.
Json stored_registration(Call& call, Json registration);

}  // namespace cosell::emulator::partner_center
