// Finding the two halves of one deal that no key ties together: an opportunity that takes part and an open referral.
// How alike they are is the mapping's to say. Sure pairs are linked; doubtful and tied ones wait for a person and
// nothing is written to them.
#pragma once

#include "engine/pair.h"

namespace cosell::engine {

// Looks at the deals that only one side shows, when one of them is new or changed. Reads the store only; each link or
// doubt is one transaction. Memory grows by about two hundred bytes with each referral that only one side shows, and
// not with the pairs among them.
Result<void> match_lone_deals(const Pair& pair);

}  // namespace cosell::engine
