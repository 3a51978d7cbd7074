// The real transport: HTTP/1.1 and HTTP/2 through libcurl, with pooled connections. TLS is always verified,
// redirects are never followed (the caller sees the 3xx), and a request is never repeated behind the caller's back.
#pragma once

#include <memory>
#include <string>

#include "net/secrets.h"
#include "net/transport.h"

namespace cosell::net {

struct CurlOptions {
  std::string ca_bundle = {};   // PEM file of authorities; empty: the system's
  std::string proxy = {};       // "http://proxy:3128"; empty: from the environment. Never used for this machine
  std::string proxy_user = {};  // for the configured proxy; empty: no login
  Secret proxy_password = {};
  Duration connect_timeout = seconds(15);
  Duration drain = seconds(3);  // after a stop request: how long requests under way may still finish
};

class CurlTransport final : public Transport {
 public:
  explicit CurlTransport(CurlOptions options = {});
  ~CurlTransport() override;
  CurlTransport(const CurlTransport&) = delete;
  CurlTransport& operator=(const CurlTransport&) = delete;

  // May be called from several threads and from within its own callbacks.
  void stream(const Next& next, const Done& done, const Limit& max_in_flight) override;

 private:
  struct Pool;
  CurlOptions options_;
  std::unique_ptr<Pool> pool_;
};

}  // namespace cosell::net
