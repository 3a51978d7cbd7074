// The clock of this machine was ahead during an earlier sync and has been set right since (F-67).
#pragma once

#include "engine/pair.h"

namespace cosell::engine {

// Was it? Then times that the store holds from then lie too far in the future: waiting times begin anew, what waits for
// a date is decided on again, and what is looked at once a day is looked at. Not when two syncs merely overlap.
Result<void> mind_the_clock(const Pair& pair);

}  // namespace cosell::engine
