// Sends requests to the Web API.
#include "connectors/dynamics365/dynamics365_client.h"

#include <algorithm>

#include "base/text.h"
#include "connectors/dynamics365/dynamics365_errors.h"
#include "net/retry.h"

namespace cosell::dynamics365 {
namespace {

// Proxies and the platform cut longer addresses; inside a batch 64 KB are allowed.
constexpr std::size_t kLongestUrl = 30'000;
constexpr std::size_t kReadsInOneBatch = 100;
constexpr int kRoundsOfParts = 3;

net::Lane lane_of(Call& call) { return {call.side, call.transport, call.clock, call.random, &call.meter}; }

bool goes_better_later(const Error& e) { return e.kind == ErrorClass::transient || e.kind == ErrorClass::throttled; }

const http::Header kLatest = {"Consistency", "Strong"};

bool is_refused_token(const Result<http::Response>& answer) { return answer && answer->status == 401; }

}  // namespace

Dynamics365Client::Dynamics365Client(const Dynamics365Settings& settings, std::shared_ptr<net::TokenSource> tokens)
    : settings_(settings), tokens_(std::move(tokens)) {}

std::string Dynamics365Client::host() const {
  const auto url = http::parse_url(settings_.instance);
  return url ? url->host : "";
}

std::string Dynamics365Client::environment() const { return organisation_ + "@" + host(); }

std::string Dynamics365Client::path(std::string_view rest) const {
  if (text::starts_with(rest, "/api/data/")) return std::string(rest);
  return "/api/data/" + settings_.api_version + "/" + std::string(rest);
}

Result<std::string> Dynamics365Client::own_path(const std::string& link, const std::string& request) const {
  const auto url = http::parse_url(link);
  const bool here = url && (url->host.empty() || url->origin() == settings_.instance);
  if (!here || !text::starts_with(url->path, "/api/data/")) {
    return make_error(ErrorClass::bad_response, "Dynamics 365's answer to " + request +
                                                    " names a next page that is not its own; it is not followed.");
  }
  return url->query.empty() ? url->path : url->path + "?" + url->query;
}

Result<void> Dynamics365Client::ensure_login() {
  auto token = tokens_->token();
  if (!token) return std::move(token.error());
  return {};
}

Result<net::Exchange> Dynamics365Client::exchange_for(Call& call, const std::string& method,
                                                      const std::string& path_and_query) {
  auto token = tokens_->token();
  if (!token) return std::move(token.error());
  net::Exchange out;
  out.timeout = call.timeout;
  out.request.method = method;
  out.request.url = settings_.instance + path_and_query;
  out.request.headers.set("Authorization", "Bearer " + *token);
  out.request.headers.set("Accept", "application/json");
  out.request.headers.set("OData-MaxVersion", "4.0");
  out.request.headers.set("OData-Version", "4.0");
  if (latest_) out.request.headers.set(kLatest.name, kLatest.value);
  return out;
}

Result<net::Exchange> Dynamics365Client::batch_exchange(Call& call, const std::vector<BatchItem>& items) {
  auto exchange = exchange_for(call, "POST", path("$batch"));
  if (!exchange) return exchange;
  const std::string boundary = "batch_" + call.random.uuid();
  exchange->request.headers.set("Content-Type", "multipart/mixed; boundary=" + boundary);
  exchange->request.headers.set("Prefer", "odata.continue-on-error");
  exchange->request.body = write_batch(items, boundary);
  return exchange;
}

template <class Make>
Result<http::Response> Dynamics365Client::repeatable(Call& call, const Make& make) {
  Result<http::Response> answer = make_error(ErrorClass::bug, "");
  for (int round = 0; round < 2; ++round) {
    auto exchange = make();
    if (!exchange) return std::move(exchange.error());
    answer = net::send(lane_of(call), *exchange, {}, net::Safety::repeatable);
    if (!is_refused_token(answer)) return answer;
    if (round == 0) tokens_->invalidate();
  }
  return answer;
}

Result<http::Response> Dynamics365Client::read(Call& call, const Read& ask) {
  const std::string where = path(ask.path);
  if (where.size() > kLongestUrl) {
    return make_error(ErrorClass::config,
                      "The mapping asks for too many columns of Dynamics 365 at once: the address is longer than the "
                      "platform accepts.");
  }
  auto answer = repeatable(call, [&] {
    auto exchange = exchange_for(call, "GET", where);
    if (exchange && !ask.prefer.empty()) exchange->request.headers.set("Prefer", ask.prefer);
    return exchange;
  });
  if (!answer || is_success(*answer)) return answer;
  return error_of(*answer, {ask.name, false}, call.clock.now());
}

// A part may be refused for a moment although the batch as a whole was taken: those parts are asked again, as every
// read is.
std::vector<Result<http::Response>> Dynamics365Client::read_batch_of(Call& call, const std::vector<Read>& asks) {
  auto once = read_batch_once(call, asks);
  if (!once) return {asks.size(), once.error()};
  std::vector<Result<http::Response>> answers = *std::move(once);
  const Instant until = call.clock.now() + net::RetryLimits{}.total;
  for (int round = 1; round < kRoundsOfParts; ++round) {
    std::vector<std::size_t> places;
    std::vector<Read> again;
    Instant at = call.clock.now() + net::Backoff{}.wait(round, call.random);
    for (std::size_t i = 0; i < answers.size(); ++i) {
      if (answers[i] || !goes_better_later(answers[i].error())) continue;
      places.push_back(i);
      again.push_back(asks[i]);
      at = std::max(at, answers[i].error().not_before.value_or(at));
    }
    if (places.empty() || at > until || !call.clock.sleep_for(at - call.clock.now())) return answers;
    auto more = read_batch_once(call, again);
    if (!more) return {asks.size(), more.error()};
    for (std::size_t n = 0; n < places.size(); ++n) answers[places[n]] = std::move((*more)[n]);
  }
  return answers;
}

Result<std::vector<Result<http::Response>>> Dynamics365Client::read_batch_once(Call& call,
                                                                               const std::vector<Read>& asks) {
  std::vector<BatchItem> items;
  for (const Read& ask : asks) {
    BatchRequest request;
    request.path = path(ask.path);
    if (!ask.prefer.empty()) request.headers.push_back({"Prefer", ask.prefer});
    if (latest_) request.headers.push_back(kLatest);
    items.push_back({false, {std::move(request)}});
  }
  const Asked asked{"POST $batch (reads)", false};
  auto answer = repeatable(call, [&] { return batch_exchange(call, items); });
  if (!answer) return answer.error();
  if (!is_success(*answer)) return error_of(*answer, asked, call.clock.now());
  auto parts = read_batch(*answer, asked.request);
  if (!parts) return parts.error();
  if (parts->size() != asks.size()) {
    return make_error(ErrorClass::bad_response,
                      "Dynamics 365's answer to " + asked.request + " does not have one part for each read.");
  }
  std::vector<Result<http::Response>> out;
  for (std::size_t i = 0; i < asks.size(); ++i) {
    http::Response& part = (*parts)[i].answers.front();
    if (is_success(part)) {
      out.emplace_back(std::move(part));
    } else {
      out.emplace_back(error_of(part, {asks[i].name, false}, call.clock.now()));
      if (out.back().error().kind == ErrorClass::throttled) call.meter.tell_asked_to_wait(call.side);
    }
  }
  return out;
}

std::vector<Result<http::Response>> Dynamics365Client::read_all(Call& call, const std::vector<Read>& asks) {
  std::vector<Result<http::Response>> out;
  if (asks.size() == 1) out.push_back(read(call, asks.front()));
  if (asks.size() <= 1) return out;
  for (std::size_t from = 0; from < asks.size(); from += kReadsInOneBatch) {
    const std::size_t to = std::min(asks.size(), from + kReadsInOneBatch);
    auto some = read_batch_of(
        call, {asks.begin() + static_cast<std::ptrdiff_t>(from), asks.begin() + static_cast<std::ptrdiff_t>(to)});
    std::move(some.begin(), some.end(), std::back_inserter(out));
  }
  return out;
}

Result<http::Response> Dynamics365Client::write_once(Call& call, const std::vector<BatchItem>& items) {
  auto exchange = batch_exchange(call, items);
  if (!exchange) return std::move(exchange.error());
  return send_write(call, *exchange);
}

Result<http::Response> Dynamics365Client::change(Call& call, const Change& change) {
  Result<http::Response> answer = make_error(ErrorClass::bug, "");
  for (int round = 0; round < 2; ++round) {
    auto exchange = exchange_for(call, change.method, path(change.path));
    if (!exchange) return std::move(exchange.error());
    for (const http::Header& h : change.headers.list) exchange->request.headers.set(h.name, h.value);
    exchange->request.headers.set("Content-Type", "application/json");
    exchange->request.body = change.body;
    answer = send_write(call, *exchange);
    if (!is_refused_token(answer)) break;
    if (round == 0) tokens_->invalidate();
  }
  if (!answer || is_success(*answer)) return answer;
  return error_of(*answer, {change.name, true}, call.clock.now());
}

Result<http::Response> Dynamics365Client::send_write(Call& call, const net::Exchange& exchange) {
  net::Reply reply = call.transport.exchange(exchange);
  if (reply.sent) call.meter.count(call.side, exchange.request.method);
  if (!reply.response) {
    // Whatever came instead of an answer, the writes themselves may have arrived.
    Error& e = reply.response.error();
    if (reply.sent && e.kind != ErrorClass::cancelled) e.kind = ErrorClass::unknown;
    if (!reply.sent && e.kind == ErrorClass::unknown) e.kind = ErrorClass::transient;
    return std::move(reply.response);
  }
  // A time to wait means that the request was turned away at the door.
  const bool asks_to_wait =
      reply.response->status == 503 &&
      net::parse_retry_after(reply.response->headers.get("Retry-After"), call.clock.now()).has_value();
  if (asks_to_wait) reply.response->status = 429;
  if (reply.response->status == 429) call.meter.tell_asked_to_wait(call.side);
  return std::move(reply.response);
}

Result<Dynamics365Client::Written> Dynamics365Client::write(Call& call, const std::vector<BatchItem>& items) {
  auto answer = write_once(call, items);
  if (is_refused_token(answer)) {
    // A refused token means that nothing was done, so writes too may be sent again with a new one.
    tokens_->invalidate();
    answer = write_once(call, items);
  }
  if (!answer) return std::move(answer.error());
  const Asked asked{"POST $batch", true};
  // Without continue-on-error a batch with a refused part answers 400 and holds the parts up to it.
  if (!is_success(*answer) && !is_multipart(*answer)) return error_of(*answer, asked, call.clock.now());
  Written written;
  written.request_id = request_id_of(answer->headers);
  auto parts = read_batch(*answer, asked.request);
  if (!parts) {
    Error e = make_error(ErrorClass::unknown,
                         "It is not certain whether Dynamics 365 applied the change: " + parts.error().message);
    e.request_id = written.request_id;
    return e;
  }
  written.answers = *std::move(parts);
  written.stopped = !is_success(*answer);
  return written;
}

}  // namespace cosell::dynamics365
