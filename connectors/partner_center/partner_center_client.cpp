// Requests and their answers. Which answers mean what is in partner_center_errors.cpp.
#include "connectors/partner_center/partner_center_client.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "base/text.h"

namespace cosell::partner_center {
namespace {

constexpr const char* kReferralsPath = "/v1.0/engagements/referrals";
constexpr const char* kTitle = "Partner Center";
constexpr int kServicePageSize = 100;

bool is_success(int status) { return status >= 200 && status < 300; }

// An answer that cannot be understood says nothing about whether a write was applied.
Error not_understood(const http::Response& response, const Asked& asked, const std::string& what) {
  Error e = net::error_from(asked.writes ? ErrorClass::unknown : ErrorClass::bad_response,
                            std::string(kTitle) + " sent " + what + " in answer to " + asked.name +
                                (asked.writes ? "; the change may have been carried out." : "."),
                            response);
  if (e.request_id.empty()) e.request_id = asked.correlation_id;
  return e;
}

net::Exchange bare_exchange(const Call& call, std::string method, std::string url) {
  net::Exchange exchange;
  exchange.timeout = call.timeout;
  exchange.request.method = std::move(method);
  exchange.request.url = std::move(url);
  return exchange;
}

// The retry layer names one side in the meter and in messages; people read "Partner Center", the meter counts under
// the name that the engine chose.
class Lane {
 public:
  explicit Lane(Call& call) : call_(call) {}
  ~Lane() {
    const net::Calls counted = meter_.of(kTitle);
    for (const auto& [method, times] : counted.by_method) {
      for (std::uint64_t i = 0; i < times; ++i) call_.meter.count(call_.side, method);
    }
    if (const auto told = meter_.in_flight(kTitle)) call_.meter.tell_in_flight(call_.side, *told);
  }
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;
  net::Lane open() { return {kTitle, call_.transport, call_.clock, call_.random, &meter_}; }

 private:
  Call& call_;
  net::CallMeter meter_;
};

bool ended_login(const Result<http::Response>& response) { return response && response->status == 401; }

Error never_left() { return make_error(ErrorClass::cancelled, "Stopped before the request was sent."); }

// Or does the answer tell of the login, of the service or of the way there?
bool is_about_one_referral(const Result<http::Response>& response) {
  if (!response) return false;
  const int status = response->status;
  return is_success(status) || status == 400 || status == 404 || status == 409 || status == 410 || status == 412;
}

net::RetryPolicy once() {
  net::RetryPolicy policy;
  policy.limits.attempts = 1;
  return policy;
}

// Why a list is read; the pages behind the first one show no order.
std::string purpose_of(const std::string& query) {
  if (query.find("engagementId") != std::string::npos) return "of one engagement";
  if (query.find("updatedDateTime%20desc") != std::string::npos) return "newest changes";
  if (query.find("createdDateTime%20desc") != std::string::npos) return "newest";
  if (query.find("createdDateTime%20asc") != std::string::npos) return "oldest";
  return query.find("$filter") != std::string::npos ? "filtered" : "next page";
}

}  // namespace

std::string name_of_request(const std::string& method, const std::string& target) {
  const bool list = text::starts_with(target, "?");
  return method + " referrals" + (list ? " (" + purpose_of(target) + ")" : target);
}

Result<Answer> understand(const http::Response& response, const Asked& asked) {
  if (!is_success(response.status)) return error_of(response, asked);
  if (response.status == 202) return not_understood(response, asked, "word that it will answer later");
  Answer answer;
  answer.status = response.status;
  answer.etag = response.headers.get("ETag");
  answer.date = net::parse_http_date(response.headers.get("Date"));
  answer.request_id = net::request_id_of(response.headers);
  if (answer.request_id.empty()) answer.request_id = asked.correlation_id;
  answer.request = asked.name;
  if (response.status == 204) return answer;
  auto body = json::read(response.body);
  if (!body) {
    const bool page = text::starts_with(text::trim(std::string_view(response.body).substr(0, 64)), "<");
    return not_understood(response, asked, page ? "a web page" : "something that is not complete JSON");
  }
  answer.body = std::move(*body);
  return answer;
}

struct Client::Request {
  std::string method;
  std::string target;
  std::string body;
  std::string if_match;
  std::string operation_id;
  std::string correlation_id;  // of the newest attempt

