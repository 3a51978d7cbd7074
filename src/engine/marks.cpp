// Names and values of marks.
#include "engine/marks.h"

#include <algorithm>

#include "base/text.h"

namespace cosell::engine {

namespace {

const std::string settle_prefix = "settle.";
const std::string asked_prefix = "asked.";
const std::string approved_prefix = "approved.";
const std::string refused_prefix = "refused.";

}  // namespace

std::string second_holder_mark(Side side) { return side == Side::crm ? clone_mark : twin_mark; }
std::string other_holders_mark(Side side) { return side == Side::crm ? cloned_mark : twinned_mark; }

std::string retyped_mark(Side side) { return std::string("retyped.") + store::name_of(side); }

std::string older_mark(Side side) { return std::string("older.") + store::name_of(side); }
std::string restored_mark(Side side) { return std::string("restored.") + store::name_of(side); }

std::string settle_mark(Irreversible step) { return settle_prefix + name_of(step); }
std::string asked_mark(Irreversible step) { return asked_prefix + name_of(step); }
std::string approved_mark(Irreversible step) { return approved_prefix + name_of(step); }
bool is_settle_mark(const std::string& name) { return text::starts_with(name, settle_prefix); }
bool is_step_mark(const std::string& name) {
  return is_settle_mark(name) || text::starts_with(name, asked_prefix) || text::starts_with(name, approved_prefix);
}

std::string refused_mark(Side side) { return refused_prefix + store::name_of(side); }
std::string refused_until_mark(Side side) { return refused_prefix + "until." + store::name_of(side); }
bool is_refused_mark(const std::string& name) { return text::starts_with(name, refused_prefix); }
std::string misses_mark(Side side) { return std::string("missed.") + store::name_of(side); }

std::vector<std::string> reasons_of(const store::DealRow& row) {
  std::vector<std::string> reasons = marked_records(row, waits_too_mark);
  reasons.insert(reasons.begin(), row.reason);
  return reasons;
}

bool has_mark(const store::DealRow& row, const std::string& name) { return row.marks.count(name) > 0; }

bool is_agreed_on(const store::DealRow& row) {
  return (row.crm.base.valid() && row.partner_center.base.valid()) ||
         std::any_of(row.marks.begin(), row.marks.end(),
                     [](const auto& mark) { return text::starts_with(mark.first, store::agreed_mark); });
}

bool is_taken_apart(const store::DealRow& row) {
  return has_mark(row, unlinked_mark) && (row.crm.record_id.empty() || row.partner_center.record_id.empty());
}

bool is_told_apart_from(const store::DealRow& row, const std::string& record) {
  for (const char* name : {unlinked_mark, no_match_mark}) {
    const auto mark = row.marks.find(name);
    if (mark != row.marks.end() && mark->second == record) return true;
  }
  return false;
}

std::optional<Instant> mark_time(const store::DealRow& row, const std::string& name) {
  const auto it = row.marks.find(name);
  if (it == row.marks.end()) return std::nullopt;
  return parse_instant(it->second);
}

void set_mark_time(store::DealRow& row, const std::string& name, Instant at) { row.marks[name] = to_string(at); }

std::vector<std::string> marked_records(const store::DealRow& row, const std::string& name) {
  const auto mark = row.marks.find(name);
  return mark == row.marks.end() ? std::vector<std::string>{} : text::split(mark->second, ' ');
}

void take_over_record(const store::DealRow& goes, Side side, store::DealRow& stays) {
  std::vector<std::string> names = {older_mark(side), restored_mark(side)};
  if (side == Side::crm) names.insert(names.end(), {hidden_mark, told_mark});
  for (const std::string& name : names) {
    if (const auto mark = goes.marks.find(name); mark != goes.marks.end()) stays.marks[name] = mark->second;
  }
}

void unmark_record(store::DealRow& row, const std::string& name, const std::string& record) {
  auto records = marked_records(row, name);
  std::erase(records, record);
  if (records.empty()) {
    row.marks.erase(name);
  } else {
    row.marks[name] = text::join(records, " ");
  }
}

void mark_record(store::DealRow& row, const std::string& name, const std::string& record) {
  unmark_record(row, name, record);
  auto records = marked_records(row, name);
  records.push_back(record);
  row.marks[name] = text::join(records, " ");
}

void forget_refused(store::DealRow& row, Side side) {
  row.marks.erase(refused_mark(side));
  if (has_mark(row, refused_mark(other_side(side)))) return;
  row.marks.erase(refused_message_mark);
  row.marks.erase(refused_reason_mark);
}

void take_over_writes(const store::DealRow& goes, store::DealRow& stays) {
  for (const std::string& write : marked_records(goes, agreed_before_mark)) {
    mark_record(stays, agreed_before_mark, write);
  }
}

}  // namespace cosell::engine
