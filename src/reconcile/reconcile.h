// Reconcile: what the two sides show, what they last agreed on, and the policy, in; one decision per field with a
// reason, out. Pure and total (I-41): for every combination of inputs it returns, it touches nothing, asks nobody.
//
// Facts, the default decision and the chosen decision are different things: facts are never changed; a decision
// names its reason from a closed list (I-34). Groups are atomic because each is one Value (I-10): standing
// (status + substatus + reason) and value (amount + currency).
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "deal/deal.h"
#include "deal/lifecycle.h"
#include "deal/rule_pack.h"
#include "mapping/mapping.h"

namespace cosell::reconcile {

// What both sides show of one linked deal. In the base deals a field is absent when the sides never agreed on it
// (a first link).
struct Facts {
  Deal crm;
  Deal partner_center;
  Deal base_crm;
  Deal base_partner_center;
  std::set<Field> unreadable_in_crm;  // the mapping could not read them; never written over, never sent
  bool shared_with_microsoft = false;
  // The servers' own times of the last change of either record, for the rule `latest` alone. It is weak: the two clocks
  // are not the same, and a record has one time for all its fields (F-67).
  std::optional<Instant> changed_in_crm;
  std::optional<Instant> changed_in_partner_center;
};

// What is known of the record that a side has of a deal.
enum class Presence : std::uint8_t { never_seen, live, deleted, out_of_scope };

// What becomes of a deal, from the presence of its two records. Absence never closes, deletes or unlinks (I-11).
enum class Course : std::uint8_t {
  nothing,            // no record, or one that is gone and was never linked
  opportunity_alone,  // may become a referral
  referral_alone,     // may become an opportunity
  compare,            // both are there: field by field
  crm_is_gone,        // linked, and the opportunity is deleted or out of sight: waits for a person
  partner_center_is_gone
};
const char* name_of(Presence p);
const char* name_of(Course c);
Course course_of(Presence crm, Presence partner_center);

// How fields are kept the same; from the mapping.
struct Policy {
  std::function<const mapping::FieldRule&(Field)> rule;
  mapping::Backward backward = mapping::Backward::hold;
  const RulePack* rules = &usual_rules;  // what a referral is never without

  static const RulePack usual_rules;
};

enum class Verdict : std::uint8_t {
  agreed,             // nothing to do; this is a new base
  to_partner_center,  // the CRM's value travels
  to_crm,             // Partner Center's value travels
  conflict,           // both changed and a person has to choose
  held,               // waits: a rule or a person is in the way
  ignored             // differs, and stays so on purpose (one-way field, locked field)
};
const char* name_of(Verdict v);

// The closed list of reasons.
enum class Reason : std::uint8_t {
  equal,      // both sides show the same
  unchanged,  // they differ as they did when they last agreed
  changed_in_crm,
  changed_in_partner_center,
  first_link_blank,       // first link: the blank side takes the other's value
  first_link_rule,        // first link: the mapping's precedence decided
  first_link_ask,         // first link: the mapping wants a person to choose
  both_changed_rule,      // both changed: the conflict rule decided
  both_changed_furthest,  // both changed: the further stage won
  both_changed_latest,    // both changed: the record that was changed last won
  both_changed_ask,       // both changed: a person chooses
  one_way,                // the mapping keeps this field one-way or off
  locked,                 // Partner Center refuses a change of this field now (5.2)
  closed,                 // nothing is written to a closed deal (L-7)
  unreadable,             // the CRM's value has no meaning under the mapping
  moved_back,             // the stage moved back and the mapping holds it
  accepted_in_crm,        // the seller moved an unanswered deal on (L-2)
  declined_in_crm,        // the seller closed an unanswered deal (L-3)
  won_while_waiting,      // an unanswered deal cannot be won (L-8)
  closed_in_crm,          // won or lost in the CRM
  closed_in_partner_center,
  closed_differently,     // both closed, with different outcomes
  reopened_in_crm,        // open again in the CRM although the referral is closed (L-7)
  reopened_by_microsoft,  // closed, then opened again in Partner Center
  illegal_step,           // the CRM asks for a step that the life cycle does not have (L-8)
  fought_over,            // the same two values by turns: somebody else writes too (F-39)
  not_answered_yet,       // nothing but the answer is sent while a deal waits (L-1)
  no_downgrade,           // visibility and help cannot be taken back (U-8)
  needed,                 // empty in the CRM; a referral is never without it (R-3 …)
  chosen_by_person        // a person chose between two values; laid over the decision by the engine
};
const char* name_of(Reason r);
// One sentence part for people: "changed in the CRM", "closed deals cannot be changed".
const char* explain(Reason r);

struct FieldDecision {
  Field field = Field::name;
  Verdict verdict = Verdict::agreed;
  Reason reason = Reason::equal;
  Value result;      // what travels, when it does
  std::string rule;  // rule id behind it: "L-7", "S-11"; may be ""
};

struct Decision {
  std::vector<FieldDecision> fields;  // one per shared field that either side shows, in field order
  // Steps among them that cannot be taken back, in the order in which they would be taken.
  std::vector<Irreversible> steps;

  const FieldDecision* of(Field f) const;
  bool any(Verdict v) const;
};

// The rule as it counts: the side that a one-way field comes from decides alone, on a first link and when both
// sides changed; its edit is never lost to a precedence that the direction contradicts.
mapping::FieldRule effective(mapping::FieldRule rule);

Decision reconcile(const Facts& facts, const Policy& policy);

}  // namespace cosell::reconcile
