// The rules of deal registration in the emulated service. See registration.h.
#include "connectors/partner_center/emulator/registration.h"

#include <algorithm>

#include "connectors/partner_center/emulator/checks.h"

namespace cosell::emulator::partner_center {

namespace {

const std::string kPlace = "/registrations/0";

double in_dollars(const Call& call, const Json& deal) {
  const Json& value = value_at(deal, "/details/dealValue");
  const Json& rate = value_at(call.settings.value("usd_rates"), "/" + text_at(deal, "/details/currency"));
  return (value.is_number() ? value.get<double>() : 0.0) * (rate.is_number() ? rate.get<double>() : 1.0);
}

std::optional<Date> date_at(const Json& document, const char* pointer) {
  const std::optional<Instant> instant = parse_instant(text_at(document, pointer));
  if (!instant) return std::nullopt;
  return date_of(*instant);
}

// The day from which a contract may be signed: the deal's creation, or Microsoft's invitation when that was later.
Date earliest_signature(const Call& call, const Json& deal) {
  Date earliest = date_at(deal, "/createdDateTime").value_or(Date{});
  for (const Referral* referral : call.model.engagement(text_at(deal, "/engagementId"))) {
    if (referral->of_microsoft()) earliest = std::max(earliest, date_of(instant_of_ticks(referral->created)));
  }
  return earliest;
}

Check wrong(const std::string& field, const std::string& message) {
  return invalid(kPlace + field, message, "invalidRegistration");
}

Check check_dates(const Call& call, const Json& deal, const Json& registration) {
  const Date today = date_of(call.now);
  const std::optional<Date> sign = date_at(registration, "/contract/signDateTime");
  const std::optional<Date> start = date_at(registration, "/contract/startDateTime");
  const std::optional<Date> end = date_at(registration, "/contract/endDateTime");
  if (!sign) return wrong("/contract/signDateTime", "The date of the signature is required.");
  if (!start) return wrong("/contract/startDateTime", "The start date is required.");
  const bool perpetual = text_at(registration, "/contract/term") == "Perpetual";
  if (perpetual && end) return wrong("/contract/endDateTime", "A perpetual contract has no end date.");
  if (!perpetual && !end) return wrong("/contract/endDateTime", "A finite contract needs an end date.");
  if (end && *end < *start) return wrong("/contract/endDateTime", "The contract ends before it starts.");
  if (!call.settings.on("registration_dates_checked")) return std::nullopt;
  if (*sign > today) return wrong("/contract/signDateTime", "The signature lies in the future.");
  if (days_between(*sign, today) > 60) return wrong("/contract/signDateTime", "The signature is over 60 days old.");
  if (*sign < earliest_signature(call, deal)) {
    return wrong("/contract/signDateTime", "The contract was signed before the deal was made.");
  }
  if (days_between(*start, today) > 90) return wrong("/contract/startDateTime", "The start is over 90 days ago.");
  return std::nullopt;
}

Check check_contract(const Json& registration) {
  const Json& term = value_at(registration, "/contract/term");
  if (is_blank(term)) return wrong("/contract/term", "The term of the contract is required.");
  Check check = check_word(term, {"Finite", "Perpetual"}, kPlace + "/contract/term");
  if (!check) check = check_deal_value(value_at(registration, "/contract/value"), kPlace + "/contract/value");
  if (!check) check = check_currency(value_at(registration, "/contract/currency"), kPlace + "/contract/currency");
  return check;
}

// Won within the first days after the creation.
bool too_early(const Call& call, const Json& deal) {
  const std::optional<Instant> created = parse_instant(text_at(deal, "/createdDateTime"));
  const std::optional<Instant> closed = parse_instant(text_at(deal, "/closedDateTime"));
  return created && closed && *closed - *created < hours(call.settings.number("registration_hours"));
}

bool can_be_registered(const Call& call, const std::string& solution_id) {
  const Json& known = call.settings.value("registration_solutions");
  return known.empty() || std::find(known.begin(), known.end(), Json(solution_id)) != known.end();
}

bool is_on_deal(const Json& deal, const std::string& solution_id) {
  const Json& solutions = value_at(deal, "/details/requirements/solutions");
  return std::any_of(solutions.begin(), solutions.end(),
                     [&solution_id](const Json& solution) { return text_at(solution, "/id") == solution_id; });
}

Check check_solution_detail(const Call& call, const Json& deal, const Json& contract, const Json& detail,
                            const std::string& place) {
  if (!is_on_deal(deal, text_at(detail, "/id"))) return wrong(place + "/id", "The solution is not on the deal.");
  if (!can_be_registered(call, text_at(detail, "/id"))) {
    return wrong(place + "/id", "The solution is not eligible for incentives.");
  }
  Check check = check_deal_value(value_at(detail, "/value"), kPlace + place + "/value");
  if (check) return check;
  if (value_at(detail, "/value").get<double>() > value_at(contract, "/value").get<double>()) {
    return wrong(place + "/value", "The solution is worth more than the contract.");
  }
  if (!value_at(detail, "/isDeployedOnAzure").is_boolean()) {
    return wrong(place + "/isDeployedOnAzure", "Whether the solution is deployed on Azure is required.");
  }
  for (const char* field : {"/primaryDeploymentOn", "/pricingModel"}) {
    if (is_blank(value_at(detail, field))) return wrong(place + field, "The field is required.");
  }
  check = check_word(value_at(detail, "/primaryDeploymentOn"), {"Customer", "Partner"},
                     kPlace + place + "/primaryDeploymentOn");
  if (check) return check;
  check = check_word(value_at(detail, "/pricingModel"), {"PayAsYouGo", "Other"}, kPlace + place + "/pricingModel");
  if (check) return check;
  const Json& marketplace = value_at(detail, "/marketplaceTransactionDetails");
  const bool undated = is_blank(value_at(marketplace, "/marketplaceTransactionDateTime"));
  if (true_at(marketplace, "/isMarketplaceTransacted") && undated) {
    return wrong(place + "/marketplaceTransactionDetails/marketplaceTransactionDateTime",
                 "The date of the marketplace transaction is required.");
  }
  return std::nullopt;
}

}  // namespace

Check check_eligible(const Call& call, const Json& deal) {
  const auto refuse = [](const char* message) {
    return invalid("/registrations", message, "notEligibleForRegistration");
  };
  if (text_at(deal, "/status") != "Closed" || text_at(deal, "/substatus") != "Won") {
    return refuse("Only a won deal can be registered.");
  }
  if (!true_at(deal, "/consent/consentToShareReferralWithMicrosoftSellers")) {
    return refuse("A private deal cannot be registered.");
  }
  if (in_dollars(call, deal) < static_cast<double>(call.settings.number("registration_least_usd"))) {
    return refuse("The deal value is below the least value for registration.");
  }
  if (too_early(call, deal)) return refuse("The deal was won too soon after it was created.");
  // Microsoft may have declined once and accepted when it was asked again.
  bool asked = false;
  bool agreed = false;
  bool with_partner = false;
  for (const Referral* referral : call.model.engagement(text_at(deal, "/engagementId"))) {
    const bool own = text_at(deal, "/id") == text_at(document_of(*referral), "/id");
    with_partner = with_partner || (!own && !referral->of_microsoft());
    if (!referral->of_microsoft()) continue;
    asked = true;
    agreed = agreed || referral->status == "Active" || referral->substatus == "Won";
  }
  if (asked && !agreed) return refuse("Microsoft did not accept the co-sell request.");
  if (with_partner && !asked) return refuse("A deal between partners can be registered only with Microsoft in it.");
  return std::nullopt;
}

Check check_registration(const Call& call, const Json& deal, const Json& registration) {
  if (text_at(registration, "/type") != "AzureIPCoSell") {
    return wrong("/type", "The type of registration must be AzureIPCoSell.");
  }
  Check check = check_contract(registration);
  if (!check) check = check_dates(call, deal, registration);
  if (check) return check;
  const Json& details = value_at(registration, "/solutionDetails");
  if (details.empty()) return wrong("/solutionDetails", "At least one solution is required.");
  for (std::size_t i = 0; i < details.size(); ++i) {
    check = check_solution_detail(call, deal, value_at(registration, "/contract"), details[i],
                                  "/solutionDetails/" + std::to_string(i));
    if (check) return check;
  }
  return std::nullopt;
}

Json stored_registration(Call& call, Json registration) {
  Json stored{{"id", call.random.uuid()},
              {"registrationDateTime", to_string_seconds(call.now)},
              {"status", "ReviewPending"},
              {"statusReason", nullptr}};
  for (const auto& item : registration.items()) stored[item.key()] = item.value();
  stored["statusHistory"] = Json{{"reviewPendingDateTime", to_string_seconds(call.now)}};
  return stored;
}

}  // namespace cosell::emulator::partner_center
