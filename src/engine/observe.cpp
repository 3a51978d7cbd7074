// Observations into deal rows.
#include "engine/observe.h"

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "base/json_text.h"
#include "base/text.h"
#include "engine/marks.h"
#include "engine/view.h"
#include "store/codec.h"

namespace cosell::engine {

namespace {

using store::DealRow;
using store::SideState;

store::Existence existence_of(cosell::Existence e) {
  switch (e) {
    case cosell::Existence::live:
      return store::Existence::live;
    case cosell::Existence::deleted:
      return store::Existence::deleted;
    case cosell::Existence::out_of_scope:
      return store::Existence::out_of_scope;
    case cosell::Existence::unreadable:
      break;  // says nothing, and is not taken
  }
  return store::Existence::live;
}

// By which people know the deal, on one line wherever it is told.
std::string title_from(const Pair& pair, Side side, const Observation& seen) {
  std::string title = side == Side::partner_center ? text_of(column(seen.columns, info(Field::name).name))
                                                   : pair.mapping->read(seen.columns).deal.text(Field::name);
  std::replace_if(
      title.begin(), title.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  return title;
}

}  // namespace

bool shows_all(const Observation& seen) { return seen.hidden.empty() && seen.perhaps_hidden.empty(); }

Columns with_hidden(const Observation& seen, const Columns& before) {
  Columns columns = seen.columns;
  for (const std::string& name : seen.hidden) {
    const auto known = before.find(name);
    if (known == before.end()) {
      columns.erase(name);
    } else {
      columns[name] = known->second;
    }
  }
  for (const std::string& name : seen.perhaps_hidden) {
    if (const auto known = before.find(name); known != before.end()) columns[name] = known->second;
  }
  return columns;
}

bool Observer::is_left_out(const store::SideState& known, const Observation& seen) const {
  const bool older = known.image.valid() && seen.changed_at != Instant{} && seen.changed_at < known.changed_at;
  return older && !take_older_;
}

// It is looked at again after a while (absence.h).
Result<void> Observer::note_older(DealRow row, Side side) {
  const std::string older = older_mark(side);
  if (!row.id.valid() || has_mark(row, restored_mark(side))) return {};
  if (!row.marks.emplace(older, to_string(pair_.clock->now())).second) return {};
  if (auto updated = pair_.store->update_deal(row); !updated) return updated;
  auto listed = pair_.store->property(older);
  if (!listed) return listed.error();
  const std::string& record = side_of(row, side).record_id;
  return pair_.store->set_property(older, listed->empty() ? record : *listed + " " + record);
}

// The record's deal as it is in the store, or one without a number that is to be added.
Result<DealRow> Observer::find_or_begin(Side side, const Observation& seen) {
  auto found = pair_.store->deal_by_record(side, seen.id.value);
  if (!found) return found.error();
  if (*found && is_left_out(side_of(**found, side), seen)) return *std::move(*found);
  return ties_.row_of(side, seen, std::move(*found));
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

// Its record named the other one, and now names another. The tie stays, which people are told (decide_warnings.cpp).
Result<void> Observer::note_retyped_key(DealRow& row, Side side, const Observation& seen, ImageId before) {
  const Side other = other_side(side);
  const std::string& tied = side_of(row, other).record_id;
  if (!before.valid() || tied.empty() || seen.key.empty()) return {};
  const Connector& names = pair_.connector(other);
  const RecordId named = names.normal_id(seen.key.value);
  const std::string typed = named.empty() ? text::trim(seen.key.value) : named.value;
  if (typed.empty() || typed == tied) return {};
  auto known = pair_.store->image(before);
  if (!known) return known.error();
  const std::string key = side == Side::crm ? pair_.mapping->key_column() : info(Field::crm_id).name;
  if (names.normal_id(text_of(column(*known, key))).value != tied) return {};
  row.marks[retyped_mark(side)] = to_string(pair_.clock->now()) + " " + typed;
  return {};
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
    if (row.marks.erase(answer_unread_mark) > 0) {
      if (auto updated = pair_.store->update_deal(row); !updated) return updated;
    }
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

Result<Columns> Observer::columns_of(const Observation& seen, ImageId before) {
  auto known = before.valid() ? pair_.store->image(before) : Result<Columns>(Columns{});
  if (!known) return known.error();
  return with_hidden(seen, *known);
}

bool Observer::note_hidden(DealRow& row, const Observation& seen, const Columns& shown) {
  std::string not_known;
  std::vector<std::string> hidden = seen.hidden;
  for (const std::string& name : seen.perhaps_hidden) {
    if (std::find(hidden.begin(), hidden.end(), name) == hidden.end()) hidden.push_back(name);
  }
  for (const std::string& name : hidden) {
    // Kept from before it was hidden, it may be of another contact by now.
    const auto known = shown.find(name);
    const auto& there = seen.of_hidden_records;
    const bool is_there = std::find(there.begin(), there.end(), name) != there.end();
    if (!is_there && known != shown.end() && is_blank((*known).second)) continue;
    not_known += (not_known.empty() ? "" : " ") + name;
  }
  const auto mark = row.marks.find(hidden_mark);
  if (mark == row.marks.end() ? not_known.empty() : mark->second == not_known) return false;
  if (not_known.empty()) {
    row.marks.erase(mark);
  } else {
    row.marks[hidden_mark] = not_known;
  }
  return true;
}

// The key that the record carried when it was shown last: one that is hidden now, or perhaps is, was not cleared.
Result<BridgeKey> Observer::hidden_key(Side side, const Observation& seen) {
  const std::string& column_of_key = pair_.mapping->key_column();
  const auto is_among = [&](const auto& names) {
    return std::find(names.begin(), names.end(), column_of_key) != names.end();
  };
  if (side != Side::crm || !seen.key.empty()) return BridgeKey{};
  if (!is_among(seen.hidden) && !is_among(seen.perhaps_hidden)) return BridgeKey{};
  auto known = pair_.store->deal_by_record(side, seen.id.value);
  if (!known) return known.error();
  if (!*known || !(*known)->crm.image.valid()) return BridgeKey{};
  auto before = pair_.store->image((*known)->crm.image);
  if (!before) return before.error();
  return BridgeKey(text_of(column(*before, column_of_key)));
}

Result<void> Observer::take(Side side, const Observation& seen, ObserveCounts& counts) {
  if (seen.existence == cosell::Existence::unreadable) return {};
  if (seen.kind == RecordKind::microsoft_half) return take_microsoft(seen, counts);
  if (seen.kind != RecordKind::opportunity && seen.kind != RecordKind::referral) return {};
  auto key = hidden_key(side, seen);
  if (!key) return key.error();
  if (!key->empty()) {
    Observation with_key = seen;
    with_key.key = std::move(*key);
    return take(side, with_key, counts);
  }
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
  const bool was_older = row->marks.erase(older_mark(side)) + row->marks.erase(restored_mark(side)) > 0;
  row->dirty = row->dirty || was_older;
  const auto existence = existence_of(seen.existence);
  bool changed = state.existence != existence;
  // A deleted record's last picture stays; the server may show it without its values.
  if (seen.existence == cosell::Existence::live) {
    if (auto noted = note_retyped_key(*row, side, seen, before); !noted) return noted;
    Columns completed;
    if (!shows_all(seen)) {
      auto with_known = columns_of(seen, before);
      if (!with_known) return with_known.error();
      completed = std::move(*with_known);
    }
    const Columns& shown = shows_all(seen) ? seen.columns : completed;
    auto image = pair_.store->put_image(shown, before);
    if (!image) return image.error();
    const bool hides_otherwise = side == Side::crm && note_hidden(*row, seen, shown);
    changed = changed || state.image != *image || hides_otherwise;
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
    const bool is_gone = linked && was_live && existence != store::Existence::live;
    if (is_gone && !is_left_to_another(*row)) ++counts.gone;
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
  if (auto done = ties_.lose_sight(side, row); !done) return done;
  side_of(row, side).existence = store::Existence::out_of_scope;
  for (const auto& of_older : {older_mark(side), restored_mark(side)}) row.marks.erase(of_older);
  row.dirty = true;
  if (!is_left_to_another(row)) ++counts.gone;
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
