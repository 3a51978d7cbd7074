// Pulls what changed on both sides, page by page, into the store: a page and the position behind it in one transaction
// (I-06).
#pragma once

#include "engine/cycle.h"
#include "engine/pair.h"

namespace cosell::engine {

// Both sides are asked for their first page at once. The CRM is stored to its end before Partner Center: an opportunity
// says itself which referral is its own, and referrals that name it come after that. When one side is down the other
// one is still read, so that nothing is missed (F-08); report.stopped says why.
Result<void> pull_both(const Pair& pair, RunId run, CycleReport& report, const CycleOptions& options);

}  // namespace cosell::engine
