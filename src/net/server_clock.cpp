// Comparing clocks. See server_clock.h.
#include "net/server_clock.h"

#include <cstdlib>
#include <utility>

#include "net/retry.h"

namespace cosell::net {

std::optional<Duration> ServerClockTransport::ahead() const {
  const std::lock_guard lock(mutex_);
  return ahead_;
}

void ServerClockTransport::look_at(const Reply& reply) {
  if (!reply.response) return;
  const auto theirs = parse_http_date(reply.response->headers.get("Date"));
  if (!theirs) return;
  const Duration ahead = clock_.now() - *theirs;
  const std::lock_guard lock(mutex_);
  if (!ahead_ || std::llabs(ahead.ms) < std::llabs(ahead_->ms)) ahead_ = ahead;
}

void ServerClockTransport::stream(const Next& next, const Done& done, const Limit& max_in_flight) {
  inner_.stream(
      next,
      [&](std::size_t index, Reply reply) {
        look_at(reply);
        done(index, std::move(reply));
      },
      max_in_flight);
}

}  // namespace cosell::net
