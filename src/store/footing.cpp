// Footings and their changes as JSON.
#include "store/footing.h"

#include <algorithm>
#include <string_view>

#include "base/json_text.h"
#include "base/text.h"
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

void tell_record(json::ObjectText& change, const char* name, const std::string& before, const std::string& after) {
  if (before == after) return;
  if (after.empty()) {
    change.member(name) += "null";
  } else {
    change.text(name, after);
  }
}

void tell_picture(json::ObjectText& change, const char* name, ImageId before, ImageId after) {
  if (before != after) change.member(name) += after.valid() ? std::to_string(after.value) : "null";
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
std::string agreed_between(const Agreed& before, const Agreed& after) {
  json::ObjectText change;
  for (const auto& [field, text] : before) {
    if (after.count(field) == 0) change.member(field) += "null";
  }
  for (const auto& [field, text] : after) {
    const auto known = before.find(field);
    if (known == before.end() || known->second != text) change.member(field) += text;
  }
  return change.object();
}

using Mark = std::map<std::string, std::string>::const_iterator;

bool tells_of_agreement(const std::string& mark) { return mark.rfind(agreed_mark, 0) == 0; }

Mark end_of_agreement(const DealRow& row, Mark mark) {
  while (mark != row.marks.end() && tells_of_agreement(mark->first)) ++mark;
  return mark;
}

}  // namespace

Footing footing_of(const DealRow& row) {
  Footing footing;
  footing.crm = row.crm.record_id;
  footing.partner_center = row.partner_center.record_id;
  footing.crm_base = row.crm.base;
  footing.partner_center_base = row.partner_center.base;
  const auto first = row.marks.lower_bound(agreed_mark);
  const auto behind = end_of_agreement(row, first);
  for (auto mark = first; mark != behind; ++mark) {
    footing.agreed.emplace(mark->first.substr(std::string_view(agreed_mark).size()), mark->second);
  }
  return footing;
}

bool same_footing(const DealRow& a, const DealRow& b) {
  if (a.crm.record_id != b.crm.record_id || a.partner_center.record_id != b.partner_center.record_id ||
      a.crm.base != b.crm.base || a.partner_center.base != b.partner_center.base) {
    return false;
  }
  const auto first_a = a.marks.lower_bound(agreed_mark);
  const auto first_b = b.marks.lower_bound(agreed_mark);
  return std::equal(first_a, end_of_agreement(a, first_a), first_b, end_of_agreement(b, first_b));
}

std::string change_between(const Footing& before, const Footing& after, const std::vector<std::int64_t>& merged) {
  json::ObjectText change;
  if (before.agreed != after.agreed) change.member(kAgreed) += agreed_between(before.agreed, after.agreed);
  tell_record(change, kCrm, before.crm, after.crm);
  tell_picture(change, kCrmBase, before.crm_base, after.crm_base);
  if (!merged.empty()) {
    std::vector<std::string> numbers;
    for (const std::int64_t id : merged) numbers.push_back(std::to_string(id));
    change.member(merged_member) += '[' + text::join(numbers, ",") + ']';
  }
  tell_record(change, kPartnerCenter, before.partner_center, after.partner_center);
  tell_picture(change, kPartnerCenterBase, before.partner_center_base, after.partner_center_base);
  return change.object();
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
