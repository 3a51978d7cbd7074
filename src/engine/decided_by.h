// By what deals were decided last: the mapping, the pair's settings and the rules of the program itself. Where one of
// them is another since, a decision may no longer be what it would be now, and what people were told of it neither.
#pragma once

#include <string>

#include "engine/pair.h"

namespace cosell::engine {

struct DecidedBy {
  std::string mapping;   // hash; "" before the first sync
  std::string settings;  // hash, of the program's rules too; "" when it was not kept yet
};

Result<DecidedBy> last_decided_by(store::Store& store);

// Not where the store does not know one of the two.
bool decides_as(const DecidedBy& last, const Pair& pair);

// Inside the caller's transaction: all deals are marked for it.
Result<void> keep_decided_by(const Pair& pair);

}  // namespace cosell::engine
