// The states of a referral: which changes of state are legal, what a change of state stamps, what time does, and
// what Microsoft does.
#pragma once

#include <string>

#include "connectors/partner_center/emulator/call.h"
#include "connectors/partner_center/emulator/problem.h"

namespace cosell::emulator::partner_center {

// Whether the partner may take a deal from the state in `before` to the one in `after`.
Check check_transition(const Call& call, const Json& before, const Json& after);
// Sets the dates that belong to the new state; `after` has been touched already.
void stamp_transition(const Call& call, const Json& before, Json& after);

// When a deal or Microsoft's half that is made now will expire: midnight at the end of the period.
std::string expiry_from(const Call& call);
// Closes every New referral whose time ran out by the clock.
void expire_due(Call& call);

// The control verb `microsoft`; answers the referral that changed.
Outcome<Json> microsoft_acts(Call& call, const Json& order);
// The control verb `registration`.
Outcome<Json> review_registration(Call& call, const Json& order);

}  // namespace cosell::emulator::partner_center
