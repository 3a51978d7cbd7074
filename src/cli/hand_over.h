// Handing a command to the process that holds the store, as an entry of its inbox (inbox.h), and waiting for what
// comes of it.
#pragma once

#include "cli/session.h"
#include "cli/workplace.h"

namespace cosell::cli {

// Hands the command over and waits for its answer, which is shown; the command ends as it would have ended by itself:
// with the same exit code, and for programs with the same report. `deals`: how many it is about; 0: the pair as a
// whole.
PairAnswer hand_over(Session& session, Workplace& place, const std::string& command, const json::Value& arguments,
                     std::size_t deals);

}  // namespace cosell::cli
