// One decision (judge) about each reply, used by the single and the many-at-once form; everything else here is
// waiting and counting.
#include "net/retry.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "base/text.h"
#include "net/secrets.h"

namespace cosell::net {
namespace {

constexpr Duration kLongestReadable = days(100);

// What a reply means for trying again.
struct Verdict {
  bool again = false;
  std::optional<Duration> asked = {};  // the server's Retry-After
  bool slow_down = false;
  std::optional<Error> error = {};  // why there is no answer to hand out, when trying stops here
};

std::string failed_text(const Lane& lane, int status) {
  return lane.name() + " answered " + std::to_string(status) + " (" + (status == 408 ? "timed out" : "server error") +
         ")";
}

Verdict judge_status(const Lane& lane, const http::Response& response, Safety safety) {
  const int status = response.status;
  const bool later = status == 408 || status == 429 || status == 500 || (status >= 502 && status <= 504);
  if (!later) return {};
  Verdict verdict;
  // Against the server's own clock, so that ours may be wrong.
  const Instant now = parse_http_date(response.headers.get("Date")).value_or(lane.clock.now());
  verdict.asked = parse_retry_after(response.headers.get("Retry-After"), now);
  verdict.slow_down = status == 429 || status == 503;
  const bool refused = status == 429 || (status == 503 && verdict.asked);
  verdict.again = refused || safety == Safety::repeatable;
  if (refused) {
    verdict.error =
        error_from(ErrorClass::throttled, lane.name() + " asks to wait before more requests are sent", response);
  } else if (safety == Safety::repeatable) {
    verdict.error = error_from(ErrorClass::transient, failed_text(lane, status), response);
  } else {
    verdict.error =
        error_from(ErrorClass::unknown, failed_text(lane, status) + "; it may have carried out the request", response);
  }
  return verdict;
}

Verdict judge(const Lane& lane, const Exchange& exchange, const Reply& reply, Safety safety) {
  Verdict verdict;
  if (reply.response) {
    verdict = judge_status(lane, *reply.response, safety);
    // A gateway that fails answers in its own name.
    if (verdict.error && verdict.error->request_id.empty()) verdict.error->request_id = id_sent_with(exchange.request);
    return verdict;
  }
  verdict.error = reply.response.error();
  switch (reply.response.error().kind) {
    case ErrorClass::transient:
      verdict.again = !reply.sent || safety == Safety::repeatable;
      break;
    case ErrorClass::unknown:
    case ErrorClass::bad_response:
      // One that is too large is as large the next time.
      verdict.again = safety == Safety::repeatable && reply.response.error().rule != kTooLarge;
      break;
    default:
      break;
  }
  return verdict;
}

// Counts attempts and time; says how long to wait or that it is over.
class Budget {
 public:
  Budget(const Lane& lane, const RetryPolicy& policy) : lane_(lane), policy_(policy), begin_(lane.clock.now()) {}

  Duration wait_for(const Verdict& verdict, int attempt) const {
    const Duration own = policy_.backoff.wait(attempt, lane_.random);
    if (!verdict.asked) return own;
    return std::max(own, policy_.backoff.wait_asked(*verdict.asked, lane_.random));
  }
  bool allows(Duration wait, int attempt) const {
    const Duration spent = lane_.clock.now() - begin_;
    return attempt < policy_.limits.attempts && spent.ms + wait.ms <= policy_.limits.total.ms;
  }

