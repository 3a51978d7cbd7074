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

// Those that a person is asked about, or also those that would leave by themselves when their time is over.
enum class Approvable : std::uint8_t { asked_about, all_that_wait };

// The steps that approve() would approve now, as they were told when the deal was looked at last. Empty: the deal waits
// for no such step.
Result<std::vector<Irreversible>> steps_to_approve(const Pair& pair, const store::DealRow& row, Approvable which);

// Finds out afresh what the deal would do now and approves exactly that; a step that the configuration never allows is
// not approved, nor one that nobody was told of yet. `meant`: what a person saw that the deal waits for, when the
// approval is carried out later; if another step is wanted by then, nothing is approved and the error (of class config)
// says so. The store is exclusive.
Result<Approved> approve(const Pair& pair, DealId deal, Approvable which = Approvable::all_that_wait,
                         const std::optional<std::vector<Irreversible>>& meant = std::nullopt);

}  // namespace cosell::engine
