// A transport that hands requests to a function in the same process, so that tests and simulation drive the real
// connectors into emulator cores without a socket. It fails in the same ways as the real one.
#pragma once

#include <functional>
#include <optional>

#include "base/random.h"
#include "net/transport.h"

namespace cosell::net {

// How an answer travels back. Dropped before and dropped after look the same to the caller: the request
// went out and no answer came; only the server knows whether it applied it.
struct Delivered {
  enum class Kind { response, unreachable, dropped_before, dropped_after, truncated };
  Kind kind = Kind::response;
  http::Response response = {};
};

class InProcessTransport final : public Transport {
 public:
  // The server sees what a real one sees: an origin-form URL and a Host header.
  using Server = std::function<Delivered(const http::Request&)>;

  // With `order`, the requests under way reach the server in a random order, as they do on a network.
  explicit InProcessTransport(Server server, Random* order = nullptr) : server_(std::move(server)), order_(order) {}

  void stream(const Next& next, const Done& done, const Limit& max_in_flight) override;

 private:
  Reply deliver(const Exchange& exchange) const;

  Server server_;
  Random* order_;
};

}  // namespace cosell::net