 private:
  const Lane& lane_;
  const RetryPolicy& policy_;
  Instant begin_;
};

Error final_error(const Lane& lane, const Verdict& verdict, int attempts, Duration wait) {
  Error error = *verdict.error;
  while (!error.message.empty() && error.message.back() == '.') error.message.pop_back();
  if (attempts > 1) error.message += "; tried " + std::to_string(attempts) + " times";
  if (error.kind == ErrorClass::throttled) {
    if (!error.not_before) error.not_before = lane.clock.now() + wait;
    error.message += ". The next try is possible after " + to_string_minutes(*error.not_before) + " UTC";
  }
  error.message += ".";
  return error;
}

Error stopped() { return make_error(ErrorClass::cancelled, "Stopped while waiting to try again."); }

void count(const Lane& lane, const Exchange& exchange, const Reply& reply, CallKind kind) {
  if (lane.meter != nullptr && reply.sent) lane.meter->count(lane.side, exchange.request.method, kind);
}

// A login is answered by another server.
void note_wait(const Lane& lane, const Verdict& verdict, CallKind kind) {
  const bool asked = verdict.error && verdict.error->kind == ErrorClass::throttled;
  if (asked && kind == CallKind::api && lane.meter != nullptr) lane.meter->tell_asked_to_wait(lane.side);
}

void tell(AdaptiveLimit& limit, const Verdict& verdict) {
  if (verdict.slow_down) {
    limit.throttled();
  } else if (!verdict.error) {
    limit.succeeded();
  }
}

// Tells the meter, whichever way the sending ends.
class InFlightTold {
 public:
  InFlightTold(const Lane& lane, const AdaptiveLimit& limit)
      : lane_(lane), limit_(limit), slowed_before_(limit.times_slowed()) {}
  ~InFlightTold() {
    if (lane_.meter == nullptr) return;
    lane_.meter->tell_in_flight(lane_.side, {limit_.current(), limit_.times_slowed() > slowed_before_});
  }
  InFlightTold(const InFlightTold&) = delete;
  InFlightTold& operator=(const InFlightTold&) = delete;

 private:
  const Lane& lane_;
  const AdaptiveLimit& limit_;
  const int slowed_before_;
};

}  // namespace

Duration Backoff::wait(int attempt, Random& random) const {
  const int doublings = std::clamp(attempt - 1, 0, 30);
  const std::int64_t full = std::clamp<std::int64_t>(first.ms, 1, longest.ms) << doublings;
  const std::int64_t capped = std::min(full, longest.ms);
  const std::int64_t half = capped / 2;
  return {half + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(capped - half + 1)))};
}

Duration Backoff::wait_asked(Duration asked, Random& random) const {
  const std::int64_t wanted = std::clamp<std::int64_t>(asked.ms, 0, longest_asked.ms);
  return {wanted + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(wanted / 10 + 1)))};
}

Result<http::Response> send(const Lane& lane, const Exchange& exchange, const RetryPolicy& policy, Safety safety,
                            CallKind kind) {
  const Budget budget(lane, policy);
  for (int attempt = 1;; ++attempt) {
    Reply reply = lane.transport.exchange(exchange);
    count(lane, exchange, reply, kind);
    const Verdict verdict = judge(lane, exchange, reply, safety);
    note_wait(lane, verdict, kind);
    if (!verdict.error) return std::move(reply.response);
    const Duration wait = budget.wait_for(verdict, attempt);
    if (!verdict.again || !budget.allows(wait, attempt)) return final_error(lane, verdict, attempt, wait);
    if (!lane.clock.sleep_for(wait)) return stopped();
  }
}

void send_each(const Lane& lane, const std::function<const Exchange*()>& next, AdaptiveLimit& limit,
               const std::function<void(std::size_t, Result<http::Response>)>& done) {
  const RetryPolicy usual;
  const Budget budget(lane, usual);
  const InFlightTold told(lane, limit);
  std::map<std::size_t, const Exchange*> under_way;
  std::size_t started = 0;
  const auto begin = [&]() -> std::optional<Exchange> {
    const Exchange* exchange = next();
    if (exchange == nullptr) return std::nullopt;
    under_way.emplace(started++, exchange);
    return *exchange;
  };
  const auto take = [&](std::size_t index, Reply reply) {
    const Exchange& exchange = *under_way.extract(index).mapped();
    count(lane, exchange, reply, CallKind::api);
    const Verdict verdict = judge(lane, exchange, reply, Safety::once);
    note_wait(lane, verdict, CallKind::api);
    tell(limit, verdict);
    if (!verdict.error) return done(index, std::move(reply.response));
    done(index, final_error(lane, verdict, 1, budget.wait_for(verdict, 1)));
  };
  lane.transport.stream(begin, take, [&limit] { return limit.current(); });
}

