// Sending and settling.
#include "engine/execute.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/json_text.h"
#include "engine/absence.h"
#include "engine/ask_registration.h"
#include "engine/decide.h"
#include "engine/view.h"
#include "engine/words.h"
#include "store/codec.h"

namespace cosell::engine {

namespace {

using store::DealRow;
using store::DealState;
using store::OperationRow;
using store::OperationState;
using store::WaitFor;

constexpr int attempts_max = 3;  // of one operation within a run

bool is_kind(const OperationRow& row, RecordKind kind) { return row.kind == name_of(kind); }

constexpr int looked_through_max = 20;  // batches' worth of operations, for those that are ready
// Rows of a batch beside which a second one is kept ready. A larger one leaves in a few requests: little is gained, and
// it takes much memory.
constexpr std::size_t made_ready_max = 256;
constexpr std::size_t settled_at_once = 100;  // rows of a large batch; then the other side may have its turn

// A side without a unique key gets small batches: whatever is under way at a crash has to be looked up.
int batch_size(const Capabilities& c, int in_flight) {
  if (c.client_key == Capabilities::ClientKey::unique) return c.batch_max;
  return std::clamp(in_flight * 4, 1, c.batch_max);
}

bool is_about_one_record(const Outcome& outcome) {
  const auto* error = std::get_if<Error>(&outcome.what);
  if (error == nullptr) return true;
  switch (error->kind) {
    case ErrorClass::rejected:
    case ErrorClass::forbidden:
    case ErrorClass::schema_drift:
    case ErrorClass::precondition:
    case ErrorClass::not_found:
      return true;
    default:
      return false;
  }
}

// After other outcomes the next batch has to wait until it is known what they mean for the side.
bool are_about_their_records(const std::vector<Outcome>& outcomes) {
  return std::all_of(outcomes.begin(), outcomes.end(), is_about_one_record);
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

bool Executor::may_leave(const OperationRow& row, const OperationRow* before, bool& never) {
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

Result<Executor::Batch> Executor::next_batch(Side side) {
  Batch batch;
  const auto size =
      static_cast<std::size_t>(batch_size(pair_.connector(side).capabilities(), pair_.call(side).max_in_flight));
  std::size_t looked_through = 0;
  store::OperationFilter filter;
  filter.state = OperationState::planned;
  filter.side = side;
  filter.limit = static_cast<int>(size);
  const OperationId begun_after = none_before_[side];
  filter.after = begun_after;
  std::vector<OperationRow> never;
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
      if (never_ready) never.push_back(row);
      if (!ready) continue;
      auto op = wire_operation(row, *before);
      if (!op) return op.error();
      if (!*op) {
        never.push_back(row);
        continue;
      }
      batch.rows.push_back(std::move(row));
      batch.operations.push_back(std::move(**op));
      if (all_before_taken) none_before_[side] = filter.after;
      all_taken = all_before_taken;
      if (batch.rows.size() == size) break;
    }
  }
  if (!never.empty()) {
    auto dropped = pair_.store->transaction([&]() -> Result<void> {
      for (auto& row : never) {
        if (auto done = drop(row, true); !done) return done;
      }
      return {};
    });
    if (!dropped) return dropped.error();
  }
  if (batch.rows.empty() && !begun_after.empty()) {
    none_before_.erase(side);
    return next_batch(side);
  }
  return batch;
}

// Both sides take their writes at the same time. While a side's batch flies, the one before it is settled and the one
// after it is made ready, so that no side waits for us.
Result<void> Executor::push_all(std::int64_t planned_total, const FollowUp& follow_up) {
  total_ = planned_total;
  finished_ = 0;
  none_before_.clear();
  waits_for_more_until_.clear();
  rests_until_.clear();
  Lanes lanes;
  lanes[0].side = Side::partner_center;
  lanes[1].side = Side::crm;
  for (const Lane& lane : lanes) hold(lane.side, false);
  while (true) {
    bool settles = false;
    if (report_.stopped || pair_.stop_requested()) {
      for (const Lane& lane : lanes) hold(lane.side, true);
    }
    for (Lane& lane : lanes) {
      const Lane& other = lanes[lane.side == lanes[0].side ? 1 : 0];
      settles = settles || lane.landed;
      const bool more_may_come = other.flight || other.landed;
      if (auto done = advance(lane, more_may_come ? Room::full_or_last : Room::as_it_is, follow_up); !done) return done;
    }
    // What was settled may have let others through: they leave before anything is waited for.
    Lane* next = next_to_land(lanes, settles ? Wait::no : Wait::until_one_landed);
    if (next != nullptr) {
      if (auto done = land(*next, follow_up); !done) return done;
    } else if (!settles && !lanes[0].flight && !lanes[1].flight && !wait_for_a_rest()) {
      return {};
    }
  }
}

Result<void> Executor::advance(Lane& lane, Room room, const FollowUp& follow_up) {
  // What a part of a batch let through waits for what the rest of it does: as many as possible share a request.
  const bool in_the_middle = lane.landed && lane.landed->settled > 0;
  if (!in_the_middle) {
    if (auto done = take_off(lane, room); !done) return done;
  }
  const auto another_is_due = [&] {
    return !lane.landed && !lane.next && lane.flight && lane.flight->batch.rows.size() <= made_ready_max;
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
    auto ready = make_ready(lane.side, room);
    if (!ready) return ready.error();
    made = std::move(*ready);
    return {};
  });
  if (kept && made) lane.next = launch(lane.side, std::move(*made));
  return kept;
}

Result<void> Executor::take_off(Lane& lane, Room room) {
  if (lane.flight || rests(lane.side)) return {};
  auto made = make_ready(lane.side, room);
  if (!made) return made.error();
  if (*made) lane.flight = launch(lane.side, std::move(**made));
  return {};
}

bool Executor::rests(Side side) {
  const auto rest = rests_until_.find(side);
  if (rest == rests_until_.end()) return false;
  if (rest->second > pair_.clock->now()) return true;
  rests_until_.erase(rest);
  return false;
}

bool Executor::any_rest_is_over() const {
  return std::any_of(rests_until_.begin(), rests_until_.end(),
                     [now = pair_.clock->now()](const auto& rest) { return rest.second <= now; });
}

bool Executor::wait_for_a_rest() {
  if (rests_until_.empty() || report_.stopped) return false;
  Instant first = rests_until_.begin()->second;
  for (const auto& [side, until] : rests_until_) first = std::min(first, until);
  // Woken early we are asked to stop, which is noticed before anything leaves.
  if (!pair_.clock->sleep_for(first - pair_.clock->now())) rests_until_.clear();
  return true;
}

// Those that fly only when they are waited for have their turns. One that landed before is settled first.
Executor::Lane* Executor::next_to_land(Lanes& lanes, Wait wait) const {
  const std::chrono::milliseconds patience(wait == Wait::no ? 0 : 1);
  const auto may_land = [](const Lane& lane) { return lane.flight && !lane.landed; };
  std::swap(lanes[0], lanes[1]);
  while (may_land(lanes[0]) || may_land(lanes[1])) {
    for (Lane& lane : lanes) {
      if (may_land(lane) && lane.flight->outcomes.wait_for(patience) != std::future_status::timeout) return &lane;
    }
    if (wait == Wait::no || any_rest_is_over()) break;
  }
  return nullptr;
}

Result<void> Executor::land(Lane& lane, const FollowUp& follow_up) {
  auto outcomes = lane.flight->outcomes.get();
  Batch batch = std::move(lane.flight->batch);
  lane.flight = std::exchange(lane.next, std::nullopt);
  if (!outcomes) return put_back(lane.side, std::move(batch));
  lane.landed = Landed{std::move(batch), std::move(*outcomes)};
  if (are_about_their_records(lane.landed->outcomes)) return {};
  // The one behind it was held back. Nothing more leaves until it is known what that means for the side.
  if (lane.flight) {
    lane.flight->outcomes.wait();
    if (auto done = put_back(lane.side, std::move(lane.flight->batch)); !done) return done;
    lane.flight.reset();
  }
  hold(lane.side, false);
  return settle_some(lane, lane.landed->batch.rows.size(), follow_up);
}

bool Executor::is_moved(const DealRow& deal) const {
  const auto moved = [&](Side side, const std::string& record) {
    const auto records = moved_.find(side);
    return records != moved_.end() && records->second.count(record) > 0;
  };
  return moved(Side::crm, deal.crm.record_id) || moved(Side::partner_center, deal.partner_center.record_id);
}

// A deal that has to be read again is left to the next round.
Result<void> Executor::settle_some(Lane& lane, std::size_t most, const FollowUp& follow_up) {
  Landed& landed = *lane.landed;
  auto rows = std::span(landed.batch.rows).subspan(landed.settled);
  rows = rows.first(std::min(most, rows.size()));
  std::set<DealId> deals;
  for (const OperationRow& row : rows) deals.insert(row.deal);
  if (auto settled = settle_rows(lane.side, rows, landed.outcomes); !settled) return settled;
  landed.settled += rows.size();
  if (landed.settled == landed.batch.rows.size()) lane.landed.reset();
  if (report_.stopped) return {};
  const bool any_moved =
      std::any_of(moved_.begin(), moved_.end(), [](const auto& records) { return !records.second.empty(); });
  std::vector<DealId> known;
  for (const DealId id : deals) {
    if (any_moved) {
      auto deal = pair_.store->deal(id);
      if (!deal) return deal.error();
      if (!*deal || is_moved(**deal)) continue;
    }
    known.push_back(id);
  }
  auto planned = follow_up(known);
  if (!planned) return planned.error();
  total_ += *planned;
  return {};
}

// Updates of a side that takes many in one request: more of them follow from what the other side takes. What is
// created is all planned by then. What is planned before anything was written need not fill more than a quarter: then
// the side works while the other one does, for one request more.
bool Executor::may_grow(Side side, const Batch& batch) const {
  const Capabilities& can = pair_.connector(side).capabilities();
  const auto full = static_cast<std::size_t>(can.batch_max);
  return can.client_key == Capabilities::ClientKey::unique && !is_create(batch.rows.front()) &&
         batch.rows.size() < (finished_ == 0 ? full / 4 : full);
}

// The next batch, marked as sent; nothing when no operation is ready, or when the process is asked to stop.
Result<std::optional<Executor::Batch>> Executor::make_ready(Side side, Room room) {
  if (report_.stopped) return std::optional<Batch>{};
  if (pair_.stop_requested()) {
    report_.stopped = make_error(ErrorClass::cancelled, "Stopped as asked; nothing is lost.");
    return std::optional<Batch>{};
  }
  if (room == Room::full_or_last && finished_ < waits_for_more_until_[side]) return std::optional<Batch>{};
  auto batch = next_batch(side);
  if (!batch) return batch.error();
  if (batch->rows.empty()) return std::optional<Batch>{};
  if (room == Room::full_or_last && may_grow(side, *batch)) {
    // Each write that is settled lets at most one more through.
    const auto missing = static_cast<std::size_t>(pair_.connector(side).capabilities().batch_max) - batch->rows.size();
    waits_for_more_until_[side] = finished_ + static_cast<std::int64_t>(missing);
    none_before_.erase(side);
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
Result<void> Executor::put_back(Side side, Batch batch) {
  none_before_.erase(side);
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

Executor::Flight Executor::launch(Side side, Batch batch) {
  const auto index = static_cast<std::size_t>(side);
  Flight flight;
  flight.batch = std::move(batch);
  flight.outcomes = fliers_[index].run([this, side, index, operations = std::move(flight.batch.operations)]() -> Flown {
    if (held_[index]) return std::nullopt;
    try {
      Call call = pair_.call(side);
      std::vector<Outcome> outcomes = pair_.connector(side).push(call, operations);
      if (!are_about_their_records(outcomes)) held_[index] = true;
      return outcomes;
    } catch (...) {
      held_[index] = true;
      throw;
    }
  });
  return flight;
}

Result<void> Executor::settle_rows(Side side, std::span<OperationRow> rows, const std::vector<Outcome>& outcomes) {
  std::map<std::string, const Outcome*> by_id;
  for (const auto& outcome : outcomes) by_id[outcome.id.value] = &outcome;
  bool wait_and_retry = false;
  std::optional<Error> first_error;
  std::size_t went_through = 0;
  auto settled = pair_.store->transaction([&]() -> Result<void> {
    for (auto& row : rows) {
      const auto it = by_id.find(row.id.value);
      Outcome missing;
      missing.id = row.id;
      missing.what = make_error(ErrorClass::unknown, "no answer for this record");
      const Outcome& outcome = it == by_id.end() ? missing : *it->second;
      row.request_id = outcome.request_id;
      if (const auto* error = std::get_if<Error>(&outcome.what)) {
        none_before_.erase(side);  // it may have to leave again
        const bool about_more = first_error && first_error->of_one_record && !error->of_one_record;
        if (!first_error || about_more || error->kind == ErrorClass::auth_expired) first_error = *error;
      } else {
        ++went_through;
      }
      if (auto done = settle(row, outcome, wait_and_retry); !done) return done;
    }
    return {};
  });
  if (!settled) return settled;
  finished_ += static_cast<std::int64_t>(rows.size());
  options_.progress({"Writing to " + pair_.title(side), finished_, std::max(total_, finished_)});
  if (went_through > 0) failures_in_a_row_[side] = 0;
  if (first_error && side_failed(side, *first_error, went_through == 0)) return {};
  if (wait_and_retry && first_error) {  // what was not applied goes out again after a while
    Duration wait = seconds(1LL << std::min(failures_in_a_row_[side], 5));
    if (first_error->not_before) wait = std::max(wait, *first_error->not_before - pair_.clock->now());
    if (wait > minutes(2)) {
      stop_because_of(side, *first_error);
      return {};
    }
    rests_until_[side] = pair_.clock->now() + wait;
  }
  return {};
}

// Decides whether an error is about the whole side. Then the run ends; deals stay queued.
// The first side that fails is the one to tell of.
bool Executor::stop_because_of(Side side, const Error& error) {
  if (!report_.stopped) {
    report_.stopped = error;
    report_.side_down = side;
  }
  return true;
}

bool Executor::side_failed(Side side, const Error& error, bool nothing_went_through) {
  switch (error.kind) {
    case ErrorClass::auth_expired:
    case ErrorClass::config:
    case ErrorClass::bug:
      return stop_because_of(side, error);
    case ErrorClass::cancelled:
      if (!report_.stopped) report_.stopped = error;
      return true;
    case ErrorClass::transient:
    case ErrorClass::throttled:
    case ErrorClass::unknown:
    case ErrorClass::bad_response:
      // A side whose rows are locked answers; only these deals wait.
      if (!nothing_went_through || error.of_one_record) return false;
      if (++failures_in_a_row_[side] < pair_.settings.attempts_in_a_row) return false;
      return stop_because_of(side, error);
    default:
      return false;
  }
}

Result<void> Executor::settle(OperationRow& row, const Outcome& outcome, bool& wait_and_retry) {
  if (const auto* applied = std::get_if<Applied>(&outcome.what)) return settle_applied(row, *applied, AnswerIs::own);
  return settle_failed(row, std::get<Error>(outcome.what), wait_and_retry);
}

Result<void> Executor::note_outcome(const OperationRow& row, const std::string& summary, ImageId shown) {
  json::ObjectText payload;
  if (shown.valid()) payload.integer("after", shown.value);
  payload.integer("attempts", row.attempts);
  if (!row.error_class.empty()) {
    payload.text("error", row.error_class);
    payload.text("error_detail", row.error_detail);
    payload.text("error_message", row.error_message);
  }
  payload.text("kind", row.kind);
  payload.text("operation", row.id.value);
  payload.text("record", row.target_id);
  payload.text_if_any("request_id", row.request_id);
  payload.text("side", store::name_of(row.side));
  payload.text("state", store::name_of(row.state));
  payload.text("verb", row.verb);
  store::JournalEntry entry;
  entry.at = pair_.clock->now();
  entry.run = run_;
  entry.deal = row.deal;
  entry.kind = store::JournalKind::outcome;
  entry.summary = summary;
  entry.payload = payload.object();
  return pair_.store->journal(entry);
}

namespace {

// The side's new picture after a write whose answer does not show it: what we sent laid over what was there.
Columns picture_after(const OperationRow& row, const Applied& applied, const Columns& before) {
  Columns picture = before;
  for (const auto& [name, value] : row.changes) picture[name] = value;
  for (const auto& [name, value] : applied.shown) picture[name] = value;
  return picture;
}

std::string done_sentence(const Pair& pair, const OperationRow& row) {
  const std::string where = pair.title(row.side);
  if (is_kind(row, RecordKind::account)) return "Account created in " + where;
  if (is_kind(row, RecordKind::microsoft_half)) return "Microsoft asked for help in " + where;
  if (is_kind(row, RecordKind::registration)) {
    return (is_create(row) ? "Registered in " : "Registration corrected in ") + where + ": " +
           words::changes(row.changes);
  }
  if (is_create(row))
    return (is_kind(row, RecordKind::referral) ? "Referral created in " : "Opportunity created in ") + where;
  return "Written to " + where + ": " + words::changes(row.changes);
}

}  // namespace

Result<void> Executor::settle_applied(OperationRow& row, const Applied& applied, AnswerIs answer) {
  auto& store = *pair_.store;
  row.state = OperationState::applied;
  row.finished_at = pair_.clock->now();
  const Side side = row.side;
  row.target_id = side == Side::crm ? pair_.crm->normal_id(applied.id.value).value : applied.id.value;
  if (row.target_id.empty()) row.target_id = applied.id.value;
  ++report_.done[write_kind(row)];
  if (auto done = store.update_operation(row); !done) return done;
  const bool registers = is_kind(row, RecordKind::registration);
  const bool a_deal_itself = is_kind(row, RecordKind::opportunity) || is_kind(row, RecordKind::referral) || registers;
  if (!a_deal_itself) {
    if (auto noted = note_outcome(row, done_sentence(pair_, row)); !noted) return noted;
  }
  if (is_kind(row, RecordKind::account)) return mark_deal_dirty(row.deal);

  auto found = store.deal(row.deal);
  if (!found) return found.error();
  if (!*found) return a_deal_itself ? note_outcome(row, done_sentence(pair_, row)) : Result<void>{};
  DealRow deal = *std::move(*found);
  deal.dirty = true;
  if (registers) deal.marks.erase(registration_mark);
  const bool only_told_the_seller = side == Side::crm && !is_create(row) && row.agrees_with.empty();
  if (!only_told_the_seller && deal.marks.erase(std::string(refused_mark) + store::name_of(side)) > 0) {
    deal.marks.erase("refused.message");
    deal.marks.erase("refused.reason");
  }
  deal.marks.erase("attempts");
  if (is_kind(row, RecordKind::microsoft_half)) {
    Columns half = row.changes;
    if (applied.stored) half = applied.stored->columns;
    if (!half.count(info(Field::help).name)) half[info(Field::help).name] = row.changes[info(Field::help).name];
    auto image = store.put_image(half, deal.microsoft);
    if (!image) return image.error();
    deal.microsoft = *image;
    deal.microsoft_id = row.target_id;
    deal.ask_microsoft_at = pair_.clock->now() + pair_.settings.answers_every;
    return store.update_deal(deal);
  }

  // The record may have been seen in a listing before its answer was settled: one deal, one row.
  if (!names_its_target(row)) {
    auto other = store.deal_by_record(side, row.target_id);
    if (!other) return other.error();
    if (*other && (*other)->id != deal.id) {
      if (auto removed = store.remove_deal((*other)->id, deal.id); !removed) return removed;
    }
  }
  store::SideState& state = side == Side::crm ? deal.crm : deal.partner_center;
  Columns before;
  if (state.image.valid()) {
    auto image = store.image(state.image);
    if (!image) return image.error();
    before = std::move(*image);
  }
  Columns laid_over = applied.stored ? Columns{} : picture_after(row, applied, before);
  const bool stage_follows = is_create(row) && pair_.connector(side).capabilities().stage_after_create;
  if (stage_follows && !applied.stored && applied.shown.count(pair_.mapping->stage_column()) == 0) {
    laid_over.erase(pair_.mapping->stage_column());
  }
  const Columns& picture = applied.stored ? applied.stored->columns : laid_over;
  auto image = store.put_image(picture, state.image);
  if (!image) return image.error();
  state.record_id = row.target_id;
  state.image = *image;
  state.existence = store::Existence::live;
  state.seen_at = pair_.clock->now();
  if (!applied.version.empty()) state.version = applied.version.value;
  if (applied.stored) state.changed_at = applied.stored->changed_at;
  if (side == Side::partner_center && !applied.stored) moved_[side].insert(row.target_id);
  if (side == Side::partner_center) {
    const auto engagement = text_of(column(picture, info(Field::engagement_id).name));
    if (!engagement.empty()) deal.engagement_id = engagement;
  }
  // What a later read shows beside what we sent may be a person's edit: both sides agreed on what was sent.
  Columns as_sent;
  if (answer == AnswerIs::read_later) {
    as_sent = picture;
    for (const auto& [name, value] : row.changes) {
      if (!stage_follows || name != pair_.mapping->stage_column()) as_sent[name] = value;
    }
  }
  const Columns& agreed = answer == AnswerIs::read_later ? as_sent : picture;
  Deal was_here;
  if (applied.stored && !is_create(row)) {
    was_here = side == Side::crm ? pair_.mapping->read(before).deal : referral_deal(before, {});
  }
  std::vector<std::string> unheeded;
  std::vector<AgreedField> agreed_on;
  const Deal now_here = side == Side::crm ? pair_.mapping->read(agreed).deal : referral_deal(agreed, {});
  for (const auto& [name, other_value] : row.agrees_with) {
    const auto field = field_from(name);
    if (!field) continue;
    const Value& here = now_here.get(*field);
    const auto sent = row.changes.find(name);
    const Value& wanted = side == Side::crm || sent == row.changes.end() ? other_value : sent->second;
    const bool own_answer = answer == AnswerIs::own && applied.stored && !is_create(row);
    if (own_answer && !same_value(here, wanted) && same_value(here, was_here.get(*field))) {
      unheeded.push_back(info(*field).label);  // not agreed on: it is decided again
      continue;
    }
    if (stage_follows && *field == Field::stage) {
      // Both are taken to have stood where the record begins; the other side has moved on since, which is written next.
      agreed_on.push_back({*field, here, here});
    } else if (side == Side::crm) {
      agreed_on.push_back({*field, here, other_value});
    } else {
      agreed_on.push_back({*field, other_value, here});
    }
  }
  if (!unheeded.empty() && unheeded.size() == row.agrees_with.size()) note_unheeded(row, deal, unheeded);
  if (auto kept = agree_on(pair_, deal, agreed_on); !kept) return kept;
  if (auto updated = store.update_deal(deal); !updated) return updated;
  return note_outcome(row, done_sentence(pair_, row), *image);
}

// F-18: the side took the write and kept the fields as they were (read-only for the bridge's user, or reset by a rule).
// The same write is not sent again until something changes or a person replays it.
void Executor::note_unheeded(const OperationRow& row, DealRow& deal, const std::vector<std::string>& fields) {
  const std::string message = words::unheeded(pair_, row.side, fields);
  deal.marks[std::string(refused_mark) + store::name_of(row.side)] = fingerprint(row);
  deal.marks["refused.message"] = message;
  deal.marks["refused.reason"] = "unheeded";
  ++report_.failures_total;
  if (report_.failures.size() < 100) {
    report_.failures.push_back({deal.id, deal.title, message, words::refused_remedy(pair_, deal)});
  }
}

Result<void> Executor::mark_deal_dirty(DealId id) {
  auto deal = pair_.store->deal(id);
  if (!deal) return deal.error();
  if (!*deal || (*deal)->dirty) return {};
  (*deal)->dirty = true;
  return pair_.store->update_deal(**deal);
}

Result<void> Executor::drop(OperationRow& row, bool decide_again) {
  row.state = OperationState::dropped;
  row.finished_at = pair_.clock->now();
  if (auto done = pair_.store->update_operation(row); !done) return done;
  return decide_again ? mark_deal_dirty(row.deal) : Result<void>{};
}

Result<void> Executor::refuse(OperationRow& row, DealRow& deal, const Error& error) {
  row.state = OperationState::rejected;
  row.finished_at = pair_.clock->now();
  const std::string message = words::refused(pair_, row.side, error);
  deal.state = DealState::failed;
  deal.waits_for = WaitFor::nobody;
  deal.reason = error.rule.empty() ? name_of(error.kind) : error.rule;
  deal.message = message;
  deal.next_step = words::refused_remedy(pair_, deal);
  deal.since = pair_.clock->now();
  deal.marks[std::string(refused_mark) + store::name_of(row.side)] = fingerprint(row);
  deal.marks["refused.message"] = message;
  deal.marks["refused.reason"] = deal.reason;
  deal.dirty = true;  // so that the seller is told
  ++report_.failures_total;
  if (report_.failures.size() < 100) report_.failures.push_back({deal.id, deal.title, message, deal.next_step});
  if (auto done = pair_.store->update_operation(row); !done) return done;
  if (auto noted = note_outcome(row, message); !noted) return noted;
  return pair_.store->update_deal(deal);
}

// The deal is tried again by itself, later each time.
Result<void> Executor::postpone(DealRow& deal, Side side, const Error& error) {
  int attempts = 0;
  if (const auto it = deal.marks.find("attempts"); it != deal.marks.end()) attempts = std::stoi(it->second);
  deal.marks["attempts"] = std::to_string(attempts + 1);
  const auto& s = pair_.settings;
  Duration wait{std::min(s.retry_longest.ms, s.retry_first.ms << std::min(attempts, 12))};
  if (error.not_before) wait = std::max(wait, *error.not_before - pair_.clock->now());
  deal.state = DealState::waiting;
  deal.waits_for = side == Side::crm ? WaitFor::date : WaitFor::partner_center;
  deal.reason = name_of(error.kind);
  deal.look_again_at = pair_.clock->now() + wait;
  deal.message = pair_.title(side) + " could not take the change: " + error.message;
  deal.next_step = "Tried again by itself after " + to_string_minutes(*deal.look_again_at) + " UTC.";
  deal.since = pair_.clock->now();
  return pair_.store->update_deal(deal);
}

Result<void> Executor::settle_failed(OperationRow& row, const Error& error, bool& wait_and_retry) {
  row.error_class = name_of(error.kind);
  row.error_message = error.message;
  row.error_detail = error.detail;
  row.error_rule = error.rule;
  if (!error.request_id.empty()) row.request_id = error.request_id;
  auto found = pair_.store->deal(row.deal);
  if (!found) return found.error();
  if (!*found) return drop(row, false);
  DealRow deal = **found;
  switch (error.kind) {
    case ErrorClass::rejected:
    case ErrorClass::forbidden:
    case ErrorClass::schema_drift:
      return refuse(row, deal, error);
    case ErrorClass::precondition:
    case ErrorClass::not_found:
      if (!row.target_id.empty()) moved_[row.side].insert(row.target_id);
      if (auto noted = note_outcome(row, "Changed in " + pair_.title(row.side) + " meanwhile; looked at again");
          !noted) {
        return noted;
      }
      return drop(row, true);
    case ErrorClass::unknown:
    case ErrorClass::bad_response:
      row.state = OperationState::unknown;
      row.not_before = pair_.clock->now() + pair_.settings.late_arrival;
      if (auto done = pair_.store->update_operation(row); !done) return done;
      return note_outcome(row,
                          "No clear answer from " + pair_.title(row.side) + "; it is looked up before anything else");
    case ErrorClass::transient:
    case ErrorClass::throttled:
      if (row.attempts < attempts_max || error.kind == ErrorClass::throttled) {
        row.state = OperationState::planned;  // nothing was applied: the same write may go out again
        wait_and_retry = true;
        return pair_.store->update_operation(row);
      }
      if (auto done = drop(row, false); !done) return done;
      return postpone(deal, row.side, error);
    case ErrorClass::auth_expired:
    case ErrorClass::config:
    case ErrorClass::cursor_invalid:
    case ErrorClass::cancelled:
      row.state = OperationState::planned;
      return pair_.store->update_operation(row);
    case ErrorClass::store_damaged:
    case ErrorClass::store_busy:
    case ErrorClass::guard:
    case ErrorClass::bug:
      break;
  }
  return drop(row, true);
}

Result<void> Executor::drop_planned() {
  store::OperationFilter filter;
  filter.state = OperationState::planned;
  while (true) {
    auto rows = pair_.store->operations(filter);
    if (!rows) return rows.error();
    if (rows->empty()) return {};
    auto done = pair_.store->transaction([&]() -> Result<void> {
      for (auto& row : *rows) {
        if (auto dropped = drop(row, true); !dropped) return dropped;
      }
      return {};
    });
    if (!done) return done;
  }
}

Result<void> Executor::fetch_moved() {
  for (auto& entry : moved_) {
    if (entry.second.empty() || report_.stopped) continue;
    auto looked = look_up(pair_, run_, report_, options_, entry.first, {entry.second.begin(), entry.second.end()});
    if (!looked) return looked.error();
    if (*looked) entry.second.clear();
  }
  return {};
}

}  // namespace cosell::engine
