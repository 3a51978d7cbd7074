// Salesforce's settings and login out of its part of a configuration, and a connector out of both.
#include "connectors/salesforce/salesforce_login.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.h"
#include "connectors/salesforce/salesforce_connector.h"
#include "net/http.h"

namespace cosell {
namespace {

struct SalesforceLogin {
  std::string flow, client_id, client_secret, refresh_token, private_key, certificate, username, audience, token_url;
};

parts::Signing salesforce_signing(const SalesforceLogin& login) {
  return {"private_key", login.private_key, "certificate", login.certificate};
}

std::optional<Error> read_flow(const json::Value& login, SalesforceLogin& out) {
  static const std::vector<std::string> flows = {"jwt", "client_credentials", "refresh_token"};
  if (auto e =
          parts::text_member(login, "flow", "\"jwt\", \"client_credentials\" or \"refresh_token\"", true, out.flow)) {
    return e;
  }
  if (std::find(flows.begin(), flows.end(), out.flow) != flows.end()) return std::nullopt;
  const std::string near = text::nearest(out.flow, flows);
  return parts::wrong(login.find("flow")->at(),
                      "unknown flow \"" + out.flow + "\"; " +
                          (near.empty() ? "known are " + text::join(flows, ", ") : "did you mean \"" + near + "\"?"));
}

std::optional<Error> read_salesforce_login(const json::Value& login, SalesforceLogin& out) {
  if (auto e = parts::only_known(login, "\"login\"",
                                 {"flow", "client_id", "client_secret", "refresh_token", "private_key", "certificate",
                                  "username", "audience", "token_url"})) {
    return e;
  }
  if (auto e = read_flow(login, out)) return e;
  const bool jwt = out.flow == "jwt";
  if (auto e = parts::text_member(login, "client_id", "the consumer key of the app", true, out.client_id)) return e;
  if (auto e = parts::secret_member(login, "client_secret", out.flow == "client_credentials", out.client_secret))
    return e;
  if (auto e = parts::secret_member(login, "refresh_token", out.flow == "refresh_token", out.refresh_token)) return e;
  if (auto e = parts::secret_member(login, "private_key", jwt, out.private_key)) return e;
  // Not needed to log in: from it the bridge knows when the login ends.
  if (auto e = parts::secret_member(login, "certificate", false, out.certificate)) return e;
  if (auto e = parts::text_member(login, "username", "the user name of the bridge's user", jwt, out.username)) return e;
  if (auto e = parts::address_member(login, "audience", "https://login.salesforce.com or https://test.salesforce.com",
                                     false, out.audience)) {
    return e;
  }
  return parts::address_member(login, "token_url", "the address of the token service", false, out.token_url);
}

// The settings as the connector reads them: the organisation's address stands beside them, as "url".
Result<SalesforceSettings> salesforce_settings(const json::Value& part) {
  if (auto e = parts::only_known(part, "\"crm\"", {"system", "url", "login", "settings"})) return *e;
  json::Value settings = parts::member_or_empty(part, "settings");
  if (settings.is_object() && settings.find("instance") != nullptr) {
    return parts::wrong(settings.find("instance")->at(), "the organisation's address is \"url\", beside \"settings\"");
  }
  if (part.find("url") == nullptr) {
    return parts::wrong(part.at(),
                        "\"url\" is missing: the address of the organisation, like https://contoso.my.salesforce.com");
  }
  if (settings.is_object()) settings.set("instance", *part.find("url"));
  auto read = read_salesforce_settings(settings);
  if (!read) {
    Error e = read.error();
    e.message = text::replace_all(e.message, "\"instance\"", "\"url\"");
    return e;
  }
  return read;
}

net::OAuthClient salesforce_client(const SalesforceSettings& settings, const SalesforceLogin& login,
                                   const Surroundings& s) {
  net::OAuthClient client;
  client.token_endpoint = login.token_url.empty() ? settings.instance + "/services/oauth2/token" : login.token_url;
  client.client_id = login.client_id;
  client.store_name = s.pair + ".crm";
  return client;
}

Result<std::shared_ptr<net::TokenSource>> salesforce_tokens(const SalesforceSettings& settings,
                                                            const SalesforceLogin& login, const Surroundings& s) {
  const net::OAuthClient client = salesforce_client(settings, login, s);
  const net::Lane lane = parts::login_lane("Salesforce", s);
  auto client_secret = parts::read_optional(login.client_secret, "crm.login.client_secret", s);
  if (!client_secret) return client_secret.error();
  if (login.flow == "client_credentials") {
    net::ClientCredentialsLogin how;
    how.client_secret = *client_secret;
    return std::shared_ptr<net::TokenSource>(net::make_token_source(client, how, lane, s.tokens));
  }
  if (login.flow == "refresh_token") {
    auto refresh_token = parts::read_optional(login.refresh_token, "crm.login.refresh_token", s);
    if (!refresh_token) return refresh_token.error();
    net::RefreshTokenLogin how;
    how.client_secret = *client_secret;
    how.first_refresh_token = *refresh_token;
    return std::shared_ptr<net::TokenSource>(net::make_token_source(client, how, lane, s.tokens));
  }
  // The certificate stays with the app; one that is named is looked at by `check` alone.
  auto key = parts::read_key(salesforce_signing(login), s);
  if (!key) return key.error();
  net::JwtBearerLogin how;
  how.private_key = key->value_or(net::Secret());
  how.subject = login.username;
  how.audience = login.audience.empty() ? usual_audience(settings.instance) : login.audience;
  how.audiences = "https://login.salesforce.com, or https://test.salesforce.com for a sandbox";
  return std::shared_ptr<net::TokenSource>(net::make_token_source(client, how, lane, s.tokens));
}

}  // namespace

std::string usual_audience(std::string_view url) {
  const auto parsed = http::parse_url(url);
  const bool sandbox = parsed && text::ends_with(text::lower_ascii(parsed->host), ".sandbox.my.salesforce.com");
  return sandbox ? "https://test.salesforce.com" : "https://login.salesforce.com";
}

std::optional<Error> check_salesforce(const json::Value& part) {
  if (auto settings = salesforce_settings(part); !settings) return settings.error();
  if (part.find("login") == nullptr) return parts::wrong(part.at(), "\"login\" is missing in \"crm\"");
  SalesforceLogin login;
  return read_salesforce_login(*part.find("login"), login);
}

Result<std::unique_ptr<Connector>> make_salesforce(const json::Value& part, const Surroundings& s) {
  if (auto e = check_salesforce(part)) return *e;
  auto settings = salesforce_settings(part);
  if (!settings) return settings.error();
  SalesforceLogin login;
  if (auto e = read_salesforce_login(*part.find("login"), login)) return *e;
  auto tokens = salesforce_tokens(*settings, login, s);
  if (!tokens) return tokens.error();
  return make_salesforce_connector(std::move(*settings), std::move(*tokens));
}

Result<LoginFacts> salesforce_login_facts(const json::Value& part, const Surroundings& s) {
  if (auto e = check_salesforce(part)) return *e;
  auto settings = salesforce_settings(part);
  if (!settings) return settings.error();
  SalesforceLogin login;
  if (auto e = read_salesforce_login(*part.find("login"), login)) return *e;
  LoginFacts facts;
  facts.client = salesforce_client(*settings, login, s);
  facts.by_person = login.flow == "refresh_token";
  if (auto e = parts::read_certificate_term(salesforce_signing(login), s, facts)) return *e;
  return facts;
}

}  // namespace cosell