void send_all(const Lane& lane, std::span<const Exchange> exchanges, const RetryPolicy& policy, Safety safety,
              AdaptiveLimit& limit, const std::function<void(std::size_t, Result<http::Response>)>& done) {
  const Budget budget(lane, policy);
  const InFlightTold told(lane, limit);
  std::vector<std::size_t> todo(exchanges.size());
  for (std::size_t i = 0; i < todo.size(); ++i) todo[i] = i;
  for (int attempt = 1; !todo.empty(); ++attempt) {
    std::vector<std::size_t> again;
    std::vector<bool> answered(todo.size(), false);
    Duration longest_wait{};
    std::size_t started = 0;
    const auto next = [&]() -> std::optional<Exchange> {
      if (started == todo.size()) return std::nullopt;
      return exchanges[todo[started++]];
    };
    const auto take = [&](std::size_t nth, Reply reply) {
      const std::size_t index = todo[nth];
      answered[nth] = true;
      count(lane, exchanges[index], reply, CallKind::api);
      const Verdict verdict = judge(lane, exchanges[index], reply, safety);
      note_wait(lane, verdict, CallKind::api);
      tell(limit, verdict);
      if (!verdict.error) return done(index, std::move(reply.response));
      const Duration wait = budget.wait_for(verdict, attempt);
      if (!verdict.again || !budget.allows(wait, attempt)) {
        return done(index, final_error(lane, verdict, attempt, wait));
      }
      longest_wait = std::max(longest_wait, wait);
      again.push_back(index);
    };
    lane.transport.stream(next, take, [&limit] { return limit.current(); });
    for (std::size_t nth = 0; nth < todo.size(); ++nth) {
      if (!answered[nth]) done(todo[nth], stopped());
    }
    std::sort(again.begin(), again.end());
    todo = std::move(again);
    if (!todo.empty() && !lane.clock.sleep_for(longest_wait)) {
      for (const std::size_t index : todo) done(index, stopped());
      return;
    }
  }
}

std::optional<Instant> parse_http_date(std::string_view text) {
  // libcurl reads many loose forms; an HTTP date always begins with the day's name.
  const std::string trimmed = text::trim(text);
  const bool begins_with_letter = !trimmed.empty() && ((trimmed[0] >= 'A' && trimmed[0] <= 'Z'));
  if (!begins_with_letter || trimmed.size() > 64) return std::nullopt;
  // Hundreds of answers come in one second and all say the same.
  thread_local std::pair<std::string, std::int64_t> last = {"", -1};
  if (trimmed != last.first) last = {trimmed, curl_getdate(trimmed.c_str(), nullptr)};
  constexpr std::int64_t kLastSecond = 253'402'300'799;  // of the year 9999
  if (last.second < 0 || last.second > kLastSecond) return std::nullopt;
  return Instant{last.second * 1000};
}

std::optional<Duration> parse_retry_after(std::string_view text, Instant now) {
  const std::string value = text::trim(text);
  if (value.empty()) return std::nullopt;
  if (value.find_first_not_of("0123456789") == std::string::npos) {
    if (value.size() > 9) return kLongestReadable;
    return std::min(seconds(std::stoll(value)), kLongestReadable);
  }
  const auto date = parse_http_date(value);
  if (!date) return std::nullopt;
  return std::clamp(*date - now, Duration{0}, kLongestReadable);
}

std::string request_id_of(const http::Headers& headers) {
  constexpr std::array<const char*, 7> kNames = {"x-ms-request-id",  "request-id",   "MS-RequestId",
                                                 "MS-CorrelationId", "x-request-id", "sforce-request-id",
                                                 "client-request-id"};
  for (const char* name : kNames) {
    if (auto id = headers.find(name)) return id->substr(0, 100);
  }
  return "";
}

std::string detail_of(std::string_view said) {
  constexpr std::size_t kMaxDetail = 1000;
  // Redacted before it is cut, so that no half of a secret stays; a server's page need not be read whole.
  std::string detail = redact(said.substr(0, kMaxDetail * 64));
  if (detail.size() <= kMaxDetail) return detail;
  std::size_t end = kMaxDetail;
  while (end > 0 && (static_cast<unsigned char>(detail[end]) & 0xC0U) == 0x80U) --end;
  detail.resize(end);
  return detail;
}

Error error_from(ErrorClass kind, std::string message, const http::Response& response) {
  Error error = make_error(kind, std::move(message));
  error.http_status = response.status;
  error.request_id = request_id_of(response.headers);
  error.detail = detail_of(response.body);
  return error;
}

}  // namespace cosell::net
