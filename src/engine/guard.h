// The mass-change guard (I-13): counts what a run would do before its first write, and stops it when steps that are
// hard to take back are both many and a large share of all deals.
#pragma once

#include <optional>
#include <string>

#include "engine/cycle.h"

namespace cosell::engine {

struct PlannedSteps {
  std::int64_t creates = 0;   // new records on either side
  std::int64_t closings = 0;  // won, lost, declined
  std::int64_t sharings = 0;  // shown to Microsoft, help asked
};

struct GuardStop {
  std::string guard;  // "closings"
  Error error;        // what it saw and the command that lets it through once
};

// `known_deals`: deals that take part; `first_sync`: there was no complete run yet.
std::optional<GuardStop> check_mass_change(const PlannedSteps& steps, std::int64_t known_deals, bool first_sync,
                                           const Settings& settings, const CycleOptions& options);

}  // namespace cosell::engine
