// Bodies and patches, part by part. Groups stay together: value with currency, status with substatus and reason.
#include "connectors/partner_center/referral_write.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.h"
#include "connectors/partner_center/named_member.h"
#include "connectors/partner_center/referral_wire.h"
#include "deal/deal.h"

namespace cosell::partner_center {
namespace {

using json::Value;
using StageForm = PartnerCenterSettings::StageForm;

constexpr const char* kIntentType = "CustomerMarketplaceIntent";

Error refuse(std::string rule, Field field, std::string message) {
  Error e = make_error(ErrorClass::rejected, std::move(message));
  e.rule = std::move(rule);
  e.fields = {info(field).name};
  return e;
}

const cosell::Value& shown(const Columns& columns, Field f) { return column(columns, info(f).name); }

Error wrong_kind(Field f) {
  return refuse("wrong-type", f,
                std::string("Partner Center does not take this kind of value for ") + info(f).label + ".");
}

Error no_blank(Field f) {
  return refuse("not-clearable", f, std::string("The ") + info(f).label + " of a referral cannot be emptied.");
}

std::string midnight(Date d) { return to_string_seconds(start_of(d)); }

Value object(std::initializer_list<std::pair<const char*, Value>> members) {
  Value v = Value::object();
  for (const auto& [name, value] : members) v.set(name, value);
  return v;
}

Value text_member(const std::string& s) { return Value::string(s); }

Value person_json(const Person& p) {
  return object({{"firstName", text_member(p.first_name)},
                 {"lastName", text_member(p.last_name)},
                 {"phoneNumber", text_member(p.phone)},
                 {"email", text_member(p.email)}});
}

// An array of people or solutions; empty for a blank, nothing for another kind of value.
std::optional<Value> people_json(const cosell::Value& v) {
  Value list = Value::array();
  if (is_blank(v)) return list;
  const auto* people = std::get_if<std::vector<Person>>(&v);
  if (people == nullptr) return std::nullopt;
  for (const Person& p : *people) list.append(person_json(p));
  return list;
}

std::optional<Value> solutions_json(const cosell::Value& v) {
  Value list = Value::array();
  if (is_blank(v)) return list;
  const auto* solutions = std::get_if<std::vector<Solution>>(&v);
  if (solutions == nullptr) return std::nullopt;
  for (const Solution& s : *solutions) {
    Value entry = object({{"id", text_member(s.id)}, {"name", text_member(s.name)}});
    entry.set("type", text_member(s.type.empty() ? "Name" : s.type));
    list.append(std::move(entry));
  }
  return list;
}

Value amount_json(const Money& m, const PartnerCenterSettings& settings) {
  const std::string amount = amount_of(m).text;
  return settings.money_as_text ? Value::string(amount) : Value::number(amount);
}

// The published names cover four stages; 10 has none.
std::string stage_name(Stage s) {
  switch (s) {
    case Stage::s20:
      return "Qualify";
    case Stage::s40:
      return "Develop";
    case Stage::s60:
      return "Propose";
    case Stage::s80:
    case Stage::s100:
      return "Close";
    case Stage::s10:
    case Stage::none:
      return "";
  }
  return "";
}

Result<Value> stage_json(const cosell::Value& v, const PartnerCenterSettings& settings) {
  if (!is_blank(v) && !std::holds_alternative<Stage>(v)) return wrong_kind(Field::stage);
  const Stage stage = is_blank(v) ? Stage::none : std::get<Stage>(v);
  if (stage == Stage::none) return no_blank(Field::stage);
  if (settings.stage_form == StageForm::percent) return Value::string(std::to_string(percent_of(stage)));
  const std::string name = stage_name(stage);
  if (name.empty()) {
    return refuse("stage-without-name", Field::stage,
                  std::string("Partner Center has no name for the stage ") + stage_title(stage) +
                      "; with stage names it stays as it is.");
  }
  return Value::string(name);
}

// ---- creates

Value customer_json(const Columns& c, bool contacts_may_be_shared) {
  Customer customer;
  if (const Customer* shown_customer = customer_in(shown(c, Field::customer))) customer = *shown_customer;
  Value address = object({{"addressLine1", text_member(customer.line1)},
                          {"addressLine2", text_member(customer.line2)},
                          {"city", text_member(customer.city)},
                          {"state", text_member(customer.state)},
                          {"postalCode", text_member(customer.postal_code)},
                          {"country", text_member(customer.country)}});
  Value team = Value::array();
  if (contacts_may_be_shared) team = people_json(shown(c, Field::customer_contacts)).value_or(Value::array());
  return object({{"name", text_member(customer.name)},
                 {"address", std::move(address)},
                 {"team", std::move(team)},
                 {"ids", Value::array()}});
}

Value consent_json(bool contact, bool share_with_microsoft) {
  return object({{"consentToToShareInfoWithOthers", Value::boolean(contact)},
                 {"consentToContact", Value::boolean(contact)},
                 {"consentToShareReferralWithMicrosoftSellers", Value::boolean(share_with_microsoft)}});
}

Value requirements_json(const Columns& c) {
  Value attributes = Value::array();
  const std::string intent = text_of(shown(c, Field::marketplace_intent));
  if (!intent.empty()) {
    attributes.append(intent_attribute(intent));
  }
  return object({{"solutions", solutions_json(shown(c, Field::solutions)).value_or(Value::array())},
                 {"additionalRequirements", object({{"attributes", std::move(attributes)}})}});
}

Value details_json(const Columns& c, const PartnerCenterSettings& settings) {
  Value details = Value::object();
  details.set("notes", text_member(text_of(shown(c, Field::notes))));
  if (const auto* money = std::get_if<Money>(&shown(c, Field::value))) {
    details.set("dealValue", amount_json(*money, settings));
    details.set("currency", text_member(money->currency));
  }
  if (const auto* date = std::get_if<Date>(&shown(c, Field::close_date))) {
    details.set("closingDateTime", text_member(midnight(*date)));
  }
  details.set("requirements", requirements_json(c));
  return details;
}

// What both halves of an engagement have in common.
Result<Value> common_body(const Operation& create, bool share_with_microsoft, const PartnerCenterSettings& settings) {
  const Columns& c = create.changes;
  const std::string name = text_of(shown(c, Field::name));
  if (name.empty()) return no_blank(Field::name);
  for (const Field f : {Field::customer_contacts, Field::team}) {
    if (!people_json(shown(c, f))) return wrong_kind(f);
  }
  if (!solutions_json(shown(c, Field::solutions))) return wrong_kind(Field::solutions);
  // a customer who refused is not named; nothing said counts as agreed, as the service requires (2.3).
  const cosell::Value& consent = shown(c, Field::consent_contact);
  const bool contact = is_blank(consent) || consent == cosell::Value(true);
  std::string crm_id = text_of(shown(c, Field::crm_id));
  if (crm_id.empty() && create.kind == RecordKind::referral) crm_id = create.target.key.value;

  Value body = object({{"name", text_member(name)}});
  if (!crm_id.empty()) body.set("externalReferenceId", text_member(crm_id));
  body.set("type", text_member(share_with_microsoft ? "Shared" : "Independent"));
  body.set("qualification", text_member("SalesQualified"));
  const std::string location = text_of(shown(c, Field::location));
  if (!location.empty()) body.set("mpnId", text_member(location));
  const std::string campaign = text_of(shown(c, Field::campaign));
  if (!campaign.empty()) body.set("campaignId", text_member(campaign));
  body.set("customerProfile", customer_json(c, contact));
  body.set("consent", consent_json(contact, share_with_microsoft));
  body.set("details", details_json(c, settings));
  body.set("team", people_json(shown(c, Field::team)).value_or(Value::array()));
  return body;
}

// A shared deal names the solution profile that it is about; a private one targets nobody (2.7).
Value own_target(const Columns& c, bool shared) {
  Value target = Value::array();
  const auto* solutions = std::get_if<std::vector<Solution>>(&shown(c, Field::solutions));
  if (!shared || solutions == nullptr || solutions->empty()) return target;
  target.append(object({{"type", text_member("SolutionProfile")}, {"id", text_member(solutions->front().id)}}));
  return target;
}

// ---- patches

class Patch {
 public:
  void replace(const std::string& path, Value v) { put("replace", path, std::move(v)); }
  void add(const std::string& path, Value v) { put("add", path, std::move(v)); }
  Value take() { return std::move(ops_); }

