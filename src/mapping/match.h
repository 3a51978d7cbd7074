// How likely an opportunity and a referral that no key ties together are the same deal.
#pragma once

#include <string>

#include "mapping/mapping.h"
#include "mapping/tree.h"

namespace cosell::mapping {

// Reads "matching" over the usual weights; findings when they do not fit together.
void read_matching(const Node& matching, MatchRule& rule, Findings& findings);

MatchScore score_match(const MatchRule& rule, const Deal& opportunity, const Deal& referral);

// The customer's name without case and the legal form at its end; "" when there is none. Two deals with different keys
// are never the same deal, so that candidates may be held by it.
std::string customer_key(const Deal& deal);

// What the score looks at; the rest of a candidate need not be kept while others are compared with it.
Deal matched_part(const Deal& deal);

}  // namespace cosell::mapping
