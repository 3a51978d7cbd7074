// Through which proxy requests leave this machine, in words: the configured one, or the one that libcurl takes from
// the environment. Decides nothing; libcurl itself asks the environment (and no_proxy) for each request.
#pragma once

#include <optional>
#include <string>

namespace cosell::net {

struct ProxyInUse {
  std::string address;  // "http://proxy:3128", never with user or password
  std::string from;     // "\"network\" in the configuration", or "https_proxy in the environment"
};

// For requests with https to other machines. `configured` may be empty.
std::optional<ProxyInUse> proxy_in_use(const std::string& configured);

// What no_proxy (or NO_PROXY) in the environment excepts; "" when nothing.
std::string not_through_proxy();

}  // namespace cosell::net
