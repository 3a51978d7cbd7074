// Every rule of the referral system by its id, in one sentence, and what this product does about it. Code and tests
// cite the ids; scripts/check-rule-ids finds those that no test cites. Transitions, upgrades, locks and clocks
// themselves are in lifecycle.h and rule_pack.h.
#pragma once

#include <string>
#include <vector>

namespace cosell {

// What the product does about a rule.
enum class Care : std::uint8_t {
  enforced,  // never broken by a write
  shown,     // computed, read or told to people
  theirs     // concerns people or Microsoft; nothing that software could hold
};

struct Rule {
  const char* id;  // "L-7"
  Care care;
  const char* text;
};

const std::vector<Rule>& all_rules();
const char* name_of(Care care);

}  // namespace cosell
