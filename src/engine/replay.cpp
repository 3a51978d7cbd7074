// Replay, step by step: forget the refusals, read again, run a cycle for these deals, tell what became of each.
#include "engine/replay.h"

#include "engine/absence.h"
#include "engine/decide.h"
#include "engine/flip.h"
#include "engine/marks.h"
#include "engine/observe.h"
#include "engine/person.h"
#include "engine/settle.h"
#include "engine/words.h"

namespace cosell::engine {

namespace {

using store::DealRow;
using store::DealState;

constexpr std::size_t reads_at_once = 200;

void forget_refusals(DealRow& row) {
  row.marks.erase(attempts_mark);
  for (const Side side : {Side::crm, Side::partner_center}) {
    forget_refused(row, side);
    row.marks.erase(refused_until_mark(side));
    row.marks.erase(misses_mark(side));
  }
  forget_fights(row);
  row.look_again_at.reset();
  row.dirty = true;
}

Result<std::vector<Replayed>> mark(const Pair& pair, const std::vector<DealId>& deals) {
  std::vector<Replayed> out;
  auto done = pair.store->transaction([&]() -> Result<void> {
    for (const DealId id : deals) {
      auto row = pair.store->deal(id);
      if (!row) return row.error();
      if (!*row) continue;
      Replayed one;
      one.deal = id;
      one.title = (*row)->title;
      one.before = words::state_line(**row);
      one.already_done = (*row)->state == DealState::in_sync;
      out.push_back(std::move(one));
      forget_refusals(**row);
      if (auto updated = pair.store->update_deal(**row); !updated) return updated;
      if (auto noted = note_person(pair, id, "Replay was asked for"); !noted) return noted;
    }
    return {};
  });
  if (!done) return done.error();
  return out;
}

// What a side could not show of a deal, and which side.
using Unread = std::vector<std::pair<Side, Observation>>;

Result<void> take_all(const Pair& pair, Side side, const std::vector<RecordRef>& refs,
                      const std::vector<Observation>& found, Unread& unread) {
  Observer observer(pair, RunId{});
  ObserveCounts counts;
  return pair.store->transaction([&]() -> Result<void> {
    std::set<std::string> missing;
    for (const RecordRef& ref : refs) missing.insert(ref.id.value);
    for (const Observation& seen : found) {
      missing.erase(seen.id.value);
      if (seen.existence == Existence::unreadable) unread.emplace_back(side, seen);
      if (auto taken = observer.take(side, seen, counts); !taken) return taken;
    }
    for (const std::string& id : missing) {
      if (auto taken = observer.take_missing(side, id, counts); !taken) return taken;
    }
    return {};
  });
}

// The listing of the cycle shows only what changed since the last one; these deals are looked at whatever it shows.
Result<void> read_again(const Pair& pair, Side side, const std::vector<Replayed>& deals, std::optional<Error>& down,
                        Unread& unread) {
  std::vector<RecordRef> refs;
  for (const Replayed& one : deals) {
    auto row = pair.store->deal(one.deal);
    if (!row) return row.error();
    if (!*row) continue;
    const auto& state = side == Side::crm ? (*row)->crm : (*row)->partner_center;
    if (state.record_id.empty()) continue;
    RecordRef ref;
    ref.kind = side == Side::crm ? RecordKind::opportunity : RecordKind::referral;
    ref.id = RecordId(state.record_id);
    refs.push_back(ref);
  }
  for (std::size_t from = 0; from < refs.size(); from += reads_at_once) {
    const auto until = std::min(refs.size(), from + reads_at_once);
    const std::vector<RecordRef> some(refs.begin() + static_cast<std::ptrdiff_t>(from),
                                      refs.begin() + static_cast<std::ptrdiff_t>(until));
    Call call = pair.call(side);
    auto found = pair.connector(side).fetch(call, some, pair.mapping->columns_read());
    if (!found) {
      down = found.error();
      return {};
    }
    if (auto taken = take_all(pair, side, some, *found, unread); !taken) return taken;
  }
  return {};
}

// A deal that could not be read again was replayed by what is known of it; nobody can say that both sides agree.
Result<void> tell_of_unread(const Pair& pair, ReplayReport& report, const Unread& unread) {
  for (const auto& one_unread : unread) {
    const Side side = one_unread.first;
    const Observation& seen = one_unread.second;
    auto row = pair.store->deal_by_record(side, seen.id.value);
    if (!row) return row.error();
    if (!*row) continue;
    for (Replayed& one : report.deals) {
      if (one.deal != (*row)->id) continue;
      one.already_done = false;
      one.after = words::unread(pair, side, **row, seen);
    }
    auto noted = pair.store->transaction([&] { return note_unread(pair, report.cycle, side, **row, seen); });
    if (!noted) return noted;
  }
  return {};
}

// The cycle ended before the deal had its turn, or before its writes had theirs. One that a guard stopped has decided.
bool is_left_for_later(const CycleReport& cycle, const DealRow& row) {
  return cycle.stopped && cycle.guard.empty() && row.dirty;
}

std::string not_yet(const Pair& pair, const CycleReport& cycle) {
  return cycle.side_down ? words::replayed_later(pair, *cycle.side_down) : words::not_looked_at_yet();
}

Result<void> tell(const Pair& pair, ReplayReport& report, bool plan_only) {
  for (Replayed& one : report.deals) {
    auto row = pair.store->deal(one.deal);
    if (!row) return row.error();
    store::OperationFilter filter;
    filter.deal = one.deal;
    auto operations = pair.store->operations(filter);
    if (!operations) return operations.error();
    bool was_refused = false;
    for (const auto& op : *operations) {
      if (op.run != report.cycle.run) continue;
      was_refused = was_refused || op.state == store::OperationState::rejected;
      const bool counts = op.state == (plan_only ? store::OperationState::planned : store::OperationState::applied);
      if (!counts) continue;
      ++one.writes;
      one.changes.push_back(pair.title(op.side) + ": " + words::changes(op.changes));
    }
    if (*row) one.after = words::state_line(**row);
    if (one.writes == 0 && !was_refused && *row && is_left_for_later(report.cycle, **row)) {
      one.already_done = false;
      one.after = plan_only ? "Not looked at." : not_yet(pair, report.cycle);
    }
    one.already_done = one.already_done && one.writes == 0 && *row && (*row)->state == DealState::in_sync;
  }
  return {};
}

}  // namespace

Result<ReplayReport> replay(const Pair& pair, const std::vector<DealId>& deals, CycleOptions options) {
  ReplayReport report;
  auto marked = mark(pair, deals);
  if (!marked) return marked.error();
  report.deals = std::move(*marked);
  Unread unread;
  for (const Side side : {Side::crm, Side::partner_center}) {
    std::optional<Error> down;
    if (auto done = read_again(pair, side, report.deals, down, unread); !done) return done.error();
    if (!down) continue;
    // The deals stay marked: they are replayed as soon as the side is back, or the bridge goes on.
    report.cycle.side_is_down(side, *down);
    if (down->kind == ErrorClass::cancelled) report.cycle.side_down.reset();
    for (Replayed& one : report.deals) {
      one.already_done = false;
      one.after = not_yet(pair, report.cycle);
    }
    return report;
  }
  std::set<std::int64_t> chosen;
  for (const Replayed& one : report.deals) chosen.insert(one.deal.value);
  options.only = [&chosen](const DealRow& row) { return chosen.count(row.id.value) > 0; };
  options.limit = 0;
  auto cycle = run_cycle(pair, options);
  if (!cycle) return cycle.error();
  report.cycle = std::move(*cycle);
  if (auto told = tell(pair, report, options.plan_only); !told) return told.error();
  if (auto told = tell_of_unread(pair, report, unread); !told) return told.error();
  return report;
}

}  // namespace cosell::engine
