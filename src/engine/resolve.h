// A person's choice where the bridge may not choose by itself: what can be chosen for a deal, what each choice would
// write, keeping the choice with the deal, and laying it over a decision. A choice holds for the two values that the
// person saw; when somebody edits the field afterwards, the deal is compared anew.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/pair.h"
#include "engine/view.h"
#include "reconcile/reconcile.h"

namespace cosell::engine {

// Since when a side shows its present value of a field, as far as the history tells.
struct LastChange {
  Instant seen_at{};
  Value before;
  std::string by = {};  // who, where the side tells
};

// One field of a deal that waits for a choice.
struct OpenChoice {
  Field field = Field::name;
  reconcile::Reason reason = reconcile::Reason::both_changed_ask;
  std::string rule;  // rule id behind it; may be ""
  Value crm;
  Value partner_center;
  std::optional<Value> agreed;  // what both sides showed when they last agreed
  std::optional<LastChange> crm_changed;
  std::optional<LastChange> partner_center_changed;
  bool changed_since_decided = false;  // on one of the sides
  bool referral_closed = false;        // nothing can be written to Partner Center any more (L-7)

  // Has the referral a step to what the CRM shows? Else that cannot be chosen (L-8).
  bool has_step_to_crm() const;
  bool is_conflict() const;  // both sides changed it; else one of them is held
};

Result<std::vector<OpenChoice>> open_choices(const Pair& pair, const store::DealRow& row);

enum class Take : std::uint8_t { crm, partner_center, value };

struct Choice {
  Take take = Take::crm;
  std::string value;           // Take::value, as the person wrote it
  std::optional<Field> field;  // absent: all that `only` names
  // Of what waits: "conflict", "held", or one reason; "": the conflicts, and what is held where there is none.
  std::string only = {};
  std::string seen = {};  // what_is_open() when the person chose, for a choice that is carried out later; "": now
};

struct Resolved {
  DealId deal;
  std::string title;
  std::vector<std::string> told;  // one sentence per field: what was chosen and what becomes of the other value
};

// What the choice would write, in words: "8,100.00 EUR to Partner Center". Empty: both sides are left as they are, or
// it cannot be chosen.
std::string consequence(const Pair& pair, const OpenChoice& open, Take take);

// What the choice is about, as both sides show it: a text that is another one once either of them shows another value.
// Errors as of resolve().
Result<std::string> what_is_open(const Pair& pair, const store::DealRow& row, const Choice& choice);

// Keeps the choice with the deal and notes it in the history, with the value that loses. With `dry_run` nothing is
// stored. The store is exclusive. An error of class config says what cannot be chosen and why.
Result<Resolved> resolve(const Pair& pair, DealId deal, const Choice& choice, bool dry_run);

// Can deals that wait for this reason be resolved by a choice?
bool can_be_chosen(const std::string& reason);

// Lays the choices that are kept with the deal over the decision; forgets those that are done or out of date.
void apply_choices(store::DealRow& row, const DealView& view, reconcile::Decision& decision);

}  // namespace cosell::engine
