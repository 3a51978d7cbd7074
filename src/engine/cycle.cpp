// A cycle, step by step.
#include "engine/cycle.h"

#include <algorithm>
#include <map>
#include <span>

#include "base/json_text.h"
#include "base/text.h"
#include "engine/absence.h"
#include "engine/decide.h"
#include "engine/drift.h"
#include "engine/execute.h"
#include "engine/guard.h"
#include "engine/labels.h"
#include "engine/match.h"
#include "engine/pull.h"
#include "engine/recheck.h"
#include "engine/recovery.h"
#include "engine/words.h"
#include "store/codec.h"

namespace cosell::engine {

namespace {

using store::OperationRow;

constexpr int page_of_deals = 200;
constexpr std::size_t reported_max = 100;
constexpr int rounds_max = 5;  // plan, write, see the result, tell the seller; the rest is for next time
constexpr const char* stages_asked_property = "stages.crm.asked";
constexpr const char* approved_plan_property = "first_sync.approved";  // how many writes a person approved

// What a person sees of one write in the plan: the same for the same plan at another time and in another order.
std::uint64_t plan_hash_of(const OperationRow& op, const store::DealRow& deal) {
  Columns changes = op.changes;
  erase_if(changes, [](const auto& change) { return std::holds_alternative<Instant>(change.second); });
  const std::string hex =
      text::sha256_hex(write_kind(op) + "\n" + deal.crm.record_id + "\n" + deal.partner_center.record_id + "\n" +
                       op.step + "\n" + store::encode(changes));
  return std::stoull(hex.substr(0, 16), nullptr, 16);
}

std::string to_hex(std::uint64_t number) {
  std::string hex(12, '0');
  for (auto it = hex.rbegin(); it != hex.rend(); ++it, number /= 16) *it = "0123456789abcdef"[number % 16];
  return hex;
}

class Cycle {
 public:
  Cycle(const Pair& pair, const CycleOptions& options) : pair_(pair), options_(options) {}
  Result<CycleReport> run();

 private:
  Result<void> prepare();
  Result<void> check_environment(Side side);
  Result<void> pull();
  Result<void> ask_microsoft();
  Result<void> rounds();
  Result<std::int64_t> decide_all();
  Result<std::int64_t> decide_settled(const std::vector<DealId>& deals);
  Result<std::int64_t> decide_settled_page(std::span<const DealId> deals);
  enum class Questions : std::uint8_t { asked, left_for_later };
  Result<std::int64_t> decide_on(Decider& decider, std::vector<store::DealRow> rows, Questions questions);
  bool may_decide_on(const store::DealRow& row) const;
  void note_writes(std::size_t deal);
  Result<void> commit(const std::vector<Planned>& plans);
  Result<void> note_decision(const Planned& plan);
  void count_steps(const OperationRow& operation);
  void warn(const Planned& plan);
  Result<bool> guard_stops(std::int64_t writes_to_come);
  Result<void> stop_on_disappearance();
  Result<std::int64_t> known_deals();
  Result<std::optional<FirstSync>> first_sync(std::int64_t writes_to_come);
  Result<void> wait_for_lost_creates();
  Result<void> look_at_stages();
  Result<bool> stages_look_due();
  Result<void> finish();
  bool stopped() const { return report_.stopped.has_value(); }

