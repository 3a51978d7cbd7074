// Finding the two halves of one deal that no key ties together: an opportunity that takes part and an open referral.
// Sure pairs are linked; doubtful and tied ones wait for a person and nothing is written to them.
#pragma once

#include <string>

#include "deal/deal.h"
#include "engine/pair.h"

namespace cosell::engine {

enum class Likeness : std::uint8_t { no, doubtful, sure };

struct MatchScore {
  int points = 0;  // of 100
  Likeness likeness = Likeness::no;
  std::string because;  // "same customer, same name, value differs"
};

// Pure. Another customer or another country is never the same deal; a referral that still waits for an answer is at
// most doubtful, since linking it to an open opportunity would accept it.
MatchScore score_match(const Deal& opportunity, const Deal& referral);

// Looks at the deals that only one side shows, when one of them is new or changed. Reads the store only; each link or
// doubt is one transaction.
Result<void> match_lone_deals(const Pair& pair);

}  // namespace cosell::engine
