// The readers that need somebody to talk to, as targets.
#pragma once

#include <vector>

#include "tests/fuzz/targets.h"

namespace cosell::fuzz {

std::vector<Target> conversations();  // logins, and what is kept in files
std::vector<Target> dynamics365_conversations();
std::vector<Target> salesforce_conversations();

}  // namespace cosell::fuzz
