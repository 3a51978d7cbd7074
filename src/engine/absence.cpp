// Comparing full listings with what is known, and the daily look at some deals.
#include "engine/absence.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "engine/guard.h"
#include "engine/marks.h"
#include "engine/view.h"
#include "engine/words.h"

namespace cosell::engine {

namespace {

constexpr std::size_t ids_at_once = 100;
constexpr Duration stale_at_most =
    hours(1);  // a judgement: copies of a system are behind by seconds, at most by minutes
constexpr int page_of_rows = 500;

std::string listing_property(Side side) { return std::string("listing.") + store::name_of(side); }

// How many deals are looked at per day: a request serves a whole page in a CRM, and one record in Partner Center.
std::size_t daily_portion(Side side) { return side == Side::crm ? ids_at_once : 20; }

}  // namespace

Result<bool> look_up(const Pair& pair, RunId run, CycleReport& report, const CycleOptions& options, Side side,
                     const std::vector<std::string>& ids, std::set<std::string>* unread) {
  Observer observer(pair, run, options.allow.count("restored") > 0);
  for (std::size_t from = 0; from < ids.size(); from += ids_at_once) {
    const std::size_t until = std::min(ids.size(), from + ids_at_once);
    std::vector<RecordRef> refs;
    std::set<std::string> missing;
    for (std::size_t i = from; i < until; ++i) {
      RecordRef ref;
      ref.kind = side == Side::crm ? RecordKind::opportunity : RecordKind::referral;
      ref.id = RecordId(ids[i]);
      refs.push_back(ref);
      missing.insert(ids[i]);
    }
    Call call = pair.call(side);
    auto found = pair.connector(side).fetch(call, refs, pair.mapping->columns_read());
    if (!found) {
      report.side_is_down(side, found.error());
      return false;
    }
    ObserveCounts counts = report.observed[side];
    std::optional<GuardStop> restored;
    auto taken = pair.store->transaction([&]() -> Result<void> {
      for (const Observation& seen : *found) {
        missing.erase(seen.id.value);
        if (seen.existence == Existence::unreadable) {
          if (unread != nullptr) unread->insert(seen.id.value);
          auto row = pair.store->deal_by_record(side, seen.id.value);
          if (!row) return row.error();
          if (!*row) continue;
          if (auto noted = note_unread(pair, report, side, **row, seen); !noted) return noted;
          continue;
        }
        if (auto done = observer.take(side, seen, counts); !done) return done;
      }
      restored = check_restored(pair, side, counts.older - report.observed[side].older, options);
      if (restored) return restored->error;
      for (const std::string& id : missing) {
        if (auto done = observer.take_missing(side, id, counts); !done) return done;
      }
      return note_gone(*pair.store, counts.gone - report.observed[side].gone);
    });
    if (restored) {
      stop_run(report, *restored);
      return false;
    }
    if (!taken) return taken.error();
    report.observed[side] = counts;
  }
  return true;
}

Result<void> note_unread(const Pair& pair, CycleReport& report, Side side, const store::DealRow& row,
                         const Observation& seen) {
  const std::string message = words::unread(pair, side, row, seen);
  report.note_failure({row.id, row.title, message, words::unread_remedy(pair, side)});
  store::JournalEntry entry;
  entry.at = pair.clock->now();
  entry.run = report.run;
  entry.deal = row.id;
  entry.kind = store::JournalKind::observed;
  entry.summary = message;
  return pair.store->journal(entry);
}

Result<bool> Absence::listing_is_open(Side side) {
  auto open = pair_.store->property(listing_property(side));
  if (!open) return open.error();
  return !open->empty();
}

Result<void> Absence::open_listing(Side side) {
  listed_.clear();
  return pair_.store->set_property(listing_property(side), to_string(pair_.clock->now()));
}

Result<void> Absence::close_listing(Side side) {
  listed_.clear();
  return pair_.store->transaction([&] { return pair_.store->set_property(listing_property(side), ""); });
}

void Absence::listed(const Observation& seen) { listed_.insert(seen.id.value); }

Result<void> Absence::compare(Side side) {
  std::vector<std::string> missing;
  std::int64_t known = 0;
  std::int64_t gone = 0;  // of the pair's own
  store::DealFilter filter;
  filter.limit = page_of_rows;
  while (true) {
    auto rows = pair_.store->deals(filter);
    if (!rows) return rows.error();
    if (rows->empty()) break;
    filter.after = rows->back().id;
    for (const auto& row : *rows) {
      const auto& state = side_of(row, side);
      if (state.record_id.empty() || state.existence != store::Existence::live) continue;
      const std::int64_t own = is_left_to_another(row) ? 0 : 1;
      known += own;
      if (listed_.count(state.record_id) > 0) continue;
      gone += own;
      missing.push_back(state.record_id);
    }
  }
  if (auto stop = check_listing(pair_, side, gone, known, static_cast<std::int64_t>(listed_.size()), options_)) {
    stop_run(report_, *stop);
    return {};  // the listing stays open: it is read and compared again
  }
  auto looked = look_up(pair_, run_, report_, options_, side, missing);
  if (!looked) return looked.error();
  return *looked ? close_listing(side) : Result<void>{};
}

Result<bool> Absence::any_is_back(Side side, const std::vector<std::string>& ids) const {
  for (const std::string& id : ids) {
    auto row = pair_.store->deal_by_record(side, id);
    if (!row) return row.error();
    if (*row && side_of(**row, side).existence == store::Existence::live) return true;
  }
  return false;
}

// Rights that come back come back for many: as long as some are seen again, the next few are asked for at once.
Result<bool> Absence::look_at_out_of_sight(Side side, DealId& after) {
  store::DealFilter filter;
  filter.include_skipped = false;
  filter.out_of_sight = side;
  filter.limit = static_cast<int>(daily_portion(side));
  filter.after = after;
  while (true) {
    auto rows = pair_.store->deals(filter);
    if (!rows) return rows.error();
    std::vector<std::string> ids;
    for (const auto& row : *rows) ids.push_back(side_of(row, side).record_id);
    auto looked = look_up(pair_, run_, report_, options_, side, ids);
    if (!looked || !*looked) return looked;
    const bool all_were_asked = static_cast<int>(rows->size()) < filter.limit;
    after = filter.after = all_were_asked ? DealId{0} : rows->back().id;
    if (all_were_asked) return true;
    auto back = any_is_back(side, ids);
    if (!back) return back.error();
    if (!*back) return true;
  }
}

Result<void> Absence::daily_look(Side side) {
  const std::string name = std::string("looked_at.") + store::name_of(side);
  auto last = pair_.store->property(name);
  if (!last) return last.error();
  auto position = pair_.store->property(name + ".after");
  if (!position) return position.error();
  auto out_of_sight_position = pair_.store->property(name + ".out_of_sight_after");
  if (!out_of_sight_position) return out_of_sight_position.error();
  const auto at = parse_instant(*last);
  const Instant now = pair_.clock->now();
  if (at && now - *at < days(1)) return {};
  std::vector<std::string> ids;
  DealId out_of_sight_after{out_of_sight_position->empty() ? 0 : std::stoll(*out_of_sight_position)};
  store::DealFilter filter;
  filter.include_skipped = false;
  filter.limit = static_cast<int>(daily_portion(side));
  filter.after = DealId{position->empty() ? 0 : std::stoll(*position)};
  if (at) {  // the first day has just read everything
    auto rows = pair_.store->deals(filter);
    if (!rows) return rows.error();
    for (const auto& row : *rows) {
      const auto& state = side_of(row, side);
      const bool linked = !row.crm.record_id.empty() && !row.partner_center.record_id.empty();
      if (linked && state.existence == store::Existence::live) ids.push_back(state.record_id);
    }
    filter.after = rows->empty() ? DealId{0} : rows->back().id;
    // First, so that what this look does not find is not asked for a second time.
    auto looked_again = look_at_out_of_sight(side, out_of_sight_after);
    if (!looked_again) return looked_again.error();
    if (!*looked_again) return {};
  }
  auto looked = look_up(pair_, run_, report_, options_, side, ids);
  if (!looked) return looked.error();
  if (!*looked) return {};
  return pair_.store->transaction([&]() -> Result<void> {
    if (auto done = pair_.store->set_property(name, to_string(now)); !done) return done;
    if (out_of_sight_after.value != 0 || !out_of_sight_position->empty()) {
      if (auto done = pair_.store->set_property(name + ".out_of_sight_after", std::to_string(out_of_sight_after.value));
          !done) {
        return done;
      }
    }
    return pair_.store->set_property(name + ".after", std::to_string(filter.after.value));
  });
}

Result<void> Absence::look_at_older(Side side) {
  const std::string mark = older_mark(side);
  auto listed = pair_.store->property(mark);
  if (!listed) return listed.error();
  if (listed->empty()) return {};
  std::vector<std::string> later, due;
  const auto older = [&](const store::DealRow& row) { return row.marks.find(mark); };
  for (std::string& id : text::split(*listed, ' ')) {
    auto row = pair_.store->deal_by_record(side, id);
    if (!row) return row.error();
    if (!*row || older(**row) == (*row)->marks.end()) continue;  // it shows the known state again, or a newer one
    const auto since = parse_instant(older(**row)->second);
    const bool lasts = !since || pair_.clock->now() - *since >= stale_at_most;
    (lasts ? due : later).push_back(std::move(id));
  }
  if (due.empty() && text::join(later, " ") == *listed) return {};
  std::set<std::string> unread;
  auto looked = look_up(pair_, run_, report_, options_, side, due, &unread);
  if (!looked) return looked.error();
  if (!*looked) return {};
  return pair_.store->transaction([&]() -> Result<void> {
    for (const std::string& id : due) {
      auto row = pair_.store->deal_by_record(side, id);
      if (!row) return row.error();
      if (!*row || older(**row) == (*row)->marks.end()) continue;
      store::DealRow restored = **row;
      if (unread.count(id) > 0) {  // asked for again after the same time, not in every sync
        set_mark_time(restored, mark, pair_.clock->now());
        if (auto updated = pair_.store->update_deal(restored); !updated) return updated;
        later.push_back(id);
        continue;
      }
      restored.marks[restored_mark(side)] = older(**row)->second;
      restored.marks.erase(mark);
      restored.dirty = true;
      if (auto updated = pair_.store->update_deal(restored); !updated) return updated;
    }
    return pair_.store->set_property(mark, text::join(later, " "));
  });
}

}  // namespace cosell::engine
