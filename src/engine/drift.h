// Mapping drift: the CRM's stages change after a mapping was written. What was added, renamed or removed since the
// mapping came into use is kept in the store, with the line of the mapping to change, until it fits again. Holding the
// deals concerned is not done here: a deal whose stage the mapping does not know waits by itself.
#pragma once

#include <string>
#include <vector>

#include "engine/pair.h"

namespace cosell::engine {

struct Drift {
  std::string stage;      // stable value
  std::string message;    // "the CRM has a new stage \"Pilot 2\" …"
  std::string next_step;  // "acme.jsonc:6: add \"Pilot 2\": … to the stage table"
  Instant since{};
  bool only_label = false;  // the value stayed and the mapping fits; told until the file is edited, or for 30 days
};

// How `now` differs from `before`, as far as the mapping is concerned. `crm` is the system's name for people.
std::vector<Drift> drift_between(const std::vector<StageEntry>& before, const std::vector<StageEntry>& now,
                                 const mapping::Mapping& mapping, const std::string& crm);

// Compares what the CRM tells now with what it told when the mapping came into use, and keeps the result. Inside a
// transaction.
Result<void> note_drift(const Pair& pair, const std::vector<StageEntry>& now);
Result<std::vector<Drift>> known_drift(store::Store& store);

// Are more deals unreadable than at the last call? Then a stage may be new, and the CRM is worth asking again.
// Inside a transaction.
Result<bool> more_is_unreadable(store::Store& store, const std::vector<store::StateCount>& states);

}  // namespace cosell::engine
