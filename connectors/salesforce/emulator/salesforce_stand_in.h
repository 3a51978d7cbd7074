// The emulated Salesforce as a sandbox's stand-in: what it loads, and the configuration that leads to it.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "connectors/stand_in.h"

namespace cosell {

StandIn salesforce_stand_in();
// The part of a configuration that leads to a stand-in at `base_url`, and the throw-away secrets that it names.
json::Value salesforce_sandbox_part(const std::string& base_url, SandboxLogin way);
std::vector<SandboxFile> salesforce_sandbox_secrets();
SandboxKeyPair salesforce_key_pair();

}  // namespace cosell
