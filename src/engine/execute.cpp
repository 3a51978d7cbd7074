// Batches on their way.
#include "engine/execute.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

namespace cosell::engine {

namespace {

using store::OperationRow;
using store::OperationState;

constexpr int looked_through_max = 20;  // batches' worth of operations, for those that are ready
// Rows of a batch beside which a second one is kept ready. A larger one leaves in a few requests: little is gained, and
// it takes much memory.
constexpr std::size_t made_ready_max = 256;
// A side that asks for more time ends the run. A rest that seems longer began before the clock was set back.
constexpr Duration rest_longest = minutes(2);
constexpr std::size_t settled_at_once = 100;  // rows of a large batch; then the other side may have its turn
// What fewer deals meet, while nothing else is written, may as well be their own.
constexpr std::size_t deals_of_an_incident = 3;

// A side without a unique key gets small batches: whatever is under way at a crash has to be looked up.
int batch_size(const Capabilities& c, int in_flight) {
  if (c.client_key == Capabilities::ClientKey::unique) return c.batch_max;
  return std::clamp(in_flight * 12, 1, c.batch_max);
}

bool is_over(Instant rest, Instant now) { return rest <= now || rest - now > rest_longest; }

// May the operation leave, now that the one before it stands so? `never`: that one was not applied.
bool may_leave(const OperationRow& row, const OperationRow* before, bool& never) {
  never = false;
  if (row.after.empty()) return true;
  if (before == nullptr) {
    never = true;
    return false;
  }
  switch (before->state) {
    case OperationState::applied:
      return true;
    case OperationState::planned:
    case OperationState::sent:
      return false;
    case OperationState::rejected:
    case OperationState::unknown:
    case OperationState::dropped:
      break;
  }
  never = true;
  return false;
}

}  // namespace

// What the operation comes after, as it is now; nothing when it comes after none, or that one is not known. Many
// opportunities come after the same account.
Result<const OperationRow*> Executor::predecessor(const OperationRow& row, Predecessors& known) {
  if (row.after.empty()) return nullptr;
  auto found = known.find(row.after.value);
  if (found == known.end()) {
    auto before = pair_.store->operation(row.after);
    if (!before) return before.error();
    found = known.emplace(row.after.value, std::move(*before)).first;
  }
  return found->second ? &*found->second : nullptr;
}

// The operation as the connector gets it: completed with ids that its predecessor brought.
Result<std::optional<Operation>> Executor::wire_operation(OperationRow& row, const OperationRow* before) {
  Operation op;
  op.id = row.id;
  op.kind = *record_kind_from(row.kind);
  op.verb = is_create(row) ? Verb::create : Verb::update;
  op.target.kind = op.kind;
  op.target.id = RecordId(row.target_id);
  op.target.key = BridgeKey(row.key);
  op.must_match = VersionToken(row.must_match);
  op.changes = row.changes;
  if (op.verb == Verb::update) op.expected = row.expected;
  if (op.kind == RecordKind::microsoft_half) {
    auto deal = pair_.store->deal(row.deal);
    if (!deal) return deal.error();
    if (!*deal || (*deal)->engagement_id.empty()) return std::optional<Operation>{};
    row.engagement_id = (*deal)->engagement_id;
    op.engagement_id = row.engagement_id;
  }
  if (op.kind == RecordKind::opportunity && op.verb == Verb::create && before != nullptr) {
    op.changes[pair_.mapping->account_column()] = before->target_id;
  }
  return std::optional<Operation>(std::move(op));
}

Result<Executor::Batch> Executor::next_batch(Lane& lane) {
  const Side side = lane.side;
  Batch batch;
  const auto size =
      static_cast<std::size_t>(batch_size(pair_.connector(side).capabilities(), pair_.call(side).max_in_flight));
  std::size_t looked_through = 0;
  store::OperationFilter filter;
  filter.state = OperationState::planned;
  filter.side = side;
  filter.limit = static_cast<int>(size);
  const OperationId begun_after = lane.none_before;
  filter.after = begun_after;
  std::vector<std::pair<OperationRow, bool>> never;  // and whether its deal is decided on again for it
  Predecessors predecessors;
  bool all_taken = true;
  while (batch.rows.size() < size && (batch.rows.empty() || looked_through < size * looked_through_max)) {
    auto rows = pair_.store->operations(filter);
    if (!rows) return rows.error();
    if (rows->empty()) break;
    looked_through += rows->size();
    for (auto& row : *rows) {
      filter.after = row.id;
      const bool all_before_taken = std::exchange(all_taken, false);
      // One kind of write in a batch, so that as many as possible share a request; the others have their turn.
      if (!batch.rows.empty() && (row.kind != batch.rows.front().kind || row.verb != batch.rows.front().verb)) continue;
      auto before = predecessor(row, predecessors);
      if (!before) return before.error();
      bool never_ready = false;
      const bool ready = may_leave(row, *before, never_ready);
      // What came of the write before it says by itself when its own deal is decided on again.
      if (never_ready) never.emplace_back(row, *before == nullptr || (*before)->deal != row.deal);
      if (!ready) continue;
      auto op = wire_operation(row, *before);
      if (!op) return op.error();
      if (!*op) {
        never.emplace_back(row, true);
        continue;
      }
      batch.rows.push_back(std::move(row));
      batch.operations.push_back(std::move(**op));
      if (all_before_taken) lane.none_before = filter.after;
      all_taken = all_before_taken;
      if (batch.rows.size() == size) break;
    }
  }
  if (!never.empty()) {
    auto dropped = pair_.store->transaction([&]() -> Result<void> {
      for (auto& [row, decide_again] : never) {
        if (auto done = settler_.drop(row, decide_again); !done) return done;
      }
      return {};
    });
    if (!dropped) return dropped.error();
  }
  if (batch.rows.empty() && !begun_after.empty()) {
    lane.none_before = {};
    return next_batch(lane);
  }
  return batch;
}

// Both sides take their writes at the same time. While a side's batch flies, the one before it is settled and the one
// after it is made ready, so that no side waits for us.
Result<void> Executor::push_all(std::int64_t planned_total, const FollowUp& follow_up, const More& more) {
  total_ = planned_total;
  finished_ = 0;
  more_is_to_plan_ = true;
  for (Lane& lane : lanes_) {
    lane.none_before = {};
    lane.waits_for_more_until = 0;
    lane.rests_until.reset();
    lane.has_flown = false;
    lane.flier.let_go();
  }
  while (true) {
    bool settles = false;
    if (report_.stopped || pair_.stop_requested()) {
      for (Lane& lane : lanes_) lane.flier.hold();
      more_is_to_plan_ = false;
    }
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      Lane& lane = lanes_[i];
      const Lane& other = lanes_[1 - i];
      settles = settles || lane.landed;
      const bool more_may_come = more_is_to_plan_ || other.flight || other.landed;
      if (auto done = advance(lane, more_may_come ? Room::full_or_last : Room::as_it_is, follow_up); !done) return done;
    }
    // What is over there is dealt with before more is planned; that leaves before anything is waited for.
    const bool plans = !settles && more_is_to_plan_;
    if (plans) {
      if (auto done = plan_more(more); !done) return done;
    }
    Lane* next = next_to_land(settles || plans ? Wait::no : Wait::until_one_landed);
    if (next != nullptr) {
      if (auto done = land(*next, follow_up); !done) return done;
    } else if (!settles && !plans && !lanes_[0].flight && !lanes_[1].flight && !wait_for_a_rest()) {
      return {};
    }
  }
}

