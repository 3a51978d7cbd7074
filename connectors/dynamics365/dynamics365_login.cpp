// The settings and the login of Dynamics 365 out of its part of a configuration, and a connector out of both.
#include "connectors/dynamics365/dynamics365_login.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.h"
#include "connectors/dynamics365/dynamics365_connector.h"

namespace cosell {
namespace {

struct Dynamics365Login {
  std::string tenant, client_id, client_secret, certificate, certificate_key, assertion, token_url, scope;
  std::optional<Date> client_secret_expires;
};

parts::Signing dynamics365_signing(const Dynamics365Login& login) {
  return {"certificate_key", login.certificate_key, "certificate", login.certificate};
}

std::optional<Error> read_dynamics365_login(const json::Value& login, Dynamics365Login& out) {
  if (auto e = parts::only_known(login, "\"login\"",
                                 {"tenant", "client_id", "client_secret", "client_secret_expires", "certificate",
                                  "certificate_key", "assertion", "token_url", "scope"})) {
    return e;
  }
  if (auto e = parts::text_member(login, "tenant", "the directory (tenant) id or domain", true, out.tenant)) return e;
  if (auto e = parts::text_member(login, "client_id", "the application id", true, out.client_id)) return e;
  // With a certificate there is no secret.
  const bool certificate = login.find("certificate") != nullptr || login.find("certificate_key") != nullptr;
  if (auto e = parts::secret_member(login, "client_secret", !certificate, out.client_secret)) return e;
  if (auto e = parts::secret_expires_member(login, out.client_secret_expires)) return e;
  if (auto e = parts::secret_member(login, "certificate", certificate, out.certificate)) return e;
  if (auto e = parts::secret_member(login, "certificate_key", certificate, out.certificate_key)) return e;
  if (auto e = parts::text_member(login, "assertion", "\"PS256\" or \"RS256\"", false, out.assertion)) return e;
  if (!out.assertion.empty() && out.assertion != "PS256" && out.assertion != "RS256") {
    return parts::wrong(login.find("assertion")->at(), "\"assertion\" must be \"PS256\" (the default) or \"RS256\"");
  }
  if (auto e = parts::text_member(login, "scope", "the scope that is asked for", false, out.scope)) return e;
  return parts::address_member(login, "token_url", "the address of the token service", false, out.token_url);
}

// The settings as the connector reads them: the environment's address stands beside them, as "url".
Result<Dynamics365Settings> dynamics365_settings(const json::Value& part) {
  if (auto e = parts::only_known(part, "\"crm\"", {"system", "url", "login", "settings"})) return *e;
  json::Value settings = parts::member_or_empty(part, "settings");
  if (settings.is_object() && settings.find("instance") != nullptr) {
    return parts::wrong(settings.find("instance")->at(), "the environment's address is \"url\", beside \"settings\"");
  }
  if (part.find("url") == nullptr) {
    return parts::wrong(part.at(),
                        "\"url\" is missing: the address of the environment, like https://contoso.crm.dynamics.com");
  }
  if (settings.is_object()) settings.set("instance", *part.find("url"));
  auto read = read_dynamics365_settings(settings);
  if (!read) {
    Error e = read.error();
    e.message = text::replace_all(e.message, "\"instance\"", "\"url\"");
    return e;
  }
  return read;
}

net::OAuthClient dynamics365_client(const Dynamics365Settings& settings, const Dynamics365Login& login,
                                    const Surroundings& s) {
  net::OAuthClient client;
  client.token_endpoint = login.token_url.empty()
                              ? "https://login.microsoftonline.com/" + login.tenant + "/oauth2/v2.0/token"
                              : login.token_url;
  client.client_id = login.client_id;
  client.scope = login.scope.empty() ? settings.instance + "/.default" : login.scope;
  client.store_name = s.pair + ".crm";
  return client;
}

}  // namespace

std::optional<Error> check_dynamics365(const json::Value& part) {
  if (auto settings = dynamics365_settings(part); !settings) return settings.error();
  if (part.find("login") == nullptr) return parts::wrong(part.at(), "\"login\" is missing in \"crm\"");
  Dynamics365Login login;
  return read_dynamics365_login(*part.find("login"), login);
}

Result<std::unique_ptr<Connector>> make_dynamics365(const json::Value& part, const Surroundings& s) {
  if (auto e = check_dynamics365(part)) return *e;
  auto settings = dynamics365_settings(part);
  if (!settings) return settings.error();
  settings->file = s.config_file;
  Dynamics365Login login;
  if (auto e = read_dynamics365_login(*part.find("login"), login)) return *e;
  net::ClientCredentialsLogin how;
  auto client_secret = parts::read_optional(login.client_secret, "crm.login.client_secret", s);
  if (!client_secret) return client_secret.error();
  auto pair = parts::read_key_pair(dynamics365_signing(login), s);
  if (!pair) return pair.error();
  how.client_secret = *client_secret;
  how.certificate_key = pair->key;
  how.certificate = pair->certificate;
  how.algorithm = login.assertion == "RS256" ? net::JwtAlgorithm::rs256 : net::JwtAlgorithm::ps256;
  std::shared_ptr<net::TokenSource> tokens = net::make_token_source(dynamics365_client(*settings, login, s), how,
                                                                    parts::login_lane("Dynamics 365", s), s.tokens);
  return make_dynamics365_connector(std::move(*settings), std::move(tokens));
}

Result<LoginFacts> dynamics365_login_facts(const json::Value& part, const Surroundings& s) {
  if (auto e = check_dynamics365(part)) return *e;
  auto settings = dynamics365_settings(part);
  if (!settings) return settings.error();
  Dynamics365Login login;
  if (auto e = read_dynamics365_login(*part.find("login"), login)) return *e;
  LoginFacts facts;
  facts.client = dynamics365_client(*settings, login, s);
  facts.client_secret_expires = login.client_secret_expires;
  if (auto e = parts::read_certificate_term(dynamics365_signing(login), s, facts)) return *e;
  return facts;
}

}  // namespace cosell
