// What a person may decide about a referral that is closed for good (L-7) or that Microsoft declined by mistake (M-5):
// start again with a new referral, or leave the two sides as they are.
#pragma once

#include <string>

#include "engine/pair.h"

namespace cosell::engine {

// The opportunity gets a new referral with the next sync; the old one is kept as its predecessor and never written
// again. Refused (ErrorClass::precondition) unless the opportunity is open and its referral is closed or was declined.
Result<void> restart(const Pair& pair, DealId deal);

// The deal stays open in the CRM beside its closed referral and is asked about no more.
// Refused (ErrorClass::precondition) unless the deal waits for that decision.
Result<void> leave_as_is(const Pair& pair, DealId deal);

}  // namespace cosell::engine
