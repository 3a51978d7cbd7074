// One row per system. Reading logins is shared; what is particular to a system stands in its own block.
#include "connectors/registry.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "connectors/dynamics365/dynamics365_connector.h"
#include "connectors/dynamics365/emulator/dynamics365_emulator.h"
#include "connectors/partner_center/emulator/partner_center_emulator.h"
#include "connectors/partner_center/partner_center_connector.h"
#include "connectors/partner_center/partner_center_pilot.h"
#include "connectors/salesforce/emulator/salesforce_emulator.h"
#include "connectors/salesforce/salesforce_connector.h"
#include "net/certificate.h"
#include "net/http.h"

namespace cosell {

namespace {

Error wrong(json::Position at, const std::string& message) {
  return make_error(ErrorClass::config, std::to_string(at.line) + ":" + std::to_string(at.column) + ": " + message);
}

// ---- parts of a configuration

// An object of which every member is known.
std::optional<Error> only_known(const json::Value& object, const std::string& what,
                                const std::vector<std::string>& known) {
  if (!object.is_object()) return wrong(object.at(), what + " must be an object { … }");
  for (const json::Member& m : object.members()) {
    if (std::find(known.begin(), known.end(), m.key) != known.end()) continue;
    const std::string near = text::nearest(m.key, known);
    return wrong(m.at, "unknown name \"" + m.key + "\" in " + what + "; " +
                           (near.empty() ? "known are " + text::join(known, ", ") : "did you mean \"" + near + "\"?"));
  }
  return std::nullopt;
}

std::optional<Error> text_member(const json::Value& object, const std::string& name, const std::string& expected,
                                 bool required, std::string& out) {
  const json::Value* v = object.find(name);
  if (v == nullptr) {
    if (required) return wrong(object.at(), "\"" + name + "\" is missing: " + expected);
    return std::nullopt;
  }
  if (!v->is_string() || text::trim(v->text()).empty()) {
    return wrong(v->at(), "\"" + name + "\" must be " + expected);
  }
  out = text::trim(v->text());
  return std::nullopt;
}

std::optional<Error> address_member(const json::Value& object, const std::string& name, const std::string& expected,
                                    bool required, std::string& out) {
  if (auto error = text_member(object, name, expected, required, out)) return error;
  if (out.empty() || object.find(name) == nullptr) return std::nullopt;
  const auto url = http::parse_url(out);
  const json::Position at = object.find(name)->at();
  if (!url || url->host.empty()) return wrong(at, "\"" + name + "\" must be " + expected);
  if (url->scheme != "https" && !http::is_loopback(url->host)) {
    return wrong(at, "\"" + name + "\" must begin with https:// (plain http only to this machine)");
  }
  return std::nullopt;
}

// A secret is named, never written: env:, file: or credential:.
std::optional<Error> secret_member(const json::Value& object, const std::string& name, bool required,
                                   std::string& out) {
  const std::string expected = "where the secret is: \"file:PATH\", \"env:NAME\" or \"credential:NAME\"";
  if (auto error = text_member(object, name, expected, required, out)) return error;
  if (out.empty()) return std::nullopt;
  for (const char* kind : {"env:", "file:", "credential:"}) {
    if (text::starts_with(out, kind) && out.size() > std::string(kind).size()) return std::nullopt;
  }
  return wrong(object.find(name)->at(), "\"" + name + "\" must say " + expected + ", never the secret itself");
}

// The last day of the secret beside it.
std::optional<Error> secret_expires_member(const json::Value& login, std::optional<Date>& out) {
  const std::string name = "client_secret_expires";
  std::string written;
  const std::string expected = "the day on which \"client_secret\" expires, such as \"2027-01-31\"";
  if (auto error = text_member(login, name, expected, false, written)) return error;
  if (written.empty()) return std::nullopt;
  out = parse_date(written);
  if (!out) return wrong(login.find(name)->at(), "\"" + name + "\" must be " + expected);
  if (login.find("client_secret") != nullptr) return std::nullopt;
  return wrong(login.find(name)->at(), "\"" + name + "\" needs a \"client_secret\" beside it");
}

Result<std::optional<net::Secret>> read_optional(const std::string& reference, const std::string& setting,
                                                 const Surroundings& s) {
  if (reference.empty() || !s.with_login) return std::optional<net::Secret>{};
  auto secret = net::read_secret(reference, setting, s.base_dir);
  if (!secret) return secret.error();
  return std::optional<net::Secret>{*secret};
}

// A login's private key and certificate, by the names of their settings below "crm.login".
struct Signing {
  std::string key_setting;
  std::string key;
  std::string certificate_setting;
  std::string certificate;
};

Error unfit(const std::string& setting, const std::string& what) {
  return make_error(ErrorClass::config, "crm.login." + setting + ": " + what + ".");
}

// Judged here, where the file can be named.
Result<std::optional<net::Secret>> read_key(const Signing& from, const Surroundings& s) {
  auto key = read_optional(from.key, "crm.login." + from.key_setting, s);
  if (!key || !*key) return key;
  const std::string problem = net::key_problem(**key);
  if (problem.empty()) return key;
  return unfit(from.key_setting, "the key in " + net::place_of(from.key, s.base_dir) + " " + problem);
}

// "" without one.
Result<std::string> read_certificate(const Signing& from, const Surroundings& s) {
  if (from.certificate.empty() || !s.with_login) return std::string();
  auto certificate = net::read_named(from.certificate, "crm.login." + from.certificate_setting, s.base_dir);
  if (!certificate) return certificate;
  const std::string problem = net::certificate_problem(*certificate);
  if (problem.empty()) return certificate;
  return unfit(from.certificate_setting,
               "the certificate in " + net::place_of(from.certificate, s.base_dir) + " " + problem);
}

struct KeyPair {
  std::optional<net::Secret> key;
  std::string certificate;
};

Result<KeyPair> read_key_pair(const Signing& from, const Surroundings& s) {
  auto key = read_key(from, s);
  if (!key) return key.error();
  auto certificate = read_certificate(from, s);
  if (!certificate) return certificate.error();
  if (*key && !certificate->empty() && !net::belong_together(**key, *certificate)) {
    return unfit(from.certificate_setting, "the certificate in " + net::place_of(from.certificate, s.base_dir) +
                                               " is not that of the key in " + net::place_of(from.key, s.base_dir) +
                                               "; put the two that were made together in place");
  }
  return KeyPair{*std::move(key), *std::move(certificate)};
}

std::optional<Error> read_certificate_term(const Signing& from, const Surroundings& s, LoginFacts& facts) {
  auto pair = read_key_pair(from, s);
  if (!pair) return pair.error();
  if (pair->certificate.empty()) return std::nullopt;
  auto term = net::certificate_term(pair->certificate);
  if (!term) return unfit(from.certificate_setting, term.error().message);
  facts.certificate = *term;
  facts.certificate_place = net::place_of(from.certificate, s.base_dir);
  return std::nullopt;
}

const json::Value& member_or_empty(const json::Value& part, const std::string& name) {
  static const json::Value empty = json::Value::object();
  const json::Value* v = part.find(name);
  return v == nullptr ? empty : *v;
}

net::Lane login_lane(const std::string& title, const Surroundings& s) {
  return {title, s.transport, s.clock, s.random, &s.meter};
}

// What an emulator tells of a load, for people.
template <class Report>
StandIn::Loaded loaded_from(const Report& report) {
  StandIn::Loaded loaded{report.rows, report.loaded, {}};
  loaded.notes.push_back(text::count_of(report.accounts, "account"));
  loaded.notes.push_back("stages: " + text::join(report.stages, ", "));
  if constexpr (requires { report.record_types; }) {
    if (!report.record_types.empty()) {
      loaded.notes.push_back("record types, each with the stages of its rows: " +
                             text::join(report.record_types, ", "));
    }
  }
  if (!report.fields_added.empty()) loaded.notes.push_back("columns added: " + text::join(report.fields_added, ", "));
  if (report.close_dates_assumed > 0) {
    loaded.notes.push_back(text::count_of(report.close_dates_assumed, "row") +
                           " without a close date: set to 90 days from today");
  }
  std::map<std::string, std::size_t> left_out;
  for (const auto& row : report.skipped) ++left_out[row.reason];
  for (const auto& [reason, rows] : left_out) {
    loaded.notes.push_back(text::count_of(rows, "row") + " left out: " + reason);
  }
  return loaded;
}

// ---- Salesforce

struct SalesforceLogin {
  std::string flow, client_id, client_secret, refresh_token, private_key, certificate, username, audience, token_url;
};

Signing salesforce_signing(const SalesforceLogin& login) {
  return {"private_key", login.private_key, "certificate", login.certificate};
}

std::optional<Error> read_flow(const json::Value& login, SalesforceLogin& out) {
  static const std::vector<std::string> flows = {"jwt", "client_credentials", "refresh_token"};
  if (auto e = text_member(login, "flow", "\"jwt\", \"client_credentials\" or \"refresh_token\"", true, out.flow)) {
    return e;
  }
  if (std::find(flows.begin(), flows.end(), out.flow) != flows.end()) return std::nullopt;
  const std::string near = text::nearest(out.flow, flows);
  return wrong(login.find("flow")->at(),
               "unknown flow \"" + out.flow + "\"; " +
                   (near.empty() ? "known are " + text::join(flows, ", ") : "did you mean \"" + near + "\"?"));
}

std::optional<Error> read_salesforce_login(const json::Value& login, SalesforceLogin& out) {
  if (auto e = only_known(login, "\"login\"",
                          {"flow", "client_id", "client_secret", "refresh_token", "private_key", "certificate",
                           "username", "audience", "token_url"})) {
    return e;
  }
  if (auto e = read_flow(login, out)) return e;
  const bool jwt = out.flow == "jwt";
  if (auto e = text_member(login, "client_id", "the consumer key of the connected app", true, out.client_id)) return e;
  if (auto e = secret_member(login, "client_secret", out.flow == "client_credentials", out.client_secret)) return e;
  if (auto e = secret_member(login, "refresh_token", out.flow == "refresh_token", out.refresh_token)) return e;
  if (auto e = secret_member(login, "private_key", jwt, out.private_key)) return e;
  // Not needed to log in: from it the bridge knows when the login ends.
  if (auto e = secret_member(login, "certificate", false, out.certificate)) return e;
  if (auto e = text_member(login, "username", "the user name of the bridge's user", jwt, out.username)) return e;
  out.audience = "https://login.salesforce.com";
  if (auto e = address_member(login, "audience", "https://login.salesforce.com or https://test.salesforce.com", false,
                              out.audience)) {
    return e;
  }
  return address_member(login, "token_url", "the address of the token service", false, out.token_url);
}

// The settings as the connector reads them: the organisation's address stands beside them, as "url".
Result<SalesforceSettings> salesforce_settings(const json::Value& part) {
  if (auto e = only_known(part, "\"crm\"", {"system", "url", "login", "settings"})) return *e;
  json::Value settings = member_or_empty(part, "settings");
  if (settings.is_object() && settings.find("instance") != nullptr) {
    return wrong(settings.find("instance")->at(), "the organisation's address is \"url\", beside \"settings\"");
  }
  if (part.find("url") == nullptr) {
    return wrong(part.at(),
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

std::optional<Error> check_salesforce(const json::Value& part) {
  if (auto settings = salesforce_settings(part); !settings) return settings.error();
  if (part.find("login") == nullptr) return wrong(part.at(), "\"login\" is missing in \"crm\"");
  SalesforceLogin login;
  return read_salesforce_login(*part.find("login"), login);
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
  const net::Lane lane = login_lane("Salesforce", s);
  auto client_secret = read_optional(login.client_secret, "crm.login.client_secret", s);
  if (!client_secret) return client_secret.error();
  if (login.flow == "client_credentials") {
    net::ClientCredentialsLogin how;
    how.client_secret = *client_secret;
    return std::shared_ptr<net::TokenSource>(net::make_token_source(client, how, lane, s.tokens));
  }
  if (login.flow == "refresh_token") {
    auto refresh_token = read_optional(login.refresh_token, "crm.login.refresh_token", s);
    if (!refresh_token) return refresh_token.error();
    net::RefreshTokenLogin how;
    how.client_secret = *client_secret;
    how.first_refresh_token = *refresh_token;
    return std::shared_ptr<net::TokenSource>(net::make_token_source(client, how, lane, s.tokens));
  }
  // The certificate stays with the app; one that is named is looked at by `check` alone.
  auto key = read_key(salesforce_signing(login), s);
  if (!key) return key.error();
  net::JwtBearerLogin how;
  how.private_key = key->value_or(net::Secret());
  how.subject = login.username;
  how.audience = login.audience;
  how.audiences = "https://login.salesforce.com, or https://test.salesforce.com for a sandbox";
  return std::shared_ptr<net::TokenSource>(net::make_token_source(client, how, lane, s.tokens));
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
  if (auto e = read_certificate_term(salesforce_signing(login), s, facts)) return *e;
  return facts;
}

StandIn salesforce_stand_in() {
  StandIn stand_in;
  auto core = emulator::make_salesforce_emulator();
  emulator::SalesforceEmulator* org = core.get();
  stand_in.load_csv = [org](const std::string& csv, const Pairs& map, const Pairs& set, Clock& clock,
                            Random& random) -> Result<StandIn::Loaded> {
    const auto report = org->load_csv(csv, map, set, clock, random);
    if (!report) return report.error();
    return loaded_from(*report);
  };
  stand_in.seed = [org](std::size_t deals, Clock& clock, Random& random) {
    emulator::SeedOptions options;
    options.solutions = {"SOL-ABCDE-FGH", "SOL-KLMNO-PQR"};
    org->seed(deals, clock, random, options);
  };
  stand_in.register_certificate = [org](const std::string& pem) { org->set("jwt_public_key", pem); };
  stand_in.core = std::move(core);
  return stand_in;
}

const SandboxKeyPair salesforce_key_pair = {"secrets/salesforce.key", "secrets/salesforce.crt"};

json::Value salesforce_sandbox_part(const std::string& base_url, SandboxLogin way) {
  const emulator::SalesforceOptions known;
  const bool certificate = way == SandboxLogin::certificate;
  json::Value login = json::Value::object();
  login.set("flow", json::Value::string(certificate ? "jwt" : "client_credentials"));
  login.set("client_id", json::Value::string(known.client_id));
  if (certificate) {
    login.set("username", json::Value::string(known.username));
    login.set("private_key", json::Value::string("file:" + salesforce_key_pair.key));
    login.set("certificate", json::Value::string("file:" + salesforce_key_pair.certificate));
  } else {
    login.set("client_secret", json::Value::string("file:secrets/salesforce_client_secret"));
  }
  json::Value part = json::Value::object();
  part.set("system", json::Value::string("salesforce"));
  part.set("url", json::Value::string(base_url));
  part.set("login", std::move(login));
  return part;
}

std::vector<SandboxFile> salesforce_sandbox_secrets() {
  return {{"secrets/salesforce_client_secret", emulator::SalesforceOptions().client_secret + "\n"}};
}

// ---- Dynamics 365

struct Dynamics365Login {
  std::string tenant, client_id, client_secret, certificate, certificate_key, assertion, token_url, scope;
  std::optional<Date> client_secret_expires;
};

Signing dynamics365_signing(const Dynamics365Login& login) {
  return {"certificate_key", login.certificate_key, "certificate", login.certificate};
}

std::optional<Error> read_dynamics365_login(const json::Value& login, Dynamics365Login& out) {
  if (auto e = only_known(login, "\"login\"",
                          {"tenant", "client_id", "client_secret", "client_secret_expires", "certificate",
                           "certificate_key", "assertion", "token_url", "scope"})) {
    return e;
  }
  if (auto e = text_member(login, "tenant", "the directory (tenant) id or domain", true, out.tenant)) return e;
  if (auto e = text_member(login, "client_id", "the application id", true, out.client_id)) return e;
  // With a certificate there is no secret.
  const bool certificate = login.find("certificate") != nullptr || login.find("certificate_key") != nullptr;
  if (auto e = secret_member(login, "client_secret", !certificate, out.client_secret)) return e;
  if (auto e = secret_expires_member(login, out.client_secret_expires)) return e;
  if (auto e = secret_member(login, "certificate", certificate, out.certificate)) return e;
  if (auto e = secret_member(login, "certificate_key", certificate, out.certificate_key)) return e;
  if (auto e = text_member(login, "assertion", "\"PS256\" or \"RS256\"", false, out.assertion)) return e;
  if (!out.assertion.empty() && out.assertion != "PS256" && out.assertion != "RS256") {
    return wrong(login.find("assertion")->at(), "\"assertion\" must be \"PS256\" (the default) or \"RS256\"");
  }
  if (auto e = text_member(login, "scope", "the scope that is asked for", false, out.scope)) return e;
  return address_member(login, "token_url", "the address of the token service", false, out.token_url);
}

// The settings as the connector reads them: the environment's address stands beside them, as "url".
Result<Dynamics365Settings> dynamics365_settings(const json::Value& part) {
  if (auto e = only_known(part, "\"crm\"", {"system", "url", "login", "settings"})) return *e;
  json::Value settings = member_or_empty(part, "settings");
  if (settings.is_object() && settings.find("instance") != nullptr) {
    return wrong(settings.find("instance")->at(), "the environment's address is \"url\", beside \"settings\"");
  }
  if (part.find("url") == nullptr) {
    return wrong(part.at(),
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

std::optional<Error> check_dynamics365(const json::Value& part) {
  if (auto settings = dynamics365_settings(part); !settings) return settings.error();
  if (part.find("login") == nullptr) return wrong(part.at(), "\"login\" is missing in \"crm\"");
  Dynamics365Login login;
  return read_dynamics365_login(*part.find("login"), login);
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

Result<std::unique_ptr<Connector>> make_dynamics365(const json::Value& part, const Surroundings& s) {
  if (auto e = check_dynamics365(part)) return *e;
  auto settings = dynamics365_settings(part);
  if (!settings) return settings.error();
  settings->file = s.config_file;
  Dynamics365Login login;
  if (auto e = read_dynamics365_login(*part.find("login"), login)) return *e;
  net::ClientCredentialsLogin how;
  auto client_secret = read_optional(login.client_secret, "crm.login.client_secret", s);
  if (!client_secret) return client_secret.error();
  auto pair = read_key_pair(dynamics365_signing(login), s);
  if (!pair) return pair.error();
  how.client_secret = *client_secret;
  how.certificate_key = pair->key;
  how.certificate = pair->certificate;
  how.algorithm = login.assertion == "RS256" ? net::JwtAlgorithm::rs256 : net::JwtAlgorithm::ps256;
  std::shared_ptr<net::TokenSource> tokens =
      net::make_token_source(dynamics365_client(*settings, login, s), how, login_lane("Dynamics 365", s), s.tokens);
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
  if (auto e = read_certificate_term(dynamics365_signing(login), s, facts)) return *e;
  return facts;
}

StandIn dynamics365_stand_in() {
  StandIn stand_in;
  auto core = emulator::make_dynamics365_emulator();
  emulator::Dynamics365Emulator* org = core.get();
  stand_in.load_csv = [org](const std::string& csv, const Pairs& map, const Pairs& set, Clock& clock,
                            Random& random) -> Result<StandIn::Loaded> {
    const auto report = org->load_csv(csv, map, set, clock, random);
    if (!report) return report.error();
    return loaded_from(*report);
  };
  stand_in.seed = [org](std::size_t deals, Clock& clock, Random& random) {
    emulator::dynamics365::SeedOptions options;
    options.solutions = {"SOL-ABCDE-FGH", "SOL-KLMNO-PQR"};
    org->seed(deals, clock, random, options);
  };
  stand_in.register_certificate = [org](const std::string& pem) { org->set("client_certificate", pem); };
  stand_in.core = std::move(core);
  return stand_in;
}

const SandboxKeyPair dynamics365_key_pair = {"secrets/dynamics365.key", "secrets/dynamics365.crt"};

json::Value dynamics365_sandbox_part(const std::string& base_url, SandboxLogin way) {
  const emulator::Dynamics365Options known;
  json::Value login = json::Value::object();
  login.set("tenant", json::Value::string(known.tenant));
  login.set("client_id", json::Value::string(known.client_id));
  if (way == SandboxLogin::certificate) {
    login.set("certificate", json::Value::string("file:" + dynamics365_key_pair.certificate));
    login.set("certificate_key", json::Value::string("file:" + dynamics365_key_pair.key));
  } else {
    login.set("client_secret", json::Value::string("file:secrets/dynamics365_client_secret"));
  }
  login.set("token_url", json::Value::string(base_url + "/" + known.tenant + "/oauth2/v2.0/token"));
  json::Value part = json::Value::object();
  part.set("system", json::Value::string("dynamics365"));
  part.set("url", json::Value::string(base_url));
  part.set("login", std::move(login));
  return part;
}

std::vector<SandboxFile> dynamics365_sandbox_secrets() {
  return {{"secrets/dynamics365_client_secret", emulator::Dynamics365Options().client_secret + "\n"}};
}

// ---- Partner Center

// Microsoft Entra ends a refresh token that was not used for so long.
constexpr Duration partner_center_login_life = days(90);

const std::string sandbox_refresh_token = "cosell-sandbox-first-login";

struct PartnerCenterLogin {
  std::string tenant, client_id, client_secret, refresh_token, token_url, scope;
  std::optional<Date> client_secret_expires;
};

std::optional<Error> read_partner_center_login(const json::Value& login, PartnerCenterLogin& out) {
  if (auto e = only_known(
          login, "\"login\"",
          {"tenant", "client_id", "client_secret", "client_secret_expires", "refresh_token", "token_url", "scope"})) {
    return e;
  }
  if (auto e = text_member(login, "tenant", "the directory (tenant) id or domain", true, out.tenant)) return e;
  if (auto e = text_member(login, "client_id", "the application id", true, out.client_id)) return e;
  if (auto e = secret_member(login, "client_secret", false, out.client_secret)) return e;
  if (auto e = secret_expires_member(login, out.client_secret_expires)) return e;
  if (auto e = secret_member(login, "refresh_token", false, out.refresh_token)) return e;
  out.scope = "https://api.partner.microsoft.com/.default offline_access";
  if (auto e = text_member(login, "scope", "the scopes that are asked for", false, out.scope)) return e;
  return address_member(login, "token_url", "the address of the token service", false, out.token_url);
}

Result<PartnerCenterSettings> partner_center_settings(const json::Value& part) {
  if (auto e = only_known(part, "\"partner_center\"", {"url", "login", "settings"})) return *e;
  json::Value settings = member_or_empty(part, "settings");
  if (settings.is_object() && settings.find("base_url") != nullptr) {
    return wrong(settings.find("base_url")->at(), "the service's address is \"url\", beside \"settings\"");
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

std::optional<Error> check_partner_center(const json::Value& part) {
  if (auto settings = partner_center_settings(part); !settings) return settings.error();
  if (part.find("login") == nullptr) return wrong(part.at(), "\"login\" is missing in \"partner_center\"");
  PartnerCenterLogin login;
  return read_partner_center_login(*part.find("login"), login);
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
  auto client_secret = read_optional(login.client_secret, "partner_center.login.client_secret", s);
  if (!client_secret) return client_secret.error();
  auto refresh_token = read_optional(login.refresh_token, "partner_center.login.refresh_token", s);
  if (!refresh_token) return refresh_token.error();
  how.client_secret = *client_secret;
  how.first_refresh_token = *refresh_token;
  return std::shared_ptr<net::TokenSource>(
      net::make_token_source(partner_center_client(login, s), how, login_lane("Partner Center", s), s.tokens));
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
  auto client_secret = read_optional(login.client_secret, "partner_center.login.client_secret", s);
  if (!client_secret) return client_secret.error();
  facts.client_secret = *client_secret;
  return facts;
}

StandIn partner_center_stand_in() {
  StandIn stand_in;
  auto core = emulator::make_partner_center_emulator();
  core->register_refresh_token(sandbox_refresh_token);
  emulator::PartnerCenterEmulator* tenant = core.get();
  stand_in.seed = [tenant](std::size_t deals, Clock& clock, Random& random) { tenant->seed(deals, clock, random); };
  stand_in.core = std::move(core);
  return stand_in;
}

json::Value partner_center_sandbox_part(const std::string& base_url, SandboxLogin) {
  json::Value login = json::Value::object();
  login.set("tenant", json::Value::string("sandbox"));
  login.set("client_id", json::Value::string("cosell-sandbox-app"));
  login.set("refresh_token", json::Value::string("file:secrets/partner_center_refresh_token"));
  login.set("token_url", json::Value::string(base_url + "/sandbox/oauth2/v2.0/token"));
  json::Value part = json::Value::object();
  part.set("url", json::Value::string(base_url));
  part.set("login", std::move(login));
  return part;
}

std::vector<SandboxFile> partner_center_sandbox_secrets() {
  return {{"secrets/partner_center_refresh_token", sandbox_refresh_token + "\n"}};
}

std::vector<System> all_systems() {
  System salesforce;
  salesforce.name = "salesforce";
  salesforce.display_name = "Salesforce";
  salesforce.is_crm = true;
  salesforce.check = check_salesforce;
  salesforce.make = make_salesforce;
  salesforce.login = salesforce_login_facts;
  salesforce.mapping = "salesforce";
  salesforce.make_stand_in = salesforce_stand_in;
  salesforce.sandbox_part = salesforce_sandbox_part;
  salesforce.sandbox_secrets = salesforce_sandbox_secrets;
  salesforce.sandbox_key_pair = salesforce_key_pair;

  System dynamics365;
  dynamics365.name = "dynamics365";
  dynamics365.display_name = "Dynamics 365";
  dynamics365.is_crm = true;
  dynamics365.check = check_dynamics365;
  dynamics365.make = make_dynamics365;
  dynamics365.login = dynamics365_login_facts;
  dynamics365.mapping = "dynamics365";
  dynamics365.make_stand_in = dynamics365_stand_in;
  dynamics365.sandbox_part = dynamics365_sandbox_part;
  dynamics365.sandbox_secrets = dynamics365_sandbox_secrets;
  dynamics365.sandbox_key_pair = dynamics365_key_pair;

  System partner_center;
  partner_center.name = "partner_center";
  partner_center.display_name = "Partner Center";
  partner_center.check = check_partner_center;
  partner_center.make = make_partner_center;
  partner_center.login = partner_center_login_facts;
  partner_center.pilot = pilot_partner_center;
  partner_center.make_stand_in = partner_center_stand_in;
  partner_center.sandbox_part = partner_center_sandbox_part;
  partner_center.sandbox_secrets = partner_center_sandbox_secrets;
  return {salesforce, dynamics365, partner_center};
}

}  // namespace

const std::vector<System>& systems() {
  static const std::vector<System> table = all_systems();
  return table;
}

const System* find_system(const std::string& name) {
  for (const System& s : systems()) {
    if (s.name == name) return &s;
  }
  return nullptr;
}

const System& partner_center_system() { return *find_system("partner_center"); }

std::vector<std::string> crm_names() {
  std::vector<std::string> names;
  for (const System& s : systems()) {
    if (s.is_crm) names.push_back(s.name);
  }
  return names;
}

}  // namespace cosell
