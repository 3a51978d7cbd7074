// Puts clock, wire and emulated system together. Most troubles are the sandbox's own faults; those that never reach a
// server, and the server that answers with what it was sent, are made on the wire.
#include "tests/conformance/bench.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "connectors/emulator/sandboxed.h"
#include "connectors/emulator/toolkit.h"

namespace cosell::conformance {

using Json = nlohmann::ordered_json;

// Records what is sent and stops asking for more when the process shall stop, as the real transport does.
class Bench::Wire final : public net::Transport {
 public:
  explicit Wire(Bench& bench) : bench_(bench) {}

  void stream(const Next& next, const Done& done, const Limit& limit) override {
    int under_way = 0;
    const Next watched = [&]() -> std::optional<net::Exchange> {
      if (bench_.clock.stopped) return std::nullopt;
      std::optional<net::Exchange> exchange = next();
      if (!exchange) return exchange;
      note(*exchange);
      bench_.most_at_once = std::max(bench_.most_at_once, ++under_way);
      return exchange;
    };
    const Done answered = [&](std::size_t index, net::Reply reply) {
      --under_way;
      done(index, std::move(reply));
    };
    bench_.line_.stream(watched, answered, limit);
  }

 private:
  void note(const net::Exchange& exchange) {
    const auto url = http::parse_url(exchange.request.url);
    Sent sent;
    sent.method = exchange.request.method;
    sent.path = url ? url->path : exchange.request.url;
    sent.timeout = exchange.timeout;
    sent.at = bench_.clock.now();
    sent.login = bench_.is_login(sent.path);
    bench_.sent_.push_back(std::move(sent));
  }

  Bench& bench_;
};

Bench::Bench(std::string login_path_part)
    : login_path_part_(std::move(login_path_part)),
      system_clock_(std::make_unique<emulator::SandboxClock>(clock)),
      line_([this](const http::Request& request) { return deliver(request); }, &disorder_),
      wire_(std::make_unique<Wire>(*this)) {}

Bench::~Bench() = default;

void Bench::put_in(std::unique_ptr<emulator::Emulator> system, std::uint64_t seed) {
  system_ = std::make_unique<emulator::Sandboxed>(std::move(system), *system_clock_, seed);
}

std::string Bench::control(const std::string& verb, const std::string& body) {
  http::Request request;
  request.method = body.empty() ? "GET" : "POST";
  request.url = "/_sandbox/" + verb;
  request.headers.set("Content-Type", "application/json");
  request.body = body;
  const http::Response answer = system_->handle(request).response;
  EXPECT_LT(answer.status, 300) << verb << " " << body << " -> " << answer.body;
  return answer.body;
}

bool Route::leads(const std::string& sent_method, const std::string& sent_path) const {
  if (method != sent_method) return false;
  return path.find('{') == std::string::npos ? text::starts_with(sent_path, path)
                                             : emulator::fits_template(sent_path, path);
}

void Bench::trouble(const std::vector<Route>& routes, const Trouble& what) {
  no_trouble();
  using Kind = Trouble::Kind;
  if (what.kind == Kind::unreachable || what.kind == Kind::echo || what.kind == Kind::change) {
    met_routes_ = routes;
    trouble_ = what;
    return;
  }
  Json action{{"kind", "status"}, {"status", what.status}, {"body", what.body}};
  action["headers"] = Json{{"Content-Type", what.content_type}};
  if (what.kind == Trouble::Kind::drop_before) action = Json{{"kind", "drop_before"}};
  if (what.kind == Trouble::Kind::drop_after) action = Json{{"kind", "drop_after"}};
  if (what.kind == Trouble::Kind::truncate) action = Json{{"kind", "truncate"}, {"bytes", 10}};
  if (what.kind == Trouble::Kind::throttle) action = Json{{"kind", "throttle"}, {"retry_after", what.retry_after}};
  Json list = Json::array();
  for (const Route& route : routes) {
    list.push_back(Json{
        {"match", Json{{"method", route.method}, {"path", route.path}}}, {"times", what.times}, {"action", action}});
  }
  control("faults", list.dump());
}

void Bench::no_trouble() {
  met_routes_.clear();
  control("faults", "[]");
}

bool Bench::is_login(const std::string& path) const {
  return !login_path_part_.empty() && path.find(login_path_part_) != std::string::npos;
}

bool Bench::met(const http::Request& request) const {
  return std::any_of(met_routes_.begin(), met_routes_.end(),
                     [&](const Route& route) { return route.leads(request.method, request.url); });
}

// A token is noted when it is handed out and when it is used: whichever a trouble lets through.
void Bench::note_tokens(const http::Request& request, const http::Response& response) {
  const std::string authorization = request.headers.get("Authorization");
  if (text::starts_with(authorization, "Bearer ")) tokens_.insert(authorization.substr(7));
  const Json body = is_login(request.url) ? Json::parse(response.body, nullptr, false) : Json();
  for (const char* name : {"access_token", "refresh_token"}) {
    if (body.is_object() && body.contains(name)) tokens_.insert(body[name].get<std::string>());
  }
}

net::Delivered Bench::deliver(const http::Request& request) {
  if (met(request) && trouble_.kind == Trouble::Kind::unreachable) return {net::Delivered::Kind::unreachable, {}};
  const bool changed = met(request) && trouble_.kind == Trouble::Kind::change;
  if (met(request) && !changed) {
    note_tokens(request, {});
    Json body{{"error", "invalid_request"}, {"error_description", request.body}, {"request", Json::array()}};
    for (const http::Header& h : request.headers.list) body["request"].push_back(h.name + ": " + h.value);
    http::Response response{trouble_.status, {}, body.dump()};
    response.headers.set("Content-Type", "application/json");
    return {net::Delivered::Kind::response, std::move(response)};
  }
  emulator::Delivery delivery = system_->handle(request);
  note_tokens(request, delivery.response);
  if (delivery.drop) return {net::Delivered::Kind::dropped_after, {}};
  if (delivery.truncate_to) return {net::Delivered::Kind::truncated, {}};
  if (changed) trouble_.change(delivery.response);
  return {net::Delivered::Kind::response, std::move(delivery.response)};
}

Call Bench::call() {
  Call c{*wire_, clock, random, meter, "side"};
  c.max_in_flight = max_in_flight;
  c.timeout = timeout;
  c.log = [this](const std::string& line) { log_lines.push_back(line); };
  return c;
}

net::Lane Bench::lane() { return {"side", *wire_, clock, random, &meter}; }

std::size_t Bench::requests() const {
  return static_cast<std::size_t>(
      std::count_if(sent_.begin(), sent_.end(), [](const Sent& sent) { return !sent.login; }));
}

std::vector<Sent> Bench::sent_since(std::size_t mark) const {
  return {sent_.begin() + static_cast<std::ptrdiff_t>(mark), sent_.end()};
}

}  // namespace cosell::conformance
