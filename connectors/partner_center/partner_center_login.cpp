// Partner Center's settings and login out of its part of a configuration, and a connector or a pilot out of both.
#include "connectors/partner_center/partner_center_login.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.h"
#include "connectors/partner_center/partner_center_connector.h"
#include "connectors/partner_center/partner_center_pilot.h"

namespace cosell {
namespace {

// Microsoft Entra ends a refresh token that was not used for so long.
constexpr Duration partner_center_login_life = days(90);

struct PartnerCenterLogin {
  std::string tenant, client_id, client_secret, refresh_token, token_url, scope;
  std::optional<Date> client_secret_expires;
};

std::optional<Error> read_partner_center_login(const json::Value& login, PartnerCenterLogin& out) {
  if (auto e = parts::only_known(
          login, "\"login\"",
          {"tenant", "client_id", "client_secret", "client_secret_expires", "refresh_token", "token_url", "scope"})) {
    return e;
  }
  if (auto e = parts::text_member(login, "tenant", "the directory (tenant) id or domain", true, out.tenant)) return e;
  if (auto e = parts::text_member(login, "client_id", "the application id", true, out.client_id)) return e;
  if (auto e = parts::secret_member(login, "client_secret", false, out.client_secret)) return e;
  if (auto e = parts::secret_expires_member(login, out.client_secret_expires)) return e;
  if (auto e = parts::secret_member(login, "refresh_token", false, out.refresh_token)) return e;
  out.scope = "https://api.partner.microsoft.com/.default offline_access";
  if (auto e = parts::text_member(login, "scope", "the scopes that are asked for", false, out.scope)) return e;
  return parts::address_member(login, "token_url", "the address of the token service", false, out.token_url);
}

Result<PartnerCenterSettings> partner_center_settings(const json::Value& part) {
  if (auto e = parts::only_known(part, "\"partner_center\"", {"url", "login", "settings"})) return *e;
  json::Value settings = parts::member_or_empty(part, "settings");
  if (settings.is_object() && settings.find("base_url") != nullptr) {
    return parts::wrong(settings.find("base_url")->at(), "the service's address is \"url\", beside \"settings\"");
  }
  if (settings.is_object() && part.find("url") != nullptr) settings.set("base_url", *part.find("url"));
  auto read = read_partner_center_settings(settings);
  if (!read) {
    Error e = read.error();
    e.message = text::replace_all(e.message, "\"base_url\"", "\"url\"");
    return e;
  }
  return read;
}

net::OAuthClient partner_center_client(const PartnerCenterLogin& login, const Surroundings& s) {
  net::OAuthClient client;
  client.token_endpoint = login.token_url.empty()
                              ? "https://login.microsoftonline.com/" + login.tenant + "/oauth2/v2.0/token"
                              : login.token_url;
  client.client_id = login.client_id;
  client.scope = login.scope;
  client.store_name = s.pair + ".partner_center";
  client.login_command = "cosell login partner-center " + s.pair;
  return client;
}

Result<std::shared_ptr<net::TokenSource>> partner_center_tokens(const json::Value& part, const Surroundings& s) {
  PartnerCenterLogin login;
  if (auto e = read_partner_center_login(*part.find("login"), login)) return *e;
  net::RefreshTokenLogin how;
  auto client_secret = parts::read_optional(login.client_secret, "partner_center.login.client_secret", s);
  if (!client_secret) return client_secret.error();
  auto refresh_token = parts::read_optional(login.refresh_token, "partner_center.login.refresh_token", s);
  if (!refresh_token) return refresh_token.error();
  how.client_secret = *client_secret;
  how.first_refresh_token = *refresh_token;
  return std::shared_ptr<net::TokenSource>(
      net::make_token_source(partner_center_client(login, s), how, parts::login_lane("Partner Center", s), s.tokens));
}

}  // namespace

std::optional<Error> check_partner_center(const json::Value& part) {
  if (auto settings = partner_center_settings(part); !settings) return settings.error();
  if (part.find("login") == nullptr) return parts::wrong(part.at(), "\"login\" is missing in \"partner_center\"");
  PartnerCenterLogin login;
  return read_partner_center_login(*part.find("login"), login);
}

bool same_partner_center_organization(const json::Value& part, const json::Value& other) {
  const auto one = partner_center_settings(part);
  const auto two = partner_center_settings(other);
  PartnerCenterLogin login, other_login;
  if (!one || !two || read_partner_center_login(*part.find("login"), login) ||
      read_partner_center_login(*other.find("login"), other_login)) {
    return false;
  }
  if (one->base_url != two->base_url) return false;
  if (!one->organization_id.empty() && !two->organization_id.empty()) {
    return one->organization_id == two->organization_id;
  }
  return text::lower_ascii(login.tenant) == text::lower_ascii(other_login.tenant);
}

Result<std::unique_ptr<Connector>> make_partner_center(const json::Value& part, const Surroundings& s) {
  if (auto e = check_partner_center(part)) return *e;
  auto settings = partner_center_settings(part);
  if (!settings) return settings.error();
  auto tokens = partner_center_tokens(part, s);
  if (!tokens) return tokens.error();
  return make_partner_center_connector(std::move(*settings), std::move(*tokens));
}

Result<PilotReport> pilot_partner_center(Call& call, const json::Value& part, const Surroundings& s,
                                         const PilotDeal& deal) {
  if (auto e = check_partner_center(part)) return *e;
  const auto settings = partner_center_settings(part);
  if (!settings) return settings.error();
  auto tokens = partner_center_tokens(part, s);
  if (!tokens) return tokens.error();
  return run_partner_center_pilot(call, *settings, std::move(*tokens), deal);
}

Result<LoginFacts> partner_center_login_facts(const json::Value& part, const Surroundings& s) {
  if (auto e = check_partner_center(part)) return *e;
  PartnerCenterLogin login;
  if (auto e = read_partner_center_login(*part.find("login"), login)) return *e;
  LoginFacts facts;
  facts.client = partner_center_client(login, s);
  facts.by_person = true;
  facts.client_secret_expires = login.client_secret_expires;
  facts.saved_login_life = partner_center_login_life;
  auto client_secret = parts::read_optional(login.client_secret, "partner_center.login.client_secret", s);
  if (!client_secret) return client_secret.error();
  facts.client_secret = *client_secret;
  return facts;
}

}  // namespace cosell
