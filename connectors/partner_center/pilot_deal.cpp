// The shape of the create is that of the documents (9.1); nothing in it can reach a customer.
#include "connectors/partner_center/pilot_deal.h"

#include <utility>

#include "connectors/partner_center/referral_write.h"

namespace cosell::partner_center {
namespace {

json::Value pilot_text(const std::string& s) { return json::Value::string(s); }

json::Value list_of_one(json::Value v) {
  json::Value list = json::Value::array();
  list.append(std::move(v));
  return list;
}

json::Value with_id(const std::string& id) {
  json::Value v = json::Value::object();
  v.set("id", pilot_text(id));
  return v;
}

json::Value customer() {
  json::Value address = json::Value::object();
  address.set("addressLine1", pilot_text("1 Test Street"));
  address.set("city", pilot_text("Redmond"));
  address.set("state", pilot_text("WA"));
  address.set("postalCode", pilot_text("98052"));
  address.set("country", pilot_text("US"));
  json::Value c = json::Value::object();
  c.set("name", pilot_text("cosell test customer"));
  c.set("address", std::move(address));
  c.set("team", json::Value::array());
  c.set("ids", json::Value::array());
  return c;
}

json::Value details(const PilotDeal& deal) {
  json::Value solution = with_id(deal.solution);
  solution.set("type", pilot_text("Name"));
  json::Value additional = json::Value::object();
  additional.set("attributes", intent_attributes(kPilotIntent));
  json::Value requirements = json::Value::object();
  requirements.set("solutions", list_of_one(std::move(solution)));
  requirements.set("additionalRequirements", std::move(additional));
  json::Value d = json::Value::object();
  d.set("notes", pilot_text("Made by cosell to learn how the API answers. It is private and is closed at once."));
  d.set("dealValue", json::Value::integer(kPilotValue));
  d.set("currency", pilot_text(deal.currency));
  d.set("closingDateTime", pilot_text(to_string(deal.close_date) + "T00:00:00Z"));
  d.set("requirements", std::move(requirements));
  return d;
}

}  // namespace

json::Value intent_attributes(const std::string& intent) { return list_of_one(intent_attribute(intent)); }

json::Value pilot_body(const PilotDeal& deal) {
  json::Value member = json::Value::object();
  member.set("firstName", pilot_text("cosell"));
  member.set("lastName", pilot_text("bridge"));
  member.set("phoneNumber", pilot_text("+14255550100"));
  member.set("email", pilot_text("cosell@example.com"));
  json::Value consent = json::Value::object();
  consent.set("consentToToShareInfoWithOthers", json::Value::boolean(true));
  consent.set("consentToContact", json::Value::boolean(true));
  consent.set("consentToShareReferralWithMicrosoftSellers", json::Value::boolean(false));
  json::Value r = json::Value::object();
  r.set("name", pilot_text(kPilotName));
  r.set("type", pilot_text("Independent"));
  r.set("qualification", pilot_text("SalesQualified"));
  r.set("mpnId", pilot_text(deal.location));
  r.set("externalReferenceId", pilot_text(kPilotCrmId));
  r.set("customerProfile", customer());
  r.set("consent", std::move(consent));
  r.set("details", details(deal));
  r.set("team", list_of_one(std::move(member)));
  r.set("target", json::Value::array());
  return r;
}

}  // namespace cosell::partner_center