  const Pair& pair_;
  const CycleOptions& options_;
  CycleReport report_;
  PlannedSteps steps_;
  std::vector<bool> with_writes_;  // by the deal's number
  std::int64_t deals_with_writes_ = 0;
  std::set<std::pair<std::int64_t, std::string>> warned_;
  std::vector<std::uint8_t> times_decided_;  // in these rounds, by the deal's number
  bool first_sync_ = false;
  std::uint64_t plan_hash_ = 0;  // order-independent, over everything that would be written
};

Result<CycleReport> Cycle::run() {
  auto run = pair_.store->start_run(options_.command, pair_.clock->now(), pair_.mapping->text(), pair_.mapping->hash(),
                                    settings_text(pair_.settings));
  if (!run) return run.error();
  report_.run = *run;
  if (auto done = prepare(); !done) return done.error();
  if (!stopped()) {
    if (auto done = rounds(); !done) return done.error();
  }
  if (!stopped() && options_.wait_for_lost_creates && !options_.plan_only) {
    if (auto done = wait_for_lost_creates(); !done) return done.error();
  }
  if (auto done = finish(); !done) return done.error();
  return std::move(report_);
}

Result<void> Cycle::prepare() {
  auto synced_before = pair_.store->property("first_sync_done");
  if (!synced_before) return synced_before.error();
  first_sync_ = synced_before->empty();
  auto hash = pair_.store->property("mapping_hash");
  if (!hash) return hash.error();
  if (*hash != pair_.mapping->hash()) {
    // Another mapping: every deal is looked at again; the bases are read under the new mapping too, so that nothing
    // looks like an edit (F-68).
    store::DealFilter filter;
    while (true) {
      auto rows = pair_.store->deals(filter);
      if (!rows) return rows.error();
      if (rows->empty()) break;
      filter.after = rows->back().id;
      auto done = pair_.store->transaction([&]() -> Result<void> {
        for (auto& row : *rows) {
          if (row.dirty) continue;
          row.dirty = true;
          if (auto updated = pair_.store->update_deal(row); !updated) return updated;
        }
        return {};
      });
      if (!done) return done;
    }
    auto set = pair_.store->transaction([&]() -> Result<void> {
      // Does the new one fit the CRM's stages? Asked at once.
      if (auto done = pair_.store->set_property("environment.crm.asked", ""); !done) return done;
      return pair_.store->set_property("mapping_hash", pair_.mapping->hash());
    });
    if (!set) return set;
  }
  Settler settler(pair_, report_.run, report_, options_);
  if (auto done = settler.drop_planned(); !done) return done;
  for (const Side side : {Side::crm, Side::partner_center}) {
    if (auto done = check_environment(side); !done) return done;
    if (stopped()) return {};
  }
  if (auto done = settler.probe_open_operations(); !done || stopped()) return done;
  return pull();
}

Result<void> Cycle::pull() {
  if (auto done = pull_both(pair_, report_.run, report_, options_); !done) return done;
  Absence absence(pair_, report_.run, report_, options_);
  for (const Side side : {Side::crm, Side::partner_center}) {
    if (stopped() || options_.plan_only) return {};
    if (auto done = absence.daily_look(side); !done) return done;
  }
  return stopped() ? Result<void>{} : stop_on_disappearance();
}

// The same URL must still be the same organisation (F-69), and the mapping must still fit the CRM's stages. Asked on
// the first run, and then once a day; the CRM also after a value turned up that the mapping does not know, and hourly
// while deals change: an idle cycle costs nothing for it.
Result<void> Cycle::check_environment(Side side) {
  const std::string name = std::string("environment.") + store::name_of(side);
  auto known = pair_.store->property(name);
  if (!known) return known.error();
  auto asked = pair_.store->property(name + ".asked");
  if (!asked) return asked.error();
  const auto last = parse_instant(*asked);
  if (!known->empty() && last && pair_.clock->now() - *last < days(1)) return {};
  Call call = pair_.call(side);
  auto described = pair_.connector(side).describe(call);
  if (!described) {
    report_.side_is_down(side, described.error());
    return {};
  }
  // An account without a deal does not name its organisation yet: "host" becomes "host/organisation" later.
  const bool grown = text::starts_with(described->environment, *known + "/");
  if (!known->empty() && *known != described->environment && !grown) {
    report_.side_is_down(side, make_error(ErrorClass::config,
                                          pair_.title(side) + " is another organisation than at the last sync (now " +
                                              described->environment + ", before " + *known +
                                              "). Nothing was written. If that is meant, use another store file."));
    return {};
  }
  return pair_.store->transaction([&]() -> Result<void> {
    if (auto done = pair_.store->set_property(name, described->environment); !done) return done;
    if (side == Side::crm) {
      if (auto done = note_drift(pair_, described->stages); !done) return done;
      if (auto done = note_labels(pair_, described->columns); !done) return done;
    }
    return pair_.store->set_property(name + ".asked", to_string(pair_.clock->now()));
  });
}

// Microsoft's half may change without changing ours: open requests are looked up from time to time.
Result<void> Cycle::ask_microsoft() {
  if (!pair_.partner_center->capabilities().related_answer_by_query) return {};
  DealId after;
  while (!stopped()) {
    auto rows = pair_.store->deals_to_ask_microsoft(pair_.clock->now(), after, page_of_deals);
    if (!rows) return rows.error();
    if (rows->empty()) return {};
    after = rows->back().id;
    std::vector<RecordRef> refs;
    for (const auto& row : *rows) {
      RecordRef ref;
      ref.kind = RecordKind::microsoft_half;
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
        const bool open = view->partner_center.text(Field::microsoft_answer) == "waiting";
        (*row)->ask_microsoft_at.reset();
        if (open) (*row)->ask_microsoft_at = pair_.clock->now() + pair_.settings.answers_every;
        if (auto updated = pair_.store->update_deal(**row); !updated) return updated;
      }
      return {};
    });
    if (!done) return done;
  }
  return {};
}

