// The network part of the configuration. See network.h.
#include "cli/network.h"

#include "base/text.h"
#include "net/ca_file.h"
#include "net/proxy.h"

namespace cosell::cli {

namespace {

Result<int> look_at_ca_file(const Network& network) {
  auto certificates = net::certificates_in_file(network.ca_bundle);
  if (certificates) return certificates;
  Error e = certificates.error();
  e.message = network.ca_bundle_at + ": \"ca_bundle\": " + e.message;
  return e;
}

Finding problem(const std::string& what, const Error& error, const std::string& remedy) {
  return {Finding::Level::problem, what, error.message, remedy};
}

}  // namespace

Result<net::CurlOptions> network_options(const Config& config) {
  const Network& network = config.network;
  net::CurlOptions options;
  if (!network.ca_bundle.empty()) {
    if (auto usable = look_at_ca_file(network); !usable) return usable.error();
    options.ca_bundle = network.ca_bundle;
  }
  options.proxy = network.proxy;
  options.proxy_user = network.proxy_user;
  if (!network.proxy_password.empty()) {
    auto password = net::read_secret(network.proxy_password, "network.proxy_password", config.base_dir);
    if (!password) return password.error();
    options.proxy_password = std::move(*password);
  }
  return options;
}

std::vector<Finding> network_findings(const Config& config) {
  const Network& network = config.network;
  std::vector<Finding> findings;
  if (!network.ca_bundle.empty()) {
    const auto certificates = look_at_ca_file(network);
    if (certificates) {
      findings.push_back(
          {Finding::Level::ok, "Authorities",
           network.ca_bundle + ", " + text::count_of(static_cast<std::size_t>(*certificates), "certificate"), ""});
    } else {
      findings.push_back(problem("Authorities", certificates.error(),
                                 "Put the file of your network's authority there, or leave \"ca_bundle\" out."));
    }
  }
  const auto proxy = net::proxy_in_use(network.proxy);
  if (!proxy) return findings;
  std::string text = proxy->address + " (" + proxy->from + ")";
  if (!network.proxy_user.empty()) text += ", as " + network.proxy_user;
  if (const std::string not_for = net::not_through_proxy(); !not_for.empty()) text += "; not for " + not_for;
  findings.push_back({Finding::Level::ok, "Proxy", text, ""});
  if (const auto options = network_options(config); !options && findings.front().level == Finding::Level::ok) {
    findings.back() = problem("Proxy", options.error(), "Put the password there, readable for the bridge alone.");
  }
  return findings;
}

}  // namespace cosell::cli
