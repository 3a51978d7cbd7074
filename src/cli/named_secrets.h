// The secrets that a configuration names: is each of them there? For `cosell check`, so that whoever sets the bridge up
// learns of all that are missing at once.
#pragma once

#include <vector>

#include "cli/config.h"
#include "connectors/connector.h"

namespace cosell::cli {

// One problem per secret that cannot be read; those of the logins of both sides, and the key of saved logins.
std::vector<Finding> unreadable_secrets(const Config& config, const PairConfig& pair);

}  // namespace cosell::cli
