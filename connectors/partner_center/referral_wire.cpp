// Reading: one function per part of the referral. A part that cannot be understood adds a "raw_…" column with the
// server's text, so that nothing is lost and nothing is invented.
#include "connectors/partner_center/referral_wire.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "connectors/partner_center/named_member.h"
#include "connectors/partner_center/registration_wire.h"
#include "deal/deal.h"
#include "deal/lifecycle.h"

namespace cosell::partner_center {
namespace {

bool has_value(const json::Value* v) { return v != nullptr && !v->is_null() && !(v->is_string() && v->text().empty()); }

// Text of a string or number; "" for everything else.
const std::string& text_in(const json::Value* object, std::string_view name) {
  static const std::string none;
  const json::Value* v = named_member(object, name);
  return v != nullptr ? v->text() : none;
}

Value text_value(std::string s) {
  if (text::trimmed(s).empty()) return {};
  return Value(std::move(s));
}

Value flag_value(const json::Value* v) {
  if (v == nullptr || !v->is_bool()) return {};
  return Value(v->as_bool());
}

// Writes columns by canonical name, and what is not understood as raw text.
class Shown {
 public:
  explicit Shown(Columns& columns) : columns_(columns) {}
  void set(Field f, Value v) { columns_[info(f).name] = std::move(v); }
  void raw(const char* wire_name, std::string written) {
    columns_[std::string("raw_") + wire_name] = Value(std::move(written));
  }
  void instant(Field f, const char* wire_name, const json::Value* v) {
    if (!has_value(v)) return set(f, {});
    const std::optional<Instant> t = parse_instant(v->text());
    if (t) return set(f, Value(*t));
    raw(wire_name, json::write(*v));
  }

