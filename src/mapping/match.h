// How likely an opportunity and a referral that no key ties together are the same deal.
#pragma once

#include "mapping/mapping.h"
#include "mapping/tree.h"

namespace cosell::mapping {

// Reads "matching" over the usual weights; findings when they do not fit together.
void read_matching(const Node& matching, MatchRule& rule, Findings& findings);

MatchScore score_match(const MatchRule& rule, const Deal& opportunity, const Deal& referral);

}  // namespace cosell::mapping
