// Notices that somebody else fights the bridge over a field (F-39, F-76): the same two values travelling by turns,
// again and again. Such a field is held until a person has stopped the other one.
#pragma once

#include <optional>
#include <string>

#include "engine/pair.h"
#include "reconcile/reconcile.h"

namespace cosell::engine {

struct FoughtOver {
  Field field = Field::name;
  Side last_changed = Side::crm;  // where the latest change was seen
  int times = 0;
  Instant since{};
  std::string by = {};  // who changed the opportunity last, where the CRM tells
};

// Remembers in the row what travels now; a field that has gone back and forth too often is taken out of the decision.
// Returns the first such field.
std::optional<FoughtOver> hold_fought_over(store::DealRow& row, reconcile::Decision& decision, Instant now);

// A person says that the other one is stopped.
void forget_fights(store::DealRow& row);

}  // namespace cosell::engine