  Asked asked() const {
    const bool writes = method != "GET";
    return {name_of_request(method, target), writes, writes ? !target.empty() : text::starts_with(target, "/"),
            correlation_id};
  }
};

Client::Client(const PartnerCenterSettings& settings, std::shared_ptr<net::TokenSource> tokens)
    : referrals_url_(settings.base_url + kReferralsPath), page_size_(settings.page_size), tokens_(std::move(tokens)) {
  const auto url = http::parse_url(settings.base_url);
  host_ = url ? url->origin().substr(url->scheme.size() + 3) : settings.base_url;
}

// Ids of a request (1.3): one per attempt for tracing, one per operation that a repetition would share.
net::Exchange Client::exchange_for(Call& call, Request& request, const std::string& token) const {
  net::Exchange exchange = bare_exchange(call, request.method, referrals_url_ + request.target);
  http::Headers& headers = exchange.request.headers;
  request.correlation_id = call.random.uuid();
  headers.add("Authorization", "Bearer " + token);
  headers.add("Accept", "application/json");
  headers.add("MS-CorrelationId", request.correlation_id);
  headers.add("client-request-id", request.correlation_id);
  headers.add("MS-RequestId", request.operation_id.empty() ? call.random.uuid() : request.operation_id);
  if (request.method == "GET" && page_size_ != kServicePageSize) {
    headers.add("Prefer", "odata.maxpagesize=" + std::to_string(page_size_));
  }
  if (request.method == "PATCH") {
    headers.add("If-Match", request.if_match);
    headers.add("Prefer", "return=representation");
  }
  if (!request.body.empty()) {
    headers.add("Content-Type", "application/json");
    exchange.request.body = request.body;
  }
  return exchange;
}

net::AdaptiveLimit& Client::limit_for(const Call& call) {
  const int ceiling = std::max(call.max_in_flight, 1);
  if (!limit_ || ceiling != ceiling_) {
    const int start = std::min(limit_ ? limit_->current() : call.in_flight_at_first, ceiling);
    limit_ = net::AdaptiveLimit({.start = start, .min = 1, .max = ceiling});
    ceiling_ = ceiling;
  }
  return *limit_;
}

Result<void> Client::log_in() {
  Result<std::string> token = tokens_->token();
  if (!token) return token.error();
  return {};
}

void Client::send_chosen(Call& call, std::span<Request> requests, std::span<const std::size_t> chosen,
                         const net::RetryPolicy& policy, net::Safety safety, Responses& responses) {
  const Result<std::string> token = tokens_->token();
  if (!token) {
    for (const std::size_t i : chosen) responses[i] = token.error();
    return;
  }
  std::vector<net::Exchange> exchanges;
  exchanges.reserve(chosen.size());
  for (const std::size_t i : chosen) exchanges.push_back(exchange_for(call, requests[i], *token));
  Lane lane(call);
  net::send_all(lane.open(), exchanges, policy, safety, limit_for(call),
                [&](std::size_t n, Result<http::Response> response) { responses[chosen[n]] = std::move(response); });
}

Client::Responses Client::send(Call& call, std::span<Request> requests, const net::RetryPolicy& policy,
                               net::Safety safety) {
  Responses responses;
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    responses.push_back(never_left());
    chosen.push_back(i);
  }
  if (requests.empty()) return responses;
  send_chosen(call, requests, chosen, policy, safety, responses);
  if (std::any_of(responses.begin(), responses.end(), ended_login)) {
    tokens_->invalidate();
    send_refused_again(call, requests, policy, safety, responses);
  }
  return responses;
}

// A 401 applied nothing: the refused requests go out once more with a new token.
void Client::send_refused_again(Call& call, std::span<Request> requests, const net::RetryPolicy& policy,
                                net::Safety safety, Responses& responses) {
  std::vector<std::size_t> refused;
  for (std::size_t i = 0; i < responses.size(); ++i) {
    if (ended_login(responses[i])) refused.push_back(i);
  }
  send_chosen(call, requests, refused, policy, safety, responses);
}

std::vector<Result<Answer>> Client::read_all(Call& call, std::span<const std::string> targets) {
  std::vector<Request> requests;
  for (const std::string& target : targets) requests.push_back({"GET", target, "", "", "", ""});
  const Responses responses = send(call, requests, net::RetryPolicy{}, net::Safety::repeatable);
  std::vector<Result<Answer>> answers;
  for (std::size_t i = 0; i < responses.size(); ++i) {
    answers.push_back(responses[i] ? understand(*responses[i], requests[i].asked()) : responses[i].error());
  }
  return answers;
}

Result<Answer> Client::read(Call& call, const std::string& target) {
  return std::move(read_all(call, std::span(&target, 1)).front());
}

// Batches of writes in one stream of requests, two at most under way.
class Client::Stream {
 public:
  Stream(Client& client, Call& call, const NextWrites& next, const Answered& answered)
      : client_(client), call_(call), next_(next), answered_(answered) {}

