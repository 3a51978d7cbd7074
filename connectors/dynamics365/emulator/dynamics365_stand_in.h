// The emulated Dynamics 365 as a sandbox's stand-in: what it loads, and the configuration that leads to it.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "connectors/stand_in.h"

namespace cosell {

StandIn dynamics365_stand_in();
// The part of a configuration that leads to a stand-in at `base_url`, and the throw-away secrets that it names.
json::Value dynamics365_sandbox_part(const std::string& base_url, SandboxLogin way);
std::vector<SandboxFile> dynamics365_sandbox_secrets();
SandboxKeyPair dynamics365_key_pair();

}  // namespace cosell
