// `cosell login partner-center`: a person signs in once at Microsoft's page with a code (OAuth device flow); what comes
// of it is kept encrypted, and a running service uses it with its next cycle.
#include <algorithm>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/workplace.h"
#include "net/retry.h"

namespace cosell::cli {

namespace {

using store::Side;

constexpr const char* device_grant = "urn:ietf:params:oauth:grant-type:device_code";
constexpr Duration code_life_longest = minutes(30);

struct DeviceCode {
  std::string code;
  std::string message;  // what the person has to do, in the service's words
  Duration interval = seconds(5);
  Duration life = minutes(15);
};

class DeviceLogin {
 public:
  DeviceLogin(Session& session, Workplace& place, const LoginFacts& facts)
      : session_(session),
        place_(place),
        facts_(facts),
        surroundings_(place.surroundings(Side::partner_center, true)) {}

  Result<net::StoredToken> run() {
    auto code = ask_for_code();
    if (!code) return code.error();
    session_.output.note(code->message);
    const Instant until = session_.clock().now() + code->life;
    while (session_.clock().now() < until) {
      if (!session_.clock().sleep_for(code->interval)) {
        return make_error(ErrorClass::cancelled, "Stopped as asked; nothing was changed.");
      }
      auto token = ask_for_token(*code);
      if (!token) return token.error();
      if (*token) return **token;
    }
    return make_error(ErrorClass::auth_expired, "Nobody entered the code in time. Try again.");
  }

 private:
  using Form = std::vector<std::pair<std::string, std::string>>;

  Result<http::Response> post(const std::string& url, const Form& form) {
    net::Exchange exchange;
    exchange.request.method = "POST";
    exchange.request.url = url;
    exchange.request.headers.set("Content-Type", "application/x-www-form-urlencoded");
    exchange.request.headers.set("Accept", "application/json");
    exchange.request.body = http::encode_form(form);
    exchange.timeout = seconds(30);
    const net::Lane lane{place_.pair().title(Side::partner_center), surroundings_.transport, session_.clock(),
                         surroundings_.random, &surroundings_.meter};
    return net::send(lane, exchange, {}, net::Safety::once, net::CallKind::login);
  }

  static Duration seconds_in(const json::Value& body, const char* name, Duration otherwise, Duration most) {
    const json::Value* v = body.find(name);
    const auto number = v == nullptr ? std::nullopt : parse_number(v->text());
    if (!number || number->text.size() > 6 || number->text.front() == '-') return otherwise;
    return std::min(most, seconds(std::stoll(number->text)));
  }

  Result<DeviceCode> ask_for_code() {
    const std::string& endpoint = facts_.client.token_endpoint;
    if (!text::ends_with(endpoint, "/token")) {
      return make_error(ErrorClass::config, "\"token_url\" must end in /token, so that the login page can be found.");
    }
    const std::string url = endpoint.substr(0, endpoint.size() - 5) + "devicecode";
    auto response = post(url, {{"client_id", facts_.client.client_id}, {"scope", facts_.client.scope}});
    if (!response) return response.error();
    const auto body = json::read(response->body);
    const bool good = response->status == 200 && body && !body->text_of("device_code").empty();
    if (!good) return refused(*response, body ? *body : json::Value::object());
    DeviceCode code;
    code.code = body->text_of("device_code");
    code.message = body->text_of("message");
    if (code.message.empty()) {
      code.message = "Open " + body->text_of("verification_uri") + " and enter the code " + body->text_of("user_code");
    }
    code.interval = seconds_in(*body, "interval", seconds(5), minutes(1));
    code.life = seconds_in(*body, "expires_in", minutes(15), code_life_longest);
    return code;
  }

  // Nothing while the person has not finished.
  Result<std::optional<net::StoredToken>> ask_for_token(DeviceCode& code) {
    Form form = {{"grant_type", device_grant}, {"client_id", facts_.client.client_id}, {"device_code", code.code}};
    if (facts_.client_secret) form.emplace_back("client_secret", facts_.client_secret->reveal());
    auto response = post(facts_.client.token_endpoint, form);
    if (!response) return response.error();
    const auto parsed = json::read(response->body);
    const json::Value body = parsed ? *parsed : json::Value::object();
    const std::string error = body.text_of("error");
    if (error == "slow_down") code.interval = code.interval + seconds(5);
    if (error == "authorization_pending" || error == "slow_down") return std::optional<net::StoredToken>{};
    if (response->status != 200 || body.text_of("refresh_token").empty()) return refused(*response, body);
    net::StoredToken token;
    token.access_token = body.text_of("access_token");
    token.refresh_token = body.text_of("refresh_token");
    token.renewed_at = session_.clock().now();
    return std::optional<net::StoredToken>{token};
  }

  static Error refused(const http::Response& response, const json::Value& body) {
    const std::string error = body.text_of("error");
    std::string message = "Partner Center's login service refused.";
    if (error == "authorization_declined") message = "The sign-in was declined.";
    if (error == "expired_token") message = "Nobody entered the code in time. Try again.";
    if (response.status == 200) message = "The login brought no lasting token; \"scope\" must contain offline_access.";
    Error e = net::error_from(ErrorClass::auth_expired, message, response);
    if (!body.text_of("error_description").empty()) e.detail = net::redact(body.text_of("error_description"));
    return e;
  }

  Session& session_;
  Workplace& place_;
  const LoginFacts& facts_;
  Surroundings surroundings_;
};

PairAnswer log_in(Session& session, const PairConfig& config) {
  auto made = Workplace::make(session, config, Workplace::Login::needed);
  if (!made) return failed(session, &config, made.error());
  Workplace& place = **made;
  if (place.tokens() == nullptr) {
    return failed(session, &config,
                  make_error(ErrorClass::config,
                             "A login must be kept somewhere: add \"tokens\": { \"file\": …, \"key\": … } to " +
                                 session.config.file + "."));
  }
  auto facts = partner_center_system().login(config.partner_center, place.surroundings(Side::partner_center, true));
  if (!facts) return failed(session, &config, facts.error());
  auto token = DeviceLogin(session, place, *facts).run();
  if (!token) return failed(session, &config, token.error());
  if (auto kept = place.tokens()->put(facts->client.store_name, *token); !kept) {
    return failed(session, &config, kept.error());
  }
  session.output.line("Logged in to " + place.pair().title(Side::partner_center) + " for the pair " + config.name +
                      ". A running cosell goes on by itself.");
  PairAnswer answer;
  answer.json.set("logged_in", json::Value::boolean(true));
  return answer;
}

}  // namespace

int login_command(Session& session, const std::string& side, const std::string& pair) {
  if (text::replace_all(side, "-", "_") != partner_center_system().name) {
    return failed(session, nullptr,
                  make_error(ErrorClass::config,
                             "Only partner-center takes a login by a person here; the CRM's login is "
                             "in the configuration, under \"crm\": { \"login\": … }."))
        .code;
  }
  if (pair.empty() && session.config.pairs.size() > 1) {
    return failed(
               session, nullptr,
               make_error(ErrorClass::config, "There are several pairs; say which: cosell login partner-center PAIR (" +
                                                  text::join(session.config.names(), ", ") + ")"))
        .code;
  }
  return for_each_pair(session, pair, [&](const PairConfig& config) { return log_in(session, config); });
}

}  // namespace cosell::cli
