// What reaches a sandbox from outside, as targets: requests, control verbs and exports to load.
#pragma once

#include <vector>

#include "tests/fuzz/targets.h"

namespace cosell::fuzz {

std::vector<Target> sandboxes();

}  // namespace cosell::fuzz
