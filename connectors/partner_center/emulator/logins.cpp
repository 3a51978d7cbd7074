// The token endpoint of the emulated service, with Entra's error shapes. See logins.h.
#include "connectors/partner_center/emulator/logins.h"

#include "base/text.h"
#include "connectors/partner_center/emulator/model.h"
#include "net/browser_login.h"

namespace cosell::emulator::partner_center {

namespace {

constexpr const char* kDeviceGrant = "urn:ietf:params:oauth:grant-type:device_code";

http::Response refusal(const Logins::Desk& desk, int status, const std::string& error, int code,
                       const std::string& sentence) {
  std::string time = text::replace_all(to_string_seconds(desk.now), "T", " ");
  const std::string trace = desk.random.uuid();
  const std::string correlation = desk.random.uuid();
  Json body{{"error", error},
            {"error_description", "AADSTS" + std::to_string(code) + ": " + sentence + " Trace ID: " + trace +
                                      " Correlation ID: " + correlation + " Timestamp: " + time},
            {"error_codes", Json::array({code})},
            {"timestamp", time},
            {"trace_id", trace},
            {"correlation_id", correlation}};
  return json_answer(status, body);
}

bool is_form(const http::Request& request) {
  const std::string type = request.headers.get("Content-Type");
  return text::equals_ignore_case(text::trim(type.substr(0, type.find(';'))), "application/x-www-form-urlencoded");
}

// Whether the tenant knows the app; nothing when it does.
std::optional<http::Response> check_app(const Logins::Desk& desk, const std::string& tenant,
                                        const std::vector<std::pair<std::string, std::string>>& form) {
  const std::string known = desk.settings.text("tenant");
  if (!known.empty() && tenant != known && tenant != "common" && tenant != "organizations") {
    return refusal(desk, 400, "invalid_request", 90002, "Tenant '" + tenant + "' not found.");
  }
  const std::string client = http::form_value(form, "client_id");
  if (client.empty()) {
    return refusal(desk, 400, "invalid_request", 900144,
                   "The request body must contain the following parameter: 'client_id'.");
  }
  const std::string expected = desk.settings.text("client_id");
  if (!expected.empty() && !text::equals_ignore_case(client, expected)) {
    return refusal(desk, 400, "unauthorized_client", 700016,
                   "Application with identifier '" + client + "' was not found in the directory.");
  }
  return std::nullopt;
}

// What must be right before any grant is looked at; nothing when all is.
std::optional<http::Response> check_client(const Logins::Desk& desk, const std::string& tenant,
                                           const http::Request& request,
                                           const std::vector<std::pair<std::string, std::string>>& form) {
  if (is_form(request)) return check_app(desk, tenant, form);
  return refusal(desk, 400, "invalid_request", 900144, "The request body must be form-urlencoded.");
}

// What the person at the browser reads where they are not sent back to the app.
http::Response sign_in_page(int code, const std::string& sentence) {
  http::Response page = empty_answer(200);
  page.headers.set("Content-Type", "text/html; charset=utf-8");
  page.body = "<!DOCTYPE html><html><head><title>Sign in to your account</title></head><body><p>" + sentence +
              "</p><p>Error Code: " + std::to_string(code) + "</p></body></html>\n";
  return page;
}

// Where the app may send a browser back to; the port of a loopback address is free (RFC 8252 section 7.3).
bool may_be_sent_to(const std::string& asked, const std::string& registered) {
  if (asked == registered) return true;
  const auto one = http::parse_url(asked);
  const auto other = http::parse_url(registered);
  return one && other && one->scheme == "http" && other->scheme == "http" && one->host == "localhost" &&
         other->host == "localhost" && one->path == other->path && one->query.empty();
}

http::Response sent_back(const std::string& redirect_uri,
                         const std::vector<std::pair<std::string, std::string>>& with) {
  const auto url = http::parse_url(redirect_uri);
  const bool bare = url && url->path == "/" && !text::ends_with(redirect_uri, "/");
  http::Response response = empty_answer(302);
  response.headers.set("Location", redirect_uri + (bare ? "/?" : "?") + http::encode_form(with));
  return response;
}

// An app with a secret has to send it, and one without (a public client) must not send any.
std::optional<http::Response> check_secret(const Logins::Desk& desk,
                                           const std::vector<std::pair<std::string, std::string>>& form) {
  // Whoever was sent back to an address of a native app signed in to a public client, whatever else the app is.
  const bool native = http::form_value(form, "grant_type") == "authorization_code" &&
                      desk.settings.text("redirect_platform") == "native";
  const std::string secret = native ? "" : desk.settings.text("client_secret");
  const std::string sent = http::form_value(form, "client_secret");
  if (sent == secret) return std::nullopt;
  if (secret.empty()) {
    return refusal(desk, 401, "invalid_client", 700025,
                   "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.");
  }
  if (sent.empty()) {
    return refusal(desk, 401, "invalid_client", 7000218,
                   "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.");
  }
  return refusal(desk, 401, "invalid_client", 7000215, "Invalid client secret provided.");
}

// The resource that a token is asked for: v1 names it, v2 puts it before the last part of a scope. Empty when the
// request leaves it to the earlier consent.
std::string audience_of(bool v1, const std::vector<std::pair<std::string, std::string>>& form) {
  if (v1) return http::form_value(form, "resource");
  for (const std::string& scope : text::split(http::form_value(form, "scope"), ' ')) {
    const std::size_t slash = scope.rfind('/');
    if (scope.find("://") == std::string::npos || slash == std::string::npos) continue;
    std::string audience = scope.substr(0, slash);
    while (!audience.empty() && audience.back() == '/') audience.pop_back();
    return audience;
  }
  return "";
}

bool asks_offline(bool v1, const std::vector<std::pair<std::string, std::string>>& form) {
  if (v1) return true;
  for (const std::string& scope : text::split(http::form_value(form, "scope"), ' ')) {
    if (scope == "offline_access") return true;
  }
  return false;
}

}  // namespace

void Logins::register_refresh_token(const std::string& token) { refresh_[token] = Refresh(); }

http::Response Logins::token(const Desk& desk, const std::string& tenant, bool v1, const http::Request& request) {
  const Form form = http::parse_form(request.body);
  std::optional<http::Response> wrong = check_client(desk, tenant, request, form);
  if (!wrong) wrong = check_secret(desk, form);
  if (wrong) return *wrong;
  const std::string grant_type = http::form_value(form, "grant_type");
  if (grant_type == "refresh_token") return redeem_refresh(desk, v1, form);
  if (grant_type == kDeviceGrant || (v1 && grant_type == "device_code")) return redeem_device(desk, v1, form);
  if (grant_type == "authorization_code") return redeem_code(desk, v1, form);
  return refusal(desk, 400, "unsupported_grant_type", 70003,
                 "The app requested an unsupported grant type '" + grant_type + "'.");
}

http::Response Logins::redeem_refresh(const Desk& desk, bool v1, const Form& form) {
  const std::string token = http::form_value(form, "refresh_token");
  const auto found = refresh_.find(token);
  if (found == refresh_.end()) {
    return refusal(desk, 400, "invalid_grant", 70000, "The provided refresh token is malformed or invalid.");
  }
  Refresh& refresh = found->second;
  if (refresh.revoked) {
    return refusal(desk, 400, "invalid_grant", 50173,
                   "The provided grant has expired due to it being revoked, a fresh auth token is needed.");
  }
  const Duration life = days(desk.settings.number("refresh_token_days"));
  if (refresh.used_ms > 0 && desk.now - Instant{refresh.used_ms} > life) {
    return refusal(desk, 400, "invalid_grant", 700082, "The refresh token has expired due to inactivity.");
  }
  refresh.used_ms = desk.now.ms;
  std::string audience = audience_of(v1, form);
  if (audience.empty()) audience = refresh.audience.empty() ? desk.settings.text("audience") : refresh.audience;
  std::string answered = token;
  if (desk.settings.on("rotate_refresh_token")) {
    answered = "1.pc" + random_text(desk.random, 60);
    Refresh next;
    next.used_ms = desk.now.ms;
    next.audience = refresh.audience;
    if (desk.settings.on("old_refresh_token_dies")) refresh_.erase(found);
    refresh_[answered] = next;
  }
  return grant(desk, v1, audience, answered);
}

http::Response Logins::redeem_device(const Desk& desk, bool v1, const Form& form) {
  std::string code = http::form_value(form, "device_code");
  if (code.empty()) code = http::form_value(form, "code");
  const auto found = devices_.find(code);
  if (found == devices_.end()) {
    return refusal(desk, 400, "bad_verification_code", 70019, "The verification code is not known.");
  }
  Device& device = found->second;
  if (desk.now.ms > device.expires_ms) {
    return refusal(desk, 400, "expired_token", 70020, "The provided device code has expired.");
  }
  if (device.state.empty() && desk.settings.on("device_code_auto_approve")) device.state = "approved";
  if (device.state == "declined") {
    return refusal(desk, 400, "authorization_declined", 70018, "The end-user denied the authorization request.");
  }
  if (device.state != "approved") {
    return refusal(desk, 400, "authorization_pending", 70016,
                   "OAuth 2.0 device flow error. Authorization is pending. Continue polling.");
  }
  const Device done = device;
  devices_.erase(found);  // a code works once
  return grant(desk, v1, done.audience, lasting(desk, done.offline, done.audience));
}

std::string Logins::lasting(const Desk& desk, bool offline, const std::string& audience) {
  if (!offline) return "";
  std::string refresh_token = "1.pc" + random_text(desk.random, 60);
  Refresh refresh;
  refresh.used_ms = desk.now.ms;
  refresh.audience = audience;
  refresh_[refresh_token] = refresh;
  return refresh_token;
}

http::Response Logins::authorize(const Desk& desk, const std::string& tenant, bool v1, const Target& target) {
  const Form& form = target.query;
  if (const auto wrong = check_app(desk, tenant, form)) {
    const Json said = read_json(wrong->body).value_or(Json());
    return sign_in_page(said["error_codes"][0].get<int>(), text_at(said, "/error_description"));
  }
  Code asked;
  asked.redirect_uri = http::form_value(form, "redirect_uri");
  if (!may_be_sent_to(asked.redirect_uri, desk.settings.text("redirect_uri"))) {
    return sign_in_page(50011, "The redirect URI '" + asked.redirect_uri +
                                   "' specified in the request does not match the redirect URIs configured for the "
                                   "application.");
  }
  const std::string state = http::form_value(form, "state");
  if (http::form_value(form, "response_type") != "code") {
    return sent_back(asked.redirect_uri,
                     {{"error", "unsupported_response_type"},
                      {"error_description", "AADSTS700051: The response type is not enabled for the application."},
                      {"state", state}});
  }
  const std::string person = desk.settings.text("browser_login");
  if (person == "blocked") {
    return sign_in_page(53003,
                        "You don't have access to this. Your sign-in was successful but does not meet the "
                        "criteria to access this resource.");
  }
  if (person == "declines") {
    return sent_back(asked.redirect_uri,
                     {{"error", "access_denied"},
                      {"error_description", "AADSTS65004: User declined to consent to access the app."},
                      {"state", state}});
  }
  asked.challenge = http::form_value(form, "code_challenge");
  asked.plain = http::form_value(form, "code_challenge_method") != "S256";
  asked.expires_ms = (desk.now + seconds(desk.settings.number("authorization_code_seconds"))).ms;
  asked.audience = audience_of(v1, form);
  asked.offline = asks_offline(v1, form);
  const std::string code = "1.code" + random_text(desk.random, 400);
  codes_[code] = asked;
  return sent_back(asked.redirect_uri, {{"code", code}, {"state", state}, {"session_state", desk.random.uuid()}});
}

http::Response Logins::redeem_code(const Desk& desk, bool v1, const Form& form) {
  const auto found = codes_.find(http::form_value(form, "code"));
  if (found == codes_.end()) {
    return refusal(desk, 400, "invalid_grant", 9002313, "Invalid request. The authorization code is malformed.");
  }
  Code& code = found->second;
  if (code.redeemed) {
    return refusal(desk, 400, "invalid_grant", 54005,
                   "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an "
                   "existing refresh token.");
  }
  if (desk.now.ms > code.expires_ms) {
    return refusal(desk, 400, "invalid_grant", 70008, "The provided authorization code or refresh token has expired.");
  }
  if (http::form_value(form, "redirect_uri") != code.redirect_uri) {
    return refusal(desk, 400, "invalid_grant", 500112,
                   "The reply address does not match the reply address provided when requesting Authorization code.");
  }
  const std::string verifier = http::form_value(form, "code_verifier");
  if (!code.challenge.empty() && (code.plain ? verifier : net::pkce_challenge(verifier)) != code.challenge) {
    return refusal(desk, 400, "invalid_grant", 501481,
                   "The Code_Verifier does not match the code_challenge supplied in the authorization request.");
  }
  code.redeemed = true;
  return grant(desk, v1, code.audience, lasting(desk, code.offline, code.audience));
}

http::Response Logins::grant(const Desk& desk, bool v1, const std::string& audience, const std::string& refresh_token) {
  for (auto at = access_.begin(); at != access_.end();) {
    at = at->second.expires_ms < desk.now.ms - days(1).ms ? access_.erase(at) : std::next(at);
  }
  const std::int64_t life = desk.settings.number("access_token_seconds");
  const std::string token = "eyJ0eXAiOiJKV1QifQ." + random_text(desk.random, 80) + "." + random_text(desk.random, 40);
  Access access;
  access.expires_ms = (desk.now + seconds(life)).ms;
  access.audience = audience;
  access_[token] = access;

  Json body{{"token_type", "Bearer"}, {"scope", audience + "/user_impersonation"}};
  if (v1) {
    body["expires_in"] = std::to_string(life);
    body["expires_on"] = std::to_string(access.expires_ms / 1000);
    body["resource"] = audience;
  } else {
    body["expires_in"] = life;
    body["ext_expires_in"] = life;
  }
  body["access_token"] = token;
  if (!refresh_token.empty()) body["refresh_token"] = refresh_token;
  http::Response response = json_answer(200, body);
  response.headers.set("Cache-Control", "no-store, no-cache");
  return response;
}

http::Response Logins::device_code(const Desk& desk, const std::string& tenant, bool v1, const http::Request& request) {
  const Form form = http::parse_form(request.body);
  std::optional<http::Response> wrong = check_client(desk, tenant, request, form);
  if (wrong) return *wrong;
  const std::string audience = audience_of(v1, form);
  if (v1 ? audience.empty() : http::form_value(form, "scope").empty()) {
    return refusal(
        desk, 400, "invalid_request", 900144,
        std::string("The request body must contain the following parameter: '") + (v1 ? "resource" : "scope") + "'.");
  }
  Device device;
  for (int i = 0; i < 9; ++i) device.user_code += static_cast<char>('A' + desk.random.below(26));
  const std::int64_t life = desk.settings.number("device_code_seconds");
  device.expires_ms = (desk.now + seconds(life)).ms;
  device.audience = audience;
  device.offline = asks_offline(v1, form);
  const std::string code = random_text(desk.random, 64);
  devices_[code] = device;

  const std::string page = "https://microsoft.com/devicelogin";
  const std::string message = "To sign in, use a web browser to open the page " + page + " and enter the code " +
                              device.user_code + " to authenticate.";
  Json body{{"user_code", device.user_code}, {"device_code", code}};
  body[v1 ? "verification_url" : "verification_uri"] = page;
  if (v1) {
    body["expires_in"] = std::to_string(life);
    body["interval"] = std::to_string(desk.settings.number("device_code_interval_seconds"));
  } else {
    body["expires_in"] = life;
    body["interval"] = desk.settings.number("device_code_interval_seconds");
  }
  body["message"] = message;
  return json_answer(200, body);
}

Logins::Bearer Logins::check(const Desk& desk, const std::string& authorization) const {
  constexpr std::string_view kScheme = "bearer ";
  if (!text::starts_with(text::lower_ascii(authorization), kScheme)) return Bearer::missing;
  const auto found = access_.find(text::trim(authorization.substr(kScheme.size())));
  if (found == access_.end()) return Bearer::unknown;
  if (desk.now.ms >= found->second.expires_ms) return Bearer::expired;
  return found->second.audience == desk.settings.text("audience") ? Bearer::fine : Bearer::wrong_audience;
}

int Logins::decide_device(const std::string& user_code, bool approve) {
  int decided = 0;
  for (auto& entry : devices_) {
    const bool meant = user_code.empty() || text::equals_ignore_case(entry.second.user_code, user_code);
    if (!meant || !entry.second.state.empty()) continue;
    entry.second.state = approve ? "approved" : "declined";
    ++decided;
  }
  return decided;
}

void Logins::revoke(bool refresh, bool access) {
  if (access) access_.clear();
  if (!refresh) return;
  for (auto& entry : refresh_) entry.second.revoked = true;
}

Json Logins::save() const {
  Json access = Json::object();
  for (const auto& entry : access_) {
    access[entry.first] = Json{{"expires_ms", entry.second.expires_ms}, {"audience", entry.second.audience}};
  }
  Json refresh = Json::object();
  for (const auto& entry : refresh_) {
    refresh[entry.first] =
        Json{{"used_ms", entry.second.used_ms}, {"revoked", entry.second.revoked}, {"audience", entry.second.audience}};
  }
  return Json{{"access", access}, {"refresh", refresh}};
}

void Logins::load(const Json& saved) {
  const auto number = [](const Json& value) { return value.is_number_integer() ? value.get<std::int64_t>() : 0; };
  access_.clear();
  refresh_.clear();
  devices_.clear();
  codes_.clear();
  for (const auto& item : value_at(saved, "/access").items()) {
    Access& access = access_[item.key()];
    access.expires_ms = number(value_at(item.value(), "/expires_ms"));
    access.audience = text_at(item.value(), "/audience");
  }
  for (const auto& item : value_at(saved, "/refresh").items()) {
    Refresh& refresh = refresh_[item.key()];
    refresh.used_ms = number(value_at(item.value(), "/used_ms"));
    refresh.revoked = true_at(item.value(), "/revoked");
    refresh.audience = text_at(item.value(), "/audience");
  }
}

}  // namespace cosell::emulator::partner_center
