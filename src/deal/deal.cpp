// The table of deal fields and the Deal that holds their values.
#include "deal/deal.h"

#include <algorithm>
#include <unordered_map>

namespace cosell {

const std::vector<FieldInfo>& all_fields() {
  // name, label, kept the same on both sides, fixed after create, fixed after the first share with Microsoft
  // (partner-center-referrals 5.2). Help is not fixed by visibility alone: a partner-led deal may still ask (U-3).
  static const std::vector<FieldInfo> fields = {
      {Field::name, "name", "name", true, false, false},
      {Field::standing, "standing", "status", true, false, false},
      {Field::stage, "stage", "stage", true, false, false},
      {Field::value, "value", "value", true, false, false},
      {Field::close_date, "close_date", "close date", true, false, false},
      {Field::notes, "notes", "notes", true, false, false},
      {Field::customer, "customer", "customer", true, true, false},
      {Field::customer_contacts, "customer_contacts", "customer contacts", true, false, true},
      {Field::team, "team", "team", true, false, false},
      {Field::solutions, "solutions", "solutions", true, false, false},
      {Field::campaign, "campaign", "campaign id", true, false, false},
      {Field::marketplace_intent, "marketplace_intent", "marketplace intent", true, false, false},
      {Field::location, "location", "location", true, true, false},
      {Field::crm_id, "crm_id", "CRM id", true, false, false},
      {Field::visible, "visible", "visible to Microsoft", true, false, true},
      {Field::help, "help", "help from Microsoft", true, false, false},
      {Field::help_notes, "help_notes", "notes to Microsoft", true, false, true},
      {Field::consent_contact, "consent_contact", "consent to share contacts", true, true, false},
      {Field::referral_id, "referral_id", "referral id", false, false, false},
      {Field::engagement_id, "engagement_id", "engagement id", false, false, false},
      {Field::direction, "direction", "direction", false, false, false},
      {Field::type, "type", "deal type", false, false, false},
      {Field::expires_at, "expires_at", "expires", false, false, false},
      {Field::created_at, "created_at", "created", false, false, false},
      {Field::closed_at, "closed_at", "closed", false, false, false},
      {Field::link, "link", "link", false, false, false},
      {Field::microsoft_answer, "microsoft_answer", "Microsoft's answer", false, false, false},
      {Field::microsoft_reason, "microsoft_reason", "Microsoft's reason", false, false, false},
      {Field::microsoft_crm_id, "microsoft_crm_id", "Microsoft's CRM id", false, false, false},
      {Field::microsoft_seller, "microsoft_seller", "Microsoft's seller", false, false, false},
      {Field::registration, "registration", "registration", false, false, false},
      {Field::tags, "tags", "tags", false, false, false},
      {Field::favorite, "favorite", "favourite", false, false, false},
      {Field::owner, "owner", "owner", false, false, false},
      {Field::owner_email, "owner_email", "owner's e-mail", false, false, false},
  };
  return fields;
}

const FieldInfo& info(Field f) { return all_fields()[static_cast<std::size_t>(f)]; }

std::optional<Field> field_from(std::string_view name) {
  static const std::unordered_map<std::string_view, Field> by_name = [] {
    std::unordered_map<std::string_view, Field> all;
    for (const FieldInfo& i : all_fields()) all.emplace(i.name, i.field);
    return all;
  }();
  const auto found = by_name.find(name);
  if (found == by_name.end()) return std::nullopt;
  return found->second;
}

std::vector<std::string> field_names() {
  std::vector<std::string> names;
  for (const FieldInfo& i : all_fields()) names.emplace_back(i.name);
  return names;
}

const Value* Deal::find(Field f) const {
  const auto& value = values_.read()[static_cast<std::size_t>(f)];
  return value ? &*value : nullptr;
}

void Deal::set(Field f, Value v) { values_.write()[static_cast<std::size_t>(f)] = std::move(v); }

void Deal::erase(Field f) {
  if (shows(f)) values_.write()[static_cast<std::size_t>(f)].reset();
}

std::vector<std::pair<Field, const Value&>> Deal::values() const {
  std::vector<std::pair<Field, const Value&>> shown;
  for (const FieldInfo& i : all_fields()) {
    if (const Value* value = find(i.field)) shown.emplace_back(i.field, *value);
  }
  return shown;
}

bool Deal::empty() const {
  const Values& values = values_.read();
  return std::none_of(values.begin(), values.end(), [](const auto& value) { return value.has_value(); });
}

const Value& Deal::get(Field f) const {
  static const Value blank;
  const Value* found = find(f);
  return found == nullptr ? blank : *found;
}

std::optional<Standing> Deal::standing() const {
  const auto* s = std::get_if<Standing>(&get(Field::standing));
  if (s == nullptr) return std::nullopt;
  return *s;
}

Stage Deal::stage() const {
  const auto* s = std::get_if<Stage>(&get(Field::stage));
  return s == nullptr ? Stage::none : *s;
}

bool Deal::flag(Field f) const {
  const auto* b = std::get_if<bool>(&get(f));
  return b != nullptr && *b;
}

Deal deal_from_columns(const Columns& columns) {
  // By the one text that all columns of a name share.
  static const std::unordered_map<const std::string*, Field> by_name = [] {
    std::unordered_map<const std::string*, Field> all;
    for (const FieldInfo& i : all_fields()) all.emplace(&column_name(i.name), i.field);
    return all;
  }();
  Deal deal;
  for (const auto& [name, value] : columns) {
    if (const auto field = by_name.find(&name); field != by_name.end()) deal.set(field->second, value);
  }
  return deal;
}

Columns columns_from_deal(const Deal& deal) {
  Columns columns;
  for (const auto& [field, value] : deal.values()) columns[info(field).name] = value;
  return columns;
}

}  // namespace cosell
