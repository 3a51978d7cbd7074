// Tying an opportunity and a referral together, and taking them apart, because a person or the matcher says so. What
// the records themselves say (the bridge key, the CRM id) is followed by observe.h.
#pragma once

#include <string>

#include "engine/pair.h"

namespace cosell::engine {

// Makes one deal of the opportunity's and the referral's; the present differences then follow the rules of a first
// sync. Inside a transaction. `why` goes into the history. Errors of class config say what is in the way.
Result<store::DealRow> link_rows(const Pair& pair, store::DealRow opportunity, const store::DealRow& referral,
                                 store::JournalKind kind, const std::string& why);

// By a person; the store is exclusive.
Result<store::DealRow> link_deals(const Pair& pair, DealId opportunity, DealId referral);
// The deal is not matched with anything any more and syncs as a deal of its own.
Result<void> match_with_none(const Pair& pair, DealId deal);
// Both records are left as they are from now on, until they are linked again.
Result<void> unlink_deal(const Pair& pair, DealId deal);

}  // namespace cosell::engine
