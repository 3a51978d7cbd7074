// The create call of the emulated service. See create.h.
#include "connectors/partner_center/emulator/create.h"

#include <algorithm>

#include "base/text.h"
#include "connectors/partner_center/emulator/checks.h"
#include "connectors/partner_center/emulator/life_cycle.h"
#include "connectors/partner_center/emulator/shape.h"

namespace cosell::emulator::partner_center {

namespace {

constexpr const char* kBase = "https://api.partner.microsoft.com/v1.0/engagements/referrals";
constexpr const char* kShareFlag = "/consent/consentToShareReferralWithMicrosoftSellers";

enum class Purpose { own_deal, ask_microsoft, invite_partner };

bool is_guid(const std::string& text) { return text.size() == 36 && guess_template("/" + text) == "/{id}"; }

bool targets(const Json& posted, const std::string& type, bool microsoft) {
  const Json& list = value_at(posted, "/target");
  return std::any_of(list.begin(), list.end(), [&](const Json& target) {
    return text_at(target, "/type") == type && (text_at(target, "/id") == kMicrosoft) == microsoft;
  });
}

Purpose purpose_of(const Call& call, const Json& posted) {
  const std::string location = "BusinessProfileLocation";
  if (targets(posted, location, true)) return Purpose::ask_microsoft;
  const bool known = !call.model.engagement(text_at(posted, "/engagementId")).empty();
  return known && targets(posted, location, false) ? Purpose::invite_partner : Purpose::own_deal;
}

const Json* marketplace_intent(const Json& posted) {
  for (const Json& attribute : value_at(posted, "/details/requirements/additionalRequirements/attributes")) {
    if (text_at(attribute, "/type") == "CustomerMarketplaceIntent") return &attribute;
  }
  return nullptr;
}

bool is_given(const Json& posted, const std::string& field) {
  if (field == "CustomerMarketplaceIntent") return marketplace_intent(posted) != nullptr;
  if (text::starts_with(field, "/consent/")) return true_at(posted, field);
  return !field.empty() && field[0] == '/' && !is_blank(value_at(posted, field));
}

std::string sentence_for(const std::string& field) {
  if (field == "/details/requirements/solutions") return "Solution ID is required.";
  if (field == "CustomerMarketplaceIntent") return "The customer's marketplace intent is required.";
  if (text::starts_with(field, "/consent/")) return "The customer's consent is required.";
  return "The field is required.";
}

// An invitation repeats most of the deal; what belongs to the own deal only is not asked again.
Check check_required(const Call& call, const Json& posted, Purpose purpose) {
  for (const char* section : {"/type", "/customerProfile", "/consent", "/details"}) {
    if (is_blank(value_at(posted, section))) return invalid(section, "The field is required.", "missingValue");
  }
  for (const Json& entry : call.settings.value("required_at_create")) {
    if (!entry.is_string()) continue;
    const std::string field = entry.get<std::string>();
    if (purpose != Purpose::own_deal && (field == "/mpnId" || field == "CustomerMarketplaceIntent")) continue;
    if (is_given(posted, field)) continue;
    const bool intent = field == "CustomerMarketplaceIntent";
    return invalid(intent ? "/details/requirements/additionalRequirements/attributes" : field, sentence_for(field),
                   "missingValue");
  }
  return std::nullopt;
}

Check check_words(const Json& posted) {
  const std::vector<std::pair<const char*, const Words*>> words = {
      {"/type", &kReferralTypes},
      {"/qualification", &kQualifications},
      {"/status", &kStatuses},
      {"/substatus", &kSubstatuses},
      {"/customerProfile/size", &kCustomerSizes},
      {"/inviteContext/assistanceRequestCode", &kAssistanceCodes}};
  for (const auto& entry : words) {
    Check check = check_word(value_at(posted, entry.first), *entry.second, entry.first);
    if (check) return check;
  }
  const Json& list = value_at(posted, "/target");
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string target = "/target/" + std::to_string(i) + "/type";
    Check check = check_word(value_at(list[i], "/type"), kTargetTypes, target);
    if (check) return check;
  }
  const Json* intent = marketplace_intent(posted);
  if (intent == nullptr) return std::nullopt;
  return check_word(value_at(*intent, "/id"), kMarketplaceIntents,
                    "/details/requirements/additionalRequirements/attributes");
}

Check check_money_and_date(const Call& call, const Json& posted) {
  const Json& value = value_at(posted, "/details/dealValue");
  const Json& currency = value_at(posted, "/details/currency");
  const Json& date = value_at(posted, "/details/closingDateTime");
  Check check;
  if (!value.is_null()) check = check_deal_value(value, "/details/dealValue");
  if (!check && !is_blank(currency)) check = check_currency(currency, "/details/currency");
  if (!check && !is_blank(date)) check = check_close_date(call, date, "/details/closingDateTime");
  return check;
}

Check check_location(const Call& call, const Json& posted) {
  const Json& location = value_at(posted, "/mpnId");
  const Json& known = call.settings.value("mpn_ids");
  if (is_blank(location) || known.empty()) return std::nullopt;
  if (std::find(known.begin(), known.end(), location) != known.end()) return std::nullopt;
  return invalid("/mpnId", "The location \"" + location.get<std::string>() + "\" is not one of yours.", "unknownValue");
}

Check check_people_and_solutions(const Call& call, const Json& posted) {
  Check check = check_members(value_at(posted, "/team"), "/team");
  // A contact may be sparse here; it must be complete only when help is asked.
  if (!check && value_at(posted, "/customerProfile/team").size() > 50) {
    check = invalid("/customerProfile/team", "At most 50 people are allowed.", "outOfRange");
  }
  const std::string solutions = "/details/requirements/solutions";
  if (!check) check = check_solutions(call, value_at(posted, solutions), solutions);
  return check;
}

Check check_values(const Call& call, const Json& posted) {
  const std::string engagement_id = text_at(posted, "/engagementId");
  if (!engagement_id.empty() && !is_guid(engagement_id)) {
    return invalid("/engagementId", "\"" + engagement_id + "\" is not an id.", "invalidFormat");
  }
  const Json& country = value_at(posted, "/customerProfile/address/country");
  Check check = check_words(posted);
  if (!check) check = check_money_and_date(call, posted);
  if (!check && !is_blank(country)) check = check_country(country, "/customerProfile/address/country");
  if (!check) check = check_location(call, posted);
  if (!check) check = check_people_and_solutions(call, posted);
  return check;
}

// Rules for asking Microsoft or another partner to join the engagement of an own deal.
Check check_invitation(const Call& call, const Json& posted, Purpose purpose) {
  const std::string engagement_id = text_at(posted, "/engagementId");
  const Referral* own = call.model.own_of(engagement_id);
  if (own == nullptr) {
    return invalid("/engagementId", "An invitation needs the engagement of a deal of yours.", "unknownValue");
  }
  if (own->status != "Active") {
    return invalid("/engagementId", "The deal is " + own->status + "/" + own->substatus + "; nobody can be invited.",
                   "invalidState");
  }
  const Json deal = document_of(*own);
  if (text_at(deal, "/inviteContext/invitedBy/organizationId") == kMicrosoft) {
    return invalid("/target", "The deal was sent by Microsoft; nobody can be invited.", "invalidState");
  }
  if (purpose == Purpose::invite_partner) return std::nullopt;
  const bool visible = true_at(deal, kShareFlag) && true_at(posted, kShareFlag);
  if (call.settings.on("require_visibility_for_help") && !visible) {
    return invalid(kShareFlag, "Microsoft can help only with a deal that its sellers may see.", "missingValue");
  }
  const Json& contacts = value_at(posted, "/customerProfile/team");
  if (call.settings.on("require_contact_for_help")) {
    if (contacts.empty()) {
      return invalid("/customerProfile/team", "Asking for help needs a customer contact.", "missingValue");
    }
    Check check = check_members(contacts, "/customerProfile/team");
    if (check) return check;
  }
  if (!call.settings.on("refuses_second_invitation")) return std::nullopt;
  for (const Referral* referral : call.model.engagement(engagement_id)) {
    if (referral->of_microsoft() && referral->status != "Closed") {
      return invalid("/target", "Microsoft was already asked.", "duplicate");
    }
  }
  return std::nullopt;
}

void apply_server_rules(const Call& call, Json& document, Purpose purpose) {
  document["status"] = "Active";
  document["substatus"] = "Accepted";
  if (purpose == Purpose::own_deal) {
    if (call.settings.on("derive_type")) document["type"] = true_at(document, kShareFlag) ? "Shared" : "Independent";
    document["acceptedDateTime"] = document["createdDateTime"];
    return;
  }
  const std::string invited = text_at(document["target"][0], "/id");
  document["organizationId"] = invited;
  document["organizationName"] = purpose == Purpose::ask_microsoft ? "Microsoft" : "Invited partner";
  document["status"] = "New";
  document["substatus"] = "Pending";
  document["type"] = "Shared";
  document["salesStage"] = nullptr;
  document["expirationDateTime"] = expiry_from(call);
  document["team"] = Json::array();
}

Outcome<Json> checked(const Call& call, const Json& posted) {
  if (!posted.is_object()) return tl::make_unexpected(invalid("", "The body must be a referral.", "invalidType"));
  Outcome<Json> known = conform(posted, referral_shape(), "");
  if (!known) return known;
  const Purpose purpose = purpose_of(call, *known);
  Check check = check_required(call, *known, purpose);
  if (!check) check = check_values(call, *known);
  if (!check && purpose != Purpose::own_deal) check = check_invitation(call, *known, purpose);
  if (!check && purpose == Purpose::invite_partner && !call.settings.on("partner_invitations")) {
    check = invalid("/target", "Partners cannot be invited through the API.", "notSupported");
  }
  if (check) return tl::make_unexpected(*check);
  const std::string stage_rule = call.settings.text("sales_stage_at_create");
  if (stage_rule == "refuse" && !is_blank(value_at(*known, "/salesStage"))) {
    return tl::make_unexpected(invalid("/salesStage", "The sales stage cannot be set here.", "notSupported"));
  }
  if (stage_rule == "ignore" || is_blank(value_at(*known, "/salesStage"))) {
    known->erase("salesStage");
    return known;
  }
  Outcome<Json> stage = accepted_stage(call, (*known)["salesStage"], "/salesStage");
  if (!stage) return stage;
  (*known)["salesStage"] = *stage;
  return known;
}

}  // namespace

