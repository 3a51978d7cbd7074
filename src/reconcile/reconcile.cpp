// The three-way comparison of every field but standing and stage (progress.cpp), and the limits that the life cycle
// sets on what may travel.
#include "reconcile/reconcile.h"

#include <algorithm>

#include "base/text.h"
#include "reconcile/progress.h"

namespace cosell::reconcile {

namespace {

using mapping::ConflictRule;
using mapping::Direction;
using mapping::FieldRule;
using mapping::FirstLink;

struct FourValues {
  const Value* crm;
  const Value* partner_center;
  const Value* base_crm;
  const Value* base_partner_center;
};

FieldDecision make(Field f, Verdict v, Reason r, Value result = {}, std::string rule = "") {
  return {f, v, r, std::move(result), std::move(rule)};
}

// However a system writes it: blanks around it, another case, another form of the same letters.
std::string key_of(const Person& p) {
  const std::string email = text::lower_ascii(text::trim(p.email));
  return email.empty() ? text::folded(p.first_name + " " + p.last_name) : email;
}
std::string key_of(const Solution& s) {
  const std::string id = text::lower_ascii(text::trim(s.id));
  return id.empty() ? text::folded(s.name) : id;
}

// The CRM's list laid over Partner Center's: whom the CRM added or dropped since the last agreement is added or
// dropped; members that only Partner Center knows stay.
template <class T>
std::vector<T> laid_over(const std::vector<T>& crm, const std::vector<T>& pc, const std::vector<T>& base_crm) {
  const auto has = [](const std::vector<T>& list, const T& one) {
    return std::any_of(list.begin(), list.end(), [&](const T& other) { return key_of(other) == key_of(one); });
  };
  std::vector<T> out = crm;
  for (const T& one : pc) {
    if (!has(crm, one) && !has(base_crm, one)) out.push_back(one);
  }
  return out;
}

template <class T>
std::vector<T> list_in(const Value* v) {
  const auto* list = v == nullptr ? nullptr : std::get_if<std::vector<T>>(v);
  return list == nullptr ? std::vector<T>{} : *list;
}

// An empty list is shown as a blank.
template <class T>
std::optional<Value> merged_list(const FourValues& v) {
  const auto is_list = [](const Value* one) { return std::holds_alternative<std::vector<T>>(*one); };
  if (!is_list(v.crm) && !is_list(v.partner_center)) return std::nullopt;
  auto list = laid_over(list_in<T>(v.crm), list_in<T>(v.partner_center), list_in<T>(v.base_crm));
  return list.empty() ? Value{} : Value(std::move(list));
}

FieldDecision crm_wins(Field f, const FourValues& v, Reason r) {
  Value result = *v.crm;
  if (auto people = merged_list<Person>(v)) result = std::move(*people);
  if (auto solutions = merged_list<Solution>(v)) result = std::move(*solutions);
  if (same_value(result, *v.partner_center)) return make(f, Verdict::agreed, Reason::equal);
  return make(f, Verdict::to_partner_center, r, std::move(result));
}
FieldDecision partner_center_wins(Field f, const FourValues& v, Reason r) {
  return make(f, Verdict::to_crm, r, *v.partner_center);
}

FieldDecision decide_first_link(Field f, const FourValues& v, const FieldRule& rule) {
  if (is_blank(*v.crm)) return partner_center_wins(f, v, Reason::first_link_blank);
  if (is_blank(*v.partner_center)) return crm_wins(f, v, Reason::first_link_blank);
  switch (rule.first_link) {
    case FirstLink::crm:
      return crm_wins(f, v, Reason::first_link_rule);
    case FirstLink::partner_center:
      return partner_center_wins(f, v, Reason::first_link_rule);
    case FirstLink::ask:
      break;
  }
  return make(f, Verdict::conflict, Reason::first_link_ask);
}

FieldDecision decide_latest(Field f, const FourValues& v, const Facts& facts) {
  const auto& crm = facts.changed_in_crm;
  const auto& pc = facts.changed_in_partner_center;
  if (!crm || !pc || *crm == *pc) return make(f, Verdict::conflict, Reason::both_changed_ask);
  return *crm > *pc ? crm_wins(f, v, Reason::both_changed_latest)
                    : partner_center_wins(f, v, Reason::both_changed_latest);
}

FieldDecision decide_both_changed(Field f, const FourValues& v, const FieldRule& rule, const Facts& facts) {
  switch (rule.conflict) {
    case ConflictRule::crm:
      return crm_wins(f, v, Reason::both_changed_rule);
    case ConflictRule::partner_center:
      return partner_center_wins(f, v, Reason::both_changed_rule);
    case ConflictRule::prefer_crm_unless_blank:
      return is_blank(*v.crm) ? partner_center_wins(f, v, Reason::both_changed_rule)
                              : crm_wins(f, v, Reason::both_changed_rule);
    case ConflictRule::latest:
      return decide_latest(f, v, facts);
    case ConflictRule::furthest_stage:
    case ConflictRule::ask:
      break;
  }
  return make(f, Verdict::conflict, Reason::both_changed_ask);
}

// The plain three-way comparison, without regard to direction, locks and life cycle.
FieldDecision compare(Field f, const FourValues& v, const FieldRule& rule, const Facts& facts) {
  if (same_value(*v.crm, *v.partner_center)) return make(f, Verdict::agreed, Reason::equal);
  if (v.base_crm == nullptr || v.base_partner_center == nullptr) return decide_first_link(f, v, rule);
  const bool crm_changed = !same_value(*v.crm, *v.base_crm);
  const bool pc_changed = !same_value(*v.partner_center, *v.base_partner_center);
  if (!crm_changed && !pc_changed) return make(f, Verdict::agreed, Reason::unchanged);
  if (!pc_changed) return crm_wins(f, v, Reason::changed_in_crm);
  if (!crm_changed) return partner_center_wins(f, v, Reason::changed_in_partner_center);
  return decide_both_changed(f, v, rule, facts);
}

// Visibility and help only ever grow (U-8); an empty help or a cleared tick on one side is not a wish to take back.
FieldDecision compare_sharing(Field f, const FourValues& v) {
  const auto granted = [](const Value& value) {
    if (const auto* flag = std::get_if<bool>(&value)) return *flag;
    return !is_blank(value);
  };
  const bool crm = granted(*v.crm);
  const bool pc = granted(*v.partner_center);
  if (crm && pc && !same_value(*v.crm, *v.partner_center)) {
    // The kind of help, after Microsoft was asked for another one.
    const bool asked_otherwise = v.base_crm != nullptr && granted(*v.base_crm) && !same_value(*v.crm, *v.base_crm);
    if (asked_otherwise) return make(f, Verdict::ignored, Reason::no_downgrade, {}, "U-8");
    return make(f, Verdict::agreed, Reason::unchanged);
  }
  if (crm == pc) return make(f, Verdict::agreed, Reason::equal);
  if (v.base_crm != nullptr && v.base_partner_center != nullptr && granted(*v.base_crm) == crm &&
      granted(*v.base_partner_center) == pc) {
    return make(f, Verdict::agreed, Reason::unchanged);
  }
  if (crm) {
    const bool first = v.base_crm == nullptr;
    return crm_wins(f, v, first ? Reason::first_link_blank : Reason::changed_in_crm);
  }
  const bool crm_took_back = v.base_crm != nullptr && granted(*v.base_crm);
  if (crm_took_back) return make(f, Verdict::ignored, Reason::no_downgrade, {}, "U-8");
  return partner_center_wins(f, v,
                             v.base_crm == nullptr ? Reason::first_link_blank : Reason::changed_in_partner_center);
}

bool is_sharing(Field f) { return f == Field::visible || f == Field::help; }

// What Partner Center refuses of this referral now.
Lock lock_now(Field f, const Facts& facts) {
  const bool inbound = text::equals_ignore_case(facts.partner_center.text(Field::direction), "Incoming");
  // Of an assessment the seller is told that it is opened to nobody (T-9).
  const bool assessment = deal_type_from(facts.crm.text(Field::type)) == DealType::assessment;
  if (inbound && !assessment && is_sharing(f))
    return {true, "U-4", "nobody is invited to a deal that was sent to the partner"};
  return lock_of(f, facts.partner_center.standing().value_or(Standing{}), facts.shared_with_microsoft);
}

// What the mapping's direction, the referral's locks and the life cycle leave of a wish to travel.
FieldDecision limit(FieldDecision d, const Policy& policy, const Facts& facts, const Progress& progress) {
  if (d.verdict == Verdict::agreed || d.verdict == Verdict::ignored) return d;
  const Field f = d.field;
  const FieldRule& rule = policy.rule(f);
  if (progress.settled_closed) return make(f, Verdict::ignored, Reason::closed, {}, "L-7");
  const bool to_pc = d.verdict == Verdict::to_partner_center;
  const bool to_crm = d.verdict == Verdict::to_crm;
  if (rule.direction == Direction::off) return make(f, Verdict::ignored, Reason::one_way);
  if (to_pc && rule.direction == Direction::to_crm) return make(f, Verdict::ignored, Reason::one_way);
  if (to_crm && rule.direction == Direction::to_partner_center) return make(f, Verdict::ignored, Reason::one_way);
  if (rule.create_only) return make(f, Verdict::ignored, Reason::one_way);
  if (to_crm) return d;
  // From here on something would be written to Partner Center, now or after a person's choice.
  if (progress.closed) return make(f, Verdict::ignored, Reason::closed, {}, "L-7");
  const Lock lock = lock_now(f, facts);
  if (lock.locked) return make(f, Verdict::ignored, Reason::locked, {}, lock.rule);
  if (to_pc && progress.waiting && !progress.accepting) {
    return make(f, Verdict::held, Reason::not_answered_yet, d.result, "L-1");
  }
  const std::string rule_of_need = rule_that_needs(f, *policy.rules);
  if (to_pc && !rule_of_need.empty() && same_value(d.result, Value{})) {
    return make(f, Verdict::held, Reason::needed, {}, rule_of_need);
  }
  return d;
}

// A value that the mapping does not understand is neither sent nor written over; where nothing of the field could
// travel, nobody waits for it.
FieldDecision unreadable(Field f, const FieldRule& rule, const Facts& facts, const Progress& progress) {
  if (progress.settled_closed) return make(f, Verdict::ignored, Reason::closed, {}, "L-7");
  if (rule.direction == Direction::off || rule.create_only) return make(f, Verdict::ignored, Reason::one_way);
  const Lock lock = lock_now(f, facts);
  if (lock.locked && rule.direction == Direction::to_partner_center) {
    return make(f, Verdict::ignored, Reason::locked, {}, lock.rule);
  }
  return make(f, Verdict::held, Reason::unreadable);
}

void collect_steps(Decision& decision) {
  const auto* standing = decision.of(Field::standing);
  for (const auto& d : decision.fields) {
    if (d.verdict != Verdict::to_partner_center) continue;
    if (d.field == Field::visible) decision.steps.push_back(Irreversible::shared);
    if (d.field == Field::help) decision.steps.push_back(Irreversible::help_asked);
  }
  if (standing == nullptr || standing->verdict != Verdict::to_partner_center) return;
  const auto* target = std::get_if<Standing>(&standing->result);
  if (target == nullptr) return;
  if (target->substatus == Substatus::won) decision.steps.push_back(Irreversible::won);
  if (target->substatus == Substatus::lost) decision.steps.push_back(Irreversible::lost);
  if (target->substatus == Substatus::declined) decision.steps.push_back(Irreversible::declined);
  if (target->substatus == Substatus::error) decision.steps.push_back(Irreversible::error);
}

}  // namespace

const RulePack Policy::usual_rules;

const FieldDecision* Decision::of(Field f) const {
  const auto it = std::find_if(fields.begin(), fields.end(), [f](const auto& d) { return d.field == f; });
  return it == fields.end() ? nullptr : &*it;
}

bool Decision::any(Verdict v) const {
  return std::any_of(fields.begin(), fields.end(), [v](const auto& d) { return d.verdict == v; });
}

FieldRule effective(FieldRule rule) {
  if (rule.direction == Direction::to_partner_center) {
    rule.conflict = ConflictRule::crm;
    rule.first_link = FirstLink::crm;
  }
  if (rule.direction == Direction::to_crm) {
    rule.conflict = ConflictRule::partner_center;
    rule.first_link = FirstLink::partner_center;
  }
  return rule;
}

Course course_of(Presence crm, Presence partner_center) {
  if (crm == Presence::never_seen || partner_center == Presence::never_seen) {
    if (crm == Presence::live) return Course::opportunity_alone;
    if (partner_center == Presence::live) return Course::referral_alone;
    return Course::nothing;
  }
  if (crm != Presence::live) return Course::crm_is_gone;
  return partner_center == Presence::live ? Course::compare : Course::partner_center_is_gone;
}

Decision reconcile(const Facts& facts, const Policy& policy) {
  Decision decision;
  const Progress progress = decide_progress(facts, policy);
  for (const FieldInfo& field : all_fields()) {
    if (!field.shared) continue;
    const Field f = field.field;
    if (f == Field::standing) {
      decision.fields.push_back(progress.standing);
      continue;
    }
    if (f == Field::stage) {
      decision.fields.push_back(progress.stage);
      continue;
    }
    const FourValues values{facts.crm.find(f), facts.partner_center.find(f), facts.base_crm.find(f),
                            facts.base_partner_center.find(f)};
    if (values.crm == nullptr || values.partner_center == nullptr) continue;  // a side does not show it
    const FieldRule rule = effective(policy.rule(f));
    if (facts.unreadable_in_crm.contains(f)) {
      decision.fields.push_back(unreadable(f, rule, facts, progress));
      continue;
    }
    FieldDecision d = is_sharing(f) ? compare_sharing(f, values) : compare(f, values, rule, facts);
    decision.fields.push_back(limit(std::move(d), policy, facts, progress));
  }
  collect_steps(decision);
  return decision;
}

const char* name_of(Verdict v) {
  switch (v) {
    case Verdict::agreed:
      return "agreed";
    case Verdict::to_partner_center:
      return "to_partner_center";
    case Verdict::to_crm:
      return "to_crm";
    case Verdict::conflict:
      return "conflict";
    case Verdict::held:
      return "held";
    case Verdict::ignored:
      return "ignored";
  }
  return "held";
}

const char* name_of(Presence p) {
  switch (p) {
    case Presence::never_seen:
      return "never seen";
    case Presence::live:
      return "there";
    case Presence::deleted:
      return "deleted";
    case Presence::out_of_scope:
      return "out of sight";
  }
  return "never seen";
}

const char* name_of(Course c) {
  switch (c) {
    case Course::nothing:
      return "nothing";
    case Course::opportunity_alone:
      return "opportunity alone";
    case Course::referral_alone:
      return "referral alone";
    case Course::compare:
      return "compare";
    case Course::crm_is_gone:
      return "opportunity is gone";
    case Course::partner_center_is_gone:
      return "referral is gone";
  }
  return "nothing";
}

const char* name_of(Reason r) {
  switch (r) {
    case Reason::equal:
      return "equal";
    case Reason::unchanged:
      return "unchanged";
    case Reason::changed_in_crm:
      return "changed_in_crm";
    case Reason::changed_in_partner_center:
      return "changed_in_partner_center";
    case Reason::first_link_blank:
      return "first_link_blank";
    case Reason::first_link_rule:
      return "first_link_rule";
    case Reason::first_link_ask:
      return "first_link_ask";
    case Reason::both_changed_rule:
      return "both_changed_rule";
    case Reason::both_changed_furthest:
      return "both_changed_furthest";
    case Reason::both_changed_latest:
      return "both_changed_latest";
    case Reason::both_changed_ask:
      return "both_changed_ask";
    case Reason::one_way:
      return "one_way";
    case Reason::locked:
      return "locked";
    case Reason::closed:
      return "closed";
    case Reason::unreadable:
      return "unreadable";
    case Reason::moved_back:
      return "moved_back";
    case Reason::accepted_in_crm:
      return "accepted_in_crm";
    case Reason::declined_in_crm:
      return "declined_in_crm";
    case Reason::won_while_waiting:
      return "won_while_waiting";
    case Reason::closed_in_crm:
      return "closed_in_crm";
    case Reason::closed_in_partner_center:
      return "closed_in_partner_center";
    case Reason::closed_differently:
      return "closed_differently";
    case Reason::reopened_in_crm:
      return "reopened_in_crm";
    case Reason::reopened_by_microsoft:
      return "reopened_by_microsoft";
    case Reason::illegal_step:
      return "illegal_step";
    case Reason::fought_over:
      return "fought_over";
    case Reason::not_answered_yet:
      return "not_answered_yet";
    case Reason::no_downgrade:
      return "no_downgrade";
    case Reason::needed:
      return "needed";
    case Reason::chosen_by_person:
      return "chosen_by_person";
  }
  return "equal";
}

const char* explain(Reason r) {
  switch (r) {
    case Reason::equal:
      return "the same on both sides";
    case Reason::unchanged:
      return "different, but unchanged since both sides last agreed";
    case Reason::changed_in_crm:
      return "changed in the CRM";
    case Reason::changed_in_partner_center:
      return "changed in Partner Center";
    case Reason::first_link_blank:
      return "first sync of this deal: the empty side takes the other's value";
    case Reason::first_link_rule:
      return "first sync of this deal: the mapping says whose value counts";
    case Reason::first_link_ask:
      return "first sync of this deal: the mapping leaves the choice to you";
    case Reason::both_changed_rule:
      return "changed on both sides: the mapping's conflict rule decided";
    case Reason::both_changed_furthest:
      return "changed on both sides: the further stage counts";
    case Reason::both_changed_latest:
      return "changed on both sides: the later change counts";
    case Reason::both_changed_ask:
      return "changed on both sides: you choose";
    case Reason::one_way:
      return "the mapping keeps this field one-way";
    case Reason::locked:
      return "Partner Center does not take a change of this field any more";
    case Reason::closed:
      return "closed deals are not changed";
    case Reason::unreadable:
      return "the value has no meaning under the mapping";
    case Reason::moved_back:
      return "the stage moved back and the mapping holds that";
    case Reason::accepted_in_crm:
      return "moved on in the CRM, which accepts the deal";
    case Reason::declined_in_crm:
      return "closed in the CRM before it was accepted, which declines the deal";
    case Reason::won_while_waiting:
      return "a deal cannot be won before it was accepted";
    case Reason::closed_in_crm:
      return "closed in the CRM";
    case Reason::closed_in_partner_center:
      return "closed in Partner Center";
    case Reason::closed_differently:
      return "closed with different outcomes on the two sides";
    case Reason::reopened_in_crm:
      return "open in the CRM although the referral is closed for good";
    case Reason::reopened_by_microsoft:
      return "opened again in Partner Center";
    case Reason::illegal_step:
      return "Partner Center does not have this step";
    case Reason::fought_over:
      return "changed back and forth: something else writes to it too";
    case Reason::not_answered_yet:
      return "nothing is sent before the deal is accepted or declined";
    case Reason::no_downgrade:
      return "what Microsoft was shown or asked cannot be taken back";
    case Reason::needed:
      return "empty in the CRM, which Partner Center does not take";
    case Reason::chosen_by_person:
      return "a person chose this value";
  }
  return "";
}

}  // namespace cosell::reconcile
