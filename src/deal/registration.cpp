// The rules of registration, one function each, and what Microsoft's answers mean.
#include "deal/registration.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/text.h"
#include "deal/lifecycle.h"

namespace cosell {

namespace {

std::string in_words(std::int64_t dollars) { return to_string(Money{dollars * 100, "USD"}); }

Eligibility type_rule(const Deal& referral) {
  const auto type = deal_type_of(referral);
  if (!type) return {"G-1", Answer::unknown, "the type of the deal is not shown"};
  const std::string text = std::string("the deal is ") + name_of(*type);
  switch (*type) {
    case DealType::co_sell:
      return {"G-1", Answer::yes, text};
    case DealType::partner_led:
      return {"T-10", Answer::yes, text + ", which needs no invitation of Microsoft"};
    case DealType::private_deal:
      return {"G-7", Answer::no, text + "; private deals are never registered"};
    case DealType::partner_to_partner:
      return {"T-2", Answer::no, text + "; it can be registered only after Microsoft was invited"};
    case DealType::assessment:
      return {"T-5", Answer::no, text + "; assessments are not registered"};
  }
  std::abort();
}

Eligibility value_rule(const Deal& referral, const RegistrationRules& rules) {
  const auto* value = std::get_if<Money>(&referral.get(Field::value));
  if (value == nullptr) return {"G-1", Answer::unknown, "the deal shows no value"};
  const std::string least = in_words(rules.least_value_usd);
  const auto dollars = in_us_dollars(*value, rules.rates);
  if (!dollars) {
    return {"G-1", Answer::unknown,
            "the value of " + to_string(*value) + " cannot be compared with " + least + ": there is no rate for " +
                value->currency};
  }
  std::string text = "the value is " + to_string(*value);
  if (value->currency != "USD") text += ", about " + in_words(*dollars) + " at the rates of " + rules.rates.date;
  const bool enough = *dollars >= rules.least_value_usd;
  return {"G-1", enough ? Answer::yes : Answer::no, text + (enough ? "" : "; at least " + least + " is needed")};
}

bool says(const Deal& referral, const char* words) {
  return text::folded(referral.text(Field::microsoft_reason)).find(text::folded(words)) != std::string::npos;
}
bool no_customer_record(const Deal& referral) { return says(referral, "no corresponding microsoft customer record"); }
bool no_seller(const Deal& referral) { return says(referral, "no microsoft seller directly manages"); }

// Whether Microsoft's sellers look after the customer is not shown; its answer tells (inferred).
Eligibility managed_customer_rule(const Deal& referral) {
  if (no_customer_record(referral)) {
    return {"M-3", Answer::no, "Microsoft has no record of this customer"};
  }
  if (no_seller(referral)) return {"M-4", Answer::no, "no Microsoft seller looks after this customer"};
  if (referral.text(Field::microsoft_answer) == "accepted") {
    return {"G-1", Answer::yes, "Microsoft's sellers work with this customer, as their acceptance shows"};
  }
  return {"G-1", Answer::unknown, "whether Microsoft's sellers look after this customer is not shown"};
}

Eligibility solution_rule(const Deal& referral, const RegistrationRules& rules) {
  const auto* solutions = std::get_if<std::vector<Solution>>(&referral.get(Field::solutions));
  if (solutions == nullptr || solutions->empty()) return {"G-2", Answer::no, "there is no solution on the deal"};
  if (rules.eligible_solutions.empty()) {
    return {"G-2", Answer::unknown,
            "which solutions earn incentives is not configured (\"eligible_solutions\"), and no API tells it"};
  }
  for (const Solution& s : *solutions) {
    if (rules.eligible_solutions.count(s.id) > 0) return {"G-2", Answer::yes, "the solution " + s.id + " is eligible"};
  }
  return {"G-2", Answer::no, "none of the deal's solutions is among those that earn incentives"};
}

std::optional<Eligibility> microsoft_rule(const Deal& referral) {
  if (deal_type_of(referral) != DealType::co_sell) return std::nullopt;
  const std::string answer = referral.text(Field::microsoft_answer);
  if (answer == "accepted") return Eligibility{"G-1", Answer::yes, "Microsoft accepted"};
  if (answer == "waiting") return Eligibility{"G-1", Answer::unknown, "Microsoft has not answered yet"};
  if (answer.empty()) {
    // A deal that Microsoft sent is one that it takes part in (T-11).
    const bool inbound = referral.text(Field::direction) == "Incoming";
    if (inbound) return Eligibility{"T-11", Answer::yes, "Microsoft itself sent the deal"};
    return Eligibility{"G-1", Answer::unknown, "Microsoft's answer is not shown"};
  }
  return Eligibility{"G-1", Answer::no, "Microsoft did not accept (" + answer + ")"};
}

// G-3, once the deal is won: nobody but Microsoft knows whether it lets an early one pass.
std::optional<Eligibility> early_won_rule(const Deal& referral, const Clocks& clocks) {
  const auto standing = referral.standing();
  const auto* created = std::get_if<Instant>(&referral.get(Field::created_at));
  const auto* closed = std::get_if<Instant>(&referral.get(Field::closed_at));
  const bool won = standing && standing->substatus == Substatus::won;
  if (!won || created == nullptr || closed == nullptr || *closed - *created >= clocks.won_after) return std::nullopt;
  return Eligibility{"G-3", Answer::unknown,
                     "the deal was won within " + in_words(clocks.won_after) +
                         " of its creation, so Microsoft may refuse the registration"};
}

Answer all_of(const std::vector<Eligibility>& rules) {
  const auto any = [&](Answer a) {
    return std::any_of(rules.begin(), rules.end(), [a](const Eligibility& e) { return e.answer == a; });
  };
  if (any(Answer::no)) return Answer::no;
  return any(Answer::unknown) ? Answer::unknown : Answer::yes;
}

}  // namespace

const char* name_of(Answer answer) {
  switch (answer) {
    case Answer::yes:
      return "yes";
    case Answer::no:
      return "no";
    case Answer::unknown:
      return "not known";
  }
  std::abort();
}

std::optional<std::int64_t> in_us_dollars(const Money& value, const RateTable& rates) {
  const auto exponent = currency_exponent(value.currency);
  if (!exponent) return std::nullopt;
  std::int64_t unit = 1;
  for (int i = 0; i < *exponent; ++i) unit *= 10;
  if (value.currency == "USD") return value.minor / unit;
  const auto rate = rates.usd_per_unit.find(value.currency);
  if (rate == rates.usd_per_unit.end()) return std::nullopt;
  // A rate is a rough figure by nature; the comparison is with a round sum.
  const double amount = static_cast<double>(value.minor) / static_cast<double>(unit);
  return static_cast<std::int64_t>(std::floor(amount * std::strtod(rate->second.text.c_str(), nullptr)));
}

Answer below_least_value(const Deal& deal, const RegistrationRules& rules) {
  const auto* value = std::get_if<Money>(&deal.get(Field::value));
  const auto dollars = value == nullptr ? std::nullopt : in_us_dollars(*value, rules.rates);
  if (!dollars) return Answer::unknown;
  return *dollars < rules.least_value_usd ? Answer::yes : Answer::no;
}

std::string warning_before_help(const Deal& deal, const RegistrationRules& rules) {
  const std::string least = in_words(rules.least_value_usd);
  const std::string then = "below " + least + " Microsoft gives no reason when it declines";
  const auto* value = std::get_if<Money>(&deal.get(Field::value));
  switch (below_least_value(deal, rules)) {
    case Answer::no:
      return "";
    case Answer::yes: {
      std::string text = "Its value is only " + to_string(*value);
      if (value->currency != "USD") {
        text += ", about " + in_words(*in_us_dollars(*value, rules.rates)) + " at the rates of " + rules.rates.date;
      }
      return text + ": " + then + ", and the deal cannot be registered.";
    }
    case Answer::unknown:
      break;
  }
  if (value == nullptr) return "It has no value yet: " + then + ".";
  return "Whether its value of " + to_string(*value) + " reaches " + least +
         " cannot be judged, as there is no rate for " + value->currency +
         " (an admin adds it to \"rates\" in the configuration): below that Microsoft gives no reason when " +
         "it declines.";
}

std::optional<Instant> registrable_from(const Deal& referral, const RulePack& rules) {
  const RegistrationOutlook outlook = registration_outlook(referral, rules);
  if (outlook.eligible == Answer::no) return std::nullopt;
  return outlook.won_from;
}

RegistrationOutlook registration_outlook(const Deal& referral, const RulePack& pack) {
  RegistrationOutlook outlook;
  outlook.rules.push_back(type_rule(referral));
  outlook.rules.push_back(value_rule(referral, pack.registration));
  outlook.rules.push_back(managed_customer_rule(referral));
  outlook.rules.push_back(solution_rule(referral, pack.registration));
  if (auto rule = microsoft_rule(referral)) outlook.rules.push_back(std::move(*rule));
  if (auto rule = early_won_rule(referral, pack.clocks)) outlook.rules.push_back(std::move(*rule));
  outlook.eligible = all_of(outlook.rules);
  if (const auto* created = std::get_if<Instant>(&referral.get(Field::created_at))) {
    outlook.won_from = *created + pack.clocks.won_after;
  }
  const auto standing = referral.standing();
  const auto* closed = std::get_if<Instant>(&referral.get(Field::closed_at));
  if (standing && standing->substatus == Substatus::won && closed != nullptr) {
    outlook.register_by = *closed + pack.clocks.register_within;
  }
  return outlook;
}

AnswerMeaning meaning_of_answer(const Deal& referral, const RegistrationRules& rules) {
  const std::string answer = referral.text(Field::microsoft_answer);
  if (answer == "expired") {
    return {"M-1", "Microsoft did not answer in time.", "To ask again, an admin starts a new referral.", true};
  }
  if (answer != "declined") return {};
  if (no_customer_record(referral)) {
    return {
        "M-3", "Microsoft has no record of this customer, so its sellers cannot help.",
        "Check the customer's name and address; if they were wrong, correct them, and an admin starts a new referral.",
        true};
  }
  if (no_seller(referral)) {
    return {"M-4", "No Microsoft seller looks after this customer, so none can help.",
            "Go on without Microsoft's help."};
  }
  if (!referral.text(Field::microsoft_reason).empty()) {
    return {"M-5", "Microsoft declined.", "If that was a mistake, an admin starts a new referral.", true};
  }
  if (below_least_value(referral, rules) == Answer::yes) {
    return {"M-1", "Microsoft declined; below " + in_words(rules.least_value_usd) + " it gives no reason.",
            "Go on without Microsoft's help."};
  }
  return {"M-1", "Microsoft declined without a reason.", "If that was a mistake, an admin starts a new referral.",
          true};
}

}  // namespace cosell
