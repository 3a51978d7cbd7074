// The variables are those that libcurl reads for https, in its order; empty ones do not count.
#include "net/proxy.h"

#include <cstdlib>

namespace cosell::net {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Without "user:password@", without a path; libcurl takes an address without a scheme for http.
std::string without_login(const std::string& address) {
  const std::size_t scheme = address.find("://");
  const std::size_t begin = scheme == std::string::npos ? 0 : scheme + 3;
  std::string host = address.substr(begin);
  if (const std::size_t at = host.rfind('@'); at != std::string::npos) host.erase(0, at + 1);
  host.erase(std::min(host.find('/'), host.size()));
  return (scheme == std::string::npos ? "http://" : address.substr(0, begin)) + host;
}

}  // namespace

std::optional<ProxyInUse> proxy_in_use(const std::string& configured) {
  if (!configured.empty()) return ProxyInUse{without_login(configured), "\"network\" in the configuration"};
  for (const char* name : {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}) {
    const std::string value = variable(name);
    if (!value.empty()) return ProxyInUse{without_login(value), std::string(name) + " in the environment"};
  }
  return std::nullopt;
}

std::string not_through_proxy() {
  const std::string lower = variable("no_proxy");
  return lower.empty() ? variable("NO_PROXY") : lower;
}

}  // namespace cosell::net
