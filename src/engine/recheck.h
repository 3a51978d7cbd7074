// Deriving the decisions of a past run again from what the store kept of them: mapping text, settings, moment, pictures
// of both sides and the answers of the systems. They must come out the same.
#pragma once

#include <string>
#include <vector>

#include "engine/decide.h"
#include "engine/pair.h"

namespace cosell::engine {

// What the journal keeps of a decision, in JSON: what came out, and under "inputs" all that it was derived from.
std::string decision_payload(const Planned& plan);

// The settings that decisions follow from, as canonical JSON.
std::string settings_text(const Settings& settings);

struct Recheck {
  RunId run;
  std::int64_t checked = 0;
  std::int64_t without_inputs = 0;  // pruned or erased
  struct Difference {
    std::int64_t entry = 0;  // in the journal
    DealId deal;
    std::string summary;  // as the journal says it
    std::string before;   // canonical JSON of what came out then
    std::string now;
  };
  std::vector<Difference> differences;
};

// Asks nobody and changes nothing. An invalid run: the last one that decided something.
Result<Recheck> recheck(const Pair& pair, RunId run);

}  // namespace cosell::engine
