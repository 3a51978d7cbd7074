// How far a deal is. A reader can check every branch against docs/reconcile.md: first what Partner Center shows
// (waiting, active, closed), then what the CRM shows.
#include "reconcile/progress.h"

#include <algorithm>

namespace cosell::reconcile {

namespace {

using mapping::Backward;
using mapping::ConflictRule;
using mapping::Direction;
using mapping::FirstLink;

// S-11: an unreported stage equals 10. A referral at 100 that is still active is at most negotiated for the CRM:
// only Won closes a deal.
int reported(Stage s) { return std::clamp(percent_of(s), 10, 80); }

struct View {
  Standing crm, partner_center;
  std::optional<Standing> base_crm, base_partner_center;
};

FieldDecision verdict(Field field, Verdict v, Reason r, Value result = {}, std::string rule = "") {
  return {field, v, r, std::move(result), std::move(rule)};
}

bool same_outcome(const Standing& a, const Standing& b) {
  return a.status == b.status && (a.status != Status::closed || a.substatus == b.substatus);
}

// The direction of the mapping, applied to a value that wants to travel.
FieldDecision travel(FieldDecision d, const mapping::FieldRule& rule) {
  const bool blocked = (d.verdict == Verdict::to_partner_center && rule.direction == Direction::to_crm) ||
                       (d.verdict == Verdict::to_crm && rule.direction == Direction::to_partner_center) ||
                       rule.direction == Direction::off;
  if (blocked && (d.verdict == Verdict::to_partner_center || d.verdict == Verdict::to_crm)) {
    return verdict(d.field, Verdict::ignored, Reason::one_way);
  }
  return d;
}

FieldDecision stage_to(Verdict to, Reason reason, Stage from, Stage present, Backward backward) {
  if (reported(from) < reported(present)) {
    if (backward == Backward::hold) return verdict(Field::stage, Verdict::held, Reason::moved_back);
    if (backward == Backward::ignore) return verdict(Field::stage, Verdict::ignored, Reason::moved_back);
  }
  return verdict(Field::stage, to, reason, from);
}

// Both sides are active: the stage by three-way comparison.
FieldDecision decide_active_stage(const Facts& facts, const Policy& policy) {
  const Stage crm = facts.crm.stage();
  const Stage pc = facts.partner_center.stage();
  const auto rule = reconcile::effective(policy.rule(Field::stage));
  if (reported(crm) == reported(pc)) return verdict(Field::stage, Verdict::agreed, Reason::equal, {}, "S-11");
  const Value* base_crm = facts.base_crm.find(Field::stage);
  const Value* base_pc = facts.base_partner_center.find(Field::stage);
  if (base_crm == nullptr || base_pc == nullptr) {
    // First link. An unreported stage is a blank: it takes the CRM's.
    if (pc == Stage::none) return verdict(Field::stage, Verdict::to_partner_center, Reason::first_link_blank, crm);
    if (rule.first_link == FirstLink::ask) return verdict(Field::stage, Verdict::conflict, Reason::first_link_ask);
    return rule.first_link == FirstLink::crm
               ? stage_to(Verdict::to_partner_center, Reason::first_link_rule, crm, pc, policy.backward)
               : stage_to(Verdict::to_crm, Reason::first_link_rule, pc, crm, policy.backward);
  }
  const bool crm_changed = reported(facts.base_crm.stage()) != reported(crm);
  const bool pc_changed = reported(facts.base_partner_center.stage()) != reported(pc);
  if (!crm_changed && !pc_changed) return verdict(Field::stage, Verdict::agreed, Reason::unchanged);
  if (!pc_changed) return stage_to(Verdict::to_partner_center, Reason::changed_in_crm, crm, pc, policy.backward);
  if (!crm_changed) return stage_to(Verdict::to_crm, Reason::changed_in_partner_center, pc, crm, policy.backward);
  switch (rule.conflict) {
    case ConflictRule::crm:
    case ConflictRule::prefer_crm_unless_blank:
      return stage_to(Verdict::to_partner_center, Reason::both_changed_rule, crm, pc, policy.backward);
    case ConflictRule::partner_center:
      return stage_to(Verdict::to_crm, Reason::both_changed_rule, pc, crm, policy.backward);
    case ConflictRule::furthest_stage:
    case ConflictRule::latest:  // a stage has no time of its own that both sides could be measured by
      return reported(crm) > reported(pc)
                 ? verdict(Field::stage, Verdict::to_partner_center, Reason::both_changed_furthest, crm)
                 : verdict(Field::stage, Verdict::to_crm, Reason::both_changed_furthest, pc);
    case ConflictRule::ask:
      break;
  }
  return verdict(Field::stage, Verdict::conflict, Reason::both_changed_ask);
}

// Partner Center waits for the partner's answer (L-1).
void decide_waiting(const Facts& facts, const View& view, Progress& p) {
  p.waiting = true;
  switch (view.crm.status) {
    case Status::fresh:
      p.standing = verdict(Field::standing, Verdict::agreed, Reason::equal);
      return;
    case Status::active: {
      p.standing = verdict(Field::standing, Verdict::to_partner_center, Reason::accepted_in_crm,
                           Standing{Status::active, Substatus::accepted, ""}, "L-2");
      const Stage crm = facts.crm.stage();
      if (reported(crm) > reported(facts.partner_center.stage())) {
        p.stage = verdict(Field::stage, Verdict::to_partner_center, Reason::accepted_in_crm, crm, "L-11");
      }
      return;
    }
    case Status::closed:
      if (view.crm.substatus == Substatus::lost || view.crm.substatus == Substatus::declined) {
        p.standing = verdict(Field::standing, Verdict::to_partner_center, Reason::declined_in_crm,
                             Standing{Status::closed, Substatus::declined, view.crm.reason}, "L-3");
        return;
      }
      if (view.crm.substatus == Substatus::won) {
        p.standing = verdict(Field::standing, Verdict::held, Reason::won_while_waiting, {}, "L-8");
        return;
      }
      p.standing = verdict(Field::standing, Verdict::held, Reason::illegal_step, {}, "L-8");
      return;
  }
}

// Partner Center shows an active deal.
void decide_active(const Facts& facts, const Policy& policy, const View& view, Progress& p) {
  const bool pc_was_closed = view.base_partner_center && is_terminal(*view.base_partner_center);
  const bool crm_moved = view.base_crm && !same_outcome(*view.base_crm, view.crm);
  switch (view.crm.status) {
    case Status::active:
      p.standing = verdict(Field::standing, Verdict::agreed, Reason::equal);
      p.stage = decide_active_stage(facts, policy);
      return;
    case Status::fresh:
      // Accepted in Partner Center while the CRM still shows the waiting stage, unless the CRM moved back to it.
      if (crm_moved && view.base_partner_center && view.base_partner_center->status == Status::active) {
        p.standing = verdict(Field::standing, Verdict::held, Reason::illegal_step, {}, "L-8");
        return;
      }
      p.standing = verdict(Field::standing, Verdict::to_crm, Reason::changed_in_partner_center, view.partner_center);
      p.stage = verdict(Field::stage, Verdict::to_crm, Reason::changed_in_partner_center, facts.partner_center.stage());
      return;
    case Status::closed:
      if (pc_was_closed && !crm_moved) {
        p.standing = verdict(Field::standing, Verdict::to_crm, Reason::reopened_by_microsoft, view.partner_center);
        p.stage = verdict(Field::stage, Verdict::to_crm, Reason::reopened_by_microsoft, facts.partner_center.stage());
        return;
      }
      if (!may_move(view.partner_center, view.crm)) {
        p.standing = verdict(Field::standing, Verdict::held, Reason::illegal_step, {}, "L-8");
        return;
      }
      p.standing = verdict(Field::standing, Verdict::to_partner_center, Reason::closed_in_crm, view.crm, "L-8");
      return;
  }
}

// Partner Center shows a closed deal: nothing is ever written to it (L-7).
void decide_closed(const View& view, Progress& p) {
  p.closed = true;
  const bool was_closed = view.base_partner_center && is_terminal(*view.base_partner_center);
  p.settled_closed = was_closed;
  if (view.crm.status == Status::closed) {
    if (same_outcome(view.crm, view.partner_center)) {
      p.standing = verdict(Field::standing, Verdict::agreed, Reason::equal);
      return;
    }
    const bool crm_moved = !view.base_crm || !same_outcome(*view.base_crm, view.crm);
    if (was_closed && !crm_moved) {
      p.standing = verdict(Field::standing, Verdict::agreed, Reason::unchanged);
      return;
    }
    // Declined and expired have no twin in most CRMs: the CRM's lost stage says the same (the mapping's write-back
    // decides in the engine whether anything is left to write).
    const bool crm_gave_up = view.crm.substatus != Substatus::won;
    const bool pc_gave_up = view.partner_center.substatus != Substatus::won;
    if (crm_gave_up && pc_gave_up) {
      p.standing = verdict(Field::standing, Verdict::agreed, Reason::equal);
      return;
    }
    p.standing = verdict(Field::standing, Verdict::held, Reason::closed_differently, {}, "L-7");
    return;
  }
  const bool seen_open = view.base_partner_center && !was_closed;
  // The seller accepted it in the CRM while it expired, or was declined, in Partner Center: what the seller works on is
  // not closed by itself.
  const bool accepted_too_late = seen_open && is_waiting(*view.base_partner_center) &&
                                 view.crm.status == Status::active && view.base_crm &&
                                 view.base_crm->status == Status::fresh;
  if (seen_open && !accepted_too_late) {
    p.standing =
        verdict(Field::standing, Verdict::to_crm, Reason::closed_in_partner_center, view.partner_center, "L-7");
    return;
  }
  p.standing = verdict(Field::standing, Verdict::held, Reason::reopened_in_crm, {}, "L-7");
}

std::optional<Standing> standing_of(const Deal& deal) { return deal.standing(); }

}  // namespace

Progress decide_progress(const Facts& facts, const Policy& policy) {
  Progress p;
  p.standing = verdict(Field::standing, Verdict::agreed, Reason::equal);
  p.stage = verdict(Field::stage, Verdict::agreed, Reason::equal);
  const auto pc = standing_of(facts.partner_center);
  const auto crm = standing_of(facts.crm);
  if (pc && is_terminal(*pc)) {
    p.closed = true;
    const auto base = standing_of(facts.base_partner_center);
    p.settled_closed = base && is_terminal(*base);
  }
  if (pc && is_waiting(*pc)) p.waiting = true;
  if (facts.unreadable_in_crm.contains(Field::standing) || facts.unreadable_in_crm.contains(Field::stage)) {
    p.standing = verdict(Field::standing, Verdict::held, Reason::unreadable);
    p.stage = verdict(Field::stage, Verdict::held, Reason::unreadable);
    return p;
  }
  if (!pc || !crm) {
    // One side does not show where the deal stands (an unknown wire value): preserved, never guessed (F-52).
    p.standing = verdict(Field::standing, Verdict::held, Reason::unreadable);
    return p;
  }
  const View view{*crm, *pc, standing_of(facts.base_crm), standing_of(facts.base_partner_center)};
  switch (pc->status) {
    case Status::fresh:
      decide_waiting(facts, view, p);
      break;
    case Status::active:
      decide_active(facts, policy, view, p);
      break;
    case Status::closed:
      decide_closed(view, p);
      break;
  }
  p.standing = travel(std::move(p.standing), policy.rule(Field::standing));
  p.stage = travel(std::move(p.stage), policy.rule(Field::stage));
  p.accepting = p.waiting && p.standing.reason == Reason::accepted_in_crm;
  return p;
}

}  // namespace cosell::reconcile