void Cycle::count_steps(const OperationRow& operation) {
  const bool new_deal =
      operation.kind != name_of(RecordKind::microsoft_half) && operation.kind != name_of(RecordKind::registration);
  if (operation.verb == name_of(Verb::create) && new_deal) ++steps_.creates;
  const auto& step = operation.step;
  for (const Irreversible closing :
       {Irreversible::won, Irreversible::lost, Irreversible::declined, Irreversible::error}) {
    if (step == name_of(closing)) ++steps_.closings;
  }
  if (step == name_of(Irreversible::shared) || step == name_of(Irreversible::help_asked)) ++steps_.sharings;
}

Result<void> Cycle::note_decision(const Planned& plan) {
  store::JournalEntry entry;
  entry.at = pair_.clock->now();
  entry.run = report_.run;
  entry.deal = plan.row.id;
  const bool writes = !plan.operations.empty();
  if (plan.summary.empty() && !writes) return {};
  entry.kind = writes ? store::JournalKind::decided : store::JournalKind::waiting;
  entry.summary = plan.summary.empty() ? "The seller's columns are brought up to date" : plan.summary;
  entry.payload = decision_payload(plan);
  if (auto done = pair_.store->journal(entry); !done) return done;
  for (const OperationRow& op : plan.operations) {
    store::JournalEntry intended;
    intended.at = entry.at;
    intended.run = report_.run;
    intended.deal = plan.row.id;
    intended.kind = store::JournalKind::intended;
    intended.summary = words::intended(pair_, op);
    json::ObjectText what;
    what.text("kind", op.kind);
    what.text("operation", op.id.value);
    what.text("side", store::name_of(op.side));
    what.text("verb", op.verb);
    intended.payload = what.object();
    if (auto done = pair_.store->journal(intended); !done) return done;
  }
  return {};
}

Result<void> Cycle::commit(const std::vector<Planned>& plans) {
  return pair_.store->transaction([&]() -> Result<void> {
    for (const auto& plan : plans) {
      if (auto done = pair_.store->update_deal(plan.row); !done) return done;
      for (const auto& op : plan.operations) {
        if (auto done = pair_.store->add_operation(op); !done) return done;
      }
      if (auto done = note_decision(plan); !done) return done;
    }
    return {};
  });
}

