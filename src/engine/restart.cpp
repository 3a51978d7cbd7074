// Taking a deal apart from its old referral, and remembering that it stays as it is.
#include "engine/restart.h"

#include <algorithm>

#include "base/text.h"
#include "engine/ask_registration.h"
#include "engine/marks.h"
#include "engine/person.h"
#include "engine/view.h"
#include "engine/words.h"

namespace cosell::engine {

namespace {

using store::DealRow;

// "" when the deal may be restarted, else why not.
std::string why_not(const Pair& pair, const DealRow& row, const DealView& view) {
  const auto crm = view.crm.deal.standing();
  const auto referral = view.partner_center.standing();
  const std::string c = pair.title(Side::crm);
  if (row.crm.record_id.empty() || row.partner_center.record_id.empty() || !crm || !referral) {
    return "There is no opportunity with a referral to start again from.";
  }
  if (has_mark(row, registration_mark)) return words::registration_waits(row);
  if (has_mark(row, twinned_mark)) return words::doubled(pair, row) + " First: " + words::twin_left_remedy(pair, row);
  if (crm->status != Status::active) {
    return "The opportunity is not open in " + c + "; open it there first, then restart the deal.";
  }
  const std::string answer = view.partner_center.text(Field::microsoft_answer);
  if (is_terminal(*referral) || answer == "declined" || answer == "expired") return "";
  return "Its referral is open, so there is nothing to start again: changes of the opportunity reach it.";
}

// What belonged to the old referral and says nothing of the next one.
void forget_old_referral(DealRow& row) {
  const std::string of_partner_center = std::string(".") + store::name_of(Side::partner_center);
  for (auto it = row.marks.begin(); it != row.marks.end();) {
    const bool of_old = it->first.rfind(store::agreed_mark, 0) == 0 || is_step_mark(it->first) ||
                        is_refused_mark(it->first) || it->first == left_mark || it->first == retyped_mark(Side::crm) ||
                        text::ends_with(it->first, of_partner_center);
    it = of_old ? row.marks.erase(it) : std::next(it);
  }
  row.partner_center = {};
  row.engagement_id.clear();
  row.microsoft = {};
  row.microsoft_id.clear();
  row.ask_microsoft_at.reset();
  row.crm.base = {};
}

}  // namespace

Result<void> restart(const Pair& pair, DealId id) {
  auto row = known_deal(*pair.store, id);
  if (!row) return row.error();
  auto view = load_view(pair, *row);
  if (!view) return view.error();
  if (const auto refusal = why_not(pair, *row, *view); !refusal.empty()) {
    return make_error(ErrorClass::precondition, row->title + ": " + refusal);
  }
  DealRow old;
  old.title = row->title;
  old.owner = row->owner;
  old.owner_email = row->owner_email;
  old.engagement_id = row->engagement_id;
  old.partner_center = row->partner_center;
  old.microsoft = row->microsoft;
  old.microsoft_id = row->microsoft_id;
  old.marks[restarted_mark] = row->crm.record_id;
  // Copies carry the old referral, and hold the deal no longer.
  if (auto copies = row->marks.extract(cloned_mark); !copies.empty()) old.marks.insert(std::move(copies));
  old.since = pair.clock->now();
  old.dirty = true;
  const std::string old_id = row->partner_center.record_id;
  forget_old_referral(*row);
  row->marks[predecessor_mark] = old_id;
  row->dirty = true;
  return pair.store->transaction([&]() -> Result<void> {
    if (auto done = pair.store->update_deal(*row); !done) return done;
    auto added = pair.store->add_deal(old);
    if (!added) return added.error();
    if (auto done = note_person(pair, *added, "Left behind: the opportunity starts again with a new referral"); !done)
      return done;
    return note_person(pair, id, "Started again with a new referral; the old one is " + old_id);
  });
}

Result<void> leave_as_is(const Pair& pair, DealId id) {
  auto row = known_deal(*pair.store, id);
  if (!row) return row.error();
  const auto reasons = reasons_of(*row);
  const auto differs = std::find_if(reasons.begin(), reasons.end(), [](const std::string& reason) {
    return reason == "reopened_in_crm" || reason == "closed_differently";
  });
  if (differs == reasons.end()) {
    return make_error(ErrorClass::precondition, row->title + ": both sides do not differ about a closed referral, so " +
                                                    "there is nothing to leave as it is.");
  }
  row->marks[left_mark] = *differs;
  row->dirty = true;
  return pair.store->transaction([&]() -> Result<void> {
    if (auto done = pair.store->update_deal(*row); !done) return done;
    return note_person(pair, id, "To be left as it is: open or closed differently in " + pair.title(Side::crm));
  });
}

}  // namespace cosell::engine