  void go() {
    // Begun before it is known whether anything may leave: each batch that there is gets its outcomes.
    while (!under_way_.empty() || begin_batch()) {
      const std::size_t sent_before = sent_;
      Lane lane(call_);
      net::send_each(
          lane.open(), [this] { return next_exchange(); }, client_.limit_for(call_),
          [&](std::size_t index, Result<http::Response> response) { take(sent_before + index, std::move(response)); });
      // All that left is answered now.
      renew_login();
      const bool over = sent_ == sent_before;  // nothing is left to send, or it may no longer leave
      hand_out(over ? Which::all : Which::complete);
      if (over) return;
    }
  }

 private:
  enum class Which : std::uint8_t { complete, all };

  struct Batch {
    std::vector<Request> requests;
    std::vector<net::Exchange> exchanges;  // of those that left; they stay where they are
    Responses responses;
    std::size_t first = 0;  // number of its first request in the stream
    std::size_t begun = 0;
    std::size_t answered = 0;
    bool renews = false;  // a request was refused because the login had ended

    bool has_left() const { return begun == requests.size(); }
    bool complete() const { return answered == requests.size() && !renews; }
  };

  // The request that leaves next; nullptr when none may.
  const net::Exchange* next_exchange() {
    if ((under_way_.empty() || under_way_.back().has_left()) && !begin_batch()) return nullptr;
    Batch& batch = under_way_.back();
    const Result<std::string> token = client_.tokens_->token();
    if (!token) {
      give_up(batch, token.error());
      return nullptr;
    }
    ++sent_;
    return &batch.exchanges.emplace_back(client_.exchange_for(call_, batch.requests[batch.begun++], *token));
  }

  // What has not left yet does not.
  void give_up(Batch& batch, const Error& why) {
    while (!batch.has_left()) {
      batch.responses[batch.begun++] = why;
      ++batch.answered;
    }
    may_begin_ = false;
  }

  bool begin_batch() {
    constexpr std::size_t under_way_max = 2;
    while (may_begin_ && under_way_.size() < under_way_max) {
      std::optional<std::vector<Write>> writes = next_();
      if (!writes) return false;
      Batch& batch = under_way_.emplace_back();
      batch.first = sent_;
      for (const Write& w : *writes) {
        batch.requests.push_back({w.method, w.path, json::write(w.body), w.if_match, w.operation_id, ""});
        batch.responses.push_back(never_left());
      }
      batch.exchanges.reserve(batch.requests.size());
      if (!batch.requests.empty()) return true;
      hand_out(Which::complete);
    }
    return false;
  }

  void take(std::size_t index, Result<http::Response> response) {
    Batch& batch = index >= under_way_.back().first ? under_way_.back() : under_way_.front();
    batch.renews = batch.renews || ended_login(response);
    if (!is_about_one_referral(response)) may_begin_ = false;
    batch.responses[index - batch.first] = std::move(response);
    ++batch.answered;
    hand_out(Which::complete);
  }

  void renew_login() {
    bool renewed = false;
    for (Batch& batch : under_way_) {
      if (!batch.renews) continue;
      if (!std::exchange(renewed, true)) client_.tokens_->invalidate();
      client_.send_refused_again(call_, batch.requests, once(), net::Safety::once, batch.responses);
      batch.renews = false;
    }
  }

  void hand_out(Which which) {
    while (!under_way_.empty() && (which == Which::all || under_way_.front().complete())) {
      const Batch batch = std::move(under_way_.front());
      under_way_.pop_front();
      answered_(answers_to(batch));
    }
    if (under_way_.empty()) may_begin_ = true;
  }

  static std::vector<Result<Answer>> answers_to(const Batch& batch) {
    std::vector<Result<Answer>> answers;
    for (std::size_t i = 0; i < batch.responses.size(); ++i) {
      if (batch.responses[i]) {
        answers.push_back(understand(*batch.responses[i], batch.requests[i].asked()));
        continue;
      }
      Error e = batch.responses[i].error();
      // An answer that could not be taken in proves nothing about the write.
      if (e.kind == ErrorClass::bad_response) e.kind = ErrorClass::unknown;
      answers.emplace_back(std::move(e));
    }
    return answers;
  }

  Client& client_;
  Call& call_;
  const NextWrites& next_;
  const Answered& answered_;
  std::deque<Batch> under_way_;
  std::size_t sent_ = 0;
  bool may_begin_ = true;  // a further batch
};

Result<Answer> Client::write(Call& call, const Write& write) {
  std::optional<std::vector<Write>> one = std::vector<Write>{write};
  std::optional<Result<Answer>> answer;
  write_each(
      call, [&] { return std::exchange(one, std::nullopt); },
      [&](std::vector<Result<Answer>> answers) { answer = std::move(answers.front()); });
  return *std::move(answer);
}

void Client::write_each(Call& call, const NextWrites& next, const Answered& answered) {
  Stream(*this, call, next, answered).go();
}

}  // namespace cosell::partner_center
