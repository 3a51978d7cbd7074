// The list call: filter, order, paging by opaque links, selection of members.
#pragma once

#include "connectors/emulator/toolkit.h"
#include "connectors/partner_center/emulator/call.h"
#include "connectors/partner_center/emulator/problem.h"

namespace cosell::emulator::partner_center {

// What the signed-in user may see at all.
bool is_visible(const Switches& settings, const Referral& referral);

// One referral as the partner sees it: the stored text, or less where switches hide something.
std::string shown(const Switches& settings, const Referral& referral);

Outcome<http::Response> list_referrals(Call& call, PageTokens& tokens, const Target& target,
                                       const http::Request& request);

}  // namespace cosell::emulator::partner_center
