// A cycle, step by step.
#include "engine/cycle.h"

#include <algorithm>
#include <map>
#include <optional>

#include "base/json_text.h"
#include "engine/absence.h"
#include "engine/clock_back.h"
#include "engine/decided_by.h"
#include "engine/environment.h"
#include "engine/execute.h"
#include "engine/guard.h"
#include "engine/marks.h"
#include "engine/match.h"
#include "engine/planner.h"
#include "engine/pull.h"
#include "engine/recheck.h"
#include "engine/recovery.h"
#include "engine/resolve.h"
#include "engine/view.h"
#include "engine/words.h"
#include "mapping/stored.h"

namespace cosell::engine {

namespace {

using store::OperationRow;

constexpr int asked_at_once = 200;      // deals
constexpr int looks_for_lost_most = 5;  // what has no answer after so many waits for a later sync
constexpr const char* approved_plan_property = "first_sync.approved_plan";  // the writes that a person approved
constexpr const char* stopped_plan_property = "guard.stopped_plan";         // the writes of the plan stopped last

bool waits_for_a_choice(const store::DealRow& row) {
  const auto reasons = reasons_of(row);
  return std::any_of(reasons.begin(), reasons.end(), can_be_chosen);
}

class Cycle {
 public:
  Cycle(const Pair& pair, const CycleOptions& options)
      : pair_(pair), options_(options), environment_(pair, report_, options) {}
  Result<CycleReport> run();

 private:
  Result<void> prepare();
  Result<void> go_through();
  void note_broken_off(const Error& why);
  Result<void> decide_all_anew(const DecidedBy& last);
  Result<void> decide_anew(store::DealRow& row, const std::optional<mapping::Mapping>& before);
  Result<void> tie_all_anew();
  Result<void> note_new_meaning(DealId deal);
  Result<void> pull();
  Result<void> ask_microsoft();
  Result<void> note_unread_answer(store::DealRow& row, const Observation& seen);
  Result<void> rounds();
  Result<bool> plans_all_first();
  enum class Round : std::uint8_t { first, later };
  Result<bool> guard_stops(Round round, std::int64_t writes_to_come);
  Result<void> remember_stopped_plan(const std::string& plan);
  Result<void> stop_on_disappearance();
  Result<std::int64_t> known_deals();
  Result<std::optional<FirstSync>> first_sync(std::int64_t writes_to_come);
  Result<void> wait_for_lost_creates();
  Result<void> finish();
  bool stopped() const { return report_.stopped.has_value(); }

