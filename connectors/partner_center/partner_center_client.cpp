// Requests and their answers. Which answers mean what is in partner_center_errors.cpp.
#include "connectors/partner_center/partner_center_client.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "connectors/partner_center/request_lane.h"
#include "connectors/partner_center/write_stream.h"

namespace cosell::partner_center {
namespace {

constexpr const char* kReferralsPath = "/v1.0/engagements/referrals";
constexpr int kServicePageSize = 100;

// An answer that cannot be understood says nothing about whether a write was applied.
Error not_understood(const http::Response& response, const Asked& asked, const std::string& what) {
  Error e = net::error_from(asked.writes ? ErrorClass::unknown : ErrorClass::bad_response,
                            std::string(kPartnerCenter) + " sent " + what + " in answer to " + asked.name +
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

std::vector<Result<Answer>> Client::read_each(Call& call, std::span<const std::string> targets,
                                              const net::RetryPolicy& policy) {
  std::vector<Request> requests;
  for (const std::string& target : targets) requests.push_back({"GET", target, "", "", "", ""});
  const Responses responses = send(call, requests, policy, net::Safety::repeatable);
  std::vector<Result<Answer>> answers;
  for (std::size_t i = 0; i < responses.size(); ++i) {
    answers.push_back(responses[i] ? understand(*responses[i], requests[i].asked()) : responses[i].error());
  }
  return answers;
}

std::vector<Result<Answer>> Client::read_all(Call& call, std::span<const std::string> targets) {
  return read_each(call, targets, net::RetryPolicy{});
}

Result<Answer> Client::read(Call& call, const std::string& target) {
  return std::move(read_all(call, std::span(&target, 1)).front());
}

std::vector<Result<Answer>> Client::glance_all(Call& call, std::span<const std::string> targets) {
  constexpr Duration longest = seconds(15);
  Call brief = call;
  brief.timeout = std::min(call.timeout, longest);
  net::RetryPolicy once;
  once.limits.attempts = 1;
  return read_each(brief, targets, once);
}

Result<Answer> Client::write(Call& call, const Write& write) {
  std::optional<ReadyBatch> one = ReadyBatch{false, [&write](const Error*) { return std::vector<Write>{write}; }};
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