Result<void> Executor::plan_more(const More& more) {
  auto planned = more();
  if (!planned) return planned.error();
  more_is_to_plan_ = planned->has_value();
  total_ += planned->value_or(0);
  for (Lane& lane : lanes_) lane.waits_for_more_until = 0;
  return {};
}

Result<void> Executor::advance(Lane& lane, Room room, const FollowUp& follow_up) {
  // What a part of a batch let through waits for what the rest of it does: as many as possible share a request.
  const bool in_the_middle = lane.landed && lane.landed->settled > 0;
  if (!in_the_middle) {
    if (auto done = take_off(lane, room); !done) return done;
  }
  const auto another_is_due = [&] {
    return !more_is_to_plan_ && !lane.landed && !lane.next && lane.flight &&
           lane.flight->batch.rows.size() <= made_ready_max;
  };
  if (!lane.landed && !another_is_due()) return {};
  // What landed, what follows from it, and that the next batch leaves: the disk has to take it once. None of them waits
  // for a side; what has to wait was settled as soon as it landed.
  std::optional<Batch> made;
  auto kept = pair_.store->transaction([&]() -> Result<void> {
    if (lane.landed) {
      if (auto settled = settle_some(lane, settled_at_once, follow_up); !settled) return settled;
    }
    if (!another_is_due()) return {};
    auto ready = make_ready(lane, room);
    if (!ready) return ready.error();
    made = std::move(*ready);
    return {};
  });
  if (kept && made) lane.next = launch(lane, std::move(*made));
  return kept;
}

