// The known members of a referral and the lenient reading of what clients send. See shape.h.
#include "connectors/partner_center/emulator/shape.h"

#include "base/text.h"

namespace cosell::emulator::partner_center {

namespace {

constexpr const char* kMember = R"({
  "firstName": "string", "lastName": "string", "phoneNumber": "string", "email": "string", "title": "string",
  "contactPreference": {"locale": "string", "disableNotifications": "boolean"}})";

constexpr const char* kSolution = R"({
  "id": "string", "name": "string", "type": "string", "solutionType": "string", "publisherName": "string",
  "price": "number", "quantity": "number", "currency": "string", "closingDateTime": "date"})";

constexpr const char* kRegistration = R"({
  "type": "string",
  "contract": {"value": "number", "currency": "string", "startDateTime": "date", "endDateTime": "date",
    "signDateTime": "date", "term": "string"},
  "solutionDetails": [{"id": "string", "name": "string", "value": "number", "currency": "string",
    "isDeployedOnAzure": "boolean", "primaryDeploymentOn": "string", "pricingModel": "string",
    "marketplaceTransactionDetails": {"isMarketplaceTransacted": "boolean", "marketplaceTransactionDateTime": "date"}}]})";

constexpr const char* kReferral = R"({
  "engagementId": "string", "name": "string", "externalReferenceId": "string", "status": "string",
  "substatus": "string", "statusReason": "string", "qualification": "string", "type": "string",
  "salesStage": "string", "mpnId": "string", "campaignId": "string", "referralProgram": "string",
  "target": [{"type": "string", "id": "string"}],
  "customerProfile": {"name": "string", "size": "string",
    "address": {"addressLine1": "string", "addressLine2": "string", "city": "string", "state": "string",
      "postalCode": "string", "country": "string", "region": "string"},
    "team": [], "ids": [{"profileType": "string", "id": "string"}]},
  "consent": {"consentToToShareInfoWithOthers": "boolean", "consentToContact": "boolean",
    "consentToShareReferralWithMicrosoftSellers": "boolean", "consentToMicrosoftToContactSpecificPartners": "boolean"},
  "details": {"notes": "string", "dealValue": "number", "currency": "string", "closingDateTime": "date",
    "customerAction": "string",
    "requirements": {"industries": [{"id": "string"}], "products": [{"id": "string"}], "services": [{"id": "string"}],
      "solutions": [], "offers": ["any"],
      "additionalRequirements": {"attributes": [{"type": "string", "id": "string"}], "iot": "any"}}},
  "team": [],
  "inviteContext": {"notes": "string", "assistanceRequestCode": "string", "invitedMpnId": "string",
    "invitedBy": {"organizationId": "string", "organizationName": "string"}}})";

constexpr const char* kBlank = R"({
  "id": "", "engagementId": "", "organizationId": "", "organizationName": "", "name": null,
  "externalReferenceId": null, "createdDateTime": "", "updatedDateTime": "", "expirationDateTime": null,
  "acceptedDateTime": null, "closedDateTime": null, "status": "Active", "substatus": "Accepted",
  "statusReason": null, "qualification": "SalesQualified", "type": "Independent", "direction": "Outgoing",
  "salesStage": null, "mpnId": null, "campaignId": null, "referralProgram": null, "registrationStatus": "None",
  "registrations": [], "quality": "Unknown", "isSpam": false, "favorite": false, "tags": [], "eTag": "",
  "target": [],
  "customerProfile": {"name": null, "size": null,
    "address": {"addressLine1": null, "addressLine2": null, "city": null, "state": null, "postalCode": null,
      "country": null, "region": null}, "team": [], "ids": []},
  "consent": {"consentToToShareInfoWithOthers": false, "consentToContact": false,
    "consentToShareReferralWithMicrosoftSellers": false, "consentToMicrosoftToContactSpecificPartners": false},
  "details": {"notes": null, "dealValue": null, "currency": null, "closingDateTime": null,
    "requirements": {"industries": [], "products": [], "services": [], "solutions": [], "offers": [],
      "additionalRequirements": {"attributes": []}}},
  "team": [],
  "inviteContext": {"notes": null, "assistanceRequestCode": "Unknown",
    "invitedBy": {"organizationId": null, "organizationName": null}},
  "trackingInfo": {"microsoftMsxId": null},
  "links": {}})";

