// The texts that people write, and that the program keeps for itself, as targets: configuration, mappings and their
// examples, times and numbers, certificates, columns of the store.
#pragma once

#include <vector>

#include "tests/fuzz/targets.h"

namespace cosell::fuzz {

std::vector<Target> written_texts();

}  // namespace cosell::fuzz
