// Keys into ties.
#include "engine/ties.h"

#include <utility>

#include "base/json.h"
#include "engine/marks.h"
#include "engine/view.h"

namespace cosell::engine {

namespace {

using store::DealRow;
using store::SideState;

// Of a referral; nullptr where it shows none.
const Standing* standing_in(const Columns& referral) {
  return std::get_if<Standing>(&column(referral, info(Field::standing).name));
}

bool is_closed(const Columns& referral) {
  const Standing* standing = standing_in(referral);
  return standing != nullptr && is_terminal(*standing);
}

// How the deal ended, whatever else names its opportunity: of two twins this one is not given up by being closed.
bool is_won(const Columns& referral) {
  const Standing* standing = standing_in(referral);
  return standing != nullptr && standing->substatus == Substatus::won;
}

// A deleted record and a closed referral hold nothing: they may share their key with a living one.
bool holds_its_key(Side side, const Observation& seen) {
  if (seen.existence != cosell::Existence::live) return false;
  return side == Side::crm || !is_closed(seen.columns);
}

// Known by the key of the other record alone, which a person may have mistyped.
bool is_only_named(const store::SideState& side) {
  return !side.record_id.empty() && side.existence == store::Existence::unseen && !side.image.valid();
}

// First seen when it was deleted, so that nothing was agreed on with it.
bool was_never_there(const SideState& side) {
  return side.existence == store::Existence::deleted && !side.image.valid() && !side.base.valid();
}

// A key says more than a likeness, and than what a person once said of another record.
void end_doubts(DealRow& row) {
  for (const char* mark : {twin_mark, match_mark, no_match_mark, unlinked_mark}) row.marks.erase(mark);
}

}  // namespace

// A referral of another pair holds no deal of this one (F-77).
bool Ties::is_left_out(const Columns& referral) const {
  return !pair_.mapping->select_referral(referral_deal(referral, {})).takes_part;
}

bool Ties::is_left_out(Side side, const Observation& seen) const {
  return side == Side::partner_center && seen.existence == cosell::Existence::live && is_left_out(seen.columns);
}

// The row that the record's own key names: the other side's record, waiting for this one. `existing` is the row that
// the record has already, when it has one.
Result<std::optional<DealRow>> Ties::tie_by_key(Side side, const Observation& seen, DealRow* existing) {
  const RecordId named = pair_.connector(other_side(side)).normal_id(seen.key.value);
  if (seen.key.empty() || named.empty() || is_left_out(side, seen)) return std::optional<DealRow>{};
  if (existing != nullptr && is_told_apart_from(*existing, named.value)) return std::optional<DealRow>{};
  auto found = pair_.store->deal_by_record(other_side(side), named.value);
  if (!found) return found.error();
  if (!*found) {
    if (existing != nullptr) {
      SideState& other = side_of(*existing, other_side(side));
      if (other.record_id.empty()) other.record_id = named.value;
      return std::optional<DealRow>{};
    }
    DealRow row;
    side_of(row, other_side(side)).record_id = named.value;
    return std::optional<DealRow>{row};
  }
  DealRow row = **found;
  if (has_mark(row, restarted_mark)) return std::optional<DealRow>{};  // left behind by the opportunity
  if (existing != nullptr && row.id == existing->id) return std::optional<DealRow>{};
  if (is_told_apart_from(row, seen.id.value)) return std::optional<DealRow>{};
  const auto& taken = side_of(row, side).record_id;
  if (!taken.empty() && taken != seen.id.value) {
    // A second holder of one key: a clone in the CRM (F-47) or a twin in Partner Center (I-17). Neither is linked.
    if (!holds_its_key(side, seen)) return std::optional<DealRow>{};
    if (!was_never_there(side_of(row, side))) {
      DealRow apart = existing != nullptr ? *existing : DealRow{};
      if (auto held = hold_original(side, seen.id, row); !held) return held.error();
      apart.marks[second_holder_mark(side)] = named.value;
      return std::optional<DealRow>{apart};
    }
    if (auto moved = give_place_of_deleted(side, row); !moved) return moved.error();
  }
  end_doubts(row);
  if (auto forgotten = forget_agreements_of_open_writes(*pair_.store, row); !forgotten) return forgotten.error();
  if (existing == nullptr || row.crm.record_id == existing->crm.record_id) return std::optional<DealRow>{row};
  // Two halves of one deal, seen apart before: one row from now on.
  end_doubts(*existing);
  if (auto forgotten = forget_agreements_of_open_writes(*pair_.store, *existing); !forgotten) return forgotten.error();
  auto open = pair_.store->has_open_operation(existing->id);
  if (!open) return open.error();
  auto one = *open ? merge(row, other_side(side), *existing) : merge(*existing, side, row);
  if (!one) return one.error();
  if (auto noted = note_tie(side, *one); !noted) return noted.error();
  return std::optional<DealRow>{std::move(*one)};
}

// A deleted record holds no key, whichever of the two was listed first (I-35). It gets a row of its own.
Result<void> Ties::give_place_of_deleted(Side side, DealRow& row) {
  DealRow gone;
  gone.title = row.title;
  side_of(gone, side) = std::exchange(side_of(row, side), SideState{});
  gone.since = pair_.clock->now();
  gone.dirty = true;
  if (auto updated = pair_.store->update_deal(row); !updated) return updated;
  auto added = pair_.store->add_deal(gone);
  return added ? Result<void>{} : added.error();
}

// What the deal knows of the side becomes a part of the other one, which stays.
Result<DealRow> Ties::merge(const DealRow& goes, Side side, DealRow stays) {
  if (auto removed = pair_.store->remove_deal(goes.id, stays.id); !removed) return removed.error();
  side_of(stays, side) = side_of(goes, side);
  take_over_record(goes, side, stays);
  take_over_writes(goes, stays);
  // Others that carry the key of one of the two carry it still.
  for (const Side holders : {Side::crm, Side::partner_center}) {
    const std::string mark = other_holders_mark(holders);
    for (const std::string& record : marked_records(goes, mark)) mark_record(stays, mark, record);
    unmark_record(stays, mark, side_of(stays, holders).record_id);
  }
  if (stays.engagement_id.empty()) stays.engagement_id = goes.engagement_id;
  if (!stays.microsoft.valid()) {
    stays.microsoft = goes.microsoft;
    stays.microsoft_id = goes.microsoft_id;
    stays.ask_microsoft_at = goes.ask_microsoft_at;
  }
  if (auto updated = pair_.store->update_deal(stays); !updated) return updated.error();
  return stays;
}

Result<void> Ties::note_tie(Side side, const DealRow& row) {
  auto payload = json::Value::object();
  payload.set("crm", json::Value::string(row.crm.record_id));
  payload.set("partner_center", json::Value::string(row.partner_center.record_id));
  store::JournalEntry entry;
  entry.at = pair_.clock->now();
  entry.run = run_;
  entry.deal = row.id;
  entry.kind = store::JournalKind::linked;
  entry.summary = side == Side::crm ? "The opportunity names referral " + row.partner_center.record_id
                                    : "The referral names opportunity " + row.crm.record_id;
  entry.summary += ": they are one deal from now on";
  entry.payload = json::canonical(payload);
  return pair_.store->journal(entry);
}

Result<void> Ties::hold_original(Side side, const RecordId& copy, DealRow original) {
  mark_record(original, other_holders_mark(side), copy.value);
  original.dirty = true;
  return pair_.store->update_deal(original);
}

// True: the record was the second holder of a key and is no longer.
Result<bool> Ties::release_copy(Side side, const Observation& seen, DealRow& row) {
  const auto mark = row.marks.find(second_holder_mark(side));
  if (mark == row.marks.end()) return false;
  const bool names_it = pair_.connector(other_side(side)).normal_id(seen.key.value).value == mark->second;
  const bool same_key = names_it && !is_left_out(side, seen);
  if (same_key && holds_its_key(side, seen)) return false;
  auto original = pair_.store->deal_by_record(other_side(side), mark->second);
  if (!original) return original.error();
  if (same_key && side == Side::partner_center && is_won(seen.columns) && *original &&
      (*original)->partner_center.image.valid()) {
    auto tied = pair_.store->image((*original)->partner_center.image);
    if (!tied) return tied.error();
    if (!is_closed(*tied)) return false;
  }
  row.marks.erase(mark);
  row.dirty = true;
  if (*original && (*original)->id != row.id) {
    unmark_record(**original, other_holders_mark(side), side_of(row, side).record_id);
    (*original)->dirty = true;
    if (auto updated = pair_.store->update_deal(**original); !updated) return updated.error();
  }
  if (auto updated = pair_.store->update_deal(row); !updated) return updated.error();
  return true;
}

// Did the referral that the deal is tied to give up its key, by what is seen of it now? One that never carried it does
// so only by being closed, other than as won. Of one that is out of sight nobody knows.
Result<bool> Ties::gives_up_its_key(const Observation& seen, const SideState& referral,
                                    const std::string& opportunity) const {
  if (seen.existence != cosell::Existence::live) return false;
  if (!holds_its_key(Side::partner_center, seen) && !is_won(seen.columns)) return true;
  const auto names_it = [&](const std::string& key) { return pair_.crm->normal_id(key).value == opportunity; };
  if (names_it(seen.key.value) || !referral.image.valid()) return false;
  auto before = pair_.store->image(referral.image);
  if (!before) return before.error();
  return names_it(text_of(column(*before, info(Field::crm_id).name)));
}

// The second holder of the key that can take the place of the first one; none that is left out by now.
Result<std::optional<DealRow>> Ties::next_holder(const DealRow& original) {
  for (const std::string& record : marked_records(original, twinned_mark)) {
    auto second = pair_.store->deal_by_record(Side::partner_center, record);
    if (!second) return second.error();
    if (!*second || !has_mark(**second, twin_mark) || !(*second)->partner_center.image.valid()) continue;
    auto shown = pair_.store->image((*second)->partner_center.image);
    if (!shown) return shown.error();
    if (is_left_out(*shown)) continue;
    auto open = pair_.store->has_open_operation((*second)->id);
    if (!open) return open.error();
    if (!*open) return std::move(*second);
  }
  return std::optional<DealRow>{};
}

Result<void> forget_agreements_of_open_writes(store::Store& store, DealRow& row) {
  auto any = store.has_open_operation(row.id);
  if (!any) return any.error();
  if (!*any) return {};
  store::OperationFilter filter;
  filter.deal = row.id;
  filter.verb = name_of(Verb::update);  // a create is about the record that it made
  for (const auto state :
       {store::OperationState::planned, store::OperationState::sent, store::OperationState::unknown}) {
    filter.state = state;
    auto open = store.operations(filter);
    if (!open) return open.error();
    for (const auto& write : *open) mark_record(row, agreed_before_mark, write.id.value);
  }
  return {};
}

// The referral gets a row of its own, which is returned and to be added.
DealRow Ties::take_referral_off(DealRow& row) const {
  DealRow apart;
  apart.title = row.title;
  apart.engagement_id = std::exchange(row.engagement_id, "");
  apart.partner_center = std::exchange(row.partner_center, SideState{});
  apart.partner_center.base = row.crm.base = ImageId{};
  apart.microsoft = std::exchange(row.microsoft, ImageId{});
  apart.microsoft_id = std::exchange(row.microsoft_id, "");
  apart.ask_microsoft_at = std::exchange(row.ask_microsoft_at, std::nullopt);
  apart.since = pair_.clock->now();
  apart.dirty = row.dirty = true;
  return apart;
}

// The opportunity named a referral that the selection leaves out, and names it no longer: nothing else tied the two.
Result<void> Ties::let_left_out_go(Side side, const Observation& seen, DealRow& row) {
  const SideState& referral = row.partner_center;
  if (side != Side::crm || seen.existence != cosell::Existence::live || is_agreed_on(row)) return {};
  if (!row.crm.image.valid() || !referral.image.valid()) return {};
  const auto names_it = [&](const std::string& key) {
    return pair_.partner_center->normal_id(key).value == referral.record_id;
  };
  if (names_it(seen.key.value)) return {};
  auto before = pair_.store->image(row.crm.image);
  if (!before) return before.error();
  auto shown = pair_.store->image(referral.image);
  if (!shown) return shown.error();
  if (!names_it(text_of(column(*before, pair_.mapping->key_column()))) || !is_left_out(*shown)) return {};
  if (auto forgotten = forget_agreements_of_open_writes(*pair_.store, row); !forgotten) return forgotten;
  DealRow apart = take_referral_off(row);
  if (auto copies = row.marks.extract(cloned_mark)) apart.marks.insert(std::move(copies));  // they name it still
  if (auto updated = pair_.store->update_deal(row); !updated) return updated;
  auto added = pair_.store->add_deal(apart);
  return added ? Result<void>{} : added.error();
}

// Which of some twins in Partner Center stays is the person's choice: the one that still carries the opportunity's id.
// The one that gave it up gets a row of its own, which is returned. As when a person takes a deal apart, that does not
// wait for a write whose outcome is not known: it is not shown this again.
Result<std::optional<DealRow>> Ties::give_way(Side side, const Observation& seen, const DealRow& original) {
  if (side != Side::partner_center || !has_mark(original, twinned_mark)) return std::optional<DealRow>{};
  auto gives_up = gives_up_its_key(seen, original.partner_center, original.crm.record_id);
  if (!gives_up) return gives_up.error();
  if (!*gives_up) return std::optional<DealRow>{};
  auto second = next_holder(original);
  if (!second || !*second) return second;
  DealRow stays = original;
  DealRow apart = take_referral_off(stays);
  // As a deal that a person has linked anew. Others that carry the key too still hold it.
  erase_if(stays.marks, [](const auto& mark) {
    return mark.first != twinned_mark && mark.first != cloned_mark && mark.first != hidden_mark &&
           mark.first != told_mark;
  });
  unmark_record(stays, twinned_mark, (*second)->partner_center.record_id);
  if (auto forgotten = forget_agreements_of_open_writes(*pair_.store, stays); !forgotten) return forgotten.error();
  if (auto updated = pair_.store->update_deal(stays); !updated) return updated.error();
  auto added = pair_.store->add_deal(apart);
  if (!added) return added.error();
  apart.id = *added;
  auto merged = merge(**second, side, std::move(stays));
  if (!merged) return merged.error();
  if (auto noted = note_tie(side, *merged); !noted) return noted.error();
  return std::optional<DealRow>{std::move(apart)};
}

// A person took an opportunity apart from its first referral while a second one named it, too. Once the first one does
// no longer, the second one is its own.
Result<void> Ties::let_next_follow(Side side, const Observation& seen, const DealRow& first) {
  const auto left = first.marks.find(unlinked_mark);
  if (side != Side::partner_center || left == first.marks.end()) return {};
  auto opportunity = pair_.store->deal_by_record(Side::crm, left->second);
  if (!opportunity) return opportunity.error();
  if (!*opportunity || !(*opportunity)->partner_center.record_id.empty()) return {};
  DealRow stays = *std::move(*opportunity);
  if (!has_mark(stays, twinned_mark)) return {};
  auto gives_up = gives_up_its_key(seen, first.partner_center, stays.crm.record_id);
  if (!gives_up) return gives_up.error();
  if (!*gives_up) return {};
  auto second = next_holder(stays);
  if (!second) return second.error();
  if (!*second) return {};
  end_doubts(stays);
  unmark_record(stays, twinned_mark, (*second)->partner_center.record_id);
  if (auto forgotten = forget_agreements_of_open_writes(*pair_.store, stays); !forgotten) return forgotten;
  stays.dirty = true;
  auto merged = merge(**second, side, std::move(stays));
  return merged ? note_tie(side, *merged) : merged.error();
}

// The deal was won: of its twins that are closed, too, nobody can decide anything any more.
Result<void> Ties::let_closed_twins_go(Side side, const Observation& seen, DealRow& original) {
  if (side != Side::partner_center || !has_mark(original, twinned_mark) || !is_closed(seen.columns)) return {};
  for (const std::string& record : marked_records(original, twinned_mark)) {
    auto twin = pair_.store->deal_by_record(side, record);
    if (!twin) return twin.error();
    if (!*twin || !(*twin)->partner_center.image.valid()) continue;
    auto shown = pair_.store->image((*twin)->partner_center.image);
    if (!shown) return shown.error();
    if (!is_closed(*shown)) continue;
    (*twin)->marks.erase(twin_mark);
    (*twin)->dirty = true;
    if (auto updated = pair_.store->update_deal(**twin); !updated) return updated;
    unmark_record(original, twinned_mark, record);
  }
  return {};
}

// The record names another one than before. What it named was never seen; the next record that names it waits for it.
Result<void> Ties::let_name_go(Side side, DealRow& row) {
  const std::string named = std::exchange(side_of(row, other_side(side)), SideState{}).record_id;
  const std::string others = other_holders_mark(side);
  const auto waiting = marked_records(row, others);
  row.marks.erase(others);
  if (auto updated = pair_.store->update_deal(row); !updated || waiting.empty()) return updated;
  auto next = pair_.store->deal_by_record(side, waiting.front());
  if (!next) return next.error();
  if (!*next) return {};
  (*next)->marks.erase(second_holder_mark(side));
  side_of(**next, other_side(side)).record_id = named;
  for (std::size_t i = 1; i < waiting.size(); ++i) mark_record(**next, others, waiting[i]);
  (*next)->dirty = true;
  return pair_.store->update_deal(**next);
}

// Does the key of a known record say whose it is? What a person took apart, or called a deal of its own, stays that
// until another key is typed in.
Result<bool> Ties::may_be_tied(Side side, const Observation& seen, DealRow& row) const {
  if (!side_of(row, other_side(side)).record_id.empty()) return false;
  for (const char* mark : {clone_mark, twin_mark, restarted_mark}) {
    if (has_mark(row, mark)) return false;
  }
  const bool is_apart = has_mark(row, unlinked_mark) || has_mark(row, no_match_mark);
  const ImageId before = side_of(row, side).image;
  if (!is_apart) return true;
  if (seen.existence != cosell::Existence::live) return false;
  if (!before.valid()) return true;
  auto known = pair_.store->image(before);
  if (!known) return known.error();
  const std::string column_of_key = side == Side::crm ? pair_.mapping->key_column() : info(Field::crm_id).name;
  const Connector& names = pair_.connector(other_side(side));
  return names.normal_id(text_of(column(*known, column_of_key))) != names.normal_id(seen.key.value);
}

Result<DealRow> Ties::row_of(Side side, const Observation& seen, std::optional<DealRow> known) {
  if (!known) {
    DealRow row;
    auto tied = tie_by_key(side, seen, nullptr);
    if (!tied) return tied.error();
    if (*tied) row = **tied;
    side_of(row, side).record_id = seen.id.value;
    row.since = pair_.clock->now();
    return row;
  }
  DealRow row = *std::move(known);
  auto apart = give_way(side, seen, row);
  if (!apart) return apart.error();
  if (*apart) row = **apart;  // which may name another opportunity now
  if (auto follows = let_next_follow(side, seen, row); !follows) return follows.error();
  if (auto released = release_copy(side, seen, row); !released) return released.error();
  if (auto let_go = let_closed_twins_go(side, seen, row); !let_go) return let_go.error();
  if (auto let_go = let_left_out_go(side, seen, row); !let_go) return let_go.error();
  if (SideState& named = side_of(row, other_side(side)); is_only_named(named)) {
    const RecordId now_named = pair_.connector(other_side(side)).normal_id(seen.key.value);
    const bool names_another = seen.existence == cosell::Existence::live && now_named.value != named.record_id;
    if (names_another || is_left_out(side, seen)) {
      if (auto let_go = let_name_go(side, row); !let_go) return let_go.error();
    }
  }
  auto may = may_be_tied(side, seen, row);
  if (!may) return may.error();
  if (*may) {
    auto tied = tie_by_key(side, seen, &row);
    if (!tied) return tied.error();
    if (*tied) return **tied;
  }
  return row;
}

Result<void> Ties::tie_anew(const DealRow& row) {
  const SideState& referral = row.partner_center;
  const bool is_alone = row.crm.record_id.empty() || is_only_named(row.crm);
  if (!is_alone || referral.existence != store::Existence::live || !referral.image.valid()) return {};
  auto shown = pair_.store->image(referral.image);
  if (!shown) return shown.error();
  Observation seen;
  seen.kind = RecordKind::referral;
  seen.id = RecordId(referral.record_id);
  seen.key = BridgeKey(text_of(column(*shown, info(Field::crm_id).name)));
  seen.columns = std::move(*shown);
  auto tied = row_of(Side::partner_center, seen, row);
  if (!tied) return tied.error();
  if (tied->id == row.id && tied->marks == row.marks && tied->crm.record_id == row.crm.record_id) return {};
  tied->dirty = true;
  return pair_.store->update_deal(*tied);
}

Result<void> Ties::lose_sight(Side side, DealRow& row) {
  Observation nothing;
  nothing.existence = cosell::Existence::out_of_scope;
  auto released = release_copy(side, nothing, row);
  return released ? Result<void>{} : released.error();
}

}  // namespace cosell::engine
