// Deals that both sides show: reconcile, the steps that cannot be taken back, and the operations of either side.
#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"
#include "deal/registration.h"
#include "engine/decide.h"
#include "engine/flip.h"
#include "engine/marks.h"
#include "engine/past.h"
#include "engine/resolve.h"
#include "engine/settle.h"
#include "engine/words.h"
#include "store/codec.h"

namespace cosell::engine {

namespace {

using reconcile::Decision;
using reconcile::FieldDecision;
using reconcile::Reason;
using reconcile::Verdict;
using store::DealState;
using store::OperationRow;
using store::WaitFor;

FieldDecision* find(Decision& decision, Field f) {
  const auto it = std::find_if(decision.fields.begin(), decision.fields.end(),
                               [f](const FieldDecision& d) { return d.field == f; });
  return it == decision.fields.end() ? nullptr : &*it;
}

Field field_of(Irreversible step) {
  switch (step) {
    case Irreversible::shared:
      return Field::visible;
    case Irreversible::help_asked:
      return Field::help;
    case Irreversible::none:
    case Irreversible::won:
    case Irreversible::lost:
    case Irreversible::declined:
    case Irreversible::error:
      break;
  }
  return Field::standing;
}

// The CRM id always goes to Partner Center and never back.
const mapping::FieldRule& crm_id_rule() {
  static const mapping::FieldRule rule = [] {
    mapping::FieldRule r;
    r.field = Field::crm_id;
    r.direction = mapping::Direction::to_partner_center;
    r.conflict = mapping::ConflictRule::crm;
    r.first_link = mapping::FirstLink::crm;
    return r;
  }();
  return rule;
}

// The mapping's rule, narrowed by what Partner Center takes after a create.
mapping::FieldRule narrowed(mapping::FieldRule rule, const Capabilities& partner_center) {
  const auto& fixed = partner_center.create_only_columns;
  if (std::find(fixed.begin(), fixed.end(), info(rule.field).name) == fixed.end()) return rule;
  const bool to_crm = rule.direction == mapping::Direction::both || rule.direction == mapping::Direction::to_crm;
  rule.direction = to_crm ? mapping::Direction::to_crm : mapping::Direction::off;
  return rule;
}

// An edit of a closed deal stays one: Microsoft may open the deal again (L-7). What was taken back too late is no
// agreement either (U-8). And an opportunity whose closing waits shows no stage to agree on.
std::set<Field> not_agreed_on(const Decision& decision) {
  std::set<Field> open;
  for (const auto& d : decision.fields) {
    const bool kept_back =
        d.verdict == Verdict::ignored && (d.reason == Reason::closed || d.reason == Reason::no_downgrade);
    if (d.verdict == Verdict::held || d.verdict == Verdict::conflict || kept_back) open.insert(d.field);
  }
  if (open.contains(Field::standing)) open.insert(Field::stage);
  return open;
}

std::vector<Field> fields_in_conflict(const Decision& decision) {
  std::vector<Field> fields;
  for (const auto& d : decision.fields) {
    if (d.verdict == Verdict::conflict) fields.push_back(d.field);
  }
  return fields;
}

// Which fields these are and what either side shows in them, as a hash; "" of none.
std::string picture_of(const std::vector<Field>& fields, const DealView& view) {
  if (fields.empty()) return "";
  Columns crm, partner_center;
  for (const Field f : fields) {
    crm[info(f).name] = view.crm.deal.get(f);
    partner_center[info(f).name] = view.partner_center.get(f);
  }
  return text::sha256_hex(store::encode(crm) + "\n" + store::encode(partner_center)).substr(0, 32);
}

std::set<Field> with_verdict(const Decision& decision, Verdict verdict) {
  std::set<Field> fields;
  for (const auto& d : decision.fields) {
    if (d.verdict == verdict) fields.insert(d.field);
  }
  return fields;
}

// The stage that the mapping leaves out on purpose; nullptr when the opportunity is in another one.
const mapping::ReadDeal::Problem* left_out(const DealView& view) {
  const auto& problems = view.crm.problems;
  const auto it =
      std::find_if(problems.begin(), problems.end(), [](const auto& p) { return p.code == "ignored-stage"; });
  return it == problems.end() ? nullptr : &*it;
}

bool closes_referral(const Planned& plan) {
  return std::any_of(plan.operations.begin(), plan.operations.end(), [](const OperationRow& op) {
    const auto& standing = column(op.changes, info(Field::standing).name);
    const auto* target = std::get_if<Standing>(&standing);
    return op.side == Side::partner_center && target != nullptr && is_terminal(*target);
  });
}

// Nobody is invited to a deal that is closed: help that would leave behind the closing is not asked for (L-7).
void ask_nobody_after_closing(Decision& decision) {
  const auto* standing = decision.of(Field::standing);
  if (standing == nullptr || standing->verdict != Verdict::to_partner_center) return;
  const auto* target = std::get_if<Standing>(&standing->result);
  auto* help = find(decision, Field::help);
  if (target == nullptr || !is_terminal(*target) || help == nullptr) return;
  if (help->verdict != Verdict::to_partner_center) return;
  *help = FieldDecision{Field::help, Verdict::ignored, Reason::closed, {}, "L-7"};
}

RecordRef half_of(const store::DealRow& row) {
  RecordRef ref;
  ref.kind = RecordKind::microsoft_half;
  ref.key = BridgeKey(row.engagement_id);
  return ref;
}

WaitFor who_resolves(Reason r) {
  switch (r) {
    case Reason::unreadable:
      return WaitFor::admin;
    case Reason::reopened_in_crm:
    case Reason::closed_differently:
      return WaitFor::operator_;
    default:
      return WaitFor::seller;
  }
}

}  // namespace

Decider::Decider(const Pair& pair, RunId run) : pair_(pair), run_(run) {
  for (const auto& field : all_fields()) {
    mapping::FieldRule rule = field.field == Field::crm_id ? crm_id_rule() : pair.mapping->rule(field.field);
    rule.field = field.field;
    rules_[field.field] = narrowed(std::move(rule), pair.partner_center->capabilities());
  }
}

// L-9: a deal is declined or lost for a reason. Without one the seller is asked before Partner Center refuses.
void Decider::hold_closing_without_reason(Planned& plan, Decision& decision, const DealView& view,
                                          Situation& situation) const {
  auto* standing = find(decision, Field::standing);
  if (standing == nullptr || standing->verdict != Verdict::to_partner_center) return;
  const auto* target = std::get_if<Standing>(&standing->result);
  if (target == nullptr || !target->reason.empty()) return;
  if (target->substatus == Substatus::won || target->status != Status::closed) return;
  standing->verdict = Verdict::held;
  Situation s;
  s.state = DealState::waiting;
  s.reason = "missing_field";
  const std::string reason_column = pair_.mapping->reason_column(view.crm_columns);
  const std::string column = column_in_words(plan, reason_column);
  s.message = words::reason_missing(pair_, *target, column);
  if (reason_column.empty()) {
    s.waits_for = WaitFor::admin;
    s.next_step = words::name_a_reason_column();
  } else {
    s.waits_for = WaitFor::seller;
    s.next_step = words::fill_in(plan.row, "the deal is then closed by itself.");
  }
  wait_too(situation, std::move(s));
}

// What the sides differ in when a deal is won stays so: a closed referral cannot be changed any more (L-7). Only an
// approval that spoke of it lets the deal be won all the same. A deal that is lost does not wait for it.
void Decider::forget_approval_of_other_conflicts(store::DealRow& row, const std::string& conflicts) {
  const auto told = row.marks.find(won_beside_mark);
  if (told != row.marks.end() ? told->second == conflicts : conflicts.empty()) return;
  row.marks.erase(won_beside_mark);
  if (!conflicts.empty()) row.marks.erase(approved_mark(Irreversible::won));
}

bool Decider::won_may_leave(Planned& plan, const DealView& view, const std::vector<Field>& conflicts, bool leaves,
                            Situation& waits) const {
  leaves = old_enough_to_be_won(plan, view, waits) && leaves;
  const bool approved = has_mark(plan.row, approved_mark(Irreversible::won));
  if (conflicts.empty() || approved || (!leaves && waits.reason != "approval")) return leaves;
  ask_about_conflicts(plan.row, view, conflicts, waits);
  return false;
}

// `waits`: what the step waits for otherwise.
void Decider::ask_about_conflicts(store::DealRow& row, const DealView& view, const std::vector<Field>& conflicts,
                                  Situation& waits) const {
  if (waits.reason == "approval") {
    waits.message += " " + words::won_beside_conflict(pair_, conflicts);
  } else {
    if (!has_mark(row, asked_mark(Irreversible::won))) set_mark_time(row, asked_mark(Irreversible::won), now_);
    waits.state = DealState::waiting;
    waits.waits_for = WaitFor::operator_;
    waits.reason = "approval";
    waits.message = words::won_beside_conflict(pair_, conflicts);
    waits.next_step = words::won_beside_conflict_remedy(row);
  }
  row.marks[won_beside_mark] = picture_of(conflicts, view);
}

// Steps that may not leave yet are taken out of the decision; the rest of it goes on. Their waiting times run together,
// and each leaves when its own is over; help never before the deal may be shown.
void Decider::hold_steps(Planned& plan, Decision& decision, const DealView& view, Situation& situation) {
  forget_other_steps(plan.row, decision.steps);
  const std::vector<Field> conflicts = fields_in_conflict(decision);
  std::vector<Irreversible> settling;
  std::optional<Situation> settle;
  for (const Irreversible step : decision.steps) {
    const Field field = field_of(step);
    auto* wanted = find(decision, field);
    if (wanted->verdict != Verdict::to_partner_center) continue;  // held for another reason
    const bool first_link = !view.base_crm.shows(field);
    Situation s;
    if (step == Irreversible::won) forget_approval_of_other_conflicts(plan.row, picture_of(conflicts, view));
    bool leaves = step_may_leave(plan, step, first_link, view.crm.deal, s);
    if (step == Irreversible::help_asked && leaves) {
      const auto* shown = decision.of(Field::visible);
      leaves = shown == nullptr || shown->verdict != Verdict::held;
    }
    if (step == Irreversible::won) leaves = won_may_leave(plan, view, conflicts, leaves, s);
    if (leaves || s.reason != "approval") plan.row.marks.erase(asked_mark(step));
    if (leaves) continue;
    wanted->verdict = Verdict::held;
    if (s.state == DealState::in_sync) continue;  // nothing but the step before it is waited for
    if (s.reason != "never") plan.steps_that_wait[step] = s.look_again_at;
    // Those that leave together are told together.
    if (settle && s.reason == "settling" && settle->look_again_at == s.look_again_at) {
      settling.push_back(step);
      settle->message = words::step_settles(settling, *s.look_again_at);
      if (step != Irreversible::help_asked) settle->next_step += " " + s.next_step;
      continue;
    }
    if (settle) wait_too(situation, *std::exchange(settle, std::nullopt));
    if (s.reason == "settling") {
      settling = {step};
      settle = std::move(s);
    } else {
      wait_too(situation, std::move(s));
    }
  }
  if (settle) wait_too(situation, *std::move(settle));
  // An unanswered deal whose answer is held: nothing else is sent meanwhile (L-1).
  const auto standing = view.partner_center.standing();
  const auto* answer = decision.of(Field::standing);
  if (standing && is_waiting(*standing) && answer != nullptr && answer->verdict != Verdict::to_partner_center) {
    for (auto& d : decision.fields) {
      if (d.verdict == Verdict::to_partner_center) {
        d.verdict = Verdict::held;
        d.reason = Reason::not_answered_yet;
      }
    }
  }
}

Columns Decider::to_crm_columns(Decision& decision, const DealView& view, Columns& agrees_with,
                                Situation& situation) const {
  Deal changes;
  for (const auto& d : decision.fields) {
    if (d.verdict == Verdict::to_crm) changes.set(d.field, d.result);
  }
  if (changes.empty()) return {};
  auto written = pair_.mapping->write(changes, view.crm_columns);
  for (const auto& problem : written.problems) {
    if (auto* d = find(decision, problem.field)) d->verdict = Verdict::held;
    Situation s;
    s.state = DealState::waiting;
    s.waits_for = WaitFor::admin;
    s.reason = problem.code;
    s.message = problem.message;
    s.next_step = "Correct the mapping file, then: cosell sync";
    wait_too(situation, std::move(s));
  }
  for (auto& d : decision.fields) {
    if (d.verdict != Verdict::to_crm) continue;
    if (written.columns.empty()) {
      d.verdict = Verdict::agreed;  // the CRM's stage already says the same (many to one)
      d.reason = Reason::equal;
    } else {
      agrees_with[info(d.field).name] = d.result;
    }
  }
  return written.columns;
}

// Where no time is waited for, nothing tells before it is decided on.
bool Decider::help_may_leave(const store::DealRow& row) const {
  const bool may_ask = !row.crm.record_id.empty() && !row.microsoft.valid() && !row.engagement_id.empty();
  if (!may_ask) return false;
  const auto settles_since = mark_time(row, settle_mark(Irreversible::help_asked));
  return has_mark(row, approved_mark(Irreversible::help_asked)) ||
         (settles_since && *settles_since + pair_.settings.settle <= pair_.clock->now());
}

// What Partner Center shows of Microsoft's halves where help may leave, all of them in one call. They are asked for
// anew with each page of deals: what a person asks for meanwhile is seen. Where it does not tell, or not of which deal
// an answer speaks, they are asked for one by one.
void Decider::ask_engagements(const std::vector<store::DealRow>& rows) {
  halves_.clear();
  std::vector<RecordRef> refs;
  for (const auto& row : rows) {
    if (help_may_leave(row) && halves_.try_emplace(row.engagement_id).second) refs.push_back(half_of(row));
  }
  if (refs.empty()) return;
  Call call = pair_.call(Side::partner_center);
  auto found = pair_.partner_center->fetch(call, refs, {});
  const bool all_told = found && std::all_of(found->begin(), found->end(),
                                             [&](const Observation& seen) { return halves_.contains(seen.key.value); });
  if (!all_told) {
    halves_.clear();
    return;
  }
  for (Observation& seen : *found) halves_.at(seen.key.value).push_back(std::move(seen));
}

// Somebody may have asked Microsoft in Partner Center already: a second request is never made beside the first. Where
// this one engagement cannot be looked at, its deal alone waits.
Result<Decider::HelpAsked> Decider::help_was_asked(Planned& plan) {
  HelpAsked help;
  if (plan.row.microsoft.valid()) {
    help.asked = true;
    return help;
  }
  if (given_ != nullptr) {
    const json::Value* known = given_->find("help_was_asked");
    help.asked = known != nullptr && known->as_bool();
    help.unread = given_->text_of("help_unread");
  } else if (!may_ask_) {
    return make_error(ErrorClass::cancelled, "Partner Center has to be asked first.");
  } else {
    auto known = halves_.find(plan.row.engagement_id);
    if (known == halves_.end()) {
      const RecordRef ref = half_of(plan.row);
      Call call = pair_.call(Side::partner_center);
      auto found = pair_.partner_center->fetch(call, {&ref, 1}, {});
      if (!found) return no_answer(Side::partner_center, found.error());
      known = halves_.emplace(plan.row.engagement_id, std::move(*found)).first;
    }
    for (const Observation& seen : known->second) {
      if (seen.existence == cosell::Existence::unreadable) {
        help.unread = words::help_unseen(pair_, plan.row, seen);
      } else {
        help.asked = true;
      }
    }
  }
  if (!help.unread.empty()) {
    plan.answers.set("help_unread", json::Value::string(help.unread));
    return help;
  }
  plan.answers.set("help_was_asked", json::Value::boolean(help.asked));
  if (!help.asked) return help;
  plan.row.ask_microsoft_at = now_;  // taken into the store by the next look-up
  plan.row.dirty = true;
  return help;
}

Result<void> Decider::plan_referral_update(Planned& plan, Decision& decision, const DealView& view,
                                           Situation& situation) {
  auto* help = find(decision, Field::help);
  const bool asks_help = help != nullptr && help->verdict == Verdict::to_partner_center;
  Deal for_help;
  if (asks_help) {
    for_help = pair_.mapping->complete_for_create(view.crm.deal, view.crm_columns, date_of(now_));
    for_help.set(Field::crm_id, plan.row.crm.record_id);
    for_help.set(Field::visible, true);
    auto missing = missing_for_create(for_help, pair_.settings.rules);
    std::erase_if(missing, [](const Missing& m) { return m.field != Field::customer_contacts; });
    if (!missing.empty()) {
      help->verdict = Verdict::held;
      wait_too(situation, waits_for_fields(plan, missing, "Microsoft is then asked by itself."));
    } else if (plan.row.engagement_id.empty()) {
      help->verdict = Verdict::held;
      Situation s;
      s.state = DealState::waiting;
      s.waits_for = WaitFor::operator_;
      s.reason = "no_engagement";
      s.message = words::no_engagement(pair_);
      s.next_step = words::no_engagement_remedy(pair_, plan.row);
      wait_too(situation, std::move(s));
    } else {
      auto asked = help_was_asked(plan);
      if (!asked) return asked.error();
      if (asked->asked || !asked->unread.empty()) {
        help->verdict = Verdict::held;
        help->reason = Reason::not_answered_yet;
      }
      if (!asked->unread.empty()) {
        Situation s;
        s.state = DealState::waiting;
        // What lasts so long does not end by itself.
        const bool lasts = plan.before.reason == "checking" && now_ - plan.before.since >= days(1);
        s.waits_for = lasts ? WaitFor::operator_ : WaitFor::date;
        s.reason = "checking";
        s.message = asked->unread;
        s.next_step = words::help_unseen_remedy(pair_);
        s.look_again_at = now_ + hours(1);
        wait_too(situation, std::move(s));
      }
    }
  }
  OperationRow update = operation(plan, Side::partner_center, RecordKind::referral, Verb::update);
  update.target_id = plan.row.partner_center.record_id;
  update.must_match = plan.row.partner_center.version;
  for (const auto& d : decision.fields) {
    if (d.verdict != Verdict::to_partner_center || d.field == Field::help || d.field == Field::help_notes) continue;
    update.changes[info(d.field).name] = d.result;
    update.expected[info(d.field).name] = view.partner_center.get(d.field);
    update.agrees_with[info(d.field).name] =
        d.field == Field::crm_id ? Value(plan.row.crm.record_id) : view.crm.deal.get(d.field);
  }
  for (const Irreversible step : decision.steps) {
    const auto* d = decision.of(field_of(step));
    if (d != nullptr && d->verdict == Verdict::to_partner_center && step != Irreversible::help_asked) {
      update.step = name_of(step);
    }
  }
  OperationId after;
  if (!update.changes.empty()) {
    after = update.id;
    plan.operations.push_back(std::move(update));
  }
  if (help != nullptr && help->verdict == Verdict::to_partner_center) plan_help(plan, for_help, after);
  return {};
}

std::vector<Decider::Situation> Decider::left_to_a_person(Planned& plan, const Decision& decision,
                                                          const std::set<Field>& held, const DealView& view) const {
  const store::DealRow& row = plan.row;
  std::vector<Situation> left;
  if (const std::vector<Field> conflicts = fields_in_conflict(decision); !conflicts.empty()) {
    Situation s;
    s.state = DealState::waiting;
    s.waits_for = WaitFor::operator_;
    s.reason = "conflict";
    s.message = words::conflict(pair_, conflicts, view.crm.deal, view.partner_center);
    s.next_step = words::choice_commands(row, conflicts);
    left.push_back(std::move(s));
  }
  const auto* ignored = left_out(view);
  std::set<Reason> told;
  for (const auto& d : decision.fields) {
    if (!held.contains(d.field) || d.verdict != Verdict::held || d.reason == Reason::not_answered_yet) continue;
    const bool stands = d.field == Field::standing || d.field == Field::stage;
    if (stands && ignored != nullptr && d.reason == Reason::unreadable) continue;
    // Status and stage are one matter, and what cannot be read is told together.
    if (!told.insert(d.reason).second && d.reason != Reason::needed) continue;
    auto problems = view.crm.problems;
    std::erase_if(problems, [](const auto& p) { return p.code == "ignored-stage"; });
    Situation s;
    s.state = DealState::waiting;
    s.waits_for = who_resolves(d.reason);
    s.reason = reconcile::name_of(d.reason);
    const bool unreadable = d.reason == Reason::unreadable && !problems.empty();
    s.message = unreadable ? words::unreadable(problems) : words::held(pair_, d, view.crm.deal, view.partner_center);
    if (d.reason == Reason::needed) {
      s.message = words::emptied(pair_, d.field, column_in_words(plan, pair_.mapping->column_of(d.field, "")));
    }
    s.next_step = unreadable ? words::unreadable_remedy(pair_, problems)
                             : words::held_remedy(pair_, row, d, view.crm.deal, view.partner_center);
    left.push_back(std::move(s));
  }
  return left;
}

Decider::Situation Decider::situation_of(const Decision& decision, const DealView& view) const {
  Situation s;
  const auto* ignored = left_out(view);
  const auto standing = view.partner_center.standing();
  const auto agreed_on = view.base_partner_center.standing();
  const bool closed_before = standing && is_terminal(*standing) && agreed_on && is_terminal(*agreed_on);
  if (ignored != nullptr && !closed_before) {
    s.state = DealState::waiting;
    s.waits_for = WaitFor::seller;
    s.reason = "ignored_stage";
    s.message = words::stage_left_out(pair_, ignored->message, view.partner_center);
    if (standing && is_waiting(*standing)) s.message += " " + words::inbound_waits(view.partner_center);
    s.next_step = words::stage_left_out_remedy(pair_);
    return s;
  }
  const auto* answer = decision.of(Field::standing);
  const bool answering =
      answer != nullptr && (answer->verdict == Verdict::to_partner_center || answer->verdict == Verdict::conflict ||
                            (answer->verdict == Verdict::held && answer->reason != Reason::not_answered_yet));
  if (standing && is_waiting(*standing) && !answering) {
    s.state = DealState::waiting;
    s.waits_for = WaitFor::seller;
    s.reason = "answer";
    s.message = words::inbound_waits(view.partner_center);
    s.next_step = words::inbound_remedy(pair_);
  }
  if (s.state == DealState::in_sync && standing && !is_terminal(*standing)) {
    const auto answer_means = meaning_of_answer(view.partner_center, pair_.settings.rules.registration);
    s.message = answer_means.meaning + (answer_means.advice.empty() ? "" : " " + answer_means.advice);
  }
  if (s.state == DealState::in_sync && standing && standing->substatus == Substatus::expired) {
    s.message = words::expired(pair_);
  }
  return s;
}

std::optional<Decider::Situation> Decider::left_as_decided(store::DealRow& row, std::vector<Situation>& left) {
  const auto decided = row.marks.find(left_mark);
  if (decided == row.marks.end()) return std::nullopt;
  const auto it =
      std::find_if(left.begin(), left.end(), [&](const Situation& s) { return s.reason == decided->second; });
  if (it == left.end()) {
    row.marks.erase(decided);  // the sides agree again, or differ in another way
    return std::nullopt;
  }
  Situation stays = std::move(*it);
  left.erase(it);
  stays.state = DealState::skipped;
  stays.waits_for = WaitFor::nobody;
  stays.reason = left_mark;
  stays.message += " Left as it is, as decided.";
  stays.next_step.clear();
  return stays;
}

Decision Decider::compare(const store::DealRow& row, const DealView& view) const {
  auto facts = view.facts();
  facts.crm.set(Field::crm_id, row.crm.record_id);
  const auto shown_id = pair_.crm->normal_id(facts.partner_center.text(Field::crm_id));
  if (!shown_id.empty()) facts.partner_center.set(Field::crm_id, shown_id.value);
  if (!facts.partner_center.shows(Field::crm_id)) facts.partner_center.set(Field::crm_id, Value{});
  reconcile::Policy policy;
  policy.rule = [this](Field f) -> const mapping::FieldRule& { return rules_.at(f); };
  policy.backward = pair_.mapping->backward();
  policy.rules = &pair_.settings.rules;
  return reconcile::reconcile(facts, policy);
}

Result<Planned> Decider::decide_linked(Planned plan, const DealView& view) {
  const bool microsoft_is_to_answer = view.partner_center.text(Field::microsoft_answer) == "waiting";
  if (plan.row.microsoft.valid() && microsoft_is_to_answer && !plan.row.ask_microsoft_at) {
    plan.row.ask_microsoft_at = now_;
  }
  Decision decision = compare(plan.row, view);
  apply_choices(plan.row, view, decision);
  const std::set<Field> held = with_verdict(decision, Verdict::held);
  Situation waits;
  hold_steps_of_assessment(plan, decision, view, waits);
  hold_closing_without_reason(plan, decision, view, waits);
  hold_steps(plan, decision, view, waits);
  if (auto fight = hold_fought_over(plan.row, decision, now_)) {
    auto by = last_editor(pair_, plan.row.id, Side::crm, now_);
    if (!by) return by.error();
    fight->by = *std::move(by);
    Situation s;
    s.state = DealState::waiting;
    s.waits_for = WaitFor::operator_;
    s.reason = reconcile::name_of(Reason::fought_over);
    s.message = words::fought_over(pair_, *fight, view.crm.deal, view.partner_center);
    s.next_step = words::fought_over_remedy(plan.row);
    wait_too(waits, std::move(s));
  }
  ask_nobody_after_closing(decision);
  Columns agrees_with;
  const Columns crm_changes = to_crm_columns(decision, view, agrees_with, waits);
  if (auto done = plan_referral_update(plan, decision, view, waits); !done) return done.error();
  if (!crm_changes.empty()) {
    OperationRow update = operation(plan, Side::crm, RecordKind::opportunity, Verb::update);
    update.target_id = plan.row.crm.record_id;
    update.must_match = plan.row.crm.version;
    update.changes = crm_changes;
    update.agrees_with = std::move(agrees_with);
    for (const auto& change : crm_changes) update.expected[change.first] = column(view.crm_columns, change.first);
    plan.operations.push_back(std::move(update));
  }
  // What only a person can do is asked for at once, also while a step waits for its time.
  auto left = left_to_a_person(plan, decision, held, view);
  const auto stays = left_as_decided(plan.row, left);
  for (Situation& s : left) wait_too(waits, std::move(s));
  if (auto stands = situation_of(decision, view);
      waits.state == DealState::in_sync || stands.state == DealState::waiting) {
    wait_too(waits, std::move(stands));
  }
  tell_what_was_taken_back(plan, decision, view, waits);
  if (stays && waits.state != DealState::waiting) waits = *stays;
  plan_registration(plan, view, waits);
  warn_of_steps(plan, decision, view, waits);
  if (plan.operations.empty()) {
    advance_base(plan.row, view, not_agreed_on(decision));
  } else {
    std::vector<std::string> parts;
    for (const auto& d : decision.fields) {
      if (d.verdict != Verdict::to_partner_center && d.verdict != Verdict::to_crm) continue;
      parts.push_back(std::string(info(d.field).label) + " to " +
                      pair_.title(d.verdict == Verdict::to_crm ? Side::crm : Side::partner_center) + ": " +
                      display(d.result) + " (" + reconcile::explain(d.reason) + ")");
    }
    const auto differs = fields_in_conflict(decision);
    if (closes_referral(plan) && !differs.empty()) {
      parts.push_back("stays different: " + words::both_values(pair_, differs, view.crm.deal, view.partner_center));
    }
    for (const auto& op : plan.operations) {
      if (op.kind != name_of(RecordKind::registration)) continue;
      parts.push_back(
          (op.verb == name_of(Verb::create) ? "Registration with Microsoft: " : "Correction of the registration: ") +
          words::changes(op.changes));
    }
    const bool step_leaves = !has_mark(plan.row, warning_mark);
    if (!plan.warning.empty() && step_leaves) parts.push_back("note: " + plan.warning);
    for (const auto& part : parts) plan.summary += (plan.summary.empty() ? "" : "; ") + part;
  }
  tell_of_retyped_keys(plan, view, waits);
  plan.decision = std::move(decision);
  return settle_situation(std::move(plan), view, std::move(waits));
}

}  // namespace cosell::engine
