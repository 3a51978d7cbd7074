// Makes referrals: the partner's own deals, and the halves of Microsoft and other partners in an engagement.
#pragma once

#include "connectors/emulator/toolkit.h"
#include "connectors/partner_center/emulator/call.h"
#include "connectors/partner_center/emulator/problem.h"

namespace cosell::emulator::partner_center {

// Stores the referral that a POST describes and answers its document.
Outcome<Json> create_referral(Call& call, const Json& posted, const std::string& request_id);

// A document with the members that the server fills in for a deal of the partner; not stored yet.
Json new_document(Call& call, const std::string& engagement_id);

}  // namespace cosell::emulator::partner_center