 private:
  void put(const char* op, const std::string& path, Value v) {
    ops_.append(object({{"op", text_member(op)}, {"path", text_member(path)}, {"value", std::move(v)}}));
  }

  Value ops_ = Value::array();
};

struct TextPath {
  Field field;
  const char* path;
  bool clearable;
};
constexpr TextPath kTextPaths[] = {{Field::notes, "/details/notes", true},
                                   {Field::campaign, "/campaignId", true},
                                   {Field::crm_id, "/externalReferenceId", true},
                                   {Field::name, "/name", false}};

std::optional<Error> patch_text(const TextPath& t, const cosell::Value& v, Patch& patch) {
  if (!is_blank(v) && !std::holds_alternative<std::string>(v)) return wrong_kind(t.field);
  if (text_of(v).empty() && !t.clearable) return no_blank(t.field);
  patch.replace(t.path, Value::string(text_of(v)));
  return std::nullopt;
}

std::optional<Error> patch_standing(const cosell::Value& v, Patch& patch) {
  const auto* standing = std::get_if<Standing>(&v);
  if (standing == nullptr) return is_blank(v) ? no_blank(Field::standing) : wrong_kind(Field::standing);
  patch.replace("/status", Value::string(name_of(standing->status)));
  patch.replace("/substatus", Value::string(name_of(standing->substatus)));
  if (!standing->reason.empty()) patch.replace("/statusReason", Value::string(standing->reason));
  return std::nullopt;
}

std::optional<Error> patch_value(const cosell::Value& v, const PartnerCenterSettings& settings, Patch& patch) {
  const auto* money = std::get_if<Money>(&v);
  if (money == nullptr) return is_blank(v) ? no_blank(Field::value) : wrong_kind(Field::value);
  patch.replace("/details/dealValue", amount_json(*money, settings));
  patch.replace("/details/currency", Value::string(money->currency));
  return std::nullopt;
}

std::optional<Error> patch_close_date(const cosell::Value& v, Patch& patch) {
  const auto* date = std::get_if<Date>(&v);
  if (date == nullptr) return is_blank(v) ? no_blank(Field::close_date) : wrong_kind(Field::close_date);
  patch.replace("/details/closingDateTime", Value::string(midnight(*date)));
  return std::nullopt;
}

std::optional<Error> patch_visible(const cosell::Value& v, Patch& patch) {
  if (v == cosell::Value(true)) {
    patch.replace("/consent/consentToShareReferralWithMicrosoftSellers", Value::boolean(true));
    return std::nullopt;
  }
  return refuse("U-8", Field::visible, "Once Microsoft's sellers can see a deal, that cannot be taken back.");
}

// What `list` has beyond `before`; nothing when a member of that is not in it any more, or none was there.
std::optional<std::vector<Value>> members_added(const Value& list, const Value& before) {
  std::vector<Value> added = list.items();
  for (const Value& member : before.items()) {
    const auto kept = std::find(added.begin(), added.end(), member);
    if (kept == added.end()) return std::nullopt;
    added.erase(kept);
  }
  if (before.items().empty() || added.empty()) return std::nullopt;
  return added;
}

// The lists of a referral that are patched, and where they stand in it.
struct ListPath {
  Field field;
  const char* path;
};
constexpr ListPath kListPaths[] = {{Field::team, "/team"},
                                   {Field::customer_contacts, "/customerProfile/team"},
                                   {Field::solutions, "/details/requirements/solutions"}};

std::optional<Value> list_json(Field f, const cosell::Value& v) {
  return f == Field::solutions ? solutions_json(v) : people_json(v);
}

const Value* at_pointer(const Value& root, std::string_view pointer) {
  const Value* at = &root;
  for (const std::string& step : text::split(pointer.substr(1), '/')) {
    if (at != nullptr) at = named_member(at, step);
  }
  return at;
}

std::string text_of_member(const Value& object, std::string_view name) {
  const Value* v = named_member(&object, name);
  return v == nullptr ? "" : text::trim(v->text());
}

std::string names_of(const Value& person) {
  return text::folded(text_of_member(person, "firstName") + " " + text_of_member(person, "lastName"));
}

// A member who stays, as the service has it, with what the change says of it: people are told by their address
// or, without one, by their name, solutions by their id. What the service found out itself (a validated address) is not
// sent back.
Value with_all_that_is_known(const Value& wanted, const Value& list, bool people) {
  const char* key = people ? "email" : "id";
  const std::string told = text_of_member(wanted, key);
  const auto is_same = [&](const Value& there) {
    if (!told.empty()) return text::equals_ignore_case(text_of_member(there, key), told);
    return people && text_of_member(there, key).empty() && names_of(there) == names_of(wanted);
  };
  const auto there = std::find_if(list.items().begin(), list.items().end(), is_same);
  if (there == list.items().end()) return wanted;
  Value out = Value::object();
  for (const json::Member& m : there->members()) {
    if (!text::ends_with(m.key, "ValidationStatus")) out.set(m.key, m.value);
  }
  for (const json::Member& m : wanted.members()) {
    // A solution's name and type are the catalogue's, which the CRM need not know.
    const bool known_better = !people && !text_of_member(out, m.key).empty();
    const Value* before = named_member(&out, m.key);
    if (known_better || (before != nullptr && before->text() == m.value.text())) continue;
    const auto same_name = std::find_if(out.members().begin(), out.members().end(),
                                        [&](const auto& o) { return text::equals_ignore_case(o.key, m.key); });
    out.set(same_name == out.members().end() ? m.key : same_name->key, m.value);
  }
  return out;
}

std::optional<Error> patch_list(const ListPath& at, std::optional<Value> list, const std::optional<Value>& before,
                                const Value* present, Patch& patch) {
  if (!list) return wrong_kind(at.field);
  // A deal is never without a team and a solution, whatever the service lets be written.
  if (list->items().empty() && at.field != Field::customer_contacts) return no_blank(at.field);
  auto added = before ? members_added(*list, *before) : std::nullopt;
  if (added) {
    for (Value& member : *added) patch.add(std::string(at.path) + "/-", std::move(member));
    return std::nullopt;
  }
  const Value* there = present == nullptr ? nullptr : at_pointer(*present, at.path);
  Value whole = Value::array();
  for (const Value& member : list->items()) {
    whole.append(there == nullptr ? member : with_all_that_is_known(member, *there, at.field != Field::solutions));
  }
  patch.replace(at.path, std::move(whole));
  return std::nullopt;
}

constexpr const char* kAttributesPath = "/details/requirements/additionalRequirements/attributes";

// Experimental, behind a setting: the path is not published, and the list of attributes is replaced as a whole. What
// else stands in it (the partner's role, solution area and play) is sent back as it is.
std::optional<Error> patch_intent(const cosell::Value& v, const Value* present, Patch& patch) {
  const std::string intent = text_of(v);
  if (intent.empty()) return no_blank(Field::marketplace_intent);
  if (present == nullptr) {
    return make_error(ErrorClass::transient, "The referral is read again before its marketplace intent is changed.");
  }
  const Value* there = at_pointer(*present, kAttributesPath);
  std::optional<Value> entry = intent_attribute(intent);
  Value attributes = Value::array();
  if (there != nullptr && there->is_array()) {
    for (const Value& attribute : there->items()) {
      const bool is_intent = text::equals_ignore_case(text_of_member(attribute, "type"), kIntentType);
      if (!is_intent) attributes.append(attribute);
      if (is_intent && entry) attributes.append(*std::exchange(entry, std::nullopt));
    }
  }
  if (entry) attributes.append(*std::move(entry));
  patch.replace(kAttributesPath, std::move(attributes));
  return std::nullopt;
}

std::optional<Error> patch_field(Field f, const cosell::Value& v, const cosell::Value& before,
                                 const PartnerCenterSettings& settings, const Value* present, Patch& patch) {
  const auto* text_path =
      std::find_if(std::begin(kTextPaths), std::end(kTextPaths), [f](const TextPath& t) { return t.field == f; });
  if (text_path != std::end(kTextPaths)) return patch_text(*text_path, v, patch);
  if (f == Field::standing) return patch_standing(v, patch);
  if (f == Field::value) return patch_value(v, settings, patch);
  if (f == Field::close_date) return patch_close_date(v, patch);
  if (f == Field::visible) return patch_visible(v, patch);
  if (f == Field::marketplace_intent) return patch_intent(v, present, patch);
  for (const ListPath& at : kListPaths) {
    if (at.field == f) return patch_list(at, list_json(f, v), list_json(f, before), present, patch);
  }
  Result<Value> stage = stage_json(v, settings);
  if (!stage) return stage.error();
  patch.replace("/salesStage", std::move(*stage));
  return std::nullopt;
}

// A service that applies the operations one after the other must find the deal open for each of them: accepted before
// the other changes, closed after them.
std::vector<Columns::const_iterator> in_legal_order(const Columns& changes) {
  std::vector<Columns::const_iterator> order;
  const auto standing = changes.find(info(Field::standing).name);
  for (auto change = changes.begin(); change != changes.end(); ++change) {
    if (change != standing) order.push_back(change);
  }
  if (standing == changes.end()) return order;
  const auto* to = std::get_if<Standing>(&standing->second);
  const bool closes = to != nullptr && to->status == Status::closed;
  order.insert(closes ? order.end() : order.begin(), standing);
  return order;
}

Error not_patchable(const std::string& column_name, std::optional<Field> field) {
  const std::string what = field ? std::string(info(*field).label) : "column " + column_name;
  Error e = make_error(ErrorClass::rejected,
                       "Partner Center does not allow the " + what + " of an existing referral to be changed.");
  e.rule = column_name + "-not-patchable";
  e.fields = {column_name};
  return e;
}

}  // namespace

json::Value intent_attribute(const std::string& intent) {
  return object({{"type", text_member(kIntentType)}, {"id", text_member(intent)}});
}

Result<json::Value> referral_body(const Operation& create, const PartnerCenterSettings& settings) {
  const Columns& c = create.changes;
  const bool asks_help = !text_of(shown(c, Field::help)).empty();
  const bool shared = asks_help || shown(c, Field::visible) == cosell::Value(true);
  Result<Value> body = common_body(create, shared, settings);
  if (!body) return body;
  body->set("target", own_target(c, shared));
  const cosell::Value& stage = shown(c, Field::stage);
  if (settings.stage_at_create && !is_blank(stage) && stage != cosell::Value(Stage::none)) {
    Result<Value> wire = stage_json(stage, settings);
    if (!wire) return wire.error();
    body->set("salesStage", std::move(*wire));
  }
  return body;
}

Result<json::Value> microsoft_half_body(const Operation& create, const std::string& our_organization,
                                        const PartnerCenterSettings& settings) {
  const std::string help = text_of(shown(create.changes, Field::help));
  if (help.empty()) return refuse("T-6", Field::help, "No kind of help was named, so Microsoft cannot be asked.");
  Result<Value> body = common_body(create, true, settings);
  if (!body) return body;
  Value target = Value::array();
  target.append(object({{"type", text_member("BusinessProfileLocation")}, {"id", text_member("msft")}}));
  body->set("engagementId", text_member(create.engagement_id));
  body->set("target", std::move(target));
  Value invite = object({{"notes", text_member(text_of(shown(create.changes, Field::help_notes)))},
                         {"assistanceRequestCode", text_member(help)}});
  if (!our_organization.empty()) {
    invite.set("invitedBy", object({{"organizationId", text_member(our_organization)}}));
  }
  body->set("inviteContext", std::move(invite));
  return body;
}

Result<json::Value> patch_body(const Columns& changes, const Columns& expected, const PartnerCenterSettings& settings,
                               const json::Value* present) {
  if (changes.empty()) return make_error(ErrorClass::bug, "A change of a referral has to change something.");
  Patch patch;
  for (const auto change : in_legal_order(changes)) {
    const std::optional<Field> field = field_from(change->first);
    if (!field || !can_patch(*field, settings)) return not_patchable(change->first, field);
    std::optional<Error> refused =
        patch_field(*field, change->second, shown(expected, *field), settings, present, patch);
    if (refused) return std::move(*refused);
  }
  return patch.take();
}

bool replaces_a_list(const Columns& changes, const Columns& expected) {
  if (changes.contains(info(Field::marketplace_intent).name)) return true;
  return std::any_of(std::begin(kListPaths), std::end(kListPaths), [&](const ListPath& at) {
    const auto change = changes.find(info(at.field).name);
    if (change == changes.end()) return false;
    const auto list = list_json(at.field, change->second);
    if (!list || list->items().empty()) return false;
    if (expected.find(info(at.field).name) == expected.end()) return true;
    const auto before = list_json(at.field, shown(expected, at.field));
    return !before || (!before->items().empty() && !members_added(*list, *before));
  });
}

bool can_patch(Field field, const PartnerCenterSettings& settings) {
  switch (field) {
    case Field::standing:
    case Field::stage:
    case Field::value:
    case Field::close_date:
    case Field::notes:
    case Field::campaign:
    case Field::team:
    case Field::customer_contacts:
    case Field::solutions:
    case Field::visible:
    case Field::crm_id:
      return true;
    case Field::name:
      return settings.patch_name;
    case Field::marketplace_intent:
      return settings.patch_marketplace_intent;
    default:
      return false;
  }
}

}  // namespace cosell::partner_center