Result<void> Executor::take_off(Lane& lane, Room room) {
  if (lane.flight || rests(lane)) return {};
  auto made = make_ready(lane, room);
  if (!made) return made.error();
  if (*made) lane.flight = launch(lane, std::move(**made));
  return {};
}

bool Executor::rests(Lane& lane) const {
  if (!lane.rests_until) return false;
  if (!is_over(*lane.rests_until, pair_.clock->now())) return true;
  lane.rests_until.reset();
  return false;
}

bool Executor::any_rest_is_over() const {
  return std::any_of(lanes_.begin(), lanes_.end(), [now = pair_.clock->now()](const Lane& lane) {
    return lane.rests_until && is_over(*lane.rests_until, now);
  });
}

bool Executor::wait_for_a_rest() {
  std::optional<Instant> first;
  for (const Lane& lane : lanes_) {
    if (lane.rests_until && (!first || *lane.rests_until < *first)) first = lane.rests_until;
  }
  if (!first || report_.stopped) return false;
  const Instant now = pair_.clock->now();
  if (!is_over(*first, now) && !pair_.clock->sleep_for(*first - now)) {
    // Woken early we are asked to stop, which is noticed before anything leaves.
    for (Lane& lane : lanes_) lane.rests_until.reset();
  }
  return true;
}

// Those that fly only when they are waited for have their turns. One that landed before is settled first.
Executor::Lane* Executor::next_to_land(Wait wait) {
  const std::chrono::milliseconds patience(wait == Wait::no ? 0 : 1);
  const auto may_land = [](const Lane& lane) { return lane.flight && !lane.landed; };
  turn_ = 1 - turn_;
  while (may_land(lanes_[0]) || may_land(lanes_[1])) {
    for (Lane* lane : {&lanes_[turn_], &lanes_[1 - turn_]}) {
      if (may_land(*lane) && lane->flight->outcomes.wait_for(patience) != std::future_status::timeout) return lane;
    }
    if (wait == Wait::no || any_rest_is_over()) break;
  }
  return nullptr;
}

Result<void> Executor::land(Lane& lane, const FollowUp& follow_up) {
  auto outcomes = lane.flight->outcomes.get();
  Batch batch = std::move(lane.flight->batch);
  lane.flight = std::exchange(lane.next, std::nullopt);
  if (!outcomes) return put_back(lane, std::move(batch));
  lane.landed = Landed{std::move(batch), std::move(*outcomes)};
  return are_about_their_records(lane.landed->outcomes) ? Result<void>{} : land_in_trouble(lane, follow_up);
}

// Nothing more leaves until it is known what that means for the side. The batch behind was held back, unless it had
// begun to leave by then.
Result<void> Executor::land_in_trouble(Lane& lane, const FollowUp& follow_up) {
  std::optional<Landed> behind;
  if (lane.flight) {
    auto outcomes = lane.flight->outcomes.get();
    Batch batch = std::move(lane.flight->batch);
    lane.flight.reset();
    if (outcomes) {
      behind = Landed{std::move(batch), std::move(*outcomes)};
    } else if (auto done = put_back(lane, std::move(batch)); !done) {
      return done;
    }
  }
  lane.flier.let_go();
  if (auto done = settle_some(lane, lane.landed->batch.rows.size(), follow_up); !done || !behind) return done;
  lane.landed = std::move(behind);
  return settle_some(lane, lane.landed->batch.rows.size(), follow_up);
}

