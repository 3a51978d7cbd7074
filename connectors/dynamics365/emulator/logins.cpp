// Client credentials with a secret or a signed assertion; opaque bearer tokens that expire.
#include "connectors/dynamics365/emulator/logins.h"

#include "base/text.h"
#include "connectors/emulator/signed_token.h"
#include "connectors/emulator/toolkit.h"

namespace cosell::emulator::dynamics365 {

namespace {

constexpr const char* kAssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
constexpr std::int64_t kSkewSeconds = 300;

using Form = std::vector<std::pair<std::string, std::string>>;

http::Response refusal(const LoginCall& call, int status, const char* error, int code, const std::string& sentence) {
  const std::string time = text::replace_all(to_string_seconds(call.now), "T", " ");
  const std::string trace = call.random.uuid();
  const std::string correlation = call.random.uuid();
  const std::string described = "AADSTS" + std::to_string(code) + ": " + sentence + " Trace ID: " + trace +
                                " Correlation ID: " + correlation + " Timestamp: " + time;
  return json_answer(status,
                     Json{{"error", error},
                          {"error_description", described},
                          {"error_codes", Json::array({code})},
                          {"timestamp", time},
                          {"trace_id", trace},
                          {"correlation_id", correlation},
                          {"error_uri", "https://login.microsoftonline.com/error?code=" + std::to_string(code)}});
}

std::optional<http::Response> check_scope(const LoginCall& call, const std::string& scope) {
  const auto invalid = [&](int code, const std::string& sentence) {
    return refusal(call, 400, "invalid_scope", code, sentence);
  };
  if (scope.empty()) {
    return refusal(call, 400, "invalid_request", 900144,
                   "The request body must contain the following parameter: 'scope'.");
  }
  if (scope.find(' ') != std::string::npos) {
    return invalid(70011, "The provided value for the input parameter 'scope' is not valid: one resource only.");
  }
  constexpr std::string_view kDefault = "/.default";
  if (!text::ends_with(scope, kDefault)) {
    return invalid(1002012,
                   "The provided value for scope " + scope +
                       " is not valid. Client credential flows must have a scope value with /.default suffixed "
                       "to the resource identifier (application ID URI).");
  }
  std::string resource = scope.substr(0, scope.size() - kDefault.size());
  while (text::ends_with(resource, "/")) resource.pop_back();
  if (resource == call.base_url || resource == call.state.options.organization_url) return std::nullopt;
  return invalid(500011, "The resource principal named " + resource + " was not found in the tenant.");
}

bool audience_fits(const LoginCall& call, const std::string& audience) {
  const std::string path = "/" + call.tenant + "/oauth2/v2.0/token";
  return audience == "https://login.microsoftonline.com" + path || audience == call.base_url + path;
}

std::optional<http::Response> check_assertion(const LoginCall& call, const std::string& client,
                                              const std::string& jwt) {
  const auto invalid = [&](int code, const std::string& sentence) {
    return refusal(call, 401, "invalid_client", code, sentence);
  };
  const auto assertion = read_assertion(jwt);
  if (!assertion) return invalid(50027, "JWT token is invalid or malformed.");
  const std::string& taken = call.state.settings.assertion_algorithm;
  const bool known = assertion->algorithm == "PS256" || assertion->algorithm == "RS256";
  if (!known || (taken != "any" && assertion->algorithm != taken)) {
    return invalid(5002730, "Invalid JWT token. Unsupported key for the signing algorithm.");
  }
  const std::string& certificate = call.state.settings.client_certificate;
  if (!thumbprint_fits(*assertion, certificate)) {
    return invalid(700027,
                   "The certificate with identifier used to sign the client assertion is not registered on "
                   "application. [Reason - The key was not found.]");
  }
  if (!signature_fits(*assertion, certificate)) {
    return invalid(700027,
                   "Client assertion contains an invalid signature. [Reason - Key was found, but use of the key to "
                   "verify the signature failed.]");
  }
  if (ended(certificate, call.now)) {
    return invalid(700027, "Client assertion contains an invalid signature. [Reason - The key used is expired.]");
  }
  if (assertion->issuer != client || assertion->subject != client) {
    return invalid(700021, "Client assertion application identifier doesn't match 'client_id' parameter.");
  }
  if (!audience_fits(call, assertion->audience)) {
    return invalid(700023, "Client assertion audience claim does not match Realm issuer.");
  }
  if (assertion->id.empty()) return invalid(50027, "JWT token is invalid or malformed: the claim 'jti' is missing.");
  const std::int64_t now_s = call.now.ms / 1000;
  const bool in_time = assertion->expires + kSkewSeconds > now_s && assertion->not_before - kSkewSeconds <= now_s;
  if (in_time) return std::nullopt;
  return invalid(700024, "Client assertion is not within its valid time range.");
}

std::optional<http::Response> check_client(const LoginCall& call, const Form& form) {
  const auto client = client_of(call.request, form);
  if (client.first.empty()) {
    return refusal(call, 400, "invalid_request", 900144,
                   "The request body must contain the following parameter: 'client_id'.");
  }
  if (!text::equals_ignore_case(client.first, call.state.options.client_id)) {
    return refusal(call, 400, "unauthorized_client", 700016,
                   "Application with identifier '" + client.first + "' was not found in the directory.");
  }
  const std::string jwt = http::form_value(form, "client_assertion");
  if (!jwt.empty()) {
    if (http::form_value(form, "client_assertion_type") != kAssertionType) {
      return refusal(call, 400, "invalid_request", 900144,
                     "The request body must contain the following parameter: 'client_assertion_type'.");
    }
    return check_assertion(call, client.first, jwt);
  }
  if (client.second.empty()) {
    return refusal(
        call, 401, "invalid_client", 7000216,
        "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.");
  }
  if (client.second == call.state.options.client_secret) return std::nullopt;
  return refusal(
      call, 401, "invalid_client", 7000215,
      "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
      "not the client secret ID, for a secret added to app '" +
          client.first + "'.");
}

}  // namespace

http::Response token(const LoginCall& call) {
  const std::string type = call.request.headers.get("Content-Type");
  const bool is_form =
      text::equals_ignore_case(text::trim(type.substr(0, type.find(';'))), "application/x-www-form-urlencoded");
  if (call.request.method != "POST" || !is_form) {
    return refusal(call, 400, "invalid_request", 900561,
                   "The endpoint only accepts POST requests with a form as the body.");
  }
  if (!text::equals_ignore_case(call.tenant, call.state.options.tenant)) {
    return refusal(call, 400, "invalid_request", 90002, "Tenant '" + call.tenant + "' not found.");
  }
  const Form form = http::parse_form(call.request.body);
  const std::string grant = http::form_value(form, "grant_type");
  if (grant != "client_credentials") {
    return refusal(call, 400, "unsupported_grant_type", 70003,
                   "The app requested an unsupported grant type '" + grant + "'.");
  }
  if (auto wrong = check_client(call, form)) return *wrong;
  if (auto wrong = check_scope(call, http::form_value(form, "scope"))) return *wrong;

  const std::int64_t life = call.state.settings.token_seconds;
  const std::string access = "eyJ0eXAiOiJKV1QifQ." + random_text(call.random, 80) + "." + random_text(call.random, 40);
  call.state.sessions[access] = Session{call.state.application_user, call.now + seconds(life)};
  http::Response response = json_answer(
      200, Json{{"token_type", "Bearer"}, {"expires_in", life}, {"ext_expires_in", life}, {"access_token", access}});
  response.headers.set("Cache-Control", "no-store, no-cache");
  return response;
}

Caller caller_of(State& state, const http::Headers& headers, Instant now) {
  Caller caller;
  const std::string header = headers.get("Authorization");
  constexpr std::string_view kScheme = "bearer ";
  if (!text::starts_with(text::lower_ascii(header), kScheme)) return caller;
  const auto it = state.sessions.find(text::trim(header.substr(kScheme.size())));
  if (it == state.sessions.end()) {
    caller.bearer = Bearer::unknown;
    return caller;
  }
  caller.user = it->second.user;
  caller.bearer = now >= it->second.expires ? Bearer::expired : Bearer::fine;
  if (caller.bearer == Bearer::expired) state.sessions.erase(it);
  return caller;
}

}  // namespace cosell::emulator::dynamics365
