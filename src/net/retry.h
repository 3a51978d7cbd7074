// Trying again, as three separate questions: how long (RetryLimits), how to wait (Backoff) and whether it is safe
// (Safety). Waits only through the Clock and counts every call. Meaning of an answer stays with the caller,
// except for the statuses that say "later": 408, 429, 500, 502, 503 and 504.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/time.h"
#include "net/call_meter.h"
#include "net/rate.h"
#include "net/transport.h"

namespace cosell::net {

// How long: whichever comes first. A wait that would end after `total` is not begun.
struct RetryLimits {
  int attempts = 5;
  Duration total = minutes(2);
};

// How to wait: exponential with jitter, unless the server said how long.
struct Backoff {
  Duration first = milliseconds(500);
  Duration longest = seconds(30);
  Duration longest_asked = hours(1);  // a longer Retry-After is cut to this

  // Before attempt `attempt` + 1 (attempt >= 1); between half and all of first * 2^(attempt - 1).
  Duration wait(int attempt, Random& random) const;
  // What the server asked for, and up to a tenth more, so that not all come back at once.
  Duration wait_asked(Duration asked, Random& random) const;
};

// Is it safe. This follows from the planned request, not from its method: a create that carries a unique key is
// repeatable, an appending patch is not.
enum class Safety {
  repeatable,  // sending it twice has the effect of sending it once
  once         // repeated only when certainly nothing was applied: not sent, 429, 503 with Retry-After
};

struct RetryPolicy {
  RetryLimits limits = {};
  Backoff backoff = {};
};

// Whom a request is for and through what it goes.
struct Lane {
  std::string side;  // as the meter names it
  Transport& transport;
  Clock& clock;
  Random& random;
  CallMeter* meter = nullptr;
  std::string title = {};  // as messages name it; empty: as the meter does

  const std::string& name() const { return title.empty() ? side : title; }
};

// Sends, and tries again as far as limits and safety allow. The result is any answer with another status than the
// six above, or an Error that says why trying stopped:
//   throttled   429, or 503 with Retry-After; `not_before` is set
//   transient   not reachable, or the server failed a repeatable request
//   unknown     a request that is safe only once may have been applied
//   other kinds as the transport gave them (config, bad_response, cancelled)
Result<http::Response> send(const Lane& lane, const Exchange& exchange, const RetryPolicy& policy, Safety safety,
                            CallKind kind = CallKind::api);

// Many at once, as `send` does each, `limit` under way. `done` is called once per exchange, in any order, on
// the calling thread. One wait serves all that have to be tried again.
void send_all(const Lane& lane, std::span<const Exchange> exchanges, const RetryPolicy& policy, Safety safety,
              AdaptiveLimit& limit, const std::function<void(std::size_t index, Result<http::Response>)>& done);

// Many, each once, as they come: `next` is asked for one more whenever a request may leave, and again after each
// answer; until it has none and all are answered. `index` counts what it gave, from 0; that stays where it is until
// `done` is called for it.
void send_each(const Lane& lane, const std::function<const Exchange*()>& next, AdaptiveLimit& limit,
               const std::function<void(std::size_t index, Result<http::Response>)>& done);

// Seconds ("120") or an HTTP date. Negative or unreadable: nothing. A date in the past: zero. At most 100 days.
std::optional<Duration> parse_retry_after(std::string_view text, Instant now);
// "Sat, 21 Nov 2026 03:41:07 GMT" and the two older forms.
std::optional<Instant> parse_http_date(std::string_view text);

// The server's id of the request, whatever it calls it; for support cases.
std::string request_id_of(const http::Headers& headers);
// A server's own words for the detail of an Error: redacted and cut to 1,000 characters.
std::string detail_of(std::string_view said);
// An Error about an answer: status, request id and the server's own words, redacted and cut to 1,000 characters.
Error error_from(ErrorClass kind, std::string message, const http::Response& response);

}  // namespace cosell::net
