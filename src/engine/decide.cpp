// The decision for one deal: which case it is, its state in words, and what the seller sees. The cases themselves are
// in decide_alone.cpp (one side only) and decide_linked.cpp.
#include "engine/decide.h"

#include <algorithm>

#include "base/text.h"
#include "engine/marks.h"
#include "engine/observe.h"
#include "engine/words.h"
#include "store/codec.h"

namespace cosell::engine {

namespace {

using store::DealRow;
using store::DealState;
using store::OperationRow;
using store::WaitFor;

// A record that is only known by the key of the other one is out of sight until it is read itself.
reconcile::Presence presence_of(const store::SideState& side) {
  if (side.record_id.empty()) return reconcile::Presence::never_seen;
  switch (side.existence) {
    case store::Existence::live:
      return reconcile::Presence::live;
    case store::Existence::deleted:
      return reconcile::Presence::deleted;
    case store::Existence::out_of_scope:
    case store::Existence::unseen:
      break;
  }
  return reconcile::Presence::out_of_scope;
}

// Neither in the CRM nor by itself.
bool is_for_a_person(const DealRow& row) {
  return row.waits_for == WaitFor::operator_ || row.waits_for == WaitFor::admin;
}

std::optional<Side> restored_side(const DealRow& row) {
  for (const Side side : {Side::crm, Side::partner_center}) {
    if (has_mark(row, restored_mark(side))) return side;
  }
  return std::nullopt;
}

}  // namespace

std::string fingerprint(const OperationRow& operation) {
  Columns changes = operation.changes;
  // What the seller is told rides along with a CRM update and says nothing about it.
  if (operation.verb == name_of(Verb::update) && !operation.expected.empty()) {
    erase_if(changes, [&](const auto& change) { return operation.expected.count(change.first) == 0; });
  }
  return text::sha256_hex(operation.kind + "\n" + operation.verb + "\n" + operation.target_id + "\n" +
                          store::encode(changes))
      .substr(0, 32);
}

bool only_tells_the_seller(const OperationRow& operation) {
  return operation.side == Side::crm && operation.kind == name_of(RecordKind::opportunity) &&
         operation.verb == name_of(Verb::update) && operation.agrees_with.empty();
}

namespace {

// In which forms a write is known as refused: what it says of the deal. Since when the deal is in its state says
// nothing of what the seller is told, and that says nothing of a deal that is to be made. That has a second form, in
// which the customer stands for its account: the first try may not know the id yet. The narrower one comes first.
std::vector<std::string> refusals_of(const mapping::Mapping& mapping, OperationRow operation) {
  Columns& changes = operation.changes;
  if (only_tells_the_seller(operation)) {
    erase_if(changes, [](const auto& change) { return std::holds_alternative<Instant>(change.second); });
  }
  if (operation.kind != name_of(RecordKind::opportunity) || operation.verb != name_of(Verb::create)) {
    return {fingerprint(operation)};
  }
  for (const auto& told : mapping.seller_columns({})) changes.erase(told.first);
  std::vector<std::string> forms;
  const std::string account = mapping.account_column();
  if (!is_blank(column(changes, account))) forms.push_back(fingerprint(operation));
  changes[account] = column(operation.agrees_with, info(Field::customer).name);
  forms.push_back(fingerprint(operation));
  return forms;
}

}  // namespace

RefusedWrites refused_writes(const DealRow& row) {
  RefusedWrites writes;
  for (const Side side : {Side::crm, Side::partner_center}) {
    const auto mark = row.marks.find(refused_mark(side));
    if (mark == row.marks.end()) continue;
    for (auto& one : text::split(mark->second, ' ')) writes[side].insert(std::move(one));
  }
  return writes;
}

void keep_refused_writes(DealRow& row, const RefusedWrites& writes) {
  for (const Side side : {Side::crm, Side::partner_center}) {
    const std::string mark = refused_mark(side);
    const auto of_side = writes.find(side);
    if (of_side == writes.end()) {
      row.marks.erase(mark);
    } else {
      row.marks[mark] = text::join({of_side->second.begin(), of_side->second.end()}, " ");
    }
  }
}

void add_refused_write(const mapping::Mapping& mapping, DealRow& row, const OperationRow& operation) {
  RefusedWrites writes = refused_writes(row);
  writes[operation.side].insert(refusals_of(mapping, operation).front());
  keep_refused_writes(row, writes);
}

OperationRow Decider::operation(const Planned& plan, Side side, RecordKind kind, Verb verb) const {
  OperationRow op;
  op.id = OperationId(pair_.random->uuid_in_order(now_));
  op.deal = plan.row.id;
  op.run = run_;
  op.side = side;
  op.kind = name_of(kind);
  op.verb = name_of(verb);
  op.planned_at = now_;
  return op;
}

Result<Planned> Decider::decide(DealRow row) {
  now_ = pair_.clock->now();
  given_ = nullptr;
  unanswered_by_.reset();
  if (!labels_) {
    auto known = known_labels(*pair_.store);
    if (!known) return known.error();
    labels_ = std::move(*known);
  }
  return decide_now(std::move(row));
}

Error Decider::no_answer(Side side, Error error) {
  unanswered_by_ = side;
  return error;
}

Result<std::optional<Planned>> Decider::decide_unasked(DealRow row) {
  may_ask_ = false;
  auto plan = decide(std::move(row));
  may_ask_ = true;
  if (plan) return std::optional<Planned>(std::move(*plan));
  if (plan.error().kind == ErrorClass::cancelled) return std::optional<Planned>{};
  return plan.error();
}

Result<Planned> Decider::decide_again(const DealRow& row, Instant at, const json::Value& answers) {
  now_ = at;
  given_ = &answers;
  accounts_being_created_.clear();
  return decide_now(row);
}

// Keys tie what another pair or bridge keeps in sync as they tie our own. By them alone nothing is ours that the
// selection leaves out; a deal that was agreed on stays ours when it leaves the selection (F-46, F-77).
std::optional<mapping::Selection> Decider::left_to_another(const DealRow& row, const DealView& view) const {
  if (is_agreed_on(row) || is_taken_apart(row)) return std::nullopt;
  std::optional<mapping::Selection> selection;
  if (row.partner_center.image.valid()) {
    selection = pair_.mapping->select_referral(view.partner_center);
  } else if (row.crm.image.valid() && !row.partner_center.record_id.empty()) {
    selection = pair_.mapping->select_opportunity(view.crm_columns);
  }
  if (selection && selection->takes_part) selection.reset();
  return selection;
}

// Deals whose other half is in question, or that a person took apart: nothing is decided about their fields.
std::optional<Decider::Situation> Decider::kept_apart(const DealRow& row, const DealView& view) const {
  const auto standing = view.partner_center.standing();
  const bool won = standing && standing->substatus == Substatus::won;
  Situation s;
  s.state = DealState::waiting;
  s.waits_for = WaitFor::operator_;
  if (has_mark(row, clone_mark)) {
    s.reason = "clone";
    s.message = words::clone(pair_, row);
    s.next_step = words::clone_remedy(pair_);
    const auto hidden = marked_records(row, hidden_mark);
    const bool hides_key = std::find(hidden.begin(), hidden.end(), pair_.mapping->key_column()) != hidden.end();
    if (hides_key) s.next_step += " " + words::hidden_clone_remedy(row);
  } else if (has_mark(row, twin_mark)) {
    s.reason = "twin";
    s.message = won ? words::twin_is_won(pair_, row) : words::twin(pair_, row);
    s.next_step = won ? words::twin_is_won_remedy(pair_, row) : words::twin_remedy(pair_);
  } else if (is_taken_apart(row)) {
    s.state = DealState::skipped;
    s.waits_for = WaitFor::nobody;
    s.reason = "unlinked";
    s.message = words::unlinked(row);
  } else if (has_mark(row, cloned_mark) && row.crm.existence != store::Existence::live) {
    s.reason = "clone";
    s.message = words::copied_and_gone(pair_, row);
    s.next_step = words::copied_and_gone_remedy(pair_, row);
  } else if (has_mark(row, cloned_mark)) {
    s.reason = "clone";
    s.message = words::copied(pair_, row);
    s.next_step = words::clone_remedy(pair_);
  } else if (has_mark(row, twinned_mark) && row.partner_center.existence != store::Existence::live) {
    s.reason = "twin";
    s.message = words::doubled_and_gone(pair_, row);
    s.next_step = words::doubled_and_gone_remedy(pair_, row);
  } else if (has_mark(row, twinned_mark) && !won) {  // one that is won is not written to anyway (L-7)
    s.reason = "twin";
    s.message = words::doubled(pair_, row);
    s.next_step = words::twin_remedy(pair_);
  } else if (has_mark(row, match_mark)) {
    s.reason = "doubtful_match";
    s.message = words::doubtful_match(pair_, row);
    s.next_step = words::doubtful_match_remedy(row);
  } else if (const auto side = restored_side(row)) {
    s.reason = "restored";
    s.message = words::restored(pair_, *side);
    s.next_step = words::restored_remedy(pair_, *side);
  } else {
    return std::nullopt;
  }
  return s;
}

void Decider::wait_too(Situation& s, Situation also) {
  if (s.state != DealState::waiting) {
    s = std::move(also);
    return;
  }
  const auto first = s.look_again_at && also.look_again_at ? std::min(s.look_again_at, also.look_again_at)
                                                           : (s.look_again_at ? s.look_again_at : also.look_again_at);
  const auto by_itself = [](const Situation& one) { return one.waits_for == WaitFor::date; };
  if (also.reason == "conflict" || (by_itself(s) && !by_itself(also))) std::swap(s, also);
  s.look_again_at = first;
  s.reasons_too.insert(s.reasons_too.end(), also.reasons_too.begin(), also.reasons_too.end());
  s.reasons_too.push_back(also.reason);
  if (s.message.find(also.message) == std::string::npos) s.message += " " + also.message;
  // A command is nothing for whoever reads of the first one in the CRM.
  const bool in_crm = s.waits_for == WaitFor::seller || s.waits_for == WaitFor::date;
  if ((in_crm && also.reason != "settling") || s.next_step.find(also.next_step) != std::string::npos) return;
  s.next_step += " " + also.next_step;
}

Result<Planned> Decider::decide_now(DealRow given) {
  Planned plan;
  plan.at = now_;
  plan.before = std::move(given);
  plan.row = plan.before;
  const DealRow& row = plan.before;
  plan.row.dirty = false;
  plan.row.look_again_at.reset();
  plan.row.marks.erase(warning_mark);
  for (const Side side : {Side::crm, Side::partner_center}) {
    const auto until = mark_time(row, refused_until_mark(side));
    if (until && *until <= now_) forget_refused(plan.row, side);
  }
  auto view = load_view(pair_, row);
  if (!view) return view.error();
  if (row.crm.image.valid()) {
    plan.row.owner = view->crm.deal.text(Field::owner);
    plan.row.owner_email = view->crm.deal.text(Field::owner_email);
  }
  const auto standing = view->partner_center.standing();
  // A closed referral that names an opportunity with another one was left behind by it, by this bridge or before it.
  const bool left_behind =
      has_mark(row, twin_mark) && standing && is_terminal(*standing) && standing->substatus != Substatus::won;
  if (has_mark(row, restarted_mark) || left_behind) {
    Situation s;
    s.state = DealState::skipped;
    s.reason = "predecessor";
    s.message = "Its opportunity has a newer referral.";
    return settle_situation(std::move(plan), *view, std::move(s));
  }
  if (auto selection = left_to_another(row, *view)) {
    Situation s;
    s.state = DealState::skipped;
    s.reason = std::move(selection->reason);
    s.message = std::move(selection->text);
    forget_other_steps(plan.row, {});
    return settle_situation(std::move(plan), *view, std::move(s));
  }
  if (auto apart = kept_apart(row, *view)) {
    forget_other_steps(plan.row, {});  // nobody sees meanwhile whether they stay wanted
    return settle_situation(std::move(plan), *view, std::move(*apart));
  }
  switch (reconcile::course_of(presence_of(row.crm), presence_of(row.partner_center))) {
    case reconcile::Course::compare:
      return decide_linked(std::move(plan), *view);
    case reconcile::Course::crm_is_gone:
    case reconcile::Course::partner_center_is_gone:
      return decide_vanished(std::move(plan), *view);
    case reconcile::Course::opportunity_alone:
    case reconcile::Course::referral_alone:
    case reconcile::Course::nothing:
      break;
  }
  // One record only; one that is gone is told apart there.
  return row.crm.record_id.empty() ? decide_referral_alone(std::move(plan), *view)
                                   : decide_opportunity_alone(std::move(plan), *view);
}

Planned Decider::decide_vanished(Planned plan, const DealView& view) {
  forget_other_steps(plan.row, {});
  Situation s;
  s.state = DealState::waiting;
  s.waits_for = WaitFor::operator_;
  const bool crm_gone = plan.row.crm.existence != store::Existence::live;
  const Side side = crm_gone ? Side::crm : Side::partner_center;
  const auto existence = crm_gone ? plan.row.crm.existence : plan.row.partner_center.existence;
  switch (existence) {
    case store::Existence::deleted:
      s.reason = "deleted";
      break;
    case store::Existence::out_of_scope:
      s.reason = "out_of_scope";
      break;
    case store::Existence::unseen:
    case store::Existence::live:
      s.reason = "not_found";
      break;
  }
  const bool both_gone = crm_gone && plan.row.partner_center.existence != store::Existence::live;
  s.message = both_gone ? words::both_vanished(pair_) : words::vanished(pair_, side, s.reason);
  s.next_step = words::vanished_remedy(pair_, side, s.reason);
  // A referral that is closed and an opportunity that is gone: nobody has to do anything (L-7).
  const auto standing = view.partner_center.standing();
  if (crm_gone && standing && is_terminal(*standing)) {
    s.state = DealState::skipped;
    s.waits_for = WaitFor::nobody;
    s.reason = "closed";
    s.message = "Closed in " + pair_.title(Side::partner_center) + "; the opportunity is gone from " +
                pair_.title(Side::crm) + ".";
    s.next_step.clear();
  }
  return settle_situation(std::move(plan), view, std::move(s));
}

void Decider::forget_other_steps(DealRow& row, const std::vector<Irreversible>& wanted) {
  for (const Irreversible step : irreversible_steps) {
    if (std::find(wanted.begin(), wanted.end(), step) != wanted.end()) continue;
    row.marks.erase(settle_mark(step));
    row.marks.erase(asked_mark(step));
    row.marks.erase(approved_mark(step));
    if (step == Irreversible::won) row.marks.erase(won_beside_mark);
  }
}

std::vector<std::string> Decider::columns_of_step(Planned& plan, Irreversible step, const Deal& crm) const {
  std::vector<std::string> columns;
  const auto add = [&](Field field) {
    std::string column = column_in_words(plan, pair_.mapping->column_of(field, ""));
    if (!column.empty()) columns.push_back(std::move(column));
  };
  if (step == Irreversible::shared && crm.flag(Field::visible)) add(Field::visible);
  const bool shares = step == Irreversible::shared || step == Irreversible::help_asked;
  if (shares && !is_blank(crm.get(Field::help))) add(Field::help);
  return columns;
}

bool Decider::step_may_leave(Planned& plan, Irreversible step, bool first_link, const Deal& crm, Situation& s) const {
  DealRow& row = plan.row;
  if (has_mark(row, approved_mark(step))) return true;
  const Gate gate = pair_.settings.gate(step);
  if (gate == Gate::never) {
    s.state = DealState::waiting;
    s.waits_for = WaitFor::operator_;
    s.reason = "never";
    s.message = words::step_never(step);
    s.next_step = words::step_never_remedy(step);
    return false;
  }
  if (gate == Gate::ask || first_link) {
    s.state = DealState::waiting;
    s.waits_for = WaitFor::operator_;
    s.reason = "approval";
    if (!has_mark(row, asked_mark(step))) set_mark_time(row, asked_mark(step), now_);
    s.message = words::step_needs_approval(pair_, step, first_link);
    s.next_step = words::approve_command(row);
    return false;
  }
  const std::string mark = settle_mark(step);
  if (!mark_time(row, mark)) set_mark_time(row, mark, now_);
  const Instant due = *mark_time(row, mark) + pair_.settings.settle;
  if (due <= now_) return true;
  s.state = DealState::waiting;
  s.waits_for = WaitFor::date;
  s.reason = "settling";
  s.message = words::step_settles({step}, due);
  s.next_step = words::step_settles_remedy(pair_, step, columns_of_step(plan, step, crm));
  s.look_again_at = due;
  return false;
}

// The labels are those that the CRM told last; a decision keeps the ones that it used, so that it can be derived again.
std::string Decider::column_in_words(Planned& plan, const std::string& column) const {
  if (column.empty()) return "";
  std::string label;
  if (given_ != nullptr) {
    const json::Value* labels = given_->find("labels");
    if (labels != nullptr) label = labels->text_of(column);
  } else if (labels_) {
    const auto known = labels_->find(column);
    if (known != labels_->end()) label = known->second;
  }
  if (!label.empty()) {
    const json::Value* used = plan.answers.find("labels");
    json::Value labels = used == nullptr ? json::Value::object() : *used;
    labels.set(column, json::Value::string(label));
    plan.answers.set("labels", std::move(labels));
  }
  return words::labelled(label, column);
}

bool Decider::shows_key(const DealView& view) const {
  return !is_blank(column(view.crm_columns, pair_.mapping->key_column()));
}

// Another pair or bridge tells its seller in the same columns.
bool Decider::is_told_by_another(const DealRow& row, const DealView& view) const {
  if (!row.partner_center.image.valid() || !left_to_another(row, view)) return false;
  const std::string key = text_of(column(view.crm_columns, pair_.mapping->key_column()));
  return pair_.partner_center->normal_id(key).value == row.partner_center.record_id;
}

// Who has no referral of ours and takes no part is told so only where it was told before what it waits for.
bool Decider::tells_the_seller(const DealRow& row, const DealView& view) const {
  if (row.crm.record_id.empty() || row.crm.existence != store::Existence::live) return false;
  // A write would make what was restored look like an edit.
  if (restored_side(row) == Side::crm) return false;
  if (row.state != DealState::skipped || (shows_key(view) && !left_to_another(row, view))) return true;
  const auto standing = view.crm.deal.standing();
  return has_mark(row, told_mark) && !(standing && is_terminal(*standing));
}

Columns Decider::seller_changes(const Planned& plan, const DealView& view) const {
  const auto& row = plan.row;
  const auto seller = words::seller_view(pair_, row, view.partner_center);
  const Columns wanted = pair_.mapping->seller_columns(seller);
  mapping::SellerView without_time = seller;
  without_time.since.reset();
  bool differs = false;
  for (const auto& [name, value] : pair_.mapping->seller_columns(without_time)) {
    const auto with_time = wanted.find(name);
    const bool is_time = with_time != wanted.end() && std::holds_alternative<Instant>(with_time->second);
    if (!is_time && !same_value(column(view.crm_columns, name), value)) differs = true;
  }
  if (!differs) return {};
  Columns changes;
  // A copy of another deal keeps the key that came with it, until a person clears it.
  const bool copied = has_mark(row, clone_mark);
  for (const auto& [name, value] : wanted) {
    if (copied && is_blank(value)) continue;
    if (!same_value(column(view.crm_columns, name), value)) changes[name] = value;
  }
  return changes;
}

void Decider::add_seller_columns(Planned& plan, const DealView& view) const {
  for (const auto& op : plan.operations) {
    if (op.side == Side::partner_center) return;  // told when its outcome is known
  }
  if (is_told_by_another(plan.row, view)) plan.row.marks.erase(told_mark);
  if (!tells_the_seller(plan.row, view)) return;
  Columns changes = seller_changes(plan, view);
  const bool skipped = plan.row.state == DealState::skipped;
  if (!skipped) plan.row.marks[told_mark] = "yes";
  if (changes.empty()) {
    if (skipped) plan.row.marks.erase(told_mark);
    return;
  }
  for (auto& op : plan.operations) {
    if (op.kind == name_of(RecordKind::opportunity) && op.verb == name_of(Verb::update)) {
      op.changes.add_missing(changes);
      return;
    }
  }
  OperationRow op = operation(plan, Side::crm, RecordKind::opportunity, Verb::update);
  op.target_id = plan.row.crm.record_id;
  op.must_match = plan.row.crm.version;
  op.changes = std::move(changes);
  plan.operations.push_back(std::move(op));
}

void Decider::drop_refused(Planned& plan, RefusedWrites& wanted, Tells tells) const {
  const RefusedWrites refused = refused_writes(plan.row);
  std::set<std::string> dropped;
  std::erase_if(plan.operations, [&](const OperationRow& op) {
    const auto of_side = refused.find(op.side);
    bool same = false;
    if (of_side != refused.end()) {
      for (const std::string& form : refusals_of(*pair_.mapping, op)) {
        if (of_side->second.count(form) == 0) continue;
        wanted[op.side].insert(form);
        same = true;
      }
    }
    if (!same && dropped.count(op.after.value) == 0) return false;
    dropped.insert(op.id.value);
    return true;
  });
  // An account for a deal that is not made is of no use.
  if (!dropped.empty()) {
    std::erase_if(plan.operations, [&](const OperationRow& op) {
      return op.kind == name_of(RecordKind::account) &&
             std::none_of(plan.operations.begin(), plan.operations.end(),
                          [&](const OperationRow& other) { return other.after.value == op.id.value; });
    });
  }
  const bool free = plan.row.state == DealState::in_sync || plan.row.state == DealState::changed;
  if (dropped.empty() || (!free && tells == Tells::unless_told_of_more)) return;
  const auto said = plan.row.marks.find(refused_message_mark);
  const DealRow behind = plan.row;
  plan.row.state = DealState::failed;
  plan.row.waits_for = WaitFor::nobody;
  plan.row.reason = has_mark(plan.row, refused_reason_mark) ? plan.row.marks.at(refused_reason_mark) : "refused";
  plan.row.message = said == plan.row.marks.end() ? "" : said->second;
  plan.row.next_step = words::refused_remedy(pair_, plan.row);
  if (behind.state != DealState::waiting) return;
  // What it waits for besides goes on to be told, and done.
  mark_record(plan.row, waits_too_mark, behind.reason);
  plan.row.message = words::one_after_the_other(plan.row.message, behind.message);
  if (is_for_a_person(behind)) plan.row.next_step += " " + behind.next_step;
}

// What a side did not take is sent again at its time, as long as it is wanted.
void Decider::keep_next_tries(Planned& plan, const RefusedWrites& wanted) {
  DealRow& row = plan.row;
  for (const Side side : {Side::crm, Side::partner_center}) {
    const auto until = mark_time(row, refused_until_mark(side));
    if (!until) continue;
    const bool is_tried_now = std::any_of(plan.operations.begin(), plan.operations.end(),
                                          [side](const OperationRow& op) { return op.side == side; });
    if (wanted.count(side) > 0) {
      row.look_again_at = row.look_again_at ? std::min(*row.look_again_at, *until) : *until;
    } else if (!is_tried_now) {
      row.marks.erase(refused_until_mark(side));
    }
  }
}

Planned Decider::settle_situation(Planned plan, const DealView& view, Situation s) const {
  plan.row.state = s.state;
  plan.row.waits_for = s.waits_for;
  plan.row.reason = s.reason;
  plan.row.message = s.message;
  plan.row.next_step = s.next_step;
  plan.row.look_again_at = s.look_again_at;
  plan.row.marks.erase(waits_too_mark);
  plan.row.marks.erase(untold_mark);
  for (const std::string& reason : s.reasons_too) {
    if (reason != s.reason) mark_record(plan.row, waits_too_mark, reason);
  }
  RefusedWrites wanted;
  const bool writes = !plan.operations.empty();
  drop_refused(plan, wanted, Tells::always);
  if (writes && plan.operations.empty()) plan.summary.clear();  // nothing of it happens
  const DealRow& before = plan.before;
  const bool same =
      before.state == plan.row.state && before.reason == plan.row.reason && before.message == plan.row.message;
  if (!same) plan.row.since = now_;
  if (plan.row.state == DealState::failed) plan.warning_is_new = false;  // nothing leaves
  add_seller_columns(plan, view);
  drop_refused(plan, wanted, Tells::unless_told_of_more);
  keep_refused_writes(plan.row, wanted);
  keep_next_tries(plan, wanted);
  if (plan.operations.empty() && wanted.empty()) {
    // Nothing is to be written any more: what failed before is not in a row with what may fail one day.
    plan.row.marks.erase(attempts_mark);
    for (const Side side : {Side::crm, Side::partner_center}) plan.row.marks.erase(misses_mark(side));
  }
  if (!plan.operations.empty() && plan.row.state == DealState::in_sync) plan.row.state = DealState::changed;
  if (!same && plan.summary.empty() && plan.operations.empty()) plan.summary = words::state_line(plan.row);
  return plan;
}

}  // namespace cosell::engine