  const Pair& pair_;
  const CycleOptions& options_;
  CycleReport report_;
  Environment environment_;
  // Once the run has begun.
  std::optional<Planner> planner_;
  std::optional<Settler> settler_;
  std::optional<Executor> executor_;
  bool first_sync_ = false;
};

Result<CycleReport> Cycle::run() {
  auto run = pair_.store->start_run(options_.command, pair_.clock->now(), pair_.mapping->text(), pair_.mapping->hash(),
                                    settings_text(pair_.settings));
  if (!run) return run.error();
  report_.run = *run;
  planner_.emplace(pair_, *run, report_, options_);
  settler_.emplace(pair_, *run, report_, options_);
  executor_.emplace(pair_, report_, options_, *settler_);
  if (auto done = go_through(); !done) {
    note_broken_off(done.error());
    return done.error();
  }
  return std::move(report_);
}

Result<void> Cycle::go_through() {
  if (auto done = prepare(); !done) return done;
  if (!stopped()) {
    if (auto done = rounds(); !done) return done;
  }
  if (!stopped() && options_.wait_for_lost_creates && !options_.plan_only) {
    if (auto done = wait_for_lost_creates(); !done) return done;
  }
  return finish();
}

// So that whoever looks later is told why, as far as the store still takes it.
void Cycle::note_broken_off(const Error& why) {
  auto noted = pair_.store->transaction(
      [&] { return pair_.store->finish_run(report_.run, pair_.clock->now(), "stopped", why.message, "{}"); });
  if (!noted && pair_.log) pair_.log("The end of this sync was not noted: " + noted.error().message);
}

Result<void> Cycle::prepare() {
  if (auto done = mind_the_clock(pair_); !done) return done;
  auto synced_before = pair_.store->property("first_sync_done");
  if (!synced_before) return synced_before.error();
  first_sync_ = synced_before->empty();
  auto last = last_decided_by(*pair_.store);
  if (!last) return last.error();
  if (!decides_as(*last, pair_)) {
    if (auto done = decide_all_anew(*last); !done) return done;
  }
  if (auto done = settler_->drop_planned(); !done) return done;
  for (const Side side : {Side::crm, Side::partner_center}) {
    if (auto done = environment_.check(side); !done) return done;
  }
  if (auto done = settler_->probe_open_operations(); !done) return done;
  return pull();
}

// The mapping or a setting is another one: every deal is looked at again. The bases are read under the new mapping too,
// so that nothing looks like an edit (F-68). All or none: by what a part of the deals was decided, nobody would know
// when a third mapping comes.
Result<void> Cycle::decide_all_anew(const DecidedBy& last) {
  const bool maps_otherwise = last.mapping != pair_.mapping->hash();
  std::optional<mapping::Mapping> before;
  if (maps_otherwise && !last.mapping.empty()) {
    if (auto text = pair_.store->mapping_text(last.mapping)) before = mapping::read_stored_mapping(*text).mapping;
  }
  return pair_.store->transaction([&]() -> Result<void> {
    store::DealFilter filter;
    while (true) {
      auto rows = pair_.store->deals(filter);
      if (!rows) return rows.error();
      if (rows->empty()) break;
      filter.after = rows->back().id;
      for (auto& row : *rows) {
        if (auto done = decide_anew(row, before); !done) return done;
      }
    }
    if (maps_otherwise && (!before || before->locations() != pair_.mapping->locations())) {
      if (auto done = tie_all_anew(); !done) return done;
    }
    // Does the new one fit the CRM's stages? Asked at once.
    if (maps_otherwise) {
      if (auto done = pair_.store->set_property("environment.crm.asked", ""); !done) return done;
    }
    return keep_decided_by(pair_);
  });
}

// `before`: the mapping that the deal was decided by, where that is another one.
Result<void> Cycle::decide_anew(store::DealRow& row, const std::optional<mapping::Mapping>& before) {
  auto read_anew = before ? read_marks_anew(pair_, *before, row) : Result<bool>(false);
  if (!read_anew) return read_anew.error();
  if (row.dirty && !*read_anew && !waits_for_a_choice(row)) return {};
  if (waits_for_a_choice(row)) row.marks[untold_mark] = "yes";
  row.dirty = row.dirty || row.reason != "made_before";  // which only a person, or the record itself, ends
  if (auto updated = pair_.store->update_deal(row); !updated) return updated;
  return *read_anew ? note_new_meaning(row.id) : Result<void>{};
}

// Other referrals belong to the pair than before: the keys that they carry count from now on, or no longer (F-77).
Result<void> Cycle::tie_all_anew() {
  Ties ties(pair_, report_.run);
  store::DealFilter filter;
  while (true) {
    auto rows = pair_.store->deals(filter);
    if (!rows) return rows.error();
    if (rows->empty()) return {};
    filter.after = rows->back().id;
    for (const auto& listed : *rows) {
      auto row = pair_.store->deal(listed.id);  // it may be a part of another one since
      if (!row) return row.error();
      if (!*row) continue;
      if (auto tied = ties.tie_anew(**row); !tied) return tied;
    }
  }
}

Result<void> Cycle::note_new_meaning(DealId deal) {
  store::JournalEntry entry;
  entry.at = pair_.clock->now();
  entry.run = report_.run;
  entry.deal = deal;
  entry.kind = store::JournalKind::mapping;
  entry.summary = "The mapping changed: what both sides last agreed on is read under the new one";
  return pair_.store->journal(entry);
}

Result<void> Cycle::pull() {
  const ReadingMoments moments{[this] { return environment_.crm_is_read(); },
                               [this](Side side) { return environment_.position_died(side); }};
  if (auto done = pull_both(pair_, report_.run, report_, options_, moments); !done) return done;
  if (auto done = environment_.sides_are_read(); !done) return done;
  Absence absence(pair_, report_.run, report_, options_);
  for (const Side side : {Side::crm, Side::partner_center}) {
    if (stopped()) return {};
    if (options_.plan_only) continue;
    if (auto done = absence.look_at_older(side); !done) return done;
    if (stopped()) return {};
    if (auto done = absence.daily_look(side); !done) return done;
  }
  return stopped() ? Result<void>{} : stop_on_disappearance();
}

// Told once; what stays out of sight is asked for once a day.
Result<void> Cycle::note_unread_answer(store::DealRow& row, const Observation& seen) {
  const auto told = row.marks.find(answer_unread_mark);
  const bool stays = told != row.marks.end() && told->second == seen.unread_because;
  const Duration wait = stays ? std::max(days(1), pair_.settings.answers_every) : pair_.settings.answers_every;
  row.ask_microsoft_at = pair_.clock->now() + wait;
  if (stays) return {};
  row.marks[answer_unread_mark] = seen.unread_because;
  return note_unread(pair_, report_, Side::partner_center, row, seen);
}

// Microsoft's half may change without changing ours: open requests are looked up from time to time.
Result<void> Cycle::ask_microsoft() {
  if (!pair_.partner_center->capabilities().answer_looked_up) return {};
  DealId after;
  while (!stopped()) {
    auto rows = pair_.store->deals_to_ask_microsoft(pair_.clock->now(), after, asked_at_once);
    if (!rows) return rows.error();
    if (rows->empty()) return {};
    after = rows->back().id;
    std::vector<RecordRef> refs;
    for (const auto& row : *rows) {
      RecordRef ref;
      ref.kind = RecordKind::microsoft_half;
      ref.id = RecordId(row.microsoft_id);
      ref.key = BridgeKey(row.engagement_id);
      refs.push_back(ref);
    }
    Call call = pair_.call(Side::partner_center);
    auto found = pair_.partner_center->fetch(call, refs, {});
    if (!found) {
      report_.side_is_down(Side::partner_center, found.error());
      return {};
    }
    Observer observer(pair_, report_.run);
    std::map<std::string, const Observation*> unread;
    for (const auto& seen : *found) {
      if (seen.existence == Existence::unreadable) unread[seen.key.value] = &seen;
    }
    auto done = pair_.store->transaction([&]() -> Result<void> {
      for (const auto& seen : *found) {
        if (auto taken = observer.take(Side::partner_center, seen, report_.observed[Side::partner_center]); !taken) {
          return taken;
        }
      }
      for (const auto& old : *rows) {
        auto row = pair_.store->deal(old.id);
        if (!row) return row.error();
        if (!*row) continue;
        auto view = load_view(pair_, **row);
        if (!view) return view.error();
        const auto not_shown = unread.find(old.engagement_id);
        (*row)->ask_microsoft_at.reset();
        if (not_shown != unread.end()) {
          if (auto noted = note_unread_answer(**row, *not_shown->second); !noted) return noted;
        } else {
          (*row)->marks.erase(answer_unread_mark);
          const bool open = view->partner_center.text(Field::microsoft_answer) == "waiting";
          if (open) (*row)->ask_microsoft_at = pair_.clock->now() + pair_.settings.answers_every;
        }
        if (auto updated = pair_.store->update_deal(**row); !updated) return updated;
      }
      return {};
    });
    if (!done) return done;
  }
  return {};
}

Result<std::int64_t> Cycle::known_deals() {
  auto states = pair_.store->count_deals();
  if (!states) return states.error();
  std::int64_t known = 0;
  for (const auto& s : *states) {
    if (s.state != store::DealState::skipped) known += s.deals;
  }
  return known;
}

// A disappearance that stopped a run stops the next one too, until a person lets it through.
Result<void> Cycle::stop_on_disappearance() {
  auto gone = noted_as_gone(*pair_.store);
  if (!gone) return gone.error();
  if (*gone == 0) return {};
  auto known = known_deals();
  if (!known) return known.error();
  auto deals = deals_gone(pair_);
  if (!deals) return deals.error();
  if (const auto found = check_disappearance(pair_, {*gone, *deals}, *known, options_)) {
    stop_run(report_, *found);
    return {};
  }
  return pair_.store->transaction([&] { return forget_gone(*pair_.store); });
}

Result<std::optional<FirstSync>> Cycle::first_sync(std::int64_t writes_to_come) {
  if (!first_sync_) return std::optional<FirstSync>{};
  auto approved = pair_.store->property(approved_plan_property);
  if (!approved) return approved.error();
  FirstSync first;
  first.plan_hash = planner_->plan_hash();
  first.writes = writes_to_come;
  // What only tells sellers goes along with an approved plan; by itself it is a plan like any other.
  if (writes_to_come > 0) first.not_approved = approved->empty() ? writes_to_come : planner_->writes_beside(*approved);
  if (plan_is_approved(first, options_)) {
    const std::string plan = planner_->plan_in_one_text();
    auto kept = pair_.store->transaction([&] { return pair_.store->set_property(approved_plan_property, plan); });
    if (!kept) return kept.error();
  }
  return std::optional<FirstSync>{first};
}

// Has all to be compared before the first write? Not when so few deals are to be decided on that the guards would let
// all of them through together, whatever is decided: then the first writes leave while the others are still compared.
// What a plan with a limit shows, and new deals from Partner Center with their customers, are planned as a whole.
Result<bool> Cycle::plans_all_first() {
  if (first_sync_ || options_.plan_only || options_.limit > 0) return true;
  auto inbound = pair_.store->lone_deals(Side::partner_center, true, DealId(), 1);
  if (!inbound) return inbound.error();
  if (!inbound->empty()) return true;
  auto known = known_deals();
  if (!known) return known.error();
  auto to_decide = pair_.store->count_deals_to_decide(planner_->due_at());
  if (!to_decide) return to_decide.error();
  PlannedSteps most = planner_->steps();
  for (std::int64_t* count : {&most.creates, &most.closings, &most.sharings}) *count += *to_decide;
  return check_mass_change(pair_, most, *known, std::nullopt, options_).has_value();
}

// What was written before, in the same sync, was let through already. A later round is judged as the first one is: more
// deals may be due by then, and more may have changed. How much a first sync writes in all is judged once.
Result<bool> Cycle::guard_stops(Round round, std::int64_t writes_to_come) {
  auto known = known_deals();
  if (!known) return known.error();
  auto first = first_sync(round == Round::first ? writes_to_come : 0);
  if (!first) return first.error();
  PlannedSteps steps = planner_->steps();
  steps.some_written = !report_.done.empty();
  const auto found = check_mass_change(pair_, steps, *known, *first, options_);
  if (found) stop_run(report_, *found);
  return found.has_value();
}

Result<void> Cycle::remember_stopped_plan(const std::string& plan) {
  auto known = pair_.store->property(stopped_plan_property);
  if (!known) return known.error();
  if (*known == plan) return {};
  return pair_.store->transaction([&] { return pair_.store->set_property(stopped_plan_property, plan); });
}

Result<void> Cycle::rounds() {
  auto approved = pair_.store->property(approved_plan_property);
  if (!approved) return approved.error();
  using FirstSyncIs = Planner::FirstSyncIs;
  planner_->begin(!first_sync_        ? FirstSyncIs::over
                  : approved->empty() ? FirstSyncIs::not_approved
                                      : FirstSyncIs::approved);
  // A service that nobody answers meets the guard in each cycle with the same plan, which is told once.
  auto told = options_.plan_only ? Result<std::string>(std::string()) : pair_.store->property(stopped_plan_property);
  if (!told) return told.error();
  planner_->withhold(*told);
  if (auto done = match_lone_deals(pair_); !done) return done;
  for (int round = 0; round < rounds_max && !stopped(); ++round) {
    if (auto done = ask_microsoft(); !done) return done;
    if (stopped()) return {};
    if (auto done = planner_->begin_round(); !done) return done;
    auto all_first = round == 0 ? plans_all_first() : Result<bool>(true);
    if (!all_first) return all_first.error();
    auto operations = planner_->plan(*all_first ? Planner::Until::all_is_planned : Planner::Until::something_may_leave);
    if (!operations) return operations.error();
    if (stopped() || *operations == 0) return {};
    if (*all_first) {
      auto stop = guard_stops(round == 0 ? Round::first : Round::later, *operations);  // a plan says it too
      if (!stop) return stop.error();
      if (*stop) return options_.plan_only ? Result<void>{} : remember_stopped_plan(planner_->stopped_plan());
    }
    if (options_.plan_only) return {};
    if (auto kept = planner_->keep_withheld(); !kept) return kept;
    if (auto done = remember_stopped_plan(""); !done) return done;
    auto pushed = executor_->push_all(
        *operations, [this](const auto& deals) { return planner_->follow_up(deals); },
        [this] { return planner_->plan_more(); });
    if (!pushed) return pushed;
    if (stopped()) return {};
    if (auto done = settler_->probe_open_operations(); !done) return done;
    if (auto done = settler_->fetch_moved(); !done) return done;
  }
  return {};
}

Result<void> Cycle::wait_for_lost_creates() {
  bool looked_up = false;
  for (int look = 0; look < looks_for_lost_most && report_.unanswered > 0 && !stopped(); ++look, looked_up = true) {
    store::OperationFilter filter;
    filter.state = store::OperationState::unknown;
    filter.limit = 1000;
    auto open = pair_.store->operations(filter);
    if (!open) return open.error();
    if (open->empty()) return {};
    Instant latest = pair_.clock->now();
    for (const auto& op : *open) latest = std::max(latest, op.not_before.value_or(latest));
    // What is left then cannot be read now; a later sync looks it up.
    if (looked_up && latest <= pair_.clock->now()) return {};
    options_.progress(
        {"Making sure that " + std::to_string(open->size()) + " unanswered writes cannot arrive late", 0, 0});
    if (!pair_.clock->sleep_for(latest - pair_.clock->now() + milliseconds(50))) {
      report_.stopped = make_error(ErrorClass::cancelled, "Stopped as asked; nothing is lost.");
      return {};
    }
    if (auto done = settler_->probe_open_operations(); !done || stopped()) return done;
    if (auto done = rounds(); !done) return done;
  }
  return {};
}

Result<void> Cycle::finish() {
  // A request that was broken off because we were asked to stop says nothing of its side.
  if (report_.stopped && report_.stopped->kind == ErrorClass::cancelled) report_.side_down.reset();
  if (auto done = environment_.look_at_the_end(); !done) return done;
  report_.deals_with_writes = planner_->deals_with_writes();
  report_.calls[Side::crm] = pair_.meter->of(store::name_of(Side::crm));
  report_.calls[Side::partner_center] = pair_.meter->of(store::name_of(Side::partner_center));
  if (!options_.plan_only) {
    if (auto done = settler_->drop_planned(); !done) return done;
  }
  auto states = pair_.store->count_deals();
  if (!states) return states.error();
  report_.states = *states;
  std::string outcome = "ok";
  if (report_.failures_total > 0) outcome = "failures";
  if (report_.stopped) outcome = report_.guard.empty() ? (report_.side_down ? "unreachable" : "stopped") : "guard";
  auto figures = json::Value::object();
  for (const auto& [kind, count] : report_.done) figures.set(kind, json::Value::integer(count));
  for (const auto& [side, calls] : report_.calls) {
    figures.set(std::string("calls.") + store::name_of(side),
                json::Value::integer(static_cast<std::int64_t>(calls.total())));
    const std::string granted = std::string("granted.") + store::name_of(side);
    if (const auto told = pair_.meter->granted(store::name_of(side))) {
      figures.set(granted + ".used", json::Value::integer(told->used));
      figures.set(granted + ".limit", json::Value::integer(told->limit));
    }
    figures.set(std::string("asked_to_wait.") + store::name_of(side),
                json::Value::boolean(pair_.meter->asked_to_wait(store::name_of(side))));
    if (const auto told = pair_.meter->in_flight(store::name_of(side))) {
      figures.set(std::string("in_flight.") + store::name_of(side), json::Value::integer(told->now));
      figures.set(std::string("slowed_down.") + store::name_of(side), json::Value::boolean(told->slowed_down));
    }
  }
  return pair_.store->transaction([&]() -> Result<void> {
    for (const Side side : {Side::crm, Side::partner_center}) {
      const std::string name = std::string("incident.") + store::name_of(side);
      const auto failed = report_.down.find(side);
      const bool broken_off = failed != report_.down.end() && failed->second.kind == ErrorClass::cancelled;
      const bool down = failed != report_.down.end() && !broken_off;
      auto known = pair_.store->property(name);
      if (!known) return known.error();
      std::string value;
      if (down) {
        auto object = json::Value::object();
        const auto before = known->empty() ? std::optional<std::string>{} : json::read(*known)->text_of("since");
        object.set("since", json::Value::string(before.value_or(to_string(pair_.clock->now()))));
        object.set("class", json::Value::string(name_of(failed->second.kind)));
        object.set("message", json::Value::string(words::side_down(pair_, side, failed->second)));
        value = json::canonical(object);
      }
      // A side that was not asked in this run keeps its incident.
      const bool asked = report_.calls[side].total() + report_.calls[side].logins > 0 && !broken_off;
      if (value != *known && (down || asked)) {
        if (auto done = pair_.store->set_property(name, value); !done) return done;
        if (value.empty() && !options_.plan_only) {
          if (auto done = note_recovery(pair_, {report_.run, side, *known, report_.deals_with_writes}); !done) {
            return done;
          }
        }
      }
    }
    if (!report_.stopped && first_sync_ && !options_.plan_only && !options_.only && options_.limit == 0) {
      if (auto done = pair_.store->set_property("first_sync_done", to_string(pair_.clock->now())); !done) return done;
      if (auto done = pair_.store->set_property(approved_plan_property, ""); !done) return done;
    }
    return pair_.store->finish_run(report_.run, pair_.clock->now(), outcome,
                                   report_.stopped ? report_.stopped->message : "", json::canonical(figures));
  });
}

}  // namespace

void CycleReport::side_is_down(Side side, const Error& error) {
  down.emplace(side, error);
  if (stopped) return;
  stopped = error;
  side_down = side;
}

void CycleReport::note_failure(DealNote note) {
  if (!failed_deals.insert(note.deal.value).second) return;
  ++failures_total;
  if (failures.size() < 100) failures.push_back(std::move(note));
}

bool CycleReport::may_look_at(Side side) const {
  const bool ends_for_a_side = side_down && guard.empty() && stopped->kind != ErrorClass::cancelled;
  return down.count(side) == 0 && (!stopped || ends_for_a_side);
}

Call Pair::call(Side side) const {
  Call call{*(side == Side::crm ? crm_transport : partner_center_transport), *clock, *random, *meter,
            store::name_of(side)};
  const auto configured = settings.in_flight.find(side);
  call.max_in_flight =
      configured != settings.in_flight.end() ? configured->second : connector(side).capabilities().in_flight_max;
  if (const auto before = in_flight_before.find(side); before != in_flight_before.end()) {
    call.in_flight_at_first = before->second;
  }
  call.log = log;
  return call;
}

std::string write_kind(const store::OperationRow& operation) {
  return std::string(store::name_of(operation.side)) + "." + operation.kind + "." + operation.verb;
}

Result<CycleReport> run_cycle(const Pair& pair, const CycleOptions& options) {
  Cycle cycle(pair, options);
  return cycle.run();
}

}  // namespace cosell::engine
