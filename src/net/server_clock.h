// What the `Date` headers of a side's answers tell of this machine's clock. Stands in front of the real transport and
// changes nothing; what follows from a wrong clock is the caller's matter. Thread-safe.
#pragma once

#include <mutex>
#include <optional>

#include "base/time.h"
#include "net/transport.h"

namespace cosell::net {

class ServerClockTransport final : public Transport {
 public:
  ServerClockTransport(Transport& inner, Clock& clock) : inner_(inner), clock_(clock) {}

  // How far this machine's clock is ahead of the side's (behind: negative), by the answer that came nearest: one that
  // was long under way makes it look further ahead than it is. Nothing while no answer told the time.
  std::optional<Duration> ahead() const;

  void stream(const Next& next, const Done& done, const Limit& max_in_flight) override;

 private:
  void look_at(const Reply& reply);

  Transport& inner_;
  Clock& clock_;
  mutable std::mutex mutex_;
  std::optional<Duration> ahead_ = {};
};

}  // namespace cosell::net
