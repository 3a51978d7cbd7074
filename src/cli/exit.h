// Exit codes, and which error leads to which.
#pragma once

#include "base/error.h"

namespace cosell::cli {

enum Exit : int {
  exit_done = 0,          // done, also when deals wait for people
  exit_failures = 1,      // done, with new failures; or under the mapping of before because the file cannot be used; or
                          // with an answer that could not be written to its end
  exit_usage = 2,         // usage, configuration or mapping
  exit_unreachable = 3,   // a side is unreachable or refuses the login
  exit_guard = 4,         // stopped by a guard before its first or its next write
  exit_store = 5,         // store damaged, foreign or newer, or the disk is full
  exit_busy = 6,          // another process holds the store
  exit_hung_up = 129,     // a service that ended by a hangup, which a manager of services starts again; nothing is lost
  exit_interrupted = 130  // asked to stop before the end; nothing is lost
};

int exit_code_of(ErrorClass c);
// The one that matters more, when several pairs end differently.
int worse(int a, int b);

}  // namespace cosell::cli
