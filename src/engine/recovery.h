// When a side can be used again after an incident: what was caught up and which deadline was lost, kept for `status`.
#pragma once

#include <string>

#include "engine/pair.h"

namespace cosell::engine {

struct Recovery {
  RunId run;
  Side side = Side::crm;
  std::string incident;  // as the store kept it: JSON with "since" and "message"
  std::int64_t deals_with_writes = 0;
};

// Inside a transaction.
Result<void> note_recovery(const Pair& pair, const Recovery& recovery);

}  // namespace cosell::engine
