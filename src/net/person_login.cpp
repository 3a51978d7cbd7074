#include "net/person_login.h"

#include "base/json.h"
#include "base/text.h"

namespace cosell::net {

Result<http::Response> post_login(const Lane& lane, const std::string& url, const LoginForm& form,
                                  const RetryPolicy& policy, Safety safety) {
  Exchange exchange;
  exchange.request.method = "POST";
  exchange.request.url = url;
  exchange.request.headers.set("Content-Type", "application/x-www-form-urlencoded");
  exchange.request.headers.set("Accept", "application/json");
  exchange.request.body = http::encode_form(form);
  exchange.timeout = seconds(30);
  exchange.counts = false;
  return send(lane, exchange, policy, safety, CallKind::login);
}

Result<std::string> beside_token_endpoint(const PersonLogin& login, const std::string& last) {
  const std::string& endpoint = login.client.token_endpoint;
  if (!text::ends_with(endpoint, "/token")) {
    return make_error(ErrorClass::config, "\"token_url\" must end in /token, so that the login page can be found.");
  }
  return endpoint.substr(0, endpoint.size() - 5) + last;
}

LoginContext context_of(const PersonLogin& login, const Lane& lane, const std::string& wanted) {
  const auto url = http::parse_url(login.client.token_endpoint);
  LoginContext c;
  c.side = lane.name();
  c.host = url ? url->host : "the login service";
  c.login_command = login.client.login_command;
  c.how = LoginContext::How::signing_in;
  c.now = lane.clock.now();
  c.wanted = wanted;
  return c;
}

Result<StoredToken> lasting_token(const PersonLogin& login, const Lane& lane, const http::Response& response) {
  const auto body = json::read(response.body);
  StoredToken token;
  if (body && body->is_object()) {
    token.access_token = body->text_of("access_token");
    token.refresh_token = body->text_of("refresh_token");
  }
  token.renewed_at = lane.clock.now();
  if (response.status != 200 || token.access_token.empty()) {
    return login_error(response, context_of(login, lane, "a token"));
  }
  if (token.refresh_token.empty()) {
    return make_error(ErrorClass::config,
                      "The login went through but brought nothing that lasts: \"scope\" in the configuration must "
                      "contain offline_access.");
  }
  return token;
}

}  // namespace cosell::net
