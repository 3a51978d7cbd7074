// Decisions page by page, kept with what follows from them.
#include "engine/planner.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/json_text.h"
#include "base/text.h"
#include "engine/recheck.h"
#include "engine/words.h"
#include "store/codec.h"

namespace cosell::engine {

namespace {

using store::OperationRow;

constexpr std::size_t page_of_deals = 200;
constexpr std::size_t reported_max = 100;
constexpr std::size_t withheld_max = 20'000;  // a bound on memory
constexpr std::uint8_t counted_as_writing = 1;
constexpr std::uint8_t counted_as_created = 2;
constexpr std::uint8_t counted_as_closed = 4;
constexpr std::uint8_t counted_as_shared = 8;

// What a person sees of one write in the plan: the same for the same plan at another time and in another order.
std::uint64_t plan_hash_of(const OperationRow& op, const store::DealRow& deal) {
  Columns changes = op.changes;
  erase_if(changes, [](const auto& change) { return std::holds_alternative<Instant>(change.second); });
  const std::string hex =
      text::sha256_hex(write_kind(op) + "\n" + deal.crm.record_id + "\n" + deal.partner_center.record_id + "\n" +
                       op.step + "\n" + store::encode(changes));
  return std::stoull(hex.substr(0, 16), nullptr, 16);
}

// What was closed in Partner Center closes its opportunity.
bool closes_in_crm(const Planned& plan) {
  const auto* standing = plan.decision ? plan.decision->of(Field::standing) : nullptr;
  if (standing == nullptr || standing->verdict != reconcile::Verdict::to_crm) return false;
  const auto* target = std::get_if<Standing>(&standing->result);
  return target != nullptr && is_terminal(*target) &&
         std::any_of(plan.operations.begin(), plan.operations.end(), [](const OperationRow& op) {
           return op.side == Side::crm && op.agrees_with.count(info(Field::standing).name) > 0;
         });
}

// As what the guards and the report count the deal of this plan.
unsigned counts_as(const Planned& plan) {
  unsigned counted = plan.operations.empty() ? 0 : counted_as_writing;
  if (closes_in_crm(plan)) counted |= counted_as_closed;
  for (const OperationRow& op : plan.operations) {
    const bool new_deal = op.kind == name_of(RecordKind::opportunity) || op.kind == name_of(RecordKind::referral);
    if (new_deal && op.verb == name_of(Verb::create)) counted |= counted_as_created;
    for (const Irreversible closing :
         {Irreversible::won, Irreversible::lost, Irreversible::declined, Irreversible::error}) {
      if (op.step == name_of(closing)) counted |= counted_as_closed;
    }
    if (op.step == name_of(Irreversible::shared) || op.step == name_of(Irreversible::help_asked)) {
      counted |= counted_as_shared;
    }
  }
  return counted;
}

constexpr std::size_t hash_digits = 12;

std::string to_hex(std::uint64_t number) {
  std::string hex(hash_digits, '0');
  for (auto it = hex.rbegin(); it != hex.rend(); ++it, number /= 16) *it = "0123456789abcdef"[number % 16];
  return hex;
}

std::string in_one_text(const std::vector<std::uint64_t>& writes) {
  std::string text;
  for (const std::uint64_t write : writes) text += to_hex(write);
  return text;
}

std::set<std::string> writes_in(const std::string& text) {
  std::set<std::string> writes;
  for (std::size_t i = 0; i + hash_digits <= text.size(); i += hash_digits) writes.insert(text.substr(i, hash_digits));
  return writes;
}

// Is the deal told of as it is known?
bool says_the_same(const store::DealRow& a, const store::DealRow& b) {
  return a.state == b.state && a.waits_for == b.waits_for && a.reason == b.reason && a.message == b.message &&
         a.next_step == b.next_step && a.marks == b.marks && a.owner == b.owner && a.owner_email == b.owner_email &&
         a.ask_microsoft_at == b.ask_microsoft_at;
}

}  // namespace

void Planner::begin(FirstSyncIs first_sync) {
  first_sync_ = first_sync;
  times_decided_.clear();
  plan_hash_ = 0;
  plan_writes_.clear();
}

std::string Planner::plan_in_one_text() const { return in_one_text(plan_writes_); }

std::string Planner::stopped_plan() const { return in_one_text(round_writes_); }

void Planner::withhold(const std::string& stopped_plan) { told_writes_ = writes_in(stopped_plan); }

std::int64_t Planner::writes_beside(const std::string& earlier_plan) const {
  const std::set<std::string> earlier = writes_in(earlier_plan);
  return std::count_if(plan_writes_.begin(), plan_writes_.end(),
                       [&](std::uint64_t write) { return earlier.count(to_hex(write)) == 0; });
}

std::string Planner::plan_hash() const { return to_hex(plan_hash_); }

bool Planner::takes_new_step(const Planned& plan) const {
  const auto deal = static_cast<std::size_t>(plan.row.id.value);
  const std::uint8_t known = deal < counted_.size() ? counted_[deal] : 0;
  return (counts_as(plan) & ~(known | counted_as_writing)) != 0;
}

void Planner::count_steps(const Planned& plan) {
  const auto deal = static_cast<std::size_t>(plan.row.id.value);
  if (deal >= counted_.size()) counted_.resize(deal + 1);
  const unsigned is_new = counts_as(plan) & ~unsigned{counted_[deal]};
  deals_with_writes_ += (is_new & counted_as_writing) != 0 ? 1 : 0;
  steps_.creates += (is_new & counted_as_created) != 0 ? 1 : 0;
  steps_.closings += (is_new & counted_as_closed) != 0 ? 1 : 0;
  steps_.sharings += (is_new & counted_as_shared) != 0 ? 1 : 0;
  counted_[deal] = static_cast<std::uint8_t>(counted_[deal] | is_new);
}

Result<void> Planner::note_decision(const Planned& plan) {
  store::JournalEntry entry;
  entry.at = pair_.clock->now();
  entry.run = run_;
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
    intended.run = run_;
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

Result<void> Planner::commit(const std::vector<Planned>& plans) {
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

// Was all that the plan would write planned when a guard stopped last, and is nothing else to be told of the deal?
bool Planner::was_told(const Planned& plan) const {
  return !plan.operations.empty() && withheld_.size() < withheld_max && says_the_same(plan.before, plan.row) &&
         std::all_of(plan.operations.begin(), plan.operations.end(), [&](const OperationRow& op) {
           return told_writes_.count(to_hex(plan_hash_of(op, plan.before))) > 0;
         });
}

// What is kept may come after an account that a withheld plan makes: that one is kept before it.
void Planner::take_out_withheld(std::vector<Planned>& plans) {
  std::vector<Planned> before;
  for (const Planned& plan : plans) {
    for (const OperationRow& op : plan.operations) {
      const auto account = withheld_accounts_.find(op.after.value);
      if (account == withheld_accounts_.end()) continue;
      before.push_back(std::move(withheld_.extract(account->second).mapped()));
      withheld_accounts_.erase(account);
    }
  }
  plans.insert(plans.begin(), std::make_move_iterator(before.begin()), std::make_move_iterator(before.end()));
}

Result<void> Planner::keep_withheld() {
  std::vector<Planned> plans;
  for (auto& one : withheld_) plans.push_back(std::move(one.second));
  withheld_.clear();
  withheld_accounts_.clear();
  told_writes_.clear();
  return commit(plans);
}

// Once per deal and run, however many rounds decide on it.
void Planner::warn(const Planned& plan) {
  if (!warned_.insert({plan.row.id.value, plan.warning}).second) return;
  ++report_.warnings_total;
  if (report_.warnings.size() >= reported_max) return;
  report_.warnings.push_back({plan.row.id, plan.row.title, plan.warning, plan.row.next_step});
}

bool Planner::may_decide_on(const store::DealRow& row) const {
  const auto id = static_cast<std::size_t>(row.id.value);
  if (id < times_decided_.size() && times_decided_[id] >= rounds_max) return false;
  if (options_.only && !options_.only(row)) return false;
  const bool full = options_.limit > 0 && deals_with_writes_ >= options_.limit;
  return !full || (id < counted_.size() && (counted_[id] & counted_as_writing) != 0);
}

// What brings a record to its end that this first sync made goes along with its approval, unless it is a step of its
// own.
Result<bool> Planner::follows_approved_create(const OperationRow& op) const {
  if (first_sync_ != FirstSyncIs::approved || op.verb != name_of(Verb::update) || !op.step.empty()) return false;
  for (const RecordKind kind : {RecordKind::opportunity, RecordKind::referral}) {
    store::OperationFilter creates;
    creates.deal = op.deal;
    creates.kind = name_of(kind);
    creates.verb = name_of(Verb::create);
    creates.state = store::OperationState::applied;
    creates.limit = 1;
    auto made = pair_.store->operations(creates);
    if (!made) return made.error();
    if (!made->empty()) return true;
  }
  return false;
}

// Decides on these deals and keeps what follows; how many operations that is.
Result<std::int64_t> Planner::decide_on(Decider& decider, std::vector<store::DealRow> rows, Questions questions) {
  std::int64_t operations = 0;
  std::vector<Planned> plans;
  for (auto& row : rows) {
    if (!may_decide_on(row)) continue;
    const auto id = static_cast<std::size_t>(row.id.value);
    std::optional<Planned> plan;
    if (questions == Questions::asked) {
      auto decided = decider.decide(std::move(row));
      if (!decided) {
        const auto side = decider.unanswered_by();
        if (!side) return decided.error();
        take_out_withheld(plans);
        if (auto done = commit(plans); !done) return done.error();
        report_.side_is_down(*side, decided.error());
        return operations;
      }
      plan = std::move(*decided);
    } else {
      auto decided = decider.decide_unasked(std::move(row));
      if (!decided) return decided.error();
      plan = std::move(*decided);
      if (plan && !any_step_is_let_through_ && takes_new_step(*plan)) plan.reset();
    }
    if (!plan) continue;
    if (id >= times_decided_.size()) times_decided_.resize(id + 1);
    ++times_decided_[id];
    for (const auto& op : plan->operations) {
      ++operations;
      ++report_.planned[write_kind(op)];
      if (questions != Questions::asked || any_step_is_let_through_) continue;
      const std::uint64_t hash = plan_hash_of(op, plan->before);
      round_writes_.push_back(hash);
      if (first_sync_ == FirstSyncIs::over) continue;
      plan_hash_ += hash;
      if (only_tells_the_seller(op)) continue;
      const auto follows = follows_approved_create(op);
      if (!follows) return follows.error();
      if (!*follows) plan_writes_.push_back(hash);
    }
    count_steps(*plan);
    if (plan->warning_is_new) warn(*plan);
    if (questions == Questions::asked && was_told(*plan)) {
      for (const auto& op : plan->operations) {
        if (op.kind == name_of(RecordKind::account)) withheld_accounts_[op.id.value] = plan->row.id.value;
      }
      withheld_.emplace(plan->row.id.value, std::move(*plan));
      continue;
    }
    plans.push_back(std::move(*plan));
  }
  take_out_withheld(plans);
  if (auto done = commit(plans); !done) return done.error();
  return operations;
}

Result<void> Planner::begin_round() {
  store::OperationFilter open_filter;
  open_filter.state = store::OperationState::unknown;
  open_filter.limit = 100'000;
  auto open = pair_.store->operations(open_filter);
  if (!open) return open.error();
  unanswered_.clear();
  decider_.emplace(pair_, run_);
  for (const auto& op : *open) {
    unanswered_.insert(op.deal.value);
    if (op.kind == name_of(RecordKind::account)) decider_->keep_in_doubt(op);
  }
  due_at_ = pair_.clock->now();
  after_ = {};
  looked_at_ = 0;
  round_is_planned_ = false;
  round_writes_.clear();
  return {};
}

Result<std::int64_t> Planner::plan(Until until) {
  std::int64_t operations = 0;
  any_step_is_let_through_ = until == Until::something_may_leave;
  if (any_step_is_let_through_) told_writes_.clear();  // it leaves page by page
  while (!round_is_planned_ && (until == Until::all_is_planned || operations == 0)) {
    auto planned = plan_page(Questions::asked);
    if (!planned) return planned;
    operations += *planned;
    if (report_.stopped) break;
    options_.progress({"Comparing", looked_at_, 0});
    if (pair_.stop_requested()) {
      report_.stopped = make_error(ErrorClass::cancelled, "Stopped as asked; nothing is lost.");
      break;
    }
  }
  return operations;
}

Result<std::optional<std::int64_t>> Planner::plan_more() {
  if (round_is_planned_) return std::optional<std::int64_t>{};
  auto planned = plan_page(Questions::left_for_later);
  if (!planned) return planned.error();
  return round_is_planned_ ? std::optional<std::int64_t>{} : std::optional<std::int64_t>(*planned);
}

// The next page of deals; how many operations follow from it.
Result<std::int64_t> Planner::plan_page(Questions questions) {
  auto rows = pair_.store->deals_to_decide(due_at_, after_, page_of_deals);
  if (!rows) return rows.error();
  round_is_planned_ = rows->empty();
  if (round_is_planned_) return 0;
  after_ = rows->back().id;
  looked_at_ += static_cast<std::int64_t>(rows->size());
  std::erase_if(*rows, [&](const store::DealRow& row) {
    return unanswered_.count(row.id.value) > 0 || !may_decide_on(row);  // I-20
  });
  if (questions == Questions::left_for_later) {
    std::vector<store::DealRow> now;
    for (auto& row : *rows) {
      auto may = may_decide_meanwhile(row);
      if (!may) return may.error();
      if (*may) now.push_back(std::move(row));
    }
    return decide_on(*decider_, std::move(now), questions);
  }
  const bool all = !options_.only && options_.limit == 0;
  if (auto ready = decider_->prepare(*rows, all ? Decider::Ahead::looks : Decider::Ahead::only_these); !ready) {
    const auto side = decider_->unanswered_by();
    if (!side) return ready.error();
    report_.side_is_down(*side, ready.error());
    return 0;
  }
  return decide_on(*decider_, std::move(*rows), questions);
}

// While writes are under way: deals that ask a side something first, or have a write under way themselves, wait for the
// next round.
Result<bool> Planner::may_decide_meanwhile(const store::DealRow& row) const {
  if (row.crm.record_id.empty()) return false;  // its customer is looked for
  if (row.ask_microsoft_at && *row.ask_microsoft_at <= pair_.clock->now()) return false;
  auto open = pair_.store->has_open_operation(row.id);
  if (!open) return open.error();
  return !*open;
}

// Deals whose writes were just settled: what follows leaves while the writes of others fly, and what both sides show of
// them is still in memory.
Result<std::int64_t> Planner::follow_up(const std::vector<DealId>& deals) {
  std::int64_t operations = 0;
  for (std::size_t begin = 0; begin < deals.size(); begin += page_of_deals) {
    std::vector<store::DealRow> rows;
    for (const DealId id : std::span(deals).subspan(begin, std::min(page_of_deals, deals.size() - begin))) {
      auto row = pair_.store->deal(id);
      if (!row) return row.error();
      if (!*row || !(*row)->dirty || (*row)->partner_center.record_id.empty()) continue;
      auto may = may_decide_meanwhile(**row);
      if (!may) return may.error();
      if (*may) rows.push_back(std::move(**row));
    }
    if (rows.empty()) continue;
    Decider decider(pair_, run_);
    auto decided = decide_on(decider, std::move(rows), Questions::left_for_later);
    if (!decided) return decided;
    operations += *decided;
  }
  return operations;
}

}  // namespace cosell::engine
