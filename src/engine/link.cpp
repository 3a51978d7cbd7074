// Linking and unlinking, each in one transaction with its line in the journal.
#include "engine/link.h"

#include "base/json.h"
#include "base/text.h"
#include "engine/marks.h"
#include "engine/person.h"
#include "engine/view.h"
#include "engine/words.h"

namespace cosell::engine {

namespace {

using store::DealRow;

Error in_the_way(const std::string& message) { return make_error(ErrorClass::config, message); }

void forget_doubts(DealRow& row) {
  for (const char* mark : {clone_mark, twin_mark, unlinked_mark, match_mark, no_match_mark}) row.marks.erase(mark);
}

// The record was the second one with another deal's key; that deal waits for it no longer.
Result<void> release_original(const Pair& pair, const DealRow& second, Side side, DealId linked) {
  const auto mark = second.marks.find(second_holder_mark(side));
  if (mark == second.marks.end()) return {};
  auto original = pair.store->deal_by_record(other_side(side), mark->second);
  if (!original) return original.error();
  if (!*original || (*original)->id == linked) return {};
  unmark_record(**original, other_holders_mark(side), side_of(second, side).record_id);
  (*original)->dirty = true;
  return pair.store->update_deal(**original);
}

void keep_mark(const DealRow& of, const char* name, DealRow& keeps) {
  if (const auto mark = of.marks.find(name); mark != of.marks.end()) keeps.marks[name] = mark->second;
}

}  // namespace

Result<DealRow> link_rows(const Pair& pair, DealRow opportunity, const DealRow& referral, store::JournalKind kind,
                          const std::string& why) {
  const std::string crm = pair.title(Side::crm);
  if (opportunity.crm.record_id.empty()) return in_the_way(opportunity.title + " is no opportunity in " + crm + ".");
  if (referral.partner_center.record_id.empty()) return in_the_way(referral.title + " is no referral.");
  if (opportunity.id == referral.id) return in_the_way(opportunity.title + " is linked to this referral already.");
  if (!opportunity.partner_center.record_id.empty()) {
    return in_the_way(opportunity.title + " is linked to referral " + opportunity.partner_center.record_id +
                      " already. First: cosell deals unlink " + opportunity.crm.record_id);
  }
  if (!referral.crm.record_id.empty()) {
    return in_the_way("The referral is linked to opportunity " + referral.crm.record_id +
                      " already. First: cosell deals unlink " + referral.crm.record_id);
  }
  for (const DealRow* row : {&static_cast<const DealRow&>(opportunity), &referral}) {
    auto open = pair.store->has_open_operation(row->id);
    if (!open) return open.error();
    if (*open) {
      return in_the_way("It is not known yet what became of a write of " + row->title + ". First: cosell sync");
    }
  }
  if (auto removed = pair.store->remove_deal(referral.id, opportunity.id); !removed) return removed.error();
  if (auto done = release_original(pair, referral, Side::partner_center, opportunity.id); !done) return done.error();
  if (auto done = release_original(pair, opportunity, Side::crm, opportunity.id); !done) return done.error();
  opportunity.partner_center = referral.partner_center;
  opportunity.partner_center.base = ImageId{};
  opportunity.crm.base = ImageId{};
  opportunity.engagement_id = referral.engagement_id;
  opportunity.microsoft = referral.microsoft;
  opportunity.microsoft_id = referral.microsoft_id;
  opportunity.ask_microsoft_at = referral.ask_microsoft_at;
  forget_doubts(opportunity);
  // What was agreed with another referral says nothing of this one.
  std::erase_if(opportunity.marks, [](const auto& mark) { return text::starts_with(mark.first, store::agreed_mark); });
  keep_mark(referral, cloned_mark, opportunity);
  unmark_record(opportunity, twinned_mark, referral.partner_center.record_id);
  unmark_record(opportunity, cloned_mark, opportunity.crm.record_id);
  opportunity.dirty = true;
  if (auto updated = pair.store->update_deal(opportunity); !updated) return updated.error();
  auto payload = json::Value::object();
  payload.set("crm", json::Value::string(opportunity.crm.record_id));
  payload.set("partner_center", json::Value::string(referral.partner_center.record_id));
  store::JournalEntry entry;
  entry.at = pair.clock->now();
  entry.deal = opportunity.id;
  entry.kind = kind;
  entry.summary = why;
  entry.payload = json::canonical(payload);
  if (auto noted = pair.store->journal(entry); !noted) return noted.error();
  return opportunity;
}

Result<DealRow> link_deals(const Pair& pair, DealId opportunity, DealId referral) {
  auto left = known_deal(*pair.store, opportunity);
  if (!left) return left.error();
  auto right = known_deal(*pair.store, referral);
  if (!right) return right.error();
  auto shown = load_view(pair, *right);
  if (!shown) return shown.error();
  const auto selection = pair.mapping->select_referral(shown->partner_center);
  if (right->partner_center.image.valid() && !selection.takes_part) {
    return in_the_way("The referral cannot be linked: " + selection.text +
                      ". To take it in: name its location under \"belongs\" in the mapping file, then: cosell sync");
  }
  std::optional<DealRow> linked;
  auto done = pair.store->transaction([&]() -> Result<void> {
    auto row = link_rows(pair, *left, *right, store::JournalKind::person,
                         "Linked by a person to referral " + right->partner_center.record_id);
    if (!row) return row.error();
    linked = std::move(*row);
    return {};
  });
  if (!done) return done.error();
  return std::move(*linked);
}

Result<void> match_with_none(const Pair& pair, DealId deal) {
  auto row = known_deal(*pair.store, deal);
  if (!row) return row.error();
  if (!row->crm.record_id.empty() && !row->partner_center.record_id.empty()) {
    return in_the_way(row->title + " is linked. To take it apart: cosell deals unlink " + row->crm.record_id);
  }
  // Of two that were taken apart it says so for good: their keys may name each other still.
  std::string apart_from = "yes";
  for (const char* mark : {no_match_mark, unlinked_mark}) {
    if (const auto known = row->marks.find(mark); known != row->marks.end()) apart_from = known->second;
  }
  return pair.store->transaction([&]() -> Result<void> {
    for (const Side side : {Side::partner_center, Side::crm}) {
      if (auto done = release_original(pair, *row, side, deal); !done) return done;
    }
    forget_doubts(*row);
    for (const char* mark : {twinned_mark, cloned_mark}) row->marks.erase(mark);
    row->marks[no_match_mark] = apart_from;
    row->dirty = true;
    if (auto updated = pair.store->update_deal(*row); !updated) return updated;
    return note_person(pair, deal, "Said to be a deal of its own");
  });
}

Result<void> unlink_deal(const Pair& pair, DealId deal) {
  auto row = known_deal(*pair.store, deal);
  if (!row) return row.error();
  if (row->crm.record_id.empty() || row->partner_center.record_id.empty()) {
    return in_the_way(row->title + " is not linked.");
  }
  if (has_mark(*row, registration_mark)) return in_the_way(row->title + ": " + words::registration_waits(*row));
  const std::string opportunity = row->crm.record_id;
  const std::string referral = row->partner_center.record_id;
  return pair.store->transaction([&]() -> Result<void> {
    DealRow apart;
    apart.title = row->title;
    apart.engagement_id = row->engagement_id;
    apart.partner_center = row->partner_center;
    apart.microsoft = row->microsoft;
    apart.microsoft_id = row->microsoft_id;
    apart.ask_microsoft_at = row->ask_microsoft_at;
    apart.since = pair.clock->now();
    apart.marks[unlinked_mark] = opportunity;
    apart.dirty = true;
    // Others that carry the key of one of the two carry it still.
    DealRow before = *row;
    row->marks.clear();
    keep_mark(before, twinned_mark, *row);
    keep_mark(before, hidden_mark, *row);
    keep_mark(before, told_mark, *row);
    keep_mark(before, cloned_mark, apart);
    row->partner_center = store::SideState{};
    row->engagement_id.clear();
    row->microsoft = ImageId{};
    row->microsoft_id.clear();
    row->ask_microsoft_at.reset();
    row->look_again_at.reset();
    row->marks[unlinked_mark] = referral;
    row->dirty = true;
    if (auto updated = pair.store->update_deal(*row); !updated) return updated;
    apart.crm.base = apart.partner_center.base = ImageId{};
    auto id = pair.store->add_deal(apart);
    if (!id) return id.error();
    auto payload = json::Value::object();
    payload.set("crm", json::Value::string(opportunity));
    payload.set("partner_center", json::Value::string(referral));
    payload.set("other_deal", json::Value::integer(id->value));
    auto noted = note_person(pair, deal, "Taken apart from referral " + referral, json::canonical(payload));
    if (!noted) return noted;
    payload.set("other_deal", json::Value::integer(deal.value));
    return note_person(pair, *id, "Taken apart from opportunity " + opportunity, json::canonical(payload));
  });
}

}  // namespace cosell::engine
