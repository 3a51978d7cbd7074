// Pulls what changed on both sides, page by page, into the store: a page and the position behind it in one transaction
// (I-06).
#pragma once

#include <functional>

#include "engine/cycle.h"
#include "engine/pair.h"

namespace cosell::engine {

struct ReadingMoments {
  // Nothing more is asked of the CRM, while Partner Center may still be read.
  std::function<Result<void>()> crm_is_read;
  // A side has no use for the kept position any more; everything is read anew, unless this finds that it is down.
  std::function<Result<void>(Side)> position_died;
};

// Both sides are read at once. The CRM is stored to its end before Partner Center: an opportunity says itself which
// referral is its own, and referrals that name it come after that. When one side is down the other one is still read,
// so that nothing is missed (F-08), except Partner Center while the CRM was never read; report.stopped says why.
Result<void> pull_both(const Pair& pair, RunId run, CycleReport& report, const CycleOptions& options,
                       const ReadingMoments& moments);

}  // namespace cosell::engine
