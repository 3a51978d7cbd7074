// What a deal lacks before Partner Center would take it (R-1..R-12), found before any call is made.
#pragma once

#include <string>
#include <vector>

#include "deal/deal.h"

namespace cosell {

struct Missing {
  Field field;
  std::string rule;  // "R-5"
  std::string what;  // "an estimated value above 0", "the customer's country (two letters)"
  std::string part;  // part of the field: "country", "phone"; "" for all of it
};

// The requirement list is data with a date and a source, so that configuration can override it.
struct RulePack {
  std::string id = "2023-08";
  std::string source = "management of co-sell opportunities, required fields since April 2023";
  bool notes_required = true;               // since 2023
  bool marketplace_intent_required = true;  // since April 2023
  bool team_required = true;                // name, phone and e-mail
  bool solution_required = true;
  bool location_required = true;
};

// Everything that keeps this deal from being created; empty when it may be sent.
std::vector<Missing> missing_for_create(const Deal& deal, const RulePack& rules);

}  // namespace cosell
