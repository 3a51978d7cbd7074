// Replay: chosen deals are read again on both sides and decided anew. What was refused before may be sent again, but
// only as the deal stands now; a stale write is never repeated.
#pragma once

#include <string>
#include <vector>

#include "engine/cycle.h"
#include "engine/pair.h"

namespace cosell::engine {

struct Replayed {
  DealId deal;
  std::string title;
  std::string before;  // state in words
  std::string after;
  std::int64_t writes = 0;           // done; with `plan_only`: that would be done
  std::vector<std::string> changes;  // of these writes, in words
  bool already_done = false;         // both sides agreed already, nothing was written
};

struct ReplayReport {
  CycleReport cycle;
  std::vector<Replayed> deals;
};

// The store is exclusive, or a scratch copy with `options.plan_only`. `options.only` and `limit` are not used.
Result<ReplayReport> replay(const Pair& pair, const std::vector<DealId>& deals, CycleOptions options);

}  // namespace cosell::engine