// A deal that has to be read again is left to the next round.
Result<void> Executor::settle_some(Lane& lane, std::size_t most, const FollowUp& follow_up) {
  Landed& landed = *lane.landed;
  auto rows = std::span(landed.batch.rows).subspan(landed.settled);
  rows = rows.first(std::min(most, rows.size()));
  std::set<DealId> deals;
  for (const OperationRow& row : rows) deals.insert(row.deal);
  if (auto settled = settle_rows(lane, rows, landed.outcomes); !settled) return settled;
  landed.settled += rows.size();
  if (landed.settled == landed.batch.rows.size()) lane.landed.reset();
  if (report_.stopped) return {};
  const bool any_moved = settler_.any_is_moved();
  std::vector<DealId> known;
  for (const DealId id : deals) {
    if (any_moved) {
      auto deal = pair_.store->deal(id);
      if (!deal) return deal.error();
      if (!*deal || settler_.is_moved(**deal)) continue;
    }
    known.push_back(id);
  }
  auto planned = follow_up(known);
  if (!planned) return planned.error();
  total_ += *planned;
  return {};
}

// Writes of a side that takes many in one request: more of them follow from what the other side takes, creates only
// until all is planned. Before anything left for the side, a quarter is enough by then: it works while the other one
// does, for one request more.
bool Executor::may_grow(const Lane& lane, const Batch& batch) const {
  const Capabilities& can = pair_.connector(lane.side).capabilities();
  const auto full = static_cast<std::size_t>(can.batch_max);
  if (can.client_key != Capabilities::ClientKey::unique) return false;
  if (more_is_to_plan_) return batch.rows.size() < full;
  return !is_create(batch.rows.front()) && batch.rows.size() < (lane.has_flown ? full : full / 4);
}

// The next batch, marked as sent; nothing when no operation is ready, or when the process is asked to stop.
Result<std::optional<Executor::Batch>> Executor::make_ready(Lane& lane, Room room) {
  if (report_.stopped) return std::optional<Batch>{};
  if (pair_.stop_requested()) {
    report_.stopped = make_error(ErrorClass::cancelled, "Stopped as asked; nothing is lost.");
    return std::optional<Batch>{};
  }
  if (room == Room::full_or_last && finished_ < lane.waits_for_more_until) return std::optional<Batch>{};
  auto batch = next_batch(lane);
  if (!batch) return batch.error();
  if (batch->rows.empty()) return std::optional<Batch>{};
  if (room == Room::full_or_last && may_grow(lane, *batch)) {
    // Each write that is settled lets at most one more through.
    const auto missing =
        static_cast<std::size_t>(pair_.connector(lane.side).capabilities().batch_max) - batch->rows.size();
    lane.waits_for_more_until = finished_ + static_cast<std::int64_t>(missing);
    lane.none_before = {};
    return std::optional<Batch>{};
  }
  auto marked = pair_.store->transaction([&]() -> Result<void> {
    for (auto& row : batch->rows) {
      row.state = OperationState::sent;
      row.sent_at = pair_.clock->now();
      ++row.attempts;
      if (auto done = pair_.store->update_operation(row); !done) return done;
    }
    return {};
  });
  if (!marked) return marked.error();
  return std::optional<Batch>(std::move(*batch));
}

// A batch that was made ready and did not leave after all.
Result<void> Executor::put_back(Lane& lane, Batch batch) {
  lane.none_before = {};
  return pair_.store->transaction([&]() -> Result<void> {
    for (auto& row : batch.rows) {
      row.state = OperationState::planned;
      row.sent_at.reset();
      --row.attempts;
      if (auto done = pair_.store->update_operation(row); !done) return done;
    }
    return {};
  });
}

Executor::Flight Executor::launch(Lane& lane, Batch batch) {
  Flight flight;
  lane.has_flown = true;
  flight.batch = std::move(batch);
  flight.outcomes = lane.flier.fly(std::move(flight.batch.operations));
  return flight;
}

