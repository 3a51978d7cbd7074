// The transport seam: requests go out, replies or errors come back. Real (curl_transport.h) or inside the
// process (in_process_transport.h). Knows nothing of tokens, retries or what a status code means.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "net/http.h"

namespace cosell::net {

struct Exchange {
  http::Request request;            // absolute URL
  Duration timeout = seconds(100);  // for the whole exchange
  std::size_t max_body_bytes = 64U << 20;
  bool counts = true;  // against what a side allows; logins do not
};

// What came of one exchange. Any HTTP status is a response; an error means that no usable answer came:
//   config        the URL may not be called (plain http to another machine, malformed)
//   transient     nothing was applied: not sent, or sent with a method that only reads
//   unknown       sent, no complete answer: it may have been applied
//   bad_response  an answer came that is too large or not HTTP
//   cancelled     the process was asked to stop before anything was sent
struct Reply {
  Result<http::Response> response;
  bool sent = false;  // false: nothing left this machine, so repeating is always safe
};

class Transport {
 public:
  // The next request to send; nothing when there is none now. Asked again after each reply.
  using Next = std::function<std::optional<Exchange>()>;
  // `index` counts what Next returned, from 0.
  using Done = std::function<void(std::size_t index, Reply)>;
  using Limit = std::function<int()>;

  virtual ~Transport() = default;

  // Keeps up to `max_in_flight()` requests under way until Next has nothing and all replies are in. Replies
  // come in any order, all on the calling thread. Both callbacks may use the transport again.
  // When the process is asked to stop, Next is no longer asked.
  virtual void stream(const Next& next, const Done& done, const Limit& max_in_flight) = 0;

  // All of them, replies in request order. What was never started is `cancelled`.
  std::vector<Reply> exchange(std::span<const Exchange> exchanges, int max_in_flight);
  Reply exchange(const Exchange& one);
};

// Helpers for transports.

// Whether the URL may be called at all: https, or http to this machine.
Result<void> check_callable(const http::Request& request);
// GET, HEAD and OPTIONS change nothing.
bool only_reads(const http::Request& request);
// "api.partnercenter.microsoft.com"; for messages.
std::string host_of(const http::Request& request);
// The id that we sent with a request, by which the server may find it when no answer with an id of its own came.
std::string id_sent_with(const http::Request& request);
// Sent, but no complete answer; the error carries the id that was sent.
Reply lost(const http::Request& request, const std::string& what_happened);
Reply not_sent(ErrorClass kind, std::string message);
inline constexpr const char* kTooLarge = "ANSWER_TOO_LARGE";  // rule of its error
Reply too_large(const Exchange& exchange);

}  // namespace cosell::net
