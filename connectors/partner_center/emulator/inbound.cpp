// Made-up deals of the emulated service. See inbound.h.
#include "connectors/partner_center/emulator/inbound.h"

#include "base/text.h"
#include "connectors/partner_center/emulator/checks.h"
#include "connectors/partner_center/emulator/create.h"
#include "connectors/partner_center/emulator/life_cycle.h"
#include "connectors/partner_center/emulator/shape.h"

namespace cosell::emulator::partner_center {

namespace {

struct Place {
  const char* line;
  const char* city;
  const char* state;
  const char* postal_code;
  const char* country;
  const char* currency;
};

const std::vector<Place>& places() {
  static const std::vector<Place> list = {{"4 Canal Row", "Leeds", "", "LS1 4AB", "GB", "GBP"},
                                          {"Hafenstrasse 12", "Hamburg", "HH", "20457", "DE", "EUR"},
                                          {"18 Rue des Tanneurs", "Lyon", "", "69002", "FR", "EUR"},
                                          {"500 Harbor Blvd", "Portland", "OR", "97204", "US", "USD"},
                                          {"Drottninggatan 9", "Göteborg", "", "411 14", "SE", "SEK"},
                                          {"2-11 Sakae", "Nagoya", "Aichi", "460-0008", "JP", "JPY"},
                                          {"77 King St W", "Toronto", "ON", "M5K 1A1", "CA", "CAD"}};
  return list;
}

const std::vector<const char*> kNames = {"Birch",  "Alder",  "Quayside", "Norden", "Silverline", "Maple",   "Ostrava",
                                         "Harbor", "Willow", "Ravenna",  "Castle", "Meridian",   "Juniper", "Falcon"};
const std::vector<const char*> kTrades = {"Clinics",   "Foods",    "Logistics", "Energy", "Retail",
                                          "Insurance", "Shipping", "Schools",   "Steel",  "Textiles"};
const std::vector<const char*> kProjects = {"secure workplace", "data platform",     "SAP on Azure",  "contact centre",
                                            "cloud migration",  "analytics rollout", "backup refresh"};
const std::vector<const char*> kWishes = {
    "Customer asks for a rollout partner.", "Customer wants to leave its own data centre this year.",
    "Proof of concept agreed, partner needed for delivery.", "Renewal is due; customer looks for advice on licensing."};
const std::vector<const char*> kFirstNames = {"Jon", "Mei", "Amara", "Pavel", "Lucía", "Tom"};
const std::vector<const char*> kLastNames = {"Hale", "Okafor", "Novak", "García", "Lindqvist", "Park"};

template <class T>
const T& any_of(Random& random, const std::vector<T>& list) {
  return list[random.below(list.size())];
}

Json person(Random& random, const std::string& domain) {
  const std::string first = any_of(random, kFirstNames);
  const std::string last = any_of(random, kLastNames);
  return Json{{"firstName", first},
              {"lastName", last},
              {"phoneNumber", "+1555" + std::to_string(1'000'000 + random.below(9'000'000))},
              {"email", "contact" + std::to_string(random.below(1000)) + "@" + domain}};
}

Json address_of(const Place& place) {
  return Json{
      {"addressLine1", place.line},      {"addressLine2", ""},       {"city", place.city}, {"state", place.state},
      {"postalCode", place.postal_code}, {"country", place.country}, {"region", nullptr}};
}

// Name, customer, value, currency, date and notes that could be real.
void make_up(Call& call, Json& document) {
  Random& random = call.random;
  const Place& place = any_of(random, places());
  const std::string customer =
      std::string(any_of(random, kNames)) + " " + any_of(random, kTrades) + " " + std::to_string(random.below(10'000));
  Json& profile = document["customerProfile"];
  profile["name"] = customer;
  profile["size"] = any_of(random, kCustomerSizes);
  profile["address"] = address_of(place);
  document["name"] = customer + " - " + any_of(random, kProjects);
  Json& details = document["details"];
  details["notes"] = any_of(random, kWishes);
  details["dealValue"] = static_cast<std::int64_t>(5'000 + 500 * random.below(600));
  details["currency"] = place.currency;
  const Date close = add_days(date_of(call.now), 30 + static_cast<std::int64_t>(random.below(150)));
  details["closingDateTime"] = to_string_seconds(start_of(close));
}

Json inbound_document(Call& call) {
  Json document = new_document(call, "");
  make_up(call, document);
  document["customerProfile"]["team"] = Json::array({person(call.random, "customer.example")});
  document["status"] = "New";
  document["substatus"] = "Pending";
  document["type"] = "Shared";
  document["direction"] = "Incoming";
  document["mpnId"] = call.settings.text("inbound_mpn_id");
  document["expirationDateTime"] = expiry_from(call);
  for (const auto& consent : blank_referral()["consent"].items()) document["consent"][consent.key()] = true;
  document["target"] = Json::array({Json{{"type", "BusinessProfileLocation"}, {"id", call.random.uuid()}}});
  document["inviteContext"]["notes"] = "Could your team take this on?";
  document["inviteContext"]["invitedBy"] = Json{{"organizationId", kMicrosoft}, {"organizationName", "Microsoft"}};
  document["trackingInfo"]["microsoftMsxId"] = "7-" + text::lower_ascii(random_text(call.random, 10));
  return document;
}

// The short form of the control verb in the names of a referral.
Json wishes_of(const Json& order) {
  Json wishes = Json::object();
  for (const char* name : {"name", "mpnId", "qualification", "substatus", "campaignId"}) {
    if (order.contains(name)) wishes[name] = order[name];
  }
  for (const char* name : {"dealValue", "currency", "closingDateTime", "notes"}) {
    if (order.contains(name)) wishes["details"][name] = order[name];
  }
  const Json& contact = value_at(order, "/contact");
  if (contact.is_object()) wishes["customerProfile"]["team"] = Json::array({contact});
  const Json& customer = value_at(order, "/customer");
  if (customer.is_string()) wishes["customerProfile"]["name"] = customer;
  if (!customer.is_object()) return wishes;
  for (const auto& item : customer.items()) {
    const bool of_profile = blank_referral()["customerProfile"].contains(item.key());
    Json& part = wishes["customerProfile"];
    (of_profile ? part[item.key()] : part["address"][item.key()]) = item.value();
  }
  return wishes;
}

void as_own_deal(Call& call, Json& document) {
  document["status"] = "Active";
  document["substatus"] = "Accepted";
  document["acceptedDateTime"] = document["createdDateTime"];
  document["mpnId"] = call.settings.text("inbound_mpn_id");
  const bool visible = call.random.below(2) == 0;
  for (const auto& consent : blank_referral()["consent"].items()) document["consent"][consent.key()] = true;
  document["consent"]["consentToShareReferralWithMicrosoftSellers"] = visible;
  document["consent"]["consentToMicrosoftToContactSpecificPartners"] = false;
  document["type"] = visible ? "Shared" : "Independent";
  document["externalReferenceId"] = "006" + random_text(call.random, 15);
  document["team"] = Json::array({person(call.random, "partner.example")});
  Json& requirements = document["details"]["requirements"];
  requirements["solutions"] =
      Json::array({Json{{"id", "SOL-ABCDE-FGH"}, {"name", "Harbor Analytics"}, {"type", "Name"}}});
  requirements["additionalRequirements"]["attributes"] =
      Json::array({Json{{"type", "CustomerMarketplaceIntent"}, {"id", "HaveNotDecided"}}});
  static const std::vector<const char*> kStages = {"", "10", "20", "40", "60", "80"};
  const std::string stage = any_of(call.random, kStages);
  if (!stage.empty()) document["salesStage"] = stage;
}

void maybe_close(Call& call, Json& document) {
  static const std::vector<const char*> kOutcomes = {"Won", "Lost"};
  if (call.random.below(4) != 0) return;
  const std::string outcome = any_of(call.random, kOutcomes);
  document["status"] = "Closed";
  document["substatus"] = outcome;
  if (outcome == "Lost") document["statusReason"] = "Customer chose another vendor";
  document["closedDateTime"] = document["updatedDateTime"];
}

}  // namespace

Outcome<Json> receive_inbound(Call& call, const Json& order) {
  Outcome<Json> wishes = conform(wishes_of(order), referral_shape(), "");
  if (!wishes) return wishes;
  Json document = inbound_document(call);
  overlay(document, *wishes);
  const Json& set = value_at(order, "/set");
  if (set.is_object()) document.merge_patch(set);
  call.model.put(document);
  return document;
}

std::size_t receive_many(Call& call, std::size_t count, std::size_t customers) {
  std::vector<Json> profiles;
  for (std::size_t i = 0; i < count; ++i) {
    Json document = inbound_document(call);
    if (profiles.size() < customers) {
      profiles.push_back(document["customerProfile"]);
    } else if (customers > 0) {
      document["customerProfile"] = profiles[i % customers];
    }
    call.model.put(document);
  }
  return count;
}

void seed_referrals(Call& call, std::size_t count) {
  const Instant end = call.now;
  const Duration span = days(180);
  for (std::size_t i = 0; i < count; ++i) {
    // Times rise from half a year ago to now, so that each modification time is new.
    const std::int64_t step = span.ms * static_cast<std::int64_t>(i + 1) / static_cast<std::int64_t>(count);
    call.now = end - span + Duration{step};
    const bool inbound = call.random.below(6) == 0;
    Json document = inbound ? inbound_document(call) : new_document(call, "");
    if (!inbound) {
      make_up(call, document);
      as_own_deal(call, document);
      maybe_close(call, document);
    }
    call.model.put(document);
    expire_due(call);
  }
  call.now = end;
}

}  // namespace cosell::emulator::partner_center
