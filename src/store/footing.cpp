// Footings and their changes as JSON.
#include "store/footing.h"

#include "store/connection.h"

namespace cosell::store {
namespace {

const char* const kCrm = "crm";
const char* const kPartnerCenter = "partner_center";
const char* const kCrmBase = "crm_base";
const char* const kPartnerCenterBase = "partner_center_base";
const char* const kAgreed = "agreed";

[[noreturn]] void unreadable() {
  throw Refusal{make_error(ErrorClass::store_damaged, "The history tells unreadably what a deal stood on.")};
}

void tell_record(json::Value& change, const char* name, const std::string& before, const std::string& after) {
  if (before != after) change.set(name, after.empty() ? json::Value::null() : json::Value::string(after));
}

void tell_picture(json::Value& change, const char* name, ImageId before, ImageId after) {
  if (before != after) change.set(name, after.valid() ? json::Value::integer(after.value) : json::Value::null());
}

void take_record(const json::Value& change, const char* name, std::string& record) {
  if (const json::Value* told = change.find(name)) record = told->text();
}

void take_picture(const json::Value& change, const char* name, ImageId& picture) {
  const json::Value* told = change.find(name);
  if (told == nullptr) return;
  const auto number = told->is_null() ? 0 : told->as_integer();
  if (!number) unreadable();
  picture = ImageId(*number);
}

using Agreed = std::map<std::string, std::string>;

// Only the fields that differ; null: nothing is said of it any more.
json::Value agreed_between(const Agreed& before, const Agreed& after) {
  auto change = json::Value::object();
  for (const auto& [field, text] : before) {
    if (after.count(field) == 0) change.set(field, json::Value::null());
  }
  for (const auto& [field, text] : after) {
    const auto known = before.find(field);
    if (known != before.end() && known->second == text) continue;
    auto value = json::read(text);
    if (!value) unreadable();
    change.set(field, std::move(*value));
  }
  return change;
}

}  // namespace

Footing footing_of(const DealRow& row) {
  Footing footing;
  footing.crm = row.crm.record_id;
  footing.partner_center = row.partner_center.record_id;
  footing.crm_base = row.crm.base;
  footing.partner_center_base = row.partner_center.base;
  const std::string prefix = agreed_mark;
  for (auto mark = row.marks.lower_bound(prefix); mark != row.marks.end() && mark->first.rfind(prefix, 0) == 0;
       ++mark) {
    footing.agreed.emplace(mark->first.substr(prefix.size()), mark->second);
  }
  return footing;
}

json::Value change_between(const Footing& before, const Footing& after) {
  auto change = json::Value::object();
  tell_record(change, kCrm, before.crm, after.crm);
  tell_record(change, kPartnerCenter, before.partner_center, after.partner_center);
  tell_picture(change, kCrmBase, before.crm_base, after.crm_base);
  tell_picture(change, kPartnerCenterBase, before.partner_center_base, after.partner_center_base);
  if (before.agreed != after.agreed) change.set(kAgreed, agreed_between(before.agreed, after.agreed));
  return change;
}

void follow(Footing& footing, const json::Value& change) {
  if (!change.is_object()) unreadable();
  take_record(change, kCrm, footing.crm);
  take_record(change, kPartnerCenter, footing.partner_center);
  take_picture(change, kCrmBase, footing.crm_base);
  take_picture(change, kPartnerCenterBase, footing.partner_center_base);
  if (const json::Value* agreed = change.find(kAgreed)) {
    for (const json::Member& field : agreed->members()) {
      if (field.value.is_null()) {
        footing.agreed.erase(field.key);
      } else {
        footing.agreed[field.key] = json::canonical(field.value);
      }
    }
  }
}

std::string difference(const Footing& told, const Footing& kept) {
  const auto of = [](const std::string& record) { return record.empty() ? "none" : record; };
  if (told.crm != kept.crm) return "the opportunity " + of(kept.crm) + ", and its history says " + of(told.crm);
  if (told.partner_center != kept.partner_center) {
    return "the referral " + of(kept.partner_center) + ", and its history says " + of(told.partner_center);
  }
  return told == kept ? "" : "other agreed values than its history says";
}

}  // namespace cosell::store
