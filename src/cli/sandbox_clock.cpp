// Following a sandbox's clock.
#include "cli/sandbox_clock.h"

#include <algorithm>

#include "base/json.h"

namespace cosell::cli {

FollowedClock::FollowedClock(Clock& real, net::Transport& transport, std::string url)
    : real_(real), transport_(transport), url_(std::move(url)) {
  ask();
}

Instant FollowedClock::now() {
  const std::lock_guard lock(mutex_);
  return real_.now() + offset_;
}

void FollowedClock::ask() {
  asked_at_ = real_.now();
  net::Exchange exchange;
  exchange.request.method = "GET";
  exchange.request.url = url_;
  exchange.timeout = seconds(2);
  exchange.max_body_bytes = 65'536;
  const net::Reply reply = transport_.exchange(exchange);
  if (!reply.response || reply.response->status != 200) return;
  const auto body = json::read(reply.response->body);
  const json::Value* offset = body ? body->find("offset_ms") : nullptr;
  const auto ms = offset == nullptr ? std::nullopt : offset->as_integer();
  if (!ms) return;
  const std::lock_guard lock(mutex_);
  offset_ = milliseconds(*ms);
}

bool FollowedClock::sleep_for(Duration d) {
  const Instant until = now() + d;
  while (now() < until) {
    const Duration left = until - now();
    if (!real_.sleep_for(std::min(left, seconds(1)))) return false;
    if (now() < until) ask();
  }
  // Who sleeps shortly and often has to wake up, too.
  if (real_.now() - asked_at_ >= seconds(1)) ask();
  return true;
}

}  // namespace cosell::cli