// Once per deal and run, however many rounds decide on it.
void Cycle::warn(const Planned& plan) {
  if (!warned_.insert({plan.row.id.value, plan.warning}).second) return;
  ++report_.warnings_total;
  if (report_.warnings.size() >= reported_max) return;
  report_.warnings.push_back({plan.row.id, plan.row.title, plan.warning, plan.row.next_step});
}

bool Cycle::may_decide_on(const store::DealRow& row) const {
  const auto id = static_cast<std::size_t>(row.id.value);
  if (id < times_decided_.size() && times_decided_[id] >= rounds_max) return false;
  if (options_.only && !options_.only(row)) return false;
  const bool full = options_.limit > 0 && deals_with_writes_ >= options_.limit;
  return !full || (id < with_writes_.size() && with_writes_[id]);
}

void Cycle::note_writes(std::size_t deal) {
  if (deal >= with_writes_.size()) with_writes_.resize(deal + 1);
  if (!with_writes_[deal]) ++deals_with_writes_;
  with_writes_[deal] = true;
}

// Decides on these deals and keeps what follows; how many operations that is.
Result<std::int64_t> Cycle::decide_on(Decider& decider, std::vector<store::DealRow> rows, Questions questions) {
  std::int64_t operations = 0;
  std::vector<Planned> plans;
  for (auto& row : rows) {
    if (!may_decide_on(row)) continue;
    const auto id = static_cast<std::size_t>(row.id.value);
    std::optional<Planned> plan;
    if (questions == Questions::asked) {
      auto decided = decider.decide(std::move(row));
      if (!decided) {
        if (auto done = commit(plans); !done) return done.error();
        report_.side_is_down(decider.asked(), decided.error());
        return operations;
      }
      plan = std::move(*decided);
    } else {
      auto decided = decider.decide_unasked(std::move(row));
      if (!decided) return decided.error();
      plan = std::move(*decided);
    }
    if (!plan) continue;
    if (id >= times_decided_.size()) times_decided_.resize(id + 1);
    ++times_decided_[id];
    for (const auto& op : plan->operations) {
      ++operations;
      ++report_.planned[write_kind(op)];
      if (first_sync_ && questions == Questions::asked) plan_hash_ += plan_hash_of(op, plan->before);
      count_steps(op);
    }
    if (!plan->operations.empty()) note_writes(id);
    if (plan->warning_is_new) warn(*plan);
    plans.push_back(std::move(*plan));
  }
  if (auto done = commit(plans); !done) return done.error();
  return operations;
}

Result<std::int64_t> Cycle::decide_all() {
  Decider decider(pair_, report_.run);
  store::OperationFilter open_filter;
  open_filter.state = store::OperationState::unknown;
  open_filter.limit = 100'000;
  auto open = pair_.store->operations(open_filter);
  if (!open) return open.error();
  std::set<std::int64_t> unanswered;
  for (const auto& op : *open) unanswered.insert(op.deal.value);

  std::int64_t operations = 0;
  DealId after;
  std::int64_t looked_at = 0;
  while (true) {
    auto rows = pair_.store->deals_to_decide(pair_.clock->now(), after, page_of_deals);
    if (!rows) return rows.error();
    if (rows->empty()) return operations;
    after = rows->back().id;
    const auto looked = static_cast<std::int64_t>(rows->size());
    std::erase_if(*rows, [&](const store::DealRow& row) {
      return unanswered.count(row.id.value) > 0 || !may_decide_on(row);  // I-20
    });
    const bool all = !options_.only && options_.limit == 0;
    const auto ahead = all ? Decider::Ahead::looks : Decider::Ahead::only_these;
    if (auto ready = decider.prepare(*rows, ahead); !ready) {
      report_.side_is_down(Side::crm, ready.error());
      return operations;
    }
    auto decided = decide_on(decider, std::move(*rows), Questions::asked);
    if (!decided) return decided.error();
    operations += *decided;
    if (stopped()) return operations;
    looked_at += looked;
    options_.progress({"Comparing", looked_at, 0});
    if (pair_.stop_requested()) {
      report_.stopped = make_error(ErrorClass::cancelled, "Stopped as asked; nothing is lost.");
      return operations;
    }
  }
}