Json shape_of(const char* text) { return Json::parse(text); }

std::string type_error(const std::string& wanted) { return "The value must be " + wanted + "."; }

Outcome<Json> conform_number(const Json& value, const std::string& target) {
  if (value.is_number()) return value;
  if (value.is_string()) {
    const std::string text = value.get<std::string>();
    const std::optional<Json> number = read_json(text);
    if (number && number->is_number()) return *number;
  }
  return tl::make_unexpected(invalid(target, type_error("a number"), "invalidType"));
}

Outcome<Json> conform_date(const Json& value, const std::string& target) {
  const std::optional<std::int64_t> ticks =
      value.is_string() ? parse_ticks(value.get<std::string>()) : std::optional<std::int64_t>();
  if (!ticks) {
    return tl::make_unexpected(invalid(target, type_error("a date and time with an offset (ISO 8601)"), "invalidType"));
  }
  const bool whole_seconds = *ticks % 10'000'000 == 0;
  return Json(whole_seconds ? to_string_seconds(instant_of_ticks(*ticks)) : ticks_to_string(*ticks));
}

Outcome<Json> conform_word(const Json& value, const std::string& word, const std::string& target) {
  if (word == "any") return value;
  if (word == "number") return conform_number(value, target);
  if (word == "date") return conform_date(value, target);
  const bool fits = word == "boolean" ? value.is_boolean() : value.is_string();
  if (fits) return value;
  return tl::make_unexpected(
      invalid(target, type_error(word == "boolean" ? "true or false" : "a text"), "invalidType"));
}

Outcome<Json> conform_array(const Json& value, const Json& shape, const std::string& target) {
  if (!value.is_array()) return tl::make_unexpected(invalid(target, type_error("a list"), "invalidType"));
  Json result = Json::array();
  for (std::size_t i = 0; i < value.size(); ++i) {
    const std::string place = target + "/" + std::to_string(i);
    if (value[i].is_null()) return tl::make_unexpected(invalid(place, type_error("given"), "invalidType"));
    Outcome<Json> element = conform(value[i], shape.front(), place);
    if (!element) return element;
    result.push_back(std::move(*element));
  }
  return result;
}

Outcome<Json> conform_object(const Json& value, const Json& shape, const std::string& target) {
  if (!value.is_object()) return tl::make_unexpected(invalid(target, type_error("an object"), "invalidType"));
  Json result = Json::object();
  for (const auto& item : value.items()) {
    for (const auto& known : shape.items()) {
      if (!text::equals_ignore_case(known.key(), item.key())) continue;
      Outcome<Json> member = conform(item.value(), known.value(), target + "/" + known.key());
      if (!member) return member;
      result[known.key()] = std::move(*member);
    }
  }
  return result;
}

}  // namespace

const Json& member_shape() {
  static const Json shape = shape_of(kMember);
  return shape;
}

const Json& solution_shape() {
  static const Json shape = shape_of(kSolution);
  return shape;
}

const Json& registration_shape() {
  static const Json shape = shape_of(kRegistration);
  return shape;
}

const Json& referral_shape() {
  static const Json shape = [] {
    Json whole = shape_of(kReferral);
    whole["team"] = Json::array({member_shape()});
    whole["customerProfile"]["team"] = Json::array({member_shape()});
    whole["details"]["requirements"]["solutions"] = Json::array({solution_shape()});
    return whole;
  }();
  return shape;
}

const Json& blank_referral() {
  static const Json blank = shape_of(kBlank);
  return blank;
}

Outcome<Json> conform(const Json& value, const Json& shape, const std::string& target) {
  if (value.is_null()) return value;
  if (shape.is_string()) return conform_word(value, shape.get<std::string>(), target);
  if (shape.is_array()) return conform_array(value, shape, target);
  return conform_object(value, shape, target);
}

void overlay(Json& base, const Json& over) {
  for (const auto& item : over.items()) {
    Json& place = base[item.key()];
    if (item.value().is_object() && place.is_object()) {
      overlay(place, item.value());
    } else if (!item.value().is_null() || !place.is_structured()) {
      place = item.value();
    }
  }
}

}  // namespace cosell::emulator::partner_center
