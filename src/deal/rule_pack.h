// What Microsoft asks for at a create, its clocks and its figures: data with a date and a source, since all of it
// changes from time to time. Configuration may override every value.
#pragma once

#include <map>
#include <set>
#include <string>

#include "base/time.h"
#include "deal/value.h"

namespace cosell {

// How long somebody has, or has to wait.
struct Clocks {
  Duration partner_answers = days(14);          // L-4, L-10: an inbound deal expires
  Duration microsoft_answers = days(14);        // T-7: a request for help expires
  Duration won_after = hours(72);               // G-3: from creation to Won, if the deal is to be registered
  Duration register_within = days(60);          // from the signature of the contract to the registration
  Duration contract_started_within = days(90);  // 2.9: how long ago the contract may have started at its registration

  bool operator==(const Clocks&) const = default;
};

// US dollars per unit of a currency, as published by somebody. A currency without a rate has no value in dollars.
struct RateTable {
  std::string date;    // "2026-11": the month that the rates are for
  std::string source;  // where they were published
  std::map<std::string, Number> usd_per_unit;

  bool operator==(const RateTable&) const = default;
};

struct RegistrationRules {
  std::int64_t least_value_usd = 25'000;     // G-1, M-1
  std::set<std::string> eligible_solutions;  // G-2: ids of the company's incentive-eligible solutions; empty: not known
  RateTable rates;

  bool operator==(const RegistrationRules&) const = default;
};

struct RulePack {
  std::string id = "2023-08";
  std::string source = "management of co-sell opportunities, required fields since April 2023";
  bool notes_required = true;               // since 2023
  bool marketplace_intent_required = true;  // since April 2023
  bool team_required = true;                // name, phone and e-mail
  bool solution_required = true;
  bool location_required = true;
  Clocks clocks;
  RegistrationRules registration;

  bool operator==(const RulePack&) const = default;
};

}  // namespace cosell