 private:
  Columns& columns_;
};

bool is_published_pair(Status status, Substatus substatus) {
  switch (substatus) {
    case Substatus::pending:
    case Substatus::received:
      return status == Status::fresh;
    case Substatus::accepted:
      return status == Status::active;
    case Substatus::won:
    case Substatus::lost:
    case Substatus::declined:
    case Substatus::expired:
    case Substatus::error:
      return status == Status::closed;
  }
  return false;
}

std::optional<Standing> read_standing(const json::Value& referral, Shown& shown) {
  const std::string& status_text = text_in(&referral, "status");
  const std::string& substatus_text = text_in(&referral, "substatus");
  if (status_text.empty() && substatus_text.empty()) return std::nullopt;
  const std::optional<Status> status = status_from(status_text);
  const std::optional<Substatus> substatus = substatus_from(substatus_text);
  if (!status || !substatus || !is_published_pair(*status, *substatus)) {
    shown.raw("status", status_text + "/" + substatus_text);
    return std::nullopt;
  }
  Standing standing{*status, *substatus, text::trim(text_in(&referral, "statusReason"))};
  shown.set(Field::standing, Value(standing));
  return standing;
}

// "60", 60, "60.0"; empty when it is no percentage.
std::optional<int> percent_from(const std::string& written) {
  const std::optional<Number> number = parse_number(text::trim(written));
  if (!number) return std::nullopt;
  const std::string whole = number->text.substr(0, number->text.find('.'));
  if (whole.empty() || whole.size() > 3 || whole.front() == '-') return std::nullopt;
  return std::stoi(whole);
}

// The four names of the published enum. "Close" is the last stage before the end while the deal is open.
std::optional<Stage> stage_from_name(const std::string& written, bool closed) {
  if (text::equals_ignore_case(written, "Qualify")) return Stage::s20;
  if (text::equals_ignore_case(written, "Develop")) return Stage::s40;
  if (text::equals_ignore_case(written, "Propose")) return Stage::s60;
  if (text::equals_ignore_case(written, "Close")) return closed ? Stage::s100 : Stage::s80;
  return std::nullopt;
}

void read_stage(const json::Value& referral, bool closed, Shown& shown) {
  const json::Value* v = named_member(&referral, "salesStage");
  if (!has_value(v)) return shown.set(Field::stage, {});
  if (const std::optional<int> percent = percent_from(v->text())) {
    return shown.set(Field::stage, Value(stage_at_or_below(*percent)));
  }
  if (const std::optional<Stage> named = stage_from_name(text::trim(v->text()), closed)) {
    return shown.set(Field::stage, Value(*named));
  }
  shown.raw("salesStage", v->is_string() ? v->text() : json::write(*v));
}

void read_value(const json::Value* details, Shown& shown) {
  const json::Value* amount = named_member(details, "dealValue");
  if (!has_value(amount)) return shown.set(Field::value, {});
  const std::string currency = text::trim(text_in(details, "currency"));
  const std::optional<Number> number = parse_number(text::trim(amount->text()));
  const std::optional<Money> money = number ? money_from(*number, currency) : std::nullopt;
  if (money) return shown.set(Field::value, Value(*money));
  const std::string written = amount->text().empty() ? json::write(*amount) : amount->text();
  shown.raw("dealValue", currency.empty() ? written : written + " " + currency);
}

// A close date is the UTC date that the service stores; its time of day carries no meaning.
void read_close_date(const json::Value* details, Shown& shown) {
  const json::Value* v = named_member(details, "closingDateTime");
  if (!has_value(v)) return shown.set(Field::close_date, {});
  if (const std::optional<Instant> t = parse_instant(v->text())) {
    return shown.set(Field::close_date, Value(date_of(*t)));
  }
  const std::optional<Date> date = parse_date(std::string_view(v->text()).substr(0, 10));
  if (date) return shown.set(Field::close_date, Value(*date));
  shown.raw("closingDateTime", json::write(*v));
}

Person read_person(const json::Value& v) {
  return {text_in(&v, "firstName"), text_in(&v, "lastName"), text_in(&v, "phoneNumber"), text_in(&v, "email")};
}

Value read_people(const json::Value* list) {
  if (list == nullptr || list->items().empty()) return {};
  std::vector<Person> people;
  for (const json::Value& v : list->items()) {
    Person person = read_person(v);
    if (person != Person{}) people.push_back(std::move(person));  // an entry without any of the four names nobody
  }
  return people.empty() ? Value() : Value(std::move(people));
}

Value read_solutions(const json::Value* list) {
  if (list == nullptr || list->items().empty()) return {};
  std::vector<Solution> solutions;
  for (const json::Value& v : list->items()) {
    solutions.push_back({text_in(&v, "id"), text_in(&v, "name"), text_in(&v, "type")});
  }
  return Value(std::move(solutions));
}

Value read_customer(const json::Value* profile) {
  if (profile == nullptr || !profile->is_object()) return {};
  const json::Value* address = named_member(profile, "address");
  Customer c;
  c.name = text_in(profile, "name");
  c.line1 = text_in(address, "addressLine1");
  c.line2 = text_in(address, "addressLine2");
  c.city = text_in(address, "city");
  c.state = text_in(address, "state");
  c.postal_code = text_in(address, "postalCode");
  c.country = text_in(address, "country");
  if (c == Customer{}) return {};
  return Value(std::move(c));
}

Value read_marketplace_intent(const json::Value* requirements) {
  const json::Value* attributes = named_member(named_member(requirements, "additionalRequirements"), "attributes");
  if (attributes == nullptr) return {};
  for (const json::Value& attribute : attributes->items()) {
    if (text::equals_ignore_case(text_in(&attribute, "type"), "CustomerMarketplaceIntent")) {
      return text_value(text_in(&attribute, "id"));
    }
  }
  return {};
}

// The stated direction is not reliable (own deals have been seen as "Incoming"): who invited whom decides, then
// what only a received deal has.
bool is_incoming(const json::Value& referral, const RowHead& head, const std::optional<Standing>& standing) {
  const std::string inviter =
      normal_id(text_in(named_member(named_member(&referral, "inviteContext"), "invitedBy"), "organizationId"));
  if (!inviter.empty()) return inviter == kMicrosoft || inviter != head.organization_id;
  if (has_value(named_member(&referral, "expirationDateTime"))) return true;
  if (standing && standing->status == Status::fresh) return true;
  if (text::equals_ignore_case(text_in(&referral, "qualification"), "Direct")) return true;
  if (!text::equals_ignore_case(text_in(&referral, "direction"), "Incoming")) return false;
  // An own deal is accepted by being created; a received one is accepted later.
  const std::optional<Instant> accepted = parse_instant(text_in(&referral, "acceptedDateTime"));
  return accepted && head.created && *accepted - *head.created > seconds(1);
}

// Deal type as far as the row itself proves it (T-1..T-4).
std::string type_in_words(bool incoming, const std::string& inviter, const Value& visible, bool has_microsoft_id) {
  if (has_microsoft_id) return "co-sell";
  if (incoming) return inviter.empty() || inviter == kMicrosoft ? "co-sell" : "partner to partner";
  const bool* flag = std::get_if<bool>(&visible);
  if (flag == nullptr) return "";
  return *flag ? "partner-led" : "private";
}

void read_direction_and_type(const json::Value& referral, const RowHead& head, const std::optional<Standing>& standing,
                             Shown& shown) {
  const bool incoming = is_incoming(referral, head, standing);
  shown.set(Field::direction, Value(std::string(incoming ? "Incoming" : "Outgoing")));
  const std::string inviter =
      normal_id(text_in(named_member(named_member(&referral, "inviteContext"), "invitedBy"), "organizationId"));
  const Value visible =
      flag_value(named_member(named_member(&referral, "consent"), "consentToShareReferralWithMicrosoftSellers"));
  const std::string& microsoft_id = text_in(named_member(&referral, "trackingInfo"), "microsoftMsxId");
  shown.set(Field::visible, visible);
  shown.set(Field::microsoft_crm_id, text_value(microsoft_id));
  shown.set(Field::type, text_value(type_in_words(incoming, inviter, visible, !microsoft_id.empty())));
}

Value read_contact_consent(const json::Value* consent) {
  const Value share = flag_value(named_member(consent, "consentToToShareInfoWithOthers"));
  const Value contact = flag_value(named_member(consent, "consentToContact"));
  if (is_blank(share) && is_blank(contact)) return {};
  return Value(share == Value(true) && contact == Value(true));
}

Value read_tags(const json::Value* tags) {
  std::vector<std::string> words;
  if (tags != nullptr) {
    for (const json::Value& v : tags->items()) {
      if (has_value(&v)) words.push_back(v.text());
    }
  }
  return text_value(text::join(words, ", "));
}

void read_identity(const json::Value& referral, const RowHead& head, const std::string& link_template, Shown& shown) {
  shown.set(Field::referral_id, text_value(head.id));
  shown.set(Field::engagement_id, text_value(head.engagement_id));
  shown.set(Field::crm_id, text_value(head.crm_id));
  shown.set(Field::link, text_value(link_to(link_template, head.id)));
  shown.set(Field::location, text_value(text_in(&referral, "mpnId")));
  shown.set(Field::campaign, text_value(text_in(&referral, "campaignId")));
  shown.set(Field::tags, read_tags(named_member(&referral, "tags")));
  shown.set(Field::favorite, flag_value(named_member(&referral, "favorite")));
  shown.set(Field::registration, text_value(registration_status(referral)));
  shown.instant(Field::created_at, "createdDateTime", named_member(&referral, "createdDateTime"));
  shown.instant(Field::closed_at, "closedDateTime", named_member(&referral, "closedDateTime"));
  shown.instant(Field::expires_at, "expirationDateTime", named_member(&referral, "expirationDateTime"));
}

Observation observation_for(RecordKind kind, const RowHead& head) {
  Observation seen;
  seen.kind = kind;
  seen.id = RecordId(head.id);
  seen.version = VersionToken(head.etag);
  seen.changed_at = head.updated.value_or(Instant{});
  return seen;
}

// M-2: no seller is shown when the request was declined.
Value read_sellers(const json::Value& referral) {
  std::vector<std::string> names;
  const json::Value* team = named_member(&referral, "team");
  if (team == nullptr) return {};
  for (const json::Value& v : team->items()) {
    const Person p = read_person(v);
    std::string name = text::trim(p.first_name + " " + p.last_name);
    if (name.empty()) name = p.email;
    if (!name.empty()) names.push_back(std::move(name));
  }
  return text_value(text::join(names, ", "));
}

bool looks_like_guid(std::string_view s) {
  if (s.size() != 36) return false;
  for (std::size_t i = 0; i < s.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const char c = s[i];
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (dash ? c != '-' : !hex) return false;
  }
  return true;
}

}  // namespace

std::optional<RowHead> read_head(const json::Value& referral) {
  RowHead head;
  head.id = normal_id(text_in(&referral, "id"));
  if (head.id.empty()) return std::nullopt;
  head.engagement_id = normal_id(text_in(&referral, "engagementId"));
  head.etag = text_in(&referral, "eTag");
  head.organization_id = normal_id(text_in(&referral, "organizationId"));
  head.crm_id = text::trim(text_in(&referral, "externalReferenceId"));
  head.updated = parse_instant(text_in(&referral, "updatedDateTime"));
  head.created = parse_instant(text_in(&referral, "createdDateTime"));
  if (const json::Value* targets = named_member(&referral, "target")) {
    head.targets_microsoft = std::any_of(
        targets->items().begin(), targets->items().end(),
        [](const json::Value& target) { return text::equals_ignore_case(text_in(&target, "id"), kMicrosoft); });
  }
  return head;
}

Whose whose(const RowHead& head, std::string_view our_organization) {
  if (text::equals_ignore_case(head.organization_id, kMicrosoft)) return Whose::microsoft;
  const bool known = !our_organization.empty();
  if (known && head.organization_id == our_organization) return Whose::ours;
  if (head.targets_microsoft) return Whose::microsoft;
  // A row that names no organisation is one that this login may see as its own.
  return known && !head.organization_id.empty() ? Whose::others : Whose::ours;
}

Observation read_referral(const json::Value& referral, const RowHead& head, const std::string& link_template) {
  Observation seen = observation_for(RecordKind::referral, head);
  seen.key = BridgeKey(head.crm_id);
  Shown shown(seen.columns);
  const std::optional<Standing> standing = read_standing(referral, shown);
  read_stage(referral, standing && standing->status == Status::closed, shown);
  read_identity(referral, head, link_template, shown);
  read_direction_and_type(referral, head, standing, shown);
  const json::Value* details = named_member(&referral, "details");
  const json::Value* requirements = named_member(details, "requirements");
  const json::Value* profile = named_member(&referral, "customerProfile");
  shown.set(Field::name, text_value(text_in(&referral, "name")));
  read_value(details, shown);
  read_close_date(details, shown);
  shown.set(Field::notes, text_value(text_in(details, "notes")));
  shown.set(Field::customer, read_customer(profile));
  shown.set(Field::customer_contacts, read_people(named_member(profile, "team")));
  shown.set(Field::team, read_people(named_member(&referral, "team")));
  shown.set(Field::solutions, read_solutions(named_member(requirements, "solutions")));
  shown.set(Field::marketplace_intent, read_marketplace_intent(requirements));
  shown.set(Field::consent_contact, read_contact_consent(named_member(&referral, "consent")));
  read_registration(referral, seen.columns);
  return seen;
}

Observation read_microsoft_half(const json::Value& referral, const RowHead& head) {
  Observation seen = observation_for(RecordKind::microsoft_half, head);
  seen.key = BridgeKey(head.engagement_id);
  Shown shown(seen.columns);
  shown.set(Field::referral_id, text_value(head.id));
  shown.set(Field::engagement_id, text_value(head.engagement_id));
  if (const std::optional<Standing> standing = read_standing(referral, shown)) {
    shown.set(Field::microsoft_answer, text_value(microsoft_answer(*standing)));
    shown.set(Field::microsoft_reason, text_value(standing->reason));
  }
  const json::Value* invite = named_member(&referral, "inviteContext");
  const std::string& help = text_in(invite, "assistanceRequestCode");
  shown.set(Field::help, text::equals_ignore_case(help, "Unknown") ? Value() : text_value(help));
  shown.set(Field::help_notes, text_value(text_in(invite, "notes")));
  shown.set(Field::microsoft_seller, read_sellers(referral));
  shown.set(Field::microsoft_crm_id, text_value(text_in(named_member(&referral, "trackingInfo"), "microsoftMsxId")));
  shown.instant(Field::created_at, "createdDateTime", named_member(&referral, "createdDateTime"));
  shown.instant(Field::expires_at, "expirationDateTime", named_member(&referral, "expirationDateTime"));
  return seen;
}

std::string link_to(const std::string& link_template, const std::string& id) {
  return id.empty() ? "" : text::replace_all(link_template, "{id}", text::percent_encode(id));
}

std::string normal_id(std::string_view written) {
  std::string_view id = text::trimmed(written);
  if (id.size() == 38 && id.front() == '{' && id.back() == '}') id = id.substr(1, 36);
  return looks_like_guid(id) || text::equals_ignore_case(id, kMicrosoft) ? text::lower_ascii(id) : std::string(id);
}

bool same_crm_id(std::string_view a, std::string_view b) {
  const std::string x = normal_id(a);
  const std::string y = normal_id(b);
  if (x.empty() || y.empty()) return false;
  if (x == y) return true;
  if (x.size() == 15 && y.size() == 18) return text::starts_with(y, x);
  if (x.size() == 18 && y.size() == 15) return text::starts_with(x, y);
  return false;
}

}  // namespace cosell::partner_center
