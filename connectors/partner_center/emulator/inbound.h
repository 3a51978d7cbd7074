// Deals that the emulator makes up itself: one sent by Microsoft, and a whole history for a rehearsal.
#pragma once

#include <cstddef>

#include "connectors/partner_center/emulator/call.h"
#include "connectors/partner_center/emulator/problem.h"

namespace cosell::emulator::partner_center {

// The control verb `inbound`: stores a New deal sent by Microsoft and answers its document.
Outcome<Json> receive_inbound(Call& call, const Json& order);

// So many of them at once, of `customers` different customers (0: each of its own). Returns how many.
std::size_t receive_many(Call& call, std::size_t count, std::size_t customers);

// Adds varied referrals of the past half year.
void seed_referrals(Call& call, std::size_t count);

}  // namespace cosell::emulator::partner_center
