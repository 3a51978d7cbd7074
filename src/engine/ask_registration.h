// What a person asks for: the registration of a won deal with Microsoft (G-5), stated once and kept on the deal until
// Partner Center shows it. Whether it may be sent is judged here and, since days pass, again by the cycle that sends it
// (decide_registration.cpp).
#pragma once

#include <string>
#include <vector>

#include "deal/registration_request.h"
#include "engine/pair.h"
#include "engine/view.h"

namespace cosell::engine {

struct RegistrationAsked {
  std::string title;
  bool correction = false;            // of a registration that exists
  Columns changes;                    // what will be sent
  std::vector<Objection> objections;  // those that only warn
};

// Registers the deal with the next sync, or corrects its registration. `given`: the parts that a person stated; the
// others come from the registration that exists, else value and solution from the deal. `keep`: false only judges.
// Refused (ErrorClass::precondition) with everything that is missing or wrong in one text.
Result<RegistrationAsked> ask_registration(const Pair& pair, DealId deal, const Columns& given, bool keep = true);

// Forgets what was asked and not sent yet; ErrorClass::precondition when nothing was, or it may have been sent.
Result<std::string> forget_registration(const Pair& pair, DealId deal);

// Against the deal as it is now: what is still to be sent of `wanted`, and what stands against it.
struct RegistrationPlan {
  bool correction = false;
  Columns changes;
  std::vector<Objection> objections;
  bool refused() const;
};
RegistrationPlan plan_of_registration(const Columns& wanted, const DealView& view, Date today, const RulePack& rules);

}  // namespace cosell::engine
