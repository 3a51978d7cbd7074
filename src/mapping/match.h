// How likely an opportunity and a referral that no key ties together are the same deal.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "mapping/mapping.h"
#include "mapping/tree.h"

namespace cosell::mapping {

// Reads "matching" over the usual weights; findings when they do not fit together.
void read_matching(const Node& matching, MatchRule& rule, Findings& findings);

// What two deals of one customer have in common, and nothing else that counts.
struct Likewise {
  std::uint32_t common_words = 0;  // of the names
  std::uint32_t all_words = 0;     // 0: one of them has no name
  std::optional<bool> same_value;
  std::optional<std::int32_t> days_apart;  // of the close dates
  bool unanswered = false;                 // the referral
};
int points_for(const MatchRule& rule, const Likewise& like);
Likeness likeness_of(const MatchRule& rule, const Likewise& like, int points);
std::string in_words(const Likewise& like);  // MatchScore::because

MatchScore score_match(const MatchRule& rule, const Deal& opportunity, const Deal& referral);

// The customer's name without case and the legal form at its end; "" when there is none. Two deals with different keys
// are never the same deal.
std::string customer_key(const Deal& deal);
std::set<std::string> name_words(const Deal& deal);
bool waits_for_an_answer(const Deal& referral);

}  // namespace cosell::mapping
