// What a deal lacks before Partner Center would take it (R-1..R-12), found before any call is made.
#pragma once

#include <string>
#include <vector>

#include "deal/deal.h"
#include "deal/rule_pack.h"

namespace cosell {

struct Missing {
  Field field;
  std::string rule;  // "R-5"
  std::string what;  // "an estimated value above 0", "the customer's country (two letters)"
  std::string part;  // part of the field: "country", "phone"; "" for all of it
};

// Everything that keeps this deal from being created; empty when it may be sent.
std::vector<Missing> missing_for_create(const Deal& deal, const RulePack& rules);

}  // namespace cosell
