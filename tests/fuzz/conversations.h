// The readers that need somebody to talk to, as targets.
#pragma once

#include <vector>

#include "tests/fuzz/targets.h"

namespace cosell::fuzz {

std::vector<Target> conversations();

}  // namespace cosell::fuzz
