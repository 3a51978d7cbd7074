// Approval by a person: the steps that a deal waits for, and that cannot be taken back, may leave with the next cycle.
#pragma once

#include <string>
#include <vector>

#include "engine/pair.h"

namespace cosell::engine {

struct Approved {
  DealId deal;
  std::string title;
  std::vector<Irreversible> steps;  // empty: the deal waits for no such step
};

// Finds out afresh what the deal would do now and approves exactly that; a step that the configuration never allows is
// not approved. The store is exclusive.
Result<Approved> approve(const Pair& pair, DealId deal);

}  // namespace cosell::engine