Json new_document(Call& call, const std::string& engagement_id) {
  Json document = blank_referral();
  const std::string id = call.random.uuid();
  document["id"] = id;
  document["engagementId"] = engagement_id.empty() ? call.random.uuid() : text::lower_ascii(engagement_id);
  document["organizationId"] = call.settings.text("organization_id");
  document["organizationName"] = call.settings.text("organization_name");
  document["direction"] = call.settings.text("own_direction");
  document["inviteContext"]["invitedBy"] = Json{{"organizationId", call.settings.text("organization_id")},
                                                {"organizationName", call.settings.text("organization_name")}};
  const std::string engagement = text_at(document, "/engagementId");
  document["links"] =
      Json{{"relatedReferrals",
            Json{{"uri", std::string(kBase) + "?$filter=engagementId eq '" + engagement + "'"}, {"method", "GET"}}},
           {"self", Json{{"uri", std::string(kBase) + "/" + id}, {"method", "GET"}}}};
  call.model.touch(document, call.now, call.random);
  document["createdDateTime"] = document["updatedDateTime"];
  return document;
}

Outcome<Json> create_referral(Call& call, const Json& posted, const std::string& request_id) {
  auto& made = call.model.created_by_request();
  const bool repeatable = call.settings.on("honours_ms_request_id") && !request_id.empty();
  if (repeatable && made.count(request_id) > 0) {
    const Referral* first = call.model.find(made[request_id]);
    if (first != nullptr) return document_of(*first);
  }
  Outcome<Json> known = checked(call, posted);
  if (!known) return tl::make_unexpected(refused_by_rule(call, known.error()));
  const Purpose purpose = purpose_of(call, *known);
  Json document = new_document(call, text_at(*known, "/engagementId"));
  known->erase("engagementId");
  const Json invited_by = document["inviteContext"]["invitedBy"];
  overlay(document, *known);
  document["inviteContext"]["invitedBy"] = invited_by;
  apply_server_rules(call, document, purpose);
  call.model.put(document);
  if (repeatable) made[request_id] = text_at(document, "/id");
  return document;
}

}  // namespace cosell::emulator::partner_center
