// Speaks HTTP with the referral API: headers, login, one renewal of the token, retries of reads, and the class of
// every failure. Knows nothing of what a referral means.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "connectors/connector.h"
#include "connectors/partner_center/partner_center_settings.h"
#include "net/oauth.h"
#include "net/rate.h"
#include "net/retry.h"

namespace cosell::partner_center {

inline constexpr int kInFlightMax = 16;

// An answer that was understood: 2xx with JSON, or 204 without a body (then `body` is null).
struct Answer {
  int status = 0;
  json::Value body;
  std::string etag;             // of the header, if there is one
  std::optional<Instant> date;  // of the header: when the answer left, by the service's clock, cut to a second
  std::string request_id;
  std::string request;  // what it answers, for messages: "GET referrals (newest changes)"
};

// What was asked, for messages and for the class of a refusal.
struct Asked {
  std::string name;  // "PATCH referrals/{id}" with the id
  bool writes = false;
  bool names_a_referral = false;
  std::string correlation_id = "";  // that was sent along
  bool carries_a_version = false;   // If-Match
};

// "GET", "?$orderby=updatedDateTime%20desc" -> "GET referrals (newest changes)". `target` is what stands behind the
// referrals' address.
std::string name_of_request(const std::string& method, const std::string& target);

// An answer with 2xx taken apart. Errors name the request: those of error_of, bad_response (unknown for a write) when
// it cannot be understood.
Result<Answer> understand(const http::Response& response, const Asked& asked);

// One write. Never repeated here, except after a 401, which applied nothing.
struct Write {
  std::string method;  // "POST", "PATCH"
  std::string path;    // below the referrals: "" or "/{id}"
  json::Value body;
  std::string if_match;      // PATCH only
  std::string operation_id;  // goes out as MS-RequestId
};

class Client {
 public:
  Client(const PartnerCenterSettings& settings, std::shared_ptr<net::TokenSource> tokens);

  const std::string& host() const { return host_; }

  // GET below /referrals; `target` begins with '?' or '/'. Retried within the retry policy.
  Result<Answer> read(Call& call, const std::string& target);
  std::vector<Result<Answer>> read_all(Call& call, std::span<const std::string> targets);
  // The same, tried once and not for long: for a look between writes.
  std::vector<Result<Answer>> glance_all(Call& call, std::span<const std::string> targets);
  // A batch whose writes are made when it begins; where that reads first, while no request is under way, because
  // nobody takes the answers of those meanwhile.
  struct ReadyBatch {
    bool reads = false;
    std::function<std::vector<Write>(const Error* stopped)> make;  // `stopped`: nothing may be read or leave, for this
  };
  // The next batch of writes, if one is ready now, and what came of one: an answer per write, in the order of both.
  using NextWrites = std::function<std::optional<ReadyBatch>()>;
  using Answered = std::function<void(std::vector<Result<Answer>>)>;
  Result<Answer> write(Call& call, const Write& write);
  // Batch after batch, until none is ready. The first requests of one leave beside the last ones of the one before; not
  // after an answer that may be about more than one referral. Once the service asks to wait, or is not reached, what
  // has not left of a batch does not.
  void write_each(Call& call, const NextWrites& next, const Answered& answered);
  // Renews or reuses the login; the error is already in words.
  Result<void> log_in();

 private:
  struct Request;
  class Stream;
  using Responses = std::vector<Result<http::Response>>;

  // Draws the id that is sent along, anew for each attempt.
  net::Exchange exchange_for(Call& call, Request& request, const std::string& token) const;
  std::vector<Result<Answer>> read_each(Call& call, std::span<const std::string> targets,
                                        const net::RetryPolicy& policy);
  Responses send(Call& call, std::span<Request> requests, const net::RetryPolicy& policy, net::Safety safety);
  void send_chosen(Call& call, std::span<Request> requests, std::span<const std::size_t> chosen,
                   const net::RetryPolicy& policy, net::Safety safety, Responses& responses);
  // Those that were answered with 401.
  void send_refused_again(Call& call, std::span<Request> requests, const net::RetryPolicy& policy, net::Safety safety,
                          Responses& responses);
  net::AdaptiveLimit& limit_for(const Call& call);

  std::string referrals_url_;
  std::string host_;
  int page_size_;
  std::shared_ptr<net::TokenSource> tokens_;
  std::optional<net::AdaptiveLimit> limit_;
  int ceiling_ = 0;
};

// "Partner Center" errors from an answer with another status than 2xx, in words, with the server's own beside them.
Error error_of(const http::Response& response, const Asked& asked);

}  // namespace cosell::partner_center
