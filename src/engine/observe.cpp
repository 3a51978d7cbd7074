// Observations into deal rows.
#include "engine/observe.h"

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "base/json_text.h"
#include "engine/link.h"
#include "engine/restart.h"
#include "engine/view.h"
#include "store/codec.h"

namespace cosell::engine {

namespace {

using store::DealRow;
using store::SideState;

store::SideState& side_of(DealRow& row, Side side) { return side == Side::crm ? row.crm : row.partner_center; }
Side other(Side side) { return side == Side::crm ? Side::partner_center : Side::crm; }

store::Existence existence_of(cosell::Existence e) {
  switch (e) {
    case cosell::Existence::live:
      return store::Existence::live;
    case cosell::Existence::deleted:
      return store::Existence::deleted;
    case cosell::Existence::out_of_scope:
      return store::Existence::out_of_scope;
  }
  return store::Existence::live;
}

std::string title_from(const Pair& pair, Side side, const Observation& seen) {
  if (side == Side::partner_center) return text_of(column(seen.columns, info(Field::name).name));
  return pair.mapping->read(seen.columns).deal.text(Field::name);
}

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

// A key says more than a likeness, and than what a person once said of another record.
void end_doubts(DealRow& row) {
  for (const char* mark : {"twin_of", match_mark, no_match_mark, unlinked_mark}) row.marks.erase(mark);
}

// By a person, who called them deals of their own (I-16).
bool is_told_apart_from(const DealRow& row, const std::string& record) {
  const auto mark = row.marks.find(no_match_mark);
  return mark != row.marks.end() && mark->second == record;
}

}  // namespace

Result<std::optional<DealRow>> Observer::row_of(Side side, const RecordId& id) {
  return pair_.store->deal_by_record(side, id.value);
}

// The row that the record's own key names: the other side's record, waiting for this one. `existing` is the row that
// the record has already, when it has one.
Result<std::optional<DealRow>> Observer::tie_by_key(Side side, const Observation& seen, DealRow* existing) {
  const RecordId named = pair_.connector(other(side)).normal_id(seen.key.value);
  if (seen.key.empty() || named.empty()) return std::optional<DealRow>{};
  auto found = pair_.store->deal_by_record(other(side), named.value);
  if (!found) return found.error();
  if (!*found) {
    if (existing != nullptr) {
      if (side_of(*existing, other(side)).record_id.empty()) side_of(*existing, other(side)).record_id = named.value;
      return std::optional<DealRow>{};
    }
    DealRow row;
    side_of(row, other(side)).record_id = named.value;
    return std::optional<DealRow>{row};
  }
  DealRow row = **found;
  if (row.marks.count(restarted_mark) > 0) return std::optional<DealRow>{};  // left behind by the opportunity
  const auto taken_apart_from = row.marks.find(unlinked_mark);
  if (taken_apart_from != row.marks.end() && taken_apart_from->second == seen.id.value) return std::optional<DealRow>{};
  if (existing != nullptr && row.id == existing->id) return std::optional<DealRow>{};
  const bool told_apart = existing != nullptr && is_told_apart_from(*existing, named.value);
  if (told_apart || is_told_apart_from(row, seen.id.value)) return std::optional<DealRow>{};
  const auto& taken = side_of(row, side).record_id;
  if (!taken.empty() && taken != seen.id.value) {
    // A second holder of one key: a clone in the CRM (F-47) or a twin in Partner Center (I-17). Neither is linked.
    if (!holds_its_key(side, seen)) return std::optional<DealRow>{};
    DealRow apart = existing != nullptr ? *existing : DealRow{};
    if (auto held = hold_original(side, seen.id, row); !held) return held.error();
    apart.marks[side == Side::crm ? "clone_of" : "twin_of"] = named.value;
    return std::optional<DealRow>{apart};
  }
  end_doubts(row);  // also twins that a look-up found: from now on each of them is seen by itself
  if (existing == nullptr || row.crm.record_id == existing->crm.record_id) return std::optional<DealRow>{row};
  // Two halves of one deal, seen apart before: one row from now on.
  end_doubts(*existing);
  auto open = pair_.store->has_open_operation(existing->id);
  if (!open) return open.error();
  auto one = *open ? merge(row, other(side), *existing) : merge(*existing, side, row);
  if (!one) return one.error();
  if (auto noted = note_tie(side, *one); !noted) return noted.error();
  return std::optional<DealRow>{std::move(*one)};
}

// What the deal knows of the side becomes a part of the other one, which stays.
Result<DealRow> Observer::merge(const DealRow& goes, Side side, DealRow stays) {
  if (auto removed = pair_.store->remove_deal(goes.id, stays.id); !removed) return removed.error();
  side_of(stays, side) = side == Side::crm ? goes.crm : goes.partner_center;
  if (stays.engagement_id.empty()) stays.engagement_id = goes.engagement_id;
  if (!stays.microsoft.valid()) {
    stays.microsoft = goes.microsoft;
    stays.microsoft_id = goes.microsoft_id;
    stays.ask_microsoft_at = goes.ask_microsoft_at;
  }
  if (auto updated = pair_.store->update_deal(stays); !updated) return updated.error();
  return stays;
}

Result<void> Observer::note_tie(Side side, const DealRow& row) {
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

Result<void> Observer::hold_original(Side side, const RecordId& copy, DealRow original) {
  mark_record(original, side == Side::crm ? "copied_to" : "doubled_by", copy.value);
  original.dirty = true;
  return pair_.store->update_deal(original);
}

// True: the record was the second holder of a key and is no longer.
Result<bool> Observer::release_copy(Side side, const Observation& seen, DealRow& row) {
  const auto mark = row.marks.find(side == Side::crm ? "clone_of" : "twin_of");
  if (mark == row.marks.end()) return false;
  const bool same_key = pair_.connector(other(side)).normal_id(seen.key.value).value == mark->second;
  if (same_key && holds_its_key(side, seen)) return false;
  auto original = pair_.store->deal_by_record(other(side), mark->second);
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
    unmark_record(**original, side == Side::crm ? "copied_to" : "doubled_by", side_of(row, side).record_id);
    (*original)->dirty = true;
    if (auto updated = pair_.store->update_deal(**original); !updated) return updated.error();
  }
  if (auto updated = pair_.store->update_deal(row); !updated) return updated.error();
  return true;
}

// Did the referral that the deal is tied to give up its key, by what is seen of it now? One that never carried it does
// so only by being closed, other than as won.
Result<bool> Observer::gives_up_its_key(const Observation& seen, const DealRow& original) {
  if (!holds_its_key(Side::partner_center, seen) && !is_won(seen.columns)) return true;
  const auto names_it = [&](const std::string& key) {
    return pair_.crm->normal_id(key).value == original.crm.record_id;
  };
  if (names_it(seen.key.value) || !original.partner_center.image.valid()) return false;
  auto before = pair_.store->image(original.partner_center.image);
  if (!before) return before.error();
  return names_it(text_of(column(*before, info(Field::crm_id).name)));
}

// The second holder of the key that can take the place of the first one.
Result<std::optional<DealRow>> Observer::next_holder(const DealRow& original) {
  for (const std::string& record : marked_records(original, "doubled_by")) {
    auto second = pair_.store->deal_by_record(Side::partner_center, record);
    if (!second) return second.error();
    if (!*second || (*second)->marks.count("twin_of") == 0) continue;
    auto open = pair_.store->has_open_operation((*second)->id);
    if (!open) return open.error();
    if (!*open) return std::move(*second);
  }
  return std::optional<DealRow>{};
}

// Which of some twins in Partner Center stays is the person's choice: the one that still carries the opportunity's id.
// The one that gave it up gets a row of its own, which is returned. As when a person takes a deal apart, that does not
// wait for a write whose outcome is not known: it is not shown this again.
Result<std::optional<DealRow>> Observer::give_way(Side side, const Observation& seen, const DealRow& original) {
  if (side != Side::partner_center || original.marks.count("doubled_by") == 0) return std::optional<DealRow>{};
  auto gives_up = gives_up_its_key(seen, original);
  if (!gives_up) return gives_up.error();
  if (!*gives_up) return std::optional<DealRow>{};
  auto second = next_holder(original);
  if (!second || !*second) return second;
  DealRow stays = original;
  DealRow apart;
  apart.title = original.title;
  apart.engagement_id = original.engagement_id;
  apart.partner_center = original.partner_center;
  apart.partner_center.base = ImageId{};
  apart.microsoft = original.microsoft;
  apart.microsoft_id = original.microsoft_id;
  apart.ask_microsoft_at = original.ask_microsoft_at;
  apart.since = pair_.clock->now();
  apart.dirty = true;
  // As a deal that a person has linked anew. Others that carry the key too still hold it.
  erase_if(stays.marks, [](const auto& mark) { return mark.first != "doubled_by" && mark.first != "copied_to"; });
  unmark_record(stays, "doubled_by", (*second)->partner_center.record_id);
  stays.partner_center = {};
  stays.crm.base = ImageId{};
  stays.engagement_id.clear();
  stays.microsoft = {};
  stays.microsoft_id.clear();
  stays.ask_microsoft_at.reset();
  stays.dirty = true;
  if (auto updated = pair_.store->update_deal(stays); !updated) return updated.error();
  auto added = pair_.store->add_deal(apart);
  if (!added) return added.error();
  apart.id = *added;
  auto merged = merge(**second, side, std::move(stays));
  if (!merged) return merged.error();
  if (auto noted = note_tie(side, *merged); !noted) return noted.error();
  return std::optional<DealRow>{std::move(apart)};
}

// The deal was won: of its twins that are closed, too, nobody can decide anything any more.
Result<void> Observer::let_closed_twins_go(Side side, const Observation& seen, DealRow& original) {
  if (side != Side::partner_center || original.marks.count("doubled_by") == 0 || !is_closed(seen.columns)) return {};
  for (const std::string& record : marked_records(original, "doubled_by")) {
    auto twin = pair_.store->deal_by_record(side, record);
    if (!twin) return twin.error();
    if (!*twin || !(*twin)->partner_center.image.valid()) continue;
    auto shown = pair_.store->image((*twin)->partner_center.image);
    if (!shown) return shown.error();
    if (!is_closed(*shown)) continue;
    (*twin)->marks.erase("twin_of");
    (*twin)->dirty = true;
    if (auto updated = pair_.store->update_deal(**twin); !updated) return updated;
    unmark_record(original, "doubled_by", record);
  }
  return {};
}

bool Observer::is_left_out(const store::SideState& known, const Observation& seen) const {
  const bool older = known.image.valid() && seen.changed_at != Instant{} && seen.changed_at < known.changed_at;
  return older && !take_older_;
}

// It is looked at again after a while (absence.h).
Result<void> Observer::note_older(DealRow row, Side side) {
  const std::string name = store::name_of(side);
  if (!row.id.valid() || row.marks.count(restored_mark + name) > 0) return {};
  if (!row.marks.emplace(older_mark + name, to_string(pair_.clock->now())).second) return {};
  if (auto updated = pair_.store->update_deal(row); !updated) return updated;
  auto listed = pair_.store->property(older_mark + name);
  if (!listed) return listed.error();
  const std::string& record = side_of(row, side).record_id;
  return pair_.store->set_property(older_mark + name, listed->empty() ? record : *listed + " " + record);
}

// The record names another one than before. What it named was never seen; the next record that names it waits for it.
Result<void> Observer::let_name_go(Side side, DealRow& row) {
  const std::string named = std::exchange(side_of(row, other(side)), SideState{}).record_id;
  const std::string others = side == Side::crm ? "copied_to" : "doubled_by";
  const auto waiting = marked_records(row, others);
  row.marks.erase(others);
  if (auto updated = pair_.store->update_deal(row); !updated || waiting.empty()) return updated;
  auto next = pair_.store->deal_by_record(side, waiting.front());
  if (!next) return next.error();
  if (!*next) return {};
  (*next)->marks.erase(side == Side::crm ? "clone_of" : "twin_of");
  side_of(**next, other(side)).record_id = named;
  for (std::size_t i = 1; i < waiting.size(); ++i) mark_record(**next, others, waiting[i]);
  (*next)->dirty = true;
  return pair_.store->update_deal(**next);
}

// Does the key of a known record say whose it is? What a person called a deal of its own stays that until another key
// is typed in.
Result<bool> Observer::may_be_tied(Side side, const Observation& seen, DealRow& row) const {
  if (!side_of(row, other(side)).record_id.empty()) return false;
  for (const char* mark : {"clone_of", "twin_of", restarted_mark, unlinked_mark}) {
    if (row.marks.count(mark) > 0) return false;
  }
  const ImageId before = side_of(row, side).image;
  if (row.marks.count(no_match_mark) == 0 || !before.valid()) return true;
  auto known = pair_.store->image(before);
  if (!known) return known.error();
  const std::string column_of_key = side == Side::crm ? pair_.mapping->key_column() : info(Field::crm_id).name;
  const Connector& names = pair_.connector(other(side));
  return names.normal_id(text_of(column(*known, column_of_key))) != names.normal_id(seen.key.value);
}

// The record's deal as it is in the store, or one without a number that is to be added.
Result<DealRow> Observer::find_or_begin(Side side, const Observation& seen) {
  auto found = pair_.store->deal_by_record(side, seen.id.value);
  if (!found) return found.error();
  if (*found) {
    DealRow row = **found;
    if (is_left_out(side_of(row, side), seen)) return row;
    auto apart = give_way(side, seen, row);
    if (!apart) return apart.error();
    if (*apart) return **apart;
    if (auto released = release_copy(side, seen, row); !released) return released.error();
    if (auto let_go = let_closed_twins_go(side, seen, row); !let_go) return let_go.error();
    if (SideState& named = side_of(row, other(side)); is_only_named(named)) {
      const RecordId now_named = pair_.connector(other(side)).normal_id(seen.key.value);
      if (seen.existence == cosell::Existence::live && now_named.value != named.record_id) {
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
  DealRow row;
  auto tied = tie_by_key(side, seen, nullptr);
  if (!tied) return tied.error();
  if (*tied) row = **tied;
  side_of(row, side).record_id = seen.id.value;
  row.since = pair_.clock->now();
  return row;
}

// A record that the bridge made and now reads for the first time: what it wrote stands there, and the system added the
// rest (owner, the customer's address).
Result<bool> Observer::only_completes(const Observation& seen, ImageId before) {
  if (!before.valid() || seen.existence != cosell::Existence::live) return false;
  auto known = pair_.store->image(before);
  if (!known) return known.error();
  const Columns& old = *known;
  return old.size() < seen.columns.size() && std::all_of(old.begin(), old.end(), [&](const auto& one) {
           const auto now = seen.columns.find(one.first);
           return now != seen.columns.end() && now->second == one.second;
         });
}

Result<void> Observer::record_change(DealRow& row, Side side, const Observation& seen, ImageId before) {
  const auto completed = only_completes(seen, before);
  if (!completed) return completed.error();
  json::ObjectText payload;
  payload.integer("after", side_of(row, side).image.value);
  payload.integer("before", before.value);
  if (!*completed) payload.text_if_any("by", seen.changed_by);
  payload.text("record", seen.id.value);
  payload.text("side", store::name_of(side));
  store::JournalEntry entry;
  entry.at = pair_.clock->now();
  entry.run = run_;
  entry.deal = row.id;
  entry.kind = store::JournalKind::observed;
  const std::string where = pair_.title(side);
  if (seen.existence == cosell::Existence::deleted) {
    entry.summary = "Deleted in " + where;
  } else if (seen.existence == cosell::Existence::out_of_scope) {
    entry.summary = "No longer visible in " + where;
  } else {
    const std::string by = seen.changed_by.empty() ? "" : " by " + seen.changed_by;
    entry.summary = before.valid() ? "Changed in " + where + by : "First seen in " + where;
    if (*completed) entry.summary = "First seen in " + where + " with all that it shows";
  }
  entry.payload = payload.object();
  return pair_.store->journal(entry);
}

// Microsoft was asked a second time in the engagement: the first request says nothing any more.
Result<bool> Observer::is_an_earlier_request(const DealRow& row, const Observation& seen) const {
  if (!row.microsoft.valid() || row.microsoft_id == seen.id.value) return false;
  auto known = pair_.store->image(row.microsoft);
  if (!known) return known.error();
  const char* when = info(Field::created_at).name;
  const auto* known_at = std::get_if<Instant>(&column(*known, when));
  const auto* seen_at = std::get_if<Instant>(&column(seen.columns, when));
  return known_at != nullptr && seen_at != nullptr && *seen_at < *known_at;
}

Result<void> Observer::take_microsoft(const Observation& seen, ObserveCounts& counts) {
  const std::string engagement = text_of(column(seen.columns, info(Field::engagement_id).name));
  auto rows = pair_.store->deals_by_engagement(engagement);
  if (!rows) return rows.error();
  ++counts.seen;
  if (rows->empty()) return {};  // nobody would keep what it shows
  auto image = pair_.store->put_image(seen.columns, rows->front().microsoft);
  if (!image) return image.error();
  for (DealRow& row : *rows) {
    if (row.microsoft == *image && row.microsoft_id == seen.id.value) continue;
    auto earlier = is_an_earlier_request(row, seen);
    if (!earlier) return earlier.error();
    if (*earlier) continue;
    const bool first = !row.microsoft.valid();
    row.microsoft = *image;
    row.microsoft_id = seen.id.value;
    row.dirty = true;
    ++counts.changed;
    store::JournalEntry entry;
    entry.at = pair_.clock->now();
    entry.run = run_;
    entry.deal = row.id;
    entry.kind = store::JournalKind::observed;
    const auto answer = referral_deal({}, seen.columns).text(Field::microsoft_answer);
    entry.summary = first ? "Microsoft was asked for help" : "Microsoft's answer: " + answer;
    auto payload = json::Value::object();
    payload.set("side", json::Value::string("microsoft"));
    payload.set("after", json::Value::integer(image->value));
    entry.payload = json::canonical(payload);
    auto written = pair_.store->journal(entry);
    if (!written) return written;
    auto updated = pair_.store->update_deal(row);
    if (!updated) return updated;
  }
  return {};
}

Result<void> Observer::take(Side side, const Observation& seen, ObserveCounts& counts) {
  if (seen.kind == RecordKind::microsoft_half) return take_microsoft(seen, counts);
  if (seen.kind != RecordKind::opportunity && seen.kind != RecordKind::referral) return {};
  ++counts.seen;
  auto row = find_or_begin(side, seen);
  if (!row) return row.error();
  const bool is_new = !row->id.valid();
  store::SideState& state = side_of(*row, side);
  const ImageId before = state.image;
  const bool was_live = state.existence == store::Existence::live;
  if (is_left_out(state, seen)) {
    ++counts.older;  // a stale answer, or a restored system; the newer state is known already
    return note_older(std::move(*row), side);
  }
  const std::string name = store::name_of(side);
  const bool was_older = row->marks.erase(older_mark + name) + row->marks.erase(restored_mark + name) > 0;
  row->dirty = row->dirty || was_older;
  const auto existence = existence_of(seen.existence);
  bool changed = state.existence != existence;
  // A deleted record's last picture stays; the server may show it without its values.
  if (seen.existence == cosell::Existence::live) {
    auto image = pair_.store->put_image(seen.columns, before);
    if (!image) return image.error();
    changed = changed || state.image != *image;
    state.image = *image;
    if (is_new || side == Side::crm || row->title.empty()) {
      if (auto title = title_from(pair_, side, seen); !title.empty()) row->title = std::move(title);
    }
    if (side == Side::partner_center) {
      row->engagement_id = text_of(column(seen.columns, info(Field::engagement_id).name));
    }
  }
  if (!changed && !was_older && state.version == seen.version.value) return {};  // our own write coming back (I-22)
  state.version = seen.version.value;
  state.existence = existence;
  state.changed_at = seen.changed_at;
  if (changed) {
    ++counts.changed;
    const bool linked = !row->crm.record_id.empty() && !row->partner_center.record_id.empty();
    if (linked && was_live && existence != store::Existence::live) ++counts.gone;
    state.seen_at = pair_.clock->now();
    row->dirty = true;
  }
  if (is_new) {
    if (row->title.empty()) row->title = title_from(pair_, side, seen);
    auto id = pair_.store->add_deal(*row);
    if (!id) return id.error();
    row->id = *id;
  }
  if (!is_new) {
    if (auto updated = pair_.store->update_deal(*row); !updated) return updated;
  }
  return changed ? record_change(*row, side, seen, before) : Result<void>{};
}

Result<void> Observer::take_missing(Side side, const std::string& id, ObserveCounts& counts) {
  auto found = pair_.store->deal_by_record(side, id);
  if (!found) return found.error();
  if (!*found || side_of(**found, side).existence != store::Existence::live) return {};
  DealRow row = *std::move(*found);
  Observation nothing;
  nothing.existence = cosell::Existence::out_of_scope;
  if (auto released = release_copy(side, nothing, row); !released) return released.error();
  side_of(row, side).existence = store::Existence::out_of_scope;
  row.dirty = true;
  ++counts.gone;
  store::JournalEntry entry;
  entry.at = pair_.clock->now();
  entry.run = run_;
  entry.deal = row.id;
  entry.kind = store::JournalKind::observed;
  entry.summary = "Not found in " + pair_.title(side) + " under its id";
  if (auto noted = pair_.store->journal(entry); !noted) return noted;
  return pair_.store->update_deal(row);
}

}  // namespace cosell::engine
