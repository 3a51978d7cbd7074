// Sends requests to Salesforce and watches what comes back.
#include "connectors/salesforce/salesforce_client.h"

#include <algorithm>

#include "base/text.h"
#include "connectors/salesforce/salesforce_errors.h"
#include "connectors/salesforce/salesforce_ids.h"
#include "connectors/salesforce/salesforce_wire.h"
#include "net/retry.h"

namespace cosell::salesforce {
namespace {

// The server refuses addresses and headers beyond 16,384 bytes; the token and the rest need their part.
constexpr std::size_t kLongestUrl = 15'000;
// What a composite takes: this many parts, of which so many are queries.
constexpr std::size_t kPartsInComposite = 25;
constexpr std::size_t kQueriesInComposite = 5;

net::Lane lane_of(Call& call) {
  return {call.side, call.transport, call.clock, call.random, &call.meter, "Salesforce"};
}

bool is_refused_token(const Result<http::Response>& answer) { return answer && answer->status == 401; }

bool is_query(const Ask& ask) { return ask.path.find("/query") != std::string::npos; }

// How many of these asks one composite takes.
std::size_t fit_together(std::span<const Ask> asks) {
  std::size_t queries = 0;
  std::size_t n = 0;
  for (; n < asks.size() && n < kPartsInComposite; ++n) {
    if (is_query(asks[n]) && ++queries > kQueriesInComposite) break;
  }
  return n;
}

// What may go better in a moment is asked again alone, as every read is; and so is what an organisation takes alone but
// not in a composite.
bool may_go_better_alone(const Error& e) {
  switch (e.kind) {
    case ErrorClass::transient:
      return true;
    case ErrorClass::auth_expired:
    case ErrorClass::forbidden:
    case ErrorClass::throttled:
    case ErrorClass::cancelled:
    case ErrorClass::schema_drift:  // what is not there is not there alone either
      return false;
    default:
      return e.http_status >= 400;  // refused, not misunderstood
  }
}

std::string reference_of(std::size_t part) { return "part" + std::to_string(part); }

// A token of the form "00D…!…" begins with the organisation's id.
std::string organisation_in(const std::string& token) {
  const std::string id = normal_salesforce_id(token.substr(0, token.find('!')));
  return is_salesforce_id(id) && text::starts_with(id, "00D") ? id : "";
}

}  // namespace

std::optional<ApiUsage> parse_limit_info(std::string_view header) {
  constexpr std::string_view kName = "api-usage=";
  // The name may be part of "per-app-api-usage=", which counts something else.
  std::size_t at = header.find(kName);
  while (at != std::string_view::npos && at > 0 && header[at - 1] != ' ' && header[at - 1] != ';' &&
         header[at - 1] != ',') {
    at = header.find(kName, at + 1);
  }
  if (at == std::string_view::npos) return std::nullopt;
  std::int64_t figures[2] = {0, 0};
  std::size_t i = at + kName.size();
  for (int part = 0; part < 2; ++part) {
    const std::size_t from = i;
    for (; i < header.size() && header[i] >= '0' && header[i] <= '9' && i - from < 15; ++i) {
      figures[part] = figures[part] * 10 + (header[i] - '0');
    }
    if (i == from) return std::nullopt;
    if (part == 0 && (i >= header.size() || header[i++] != '/')) return std::nullopt;
  }
  return ApiUsage{figures[0], figures[1]};
}

SalesforceClient::SalesforceClient(const SalesforceSettings& settings, std::shared_ptr<net::TokenSource> tokens)
    : settings_(settings), tokens_(std::move(tokens)) {}

std::string SalesforceClient::origin() const {
  // Salesforce tells with the token where it is valid.
  const auto told = http::parse_url(tokens_->instance_url());
  const bool usable = told && !told->host.empty() && (told->scheme == "https" || http::is_loopback(told->host));
  return usable ? told->origin() : settings_.instance;
}

std::string SalesforceClient::host() const {
  const auto url = http::parse_url(origin());
  return url ? url->host : "";
}

std::string SalesforceClient::environment() const { return organisation_ + "@" + host(); }

std::string SalesforceClient::path(std::string_view rest) const {
  return "/services/data/" + settings_.api_version + std::string(rest);
}

Ask SalesforceClient::query(const std::string& soql, bool deleted_too) const {
  const std::string resource = deleted_too ? "queryAll" : "query";
  Ask ask;
  ask.path = path("/" + resource + "?q=" + text::percent_encode(soql));
  ask.name = "GET " + resource;
  return ask;
}

Ask SalesforceClient::describe(const std::string& object) const {
  Ask ask;
  ask.path = path("/sobjects/" + object + "/describe");
  ask.name = "GET describe of " + object;
  return ask;
}

Result<Ask> SalesforceClient::next_page(const std::string& next_records_url) const {
  const auto url = http::parse_url(next_records_url);
  const bool here = url && (url->host.empty() || url->origin() == origin());
  if (!here || !text::starts_with(url->path, "/services/data/")) {
    return make_error(ErrorClass::bad_response,
                      "Salesforce's answer names a next page that is not its own; it is not "
                      "followed.");
  }
  Ask ask;
  ask.path = url->query.empty() ? url->path : url->path + "?" + url->query;
  ask.name = "GET query (next page)";
  return ask;
}

Result<void> SalesforceClient::ensure_login() {
  auto token = tokens_->token();
  if (!token) return std::move(token.error());
  if (const std::string id = organisation_in(*token); !id.empty()) organisation_ = id;
  return {};
}

Result<net::Exchange> SalesforceClient::exchange_for(Call& call, const Ask& ask) {
  auto token = tokens_->token();
  if (!token) return std::move(token.error());
  if (const std::string id = organisation_in(*token); !id.empty()) organisation_ = id;
  net::Exchange out;
  out.timeout = call.timeout;
  out.request.method = ask.method;
  out.request.url = origin() + ask.path;
  if (out.request.url.size() > kLongestUrl) {
    return make_error(ErrorClass::config,
                      "The mapping asks for too many columns of Salesforce at once: the query is "
                      "longer than Salesforce accepts.");
  }
  out.request.headers.set("Authorization", "Bearer " + *token);
  out.request.headers.set("Accept", "application/json");
  if (ask.batch_size > 0)
    out.request.headers.set("Sforce-Query-Options", "batchSize=" + std::to_string(ask.batch_size));
  for (const http::Header& h : ask.headers.list) out.request.headers.set(h.name, h.value);
  if (ask.body) {
    out.request.headers.set("Content-Type", "application/json");
    out.request.body = json::write(*ask.body);
  }
  return out;
}

Result<http::Response> SalesforceClient::judge(Call& call, const Ask& ask, Result<http::Response> answer) {
  if (!answer) return answer;
  if (const auto usage = parse_limit_info(answer->headers.get("Sforce-Limit-Info"))) {
    usage_ = usage;
    call.meter.tell_granted(call.side, {usage->used, usage->limit});
  }
  if (answer->status >= 200 && answer->status < 300) return answer;
  Error e = error_of(*answer, {ask.name, ask.writes}, call.clock.now());
  if (e.kind == ErrorClass::throttled) call.meter.tell_asked_to_wait(call.side);
  return e;
}

Result<http::Response> SalesforceClient::send_once(Call& call, const Ask& ask) {
  auto exchange = exchange_for(call, ask);
  if (!exchange) return std::move(exchange.error());
  if (!ask.writes) return net::send(lane_of(call), *exchange, {}, net::Safety::repeatable);
  net::Reply reply = call.transport.exchange(*exchange);
  if (reply.sent) call.meter.count(call.side, ask.method);
  if (!reply.response) {
    // Whatever came instead of an answer, the write itself may have arrived.
    Error& e = reply.response.error();
    if (reply.sent && e.kind != ErrorClass::cancelled) e.kind = ErrorClass::unknown;
    if (!reply.sent && e.kind == ErrorClass::unknown) e.kind = ErrorClass::transient;
    return std::move(reply.response);
  }
  // A time to wait means that the request was turned away at the door.
  const bool turned_away = reply.response->status == 429 || reply.response->status == 503;
  // A date is the server's, and so is the time that it is measured from.
  const Instant theirs = net::parse_http_date(reply.response->headers.get("Date")).value_or(call.clock.now());
  const auto wait = net::parse_retry_after(reply.response->headers.get("Retry-After"), theirs);
  if (turned_away && (wait || reply.response->status == 429)) {
    Error e = net::error_from(ErrorClass::throttled, "Salesforce asks to wait before more is sent.", *reply.response);
    e.not_before = call.clock.now() + std::min(wait.value_or(seconds(30)), hours(1));
    call.meter.tell_asked_to_wait(call.side);
    return e;
  }
  return std::move(reply.response);
}

Result<http::Response> SalesforceClient::send(Call& call, const Ask& ask) {
  auto answer = send_once(call, ask);
  if (is_refused_token(answer)) {
    // A refused token means that nothing was done, so writes too may be sent again with a new one.
    tokens_->invalidate();
    answer = send_once(call, ask);
  }
  return judge(call, ask, std::move(answer));
}

std::vector<Result<http::Response>> SalesforceClient::read_all(Call& call, const std::vector<Ask>& asks) {
  std::vector<Result<http::Response>> answers(asks.size(), make_error(ErrorClass::cancelled, "Stopped."));
  std::vector<std::size_t> todo(asks.size());
  for (std::size_t i = 0; i < todo.size(); ++i) todo[i] = i;
  // The second round is for those whose token was refused.
  for (int round = 0; round < 2 && !todo.empty(); ++round) {
    std::vector<net::Exchange> exchanges;
    std::vector<std::size_t> sent;
    for (const std::size_t i : todo) {
      auto exchange = exchange_for(call, asks[i]);
      if (!exchange) {
        answers[i] = std::move(exchange.error());
        continue;
      }
      exchanges.push_back(*std::move(exchange));
      sent.push_back(i);
    }
    net::AdaptiveLimit limit({call.max_in_flight, 1, call.max_in_flight});
    net::send_all(lane_of(call), exchanges, {}, net::Safety::repeatable, limit,
                  [&](std::size_t n, Result<http::Response> answer) { answers[sent[n]] = std::move(answer); });
    todo.clear();
    for (const std::size_t i : sent) {
      if (is_refused_token(answers[i])) todo.push_back(i);
    }
    if (!todo.empty()) tokens_->invalidate();
  }
  for (std::size_t i = 0; i < asks.size(); ++i) answers[i] = judge(call, asks[i], std::move(answers[i]));
  return answers;
}

std::vector<Result<http::Response>> SalesforceClient::read_composite_of(Call& call, std::span<const Ask> asks) {
  json::Value body = json::Value::object();
  body.set("allOrNone", json::Value::boolean(false));
  json::Value& requests = body.set("compositeRequest", json::Value::array());
  for (std::size_t i = 0; i < asks.size(); ++i) {
    json::Value& request = requests.append(json::Value::object());
    request.set("method", json::Value::string(asks[i].method));
    request.set("url", json::Value::string(asks[i].path));
    request.set("referenceId", json::Value::string(reference_of(i)));
  }
  Ask together;
  together.method = "POST";
  together.path = path("/composite");
  together.name = "POST composite (reads)";
  together.body = std::move(body);
  const auto all = [&](const Error& e) { return std::vector<Result<http::Response>>(asks.size(), e); };
  const auto answer = send(call, together);
  if (!answer) return all(answer.error());
  const auto root = read_body(answer->body, together.name);
  if (!root) return all(root.error());
  const auto parts = read_composite(*root, together.name);
  if (!parts) return all(parts.error());
  std::vector<Result<http::Response>> out;
  for (std::size_t i = 0; i < asks.size(); ++i) {
    const auto part = std::find_if(parts->begin(), parts->end(),
                                   [&](const CompositeAnswer& a) { return a.reference == reference_of(i); });
    if (part == parts->end()) {
      out.emplace_back(make_error(ErrorClass::bad_response, "Salesforce's answer to " + together.name +
                                                                " has no part for " + asks[i].name + "."));
      continue;
    }
    http::Response inner{part->status, answer->headers, json::write(part->body)};
    if (inner.status >= 200 && inner.status < 300) {
      out.emplace_back(std::move(inner));
      continue;
    }
    Error e = error_of(inner, {asks[i].name, false}, call.clock.now());
    // The answer as a whole is fine, so that only this tells people which of the requests was refused.
    if (e.message.find(asks[i].name) == std::string::npos) e.message += " (" + asks[i].name + ")";
    out.emplace_back(std::move(e));
  }
  return out;
}

std::vector<Result<http::Response>> SalesforceClient::read_together(Call& call, const std::vector<Ask>& asks) {
  std::vector<Result<http::Response>> answers;
  std::span<const Ask> left(asks);
  while (!left.empty()) {
    const std::size_t some = fit_together(left);
    if (some == 1) {
      answers.push_back(send(call, left.front()));
    } else {
      auto more = read_composite_of(call, left.first(some));
      for (std::size_t i = 0; i < some; ++i) {
        if (!more[i] && may_go_better_alone(more[i].error())) more[i] = send(call, left[i]);
      }
      std::move(more.begin(), more.end(), std::back_inserter(answers));
    }
    left = left.subspan(some);
  }
  return answers;
}

Result<http::Response> SalesforceClient::versions(Call& call) {
  net::Exchange exchange;
  exchange.timeout = call.timeout;
  exchange.request.method = "GET";
  exchange.request.url = origin() + "/services/data/";
  exchange.request.headers.set("Accept", "application/json");
  Ask ask;
  ask.name = "GET /services/data/";
  return judge(call, ask, net::send(lane_of(call), exchange, {}, net::Safety::repeatable));
}

}  // namespace cosell::salesforce
