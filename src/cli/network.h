// What the configuration says of the network, made ready for requests, and what `cosell check` tells of it.
#pragma once

#include <vector>

#include "cli/config.h"
#include "connectors/connector.h"
#include "net/curl_transport.h"

namespace cosell::cli {

// For every request that leaves for a side or its login. The CA file is looked at and the proxy's password read; the
// error (config) names file and line of the setting.
Result<net::CurlOptions> network_options(const Config& config);

// The authorities, and the proxy wherever it comes from; nothing where neither is there.
std::vector<Finding> network_findings(const Config& config);

}  // namespace cosell::cli
