// Delivers requests inside the process, one at a time, in the order or disorder that was asked for.
#include "net/in_process_transport.h"

#include <algorithm>

namespace cosell::net {
namespace {

struct UnderWay {
  std::size_t index;
  Exchange exchange;
};

http::Request as_the_server_sees_it(const http::Request& request) {
  http::Request seen = request;
  const auto url = http::parse_url(request.url);
  seen.url = url->query.empty() ? url->path : url->path + "?" + url->query;
  if (!seen.headers.find("Host")) seen.headers.set("Host", url->origin().substr(url->scheme.size() + 3));
  return seen;
}

}  // namespace

Reply InProcessTransport::deliver(const Exchange& exchange) const {
  if (Result<void> callable = check_callable(exchange.request); !callable) return {std::move(callable.error()), false};
  Delivered delivered = server_(as_the_server_sees_it(exchange.request));
  switch (delivered.kind) {
    case Delivered::Kind::unreachable:
      return not_sent(ErrorClass::transient, host_of(exchange.request) + " cannot be reached.");
    case Delivered::Kind::dropped_before:
    case Delivered::Kind::dropped_after:
      return lost(exchange.request, "the connection was closed");
    case Delivered::Kind::truncated:
      return lost(exchange.request, "the answer broke off");
    case Delivered::Kind::response:
      break;
  }
  if (delivered.response.body.size() > exchange.max_body_bytes) return too_large(exchange);
  return {std::move(delivered.response), true};
}

void InProcessTransport::stream(const Next& next, const Done& done, const Limit& max_in_flight) {
  std::vector<UnderWay> under_way;
  std::size_t started = 0;
  for (;;) {
    while (under_way.size() < static_cast<std::size_t>(std::max(1, max_in_flight()))) {
      std::optional<Exchange> exchange = next();
      if (!exchange) break;
      under_way.push_back({started++, std::move(*exchange)});
    }
    if (under_way.empty()) return;
    const std::size_t pick = order_ == nullptr ? 0 : order_->below(under_way.size());
    const UnderWay chosen = std::move(under_way[pick]);
    under_way.erase(under_way.begin() + static_cast<std::ptrdiff_t>(pick));
    done(chosen.index, deliver(chosen.exchange));
  }
}

}  // namespace cosell::net