// Deals whose writes were just settled: what follows leaves while the writes of others fly, and what both sides show of
// them is still in memory. What asks a side something first, or has another write under way, waits for the next round.
Result<std::int64_t> Cycle::decide_settled(const std::vector<DealId>& deals) {
  std::int64_t operations = 0;
  for (std::size_t begin = 0; begin < deals.size(); begin += page_of_deals) {
    const std::size_t count = std::min<std::size_t>(page_of_deals, deals.size() - begin);
    auto decided = decide_settled_page(std::span(deals).subspan(begin, count));
    if (!decided) return decided;
    operations += *decided;
  }
  return operations;
}

Result<std::int64_t> Cycle::decide_settled_page(std::span<const DealId> deals) {
  std::vector<store::DealRow> rows;
  for (const DealId id : deals) {
    auto row = pair_.store->deal(id);
    if (!row) return row.error();
    if (!*row || !(*row)->dirty || (*row)->crm.record_id.empty() || (*row)->partner_center.record_id.empty()) continue;
    if ((*row)->ask_microsoft_at && *(*row)->ask_microsoft_at <= pair_.clock->now()) continue;
    auto open = pair_.store->has_open_operation(id);
    if (!open) return open.error();
    if (!*open) rows.push_back(std::move(**row));
  }
  if (rows.empty()) return 0;
  Decider decider(pair_, report_.run);
  return decide_on(decider, std::move(rows), Questions::left_for_later);
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
  if (const auto found = check_disappearance(*gone, *known, pair_.settings, options_)) {
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
  first.plan_hash = to_hex(plan_hash_);
  first.writes = writes_to_come;
  if (!approved->empty()) first.approved_writes = std::stoll(*approved);
  if (plan_is_approved(first, options_) && first.approved_writes < first.writes) {
    const std::string writes = std::to_string(first.writes);
    auto kept = pair_.store->transaction([&] { return pair_.store->set_property(approved_plan_property, writes); });
    if (!kept) return kept.error();
  }
  return std::optional<FirstSync>{first};
}

// What was written before, in the same sync, was let through already.
Result<bool> Cycle::guard_stops(std::int64_t writes_to_come) {
  auto known = known_deals();
  if (!known) return known.error();
  auto first = first_sync(writes_to_come);
  if (!first) return first.error();
  const auto found = check_mass_change(steps_, *known, *first, pair_.settings, options_);
  if (found) stop_run(report_, *found);
  return found.has_value();
}

Result<void> Cycle::rounds() {
  Settler settler(pair_, report_.run, report_, options_);
  Executor executor(pair_, report_, options_, settler);
  times_decided_.clear();
  plan_hash_ = 0;
  if (auto done = match_lone_deals(pair_); !done) return done;
  for (int round = 0; round < rounds_max && !stopped(); ++round) {
    if (auto done = ask_microsoft(); !done) return done;
    if (stopped()) return {};
    auto operations = decide_all();
    if (!operations) return operations.error();
    if (stopped() || *operations == 0) return {};
    if (round == 0) {
      auto stop = guard_stops(*operations);  // a plan says it too
      if (!stop) return stop.error();
      if (*stop) return {};
    }
    if (options_.plan_only) return {};
    auto pushed = executor.push_all(*operations, [this](const auto& deals) { return decide_settled(deals); });
    if (!pushed) return pushed;
    if (stopped()) return {};
    if (auto done = settler.probe_open_operations(); !done) return done;
    if (auto done = settler.fetch_moved(); !done) return done;
  }
  return {};
}

Result<void> Cycle::wait_for_lost_creates() {
  while (report_.unanswered > 0 && !stopped()) {
    store::OperationFilter filter;
    filter.state = store::OperationState::unknown;
    filter.limit = 1000;
    auto open = pair_.store->operations(filter);
    if (!open) return open.error();
    if (open->empty()) return {};
    Instant latest = pair_.clock->now();
    for (const auto& op : *open) latest = std::max(latest, op.not_before.value_or(latest));
    options_.progress(
        {"Making sure that " + std::to_string(open->size()) + " unanswered writes cannot arrive late", 0, 0});
    if (!pair_.clock->sleep_for(latest - pair_.clock->now() + milliseconds(50))) {
      report_.stopped = make_error(ErrorClass::cancelled, "Stopped as asked; nothing is lost.");
      return {};
    }
    Settler settler(pair_, report_.run, report_, options_);
    if (auto done = settler.probe_open_operations(); !done || stopped()) return done;
    if (auto done = rounds(); !done) return done;
  }
  return {};
}

// Looks at the CRM's stages at the end of a sync in which something suggests that they changed, so that the change is
// told at once. Should the CRM not answer, the next sync begins with it.
Result<void> Cycle::look_at_stages() {
  bool look = false;
  auto states = pair_.store->count_deals();
  if (!states) return states.error();
  auto described_at = pair_.store->property("environment.crm.asked");
  if (!described_at) return described_at.error();
  auto judged = pair_.store->transaction([&]() -> Result<void> {
    auto unreadable = more_is_unreadable(*pair_.store, *states);
    if (!unreadable) return unreadable.error();
    auto due = stages_look_due();
    if (!due) return due.error();
    look = *unreadable || *due;
    return look ? pair_.store->set_property("environment.crm.asked", "") : Result<void>{};
  });
  if (!judged || !look || stopped() || options_.plan_only) return judged;
  auto known = pair_.store->property("environment.crm");
  if (!known) return known.error();
  Call call = pair_.call(Side::crm);
  const auto described = pair_.crm->describe_stages(call);
  if (!described || described->environment != *known) return {};
  return pair_.store->transaction([&]() -> Result<void> {
    if (auto done = note_drift(pair_, described->stages); !done) return done;
    if (auto done = pair_.store->set_property(stages_asked_property, to_string(pair_.clock->now())); !done) return done;
    // Labels were not asked for: the whole description still comes once a day.
    return pair_.store->set_property("environment.crm.asked", *described_at);
  });
}

// Deals changed, and the CRM's stages were last looked at more than an hour ago.
Result<bool> Cycle::stages_look_due() {
  auto described_at = pair_.store->property("environment.crm.asked");
  if (!described_at) return described_at.error();
  auto asked_at = pair_.store->property(stages_asked_property);
  if (!asked_at) return asked_at.error();
  const auto described = parse_instant(*described_at);
  const auto last = std::max(described, parse_instant(*asked_at));
  return report_.observed[Side::crm].changed > 0 && described && pair_.clock->now() - *last >= hours(1);
}

Result<void> Cycle::finish() {
  // A request that was broken off because we were asked to stop says nothing of its side.
  if (report_.stopped && report_.stopped->kind == ErrorClass::cancelled) report_.side_down.reset();
  if (auto done = look_at_stages(); !done) return done;
  report_.deals_with_writes = deals_with_writes_;
  report_.calls[Side::crm] = pair_.meter->of(store::name_of(Side::crm));
  report_.calls[Side::partner_center] = pair_.meter->of(store::name_of(Side::partner_center));
  if (!options_.plan_only) {
    Settler settler(pair_, report_.run, report_, options_);
    if (auto done = settler.drop_planned(); !done) return done;
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

Call Pair::call(Side side) const {
  Call call{*(side == Side::crm ? crm_transport : partner_center_transport), *clock, *random, *meter,
            store::name_of(side)};
  const auto configured = settings.in_flight.find(side);
  call.max_in_flight =
      configured != settings.in_flight.end() ? configured->second : connector(side).capabilities().in_flight_max;
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