Result<void> Executor::settle_rows(Lane& lane, std::span<OperationRow> rows, const std::vector<Outcome>& outcomes) {
  std::map<std::string, const Outcome*> by_id;
  for (const auto& outcome : outcomes) by_id[outcome.id.value] = &outcome;
  Outcome missing;
  missing.what = make_error(ErrorClass::unknown, "no answer for this record");
  const auto outcome_of = [&](const OperationRow& row) -> const Outcome& {
    const auto it = by_id.find(row.id.value);
    return it == by_id.end() ? missing : *it->second;
  };
  bool any_goes_out_again = false;
  std::optional<Error> first_error;
  std::size_t went_through = 0;
  std::set<DealId> failed;  // for something that may as well be the side's
  for (const auto& row : rows) {
    const auto* error = std::get_if<Error>(&outcome_of(row).what);
    if (error == nullptr) {
      ++went_through;
      continue;
    }
    const bool about_more = first_error && first_error->of_one_record && !error->of_one_record;
    const bool turned_away =
        error->kind == ErrorClass::auth_expired || (error->kind == ErrorClass::forbidden && !error->of_one_record);
    if (!first_error || about_more || turned_away) first_error = *error;
    if (!error->of_one_record) failed.insert(row.deal);
  }
  if (went_through > 0) {
    lane.failures_in_a_row = 0;
    lane.failed_in_a_row.clear();
  } else {
    lane.failed_in_a_row.merge(failed);
  }
  auto settled = pair_.store->transaction([&]() -> Result<void> {
    for (auto& row : rows) {
      const Outcome& outcome = outcome_of(row);
      const auto* error = std::get_if<Error>(&outcome.what);
      const bool of_the_side = error != nullptr && !error->of_one_record && is_of_many(lane);
      const auto failure = of_the_side ? Settler::FailureIs::of_the_side : Settler::FailureIs::of_its_deal;
      if (auto done = settler_.settle(row, outcome, failure); !done) return done;
      any_goes_out_again = any_goes_out_again || row.state == OperationState::planned;
    }
    return {};
  });
  if (!settled) return settled;
  finished_ += static_cast<std::int64_t>(rows.size());
  options_.progress({"Writing to " + pair_.title(lane.side), finished_, std::max(total_, finished_)});
  if (!first_error) return {};
  lane.none_before = {};  // what failed may have to leave again
  if (side_failed(lane, *first_error, went_through == 0) || !any_goes_out_again) return {};
  // What was not applied goes out again after a while.
  Duration wait = seconds(1LL << std::min(lane.failures_in_a_row, 5));
  if (first_error->not_before) wait = std::max(wait, *first_error->not_before - pair_.clock->now());
  if (wait > rest_longest) {
    report_.side_is_down(lane.side, *first_error);
  } else {
    // The batch behind it may have been asked for another time.
    const Instant now = pair_.clock->now();
    const bool rests = lane.rests_until && !is_over(*lane.rests_until, now);
    lane.rests_until = rests ? std::max(*lane.rests_until, now + wait) : now + wait;
  }
  return {};
}

// A deal whose writes always fail would end every run in which nothing else is to be written (I-04).
bool Executor::is_of_many(const Lane& lane) { return lane.failed_in_a_row.size() >= deals_of_an_incident; }

// Decides whether an error is about the whole side. Then the run ends; deals stay queued.
bool Executor::side_failed(Lane& lane, const Error& error, bool nothing_went_through) {
  switch (error.kind) {
    case ErrorClass::forbidden:
      if (error.of_one_record) return false;
      report_.side_is_down(lane.side, error);
      return true;
    case ErrorClass::auth_expired:
    case ErrorClass::config:
    case ErrorClass::bug:
      report_.side_is_down(lane.side, error);
      return true;
    case ErrorClass::cancelled:
      if (!report_.stopped) report_.stopped = error;
      return true;
    case ErrorClass::transient:
    case ErrorClass::throttled:
    case ErrorClass::unknown:
    case ErrorClass::bad_response:
      // A side whose rows are locked answers; only these deals wait.
      if (!nothing_went_through || error.of_one_record) return false;
      if (++lane.failures_in_a_row < pair_.settings.attempts_in_a_row) return false;
      if (error.kind != ErrorClass::throttled && !is_of_many(lane)) return false;
      report_.side_is_down(lane.side, error);
      return true;
    default:
      return false;
  }
}

}  // namespace cosell::engine
