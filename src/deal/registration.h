// May this deal be registered with Microsoft (G-1..G-7)? Computed rule by rule from what is shown of it, with a third
// answer beside yes and no: not known. Also how long Won has to wait (G-3) and what Microsoft's answer means (M-…).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "deal/deal.h"
#include "deal/rule_pack.h"

namespace cosell {

enum class Answer : std::uint8_t { yes, no, unknown };
const char* name_of(Answer answer);  // "yes", "no", "not known"

struct Eligibility {
  std::string rule;  // "G-1"
  Answer answer = Answer::unknown;
  std::string text;  // for people: "the value of 50,000.00 EUR is about USD 54,000 (rates of 2026-11)"
};

struct RegistrationOutlook {
  // All rules but Won itself and the dates of the contract: `no` when one says no, `unknown` when one is not known and
  // none says no.
  Answer eligible = Answer::unknown;
  std::vector<Eligibility> rules;
  std::optional<Instant> won_from;     // G-3; blank when the creation is not known
  std::optional<Instant> register_by;  // of a won deal: at the latest, counted from the closing (inferred)
};

// `referral` with what Microsoft's half adds to it.
RegistrationOutlook registration_outlook(const Deal& referral, const RulePack& rules);

// The value in whole US dollars, rounded down; blank when there is no rate for the currency.
std::optional<std::int64_t> in_us_dollars(const Money& value, const RateTable& rates);

// M-1: a request for help for a deal below the least value is often declined without a reason. `unknown` without a
// rate.
Answer below_least_value(const Deal& deal, const RegistrationRules& rules);

// M-1, for whoever is about to ask for help: what a value means that is too small, or that cannot be judged. "" when
// the value is large enough.
std::string warning_before_help(const Deal& deal, const RegistrationRules& rules);

// G-3: from when on a deal may be won without spoiling its registration; blank when it cannot be registered anyway, or
// when its creation is not known.
std::optional<Instant> registrable_from(const Deal& referral, const RulePack& rules);

// What Microsoft's answer means for the partner and what can be done. Blank texts when there is nothing to say.
struct AnswerMeaning {
  std::string rule;
  std::string meaning;
  std::string advice;    // in words for a seller
  bool restart = false;  // a new referral may help
};
AnswerMeaning meaning_of_answer(const Deal& referral, const RegistrationRules& rules);

}  // namespace cosell
