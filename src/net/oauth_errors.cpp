// The table of login refusals and what to do about each.
#include "net/oauth_errors.h"

#include <array>
#include <cstdlib>
#include <string_view>

#include "base/json.h"
#include "base/text.h"
#include "net/retry.h"

namespace cosell::net {
namespace {

// What helps: a new login by a person, or a change by the admin.
enum class Remedy { login, admin, later };

struct Known {
  std::string_view code;  // found in error_description
  std::string_view meaning;
  Remedy remedy;
  std::string_view reason = {};  // also found there, where one code has several
};

constexpr std::string_view kWrongAudience = "audience is invalid";
constexpr std::string_view kExpired = "AADSTS70008";  // of a saved login, and of the code that a browser brings

// The meanings of AADSTS codes are those of Microsoft's list "Microsoft Entra authentication and authorization error
// codes"; that 7000218 means this setting, of its support article about that code.
constexpr std::array<Known, 45> kKnown = {{
    {"AADSTS7000215", "the client secret is wrong (use the secret's value, not its id)", Remedy::admin},
    {"AADSTS7000222", "the client secret has expired; make a new one in Entra and put it in place", Remedy::admin},
    {"AADSTS7000218",
     "the app asks for a secret and none was sent; in its registration set \"Allow public client flows\" (under "
     "Authentication) to Yes, or name its secret as \"client_secret\"",
     Remedy::admin},
    {"AADSTS700025",
     "the app is a public client, which takes no secret; take \"client_secret\" out of the configuration",
     Remedy::admin},
    {"AADSTS700016", "this tenant does not know the app; check client id and tenant", Remedy::admin},
    {"AADSTS700027", "the certificate has ended; make a new one, upload it at the app registration, put both in place",
     Remedy::admin, "The key used is expired"},
    {"AADSTS700027", "the key is not the one of the certificate that is registered with the app; put that one in place",
     Remedy::admin, "use of the key to verify the signature failed"},
    {"AADSTS700027",
     "the certificate is not the one that is registered with the app; upload it there, under Certificates & secrets",
     Remedy::admin},
    {"AADSTS1000502", "the certificate has ended or does not count yet; see when it does, or make a new one",
     Remedy::admin},
    {"AADSTS5002730", "the signature is of a kind that is not taken; choose the other \"assertion\", PS256 or RS256",
     Remedy::admin},
    {"AADSTS700024", "the signed login is outside its time; check this machine's clock", Remedy::admin},
    {"AADSTS700023", "the signed login is made for another token address; check the tenant in it", Remedy::admin},
    {"AADSTS7000112", "the app is disabled in this tenant", Remedy::admin},
    {"AADSTS90002", "there is no such tenant; check \"tenant\" in the configuration", Remedy::admin},
    {"AADSTS50194", "the app belongs to one tenant only; name that one as \"tenant\"", Remedy::admin},
    {"AADSTS500011", "the API that the scope names is unknown in this tenant; check the scope", Remedy::admin},
    {"AADSTS650057",
     "the app's registration does not list the API that the scope names; add it there under API permissions",
     Remedy::admin},
    {"AADSTS650052", "this tenant has not enabled the API that the scope names", Remedy::admin},
    {"AADSTS65001", "nobody has consented to the app's permissions yet", Remedy::admin},
    {"AADSTS90094", "an admin of the tenant has to consent to the app's permissions", Remedy::admin},
    {"AADSTS65004", "the person who signed in did not consent to the app's permissions", Remedy::login},
    {"AADSTS50105",
     "the user is not assigned to the app; assign them in Entra under Enterprise applications, Users and groups",
     Remedy::admin},
    {"AADSTS50020",
     "the account that signed in is not of this tenant; sign in as a user of the tenant that the configuration names",
     Remedy::login},
    {"AADSTS16000",
     "the account that signed in is not of this tenant; sign in as a user of the tenant that the configuration names",
     Remedy::login},
    {"AADSTS50034", "this tenant has no such account; check the user name, and the tenant that the configuration names",
     Remedy::login},
    {"AADSTS700082", "the saved login was not used for too long and has expired", Remedy::login},
    {"AADSTS700084", "the saved login has expired", Remedy::login},
    {"AADSTS70043", "the saved login has expired by a sign-in frequency rule", Remedy::login},
    {kExpired, "the saved login has expired or was revoked", Remedy::login},
    {"AADSTS50173", "the password was changed or the login revoked", Remedy::login},
    {"AADSTS50057", "the user account is disabled", Remedy::admin},
    {"AADSTS50076", "multi-factor authentication is required", Remedy::login},
    {"AADSTS50079", "the user must set up multi-factor authentication first", Remedy::login},
    {"AADSTS50158", "a further sign-in check is required", Remedy::login},
    {"AADSTS53000",
     "a conditional access rule wants a device that the company manages; sign in on one, or ask the tenant's admin",
     Remedy::login},
    {"AADSTS53001",
     "a conditional access rule wants a device of the company's domain; sign in on one, or ask the tenant's admin",
     Remedy::login},
    {"AADSTS53003", "a conditional access rule blocks this login; ask the tenant's admin", Remedy::admin},
    {"user hasn't approved this consumer",
     "the user has not been allowed to use the app; check the user name, and pre-authorize the app for the user's "
     "profile or permission set",
     Remedy::admin},
    {"user is not admin approved to access this app",
     "the user has not been allowed to use the app; add the user's profile or permission set to the app's policies",
     Remedy::admin},
    {"External client app is not installed in this org",
     "the organisation lets nobody use the app yet; let admins approve its users in the app's policies (Permitted "
     "Users)",
     Remedy::admin},
    {kWrongAudience, "the audience is wrong", Remedy::admin},
    {"invalid assertion", "the signature does not fit the app; upload the certificate of this key to the app",
     Remedy::admin},
    {"expired authorization code", "the signed login is outside its time; check this machine's clock", Remedy::admin},
    {"expired access/refresh token", "the saved login has expired or was revoked", Remedy::login},
    {"login rate exceeded", "the user has logged in too often within the hour; the bridge tries again later",
     Remedy::later},
}};

struct KnownError {
  std::string_view error;
  std::string_view meaning;
  Remedy remedy;
};

constexpr std::array<KnownError, 13> kErrors = {{
    {"invalid_client", "the client secret or certificate is wrong or expired", Remedy::admin},
    {"invalid_client_id",
     "the client id is unknown; it must be the consumer key of the app, and a new app needs some minutes",
     Remedy::admin},
    {"unauthorized_client", "the app is not allowed to log in this way; check its settings", Remedy::admin},
    {"interaction_required", "a person has to sign in, for example for multi-factor authentication", Remedy::login},
    {"consent_required", "nobody has consented to the app's permissions yet", Remedy::login},
    {"login_required", "a person has to sign in again", Remedy::login},
    {"invalid_scope", "the scope is wrong", Remedy::admin},
    {"authorization_declined", "the sign-in was declined", Remedy::login},
    {"access_denied", "the sign-in was declined", Remedy::login},
    {"expired_token", "nobody entered the code in time", Remedy::login},
    {"bad_verification_code", "the code is not known, or was used already", Remedy::login},
    {"temporarily_unavailable", "the login service is busy", Remedy::later},
    {"server_error", "the login service had a fault", Remedy::later},
}};

// How far our clock is from the server's, when that is enough to break signed logins.
std::string clock_hint(const http::Response& response, Instant now) {
  const auto theirs = parse_http_date(response.headers.get("Date"));
  if (!theirs) return "";
  const std::int64_t minutes_off = (now - *theirs).ms / 60'000;
  if (std::llabs(minutes_off) < 5) return "";
  return " This machine's clock is " + text::count_of(static_cast<std::size_t>(std::llabs(minutes_off)), "minute") +
         (minutes_off > 0 ? " ahead" : " behind") + "; switch on time synchronisation.";
}

Known meaning_of(const std::string& error, const std::string& description, const LoginContext& context) {
  for (const Known& k : kKnown) {
    const std::size_t at = description.find(k.code);
    // AADSTS700016 must not be taken for AADSTS7000161.
    const std::size_t end = at + k.code.size();
    const bool whole = end >= description.size() || description[end] < '0' || description[end] > '9';
    const bool that_one = k.reason.empty() || description.find(k.reason) != std::string::npos;
    if (at == std::string::npos || !whole || !that_one) continue;
    const bool of_a_sign_in = k.code == kExpired && context.how == LoginContext::How::signing_in;
    return of_a_sign_in ? Known{k.code, "the code of this sign-in has expired", k.remedy} : k;
  }
  for (const KnownError& k : kErrors) {
    if (error == k.error) return {"", k.meaning, k.remedy};
  }
  if (error != "invalid_grant") return {"", "", Remedy::admin};
  switch (context.how) {
    case LoginContext::How::saved_login:
      return {"", "the saved login is no longer accepted", Remedy::login};
    case LoginContext::How::signing_in:
      return {"", "the sign-in is not accepted", Remedy::login};
    case LoginContext::How::app:
      break;
  }
  return {"", "the signed login is not accepted; check user name, audience, certificate and clock", Remedy::admin};
}

Error not_a_token_endpoint(const http::Response& response, const LoginContext& context) {
  const bool html = response.headers.get("Content-Type").find("html") != std::string::npos ||
                    text::starts_with(text::trim(response.body), "<");
  return error_from(ErrorClass::bad_response,
                    context.side + " login: " + context.host + " answered " + std::to_string(response.status) +
                        (html ? " with a web page" : " with something") + " instead of " + context.wanted +
                        ". Check the token address and any proxy in between.",
                    response);
}

}  // namespace

Error login_error(const http::Response& response, const LoginContext& context) {
  const auto body = json::read(response.body, {.max_bytes = 1U << 20});
  if (!body || !body->is_object() || body->text_of("error").empty()) {
    return not_a_token_endpoint(response, context);
  }
  const std::string code = body->text_of("error");
  const Known known = meaning_of(code, body->text_of("error_description"), context);
  const bool wants_login = known.remedy == Remedy::login && !context.login_command.empty();
  std::string message = context.side + " login refused: ";
  message += known.meaning.empty() ? "\"" + text::percent_encode(code) + "\"" : std::string(known.meaning);
  if (known.code == kWrongAudience && !context.audiences.empty()) message += "; it must be " + context.audiences;
  message += ".";
  if (wants_login) message += " Log in again: " + context.login_command + ".";
  const bool wants_token =
      known.remedy == Remedy::login && context.login_command.empty() && context.how == LoginContext::How::saved_login;
  if (wants_token) message += " Get a new refresh token and put it in place of the old one.";
  message += clock_hint(response, context.now);
  const ErrorClass kind = known.remedy == Remedy::later ? ErrorClass::transient : ErrorClass::auth_expired;
  Error error = error_from(kind, std::move(message), response);
  // The service's own sentence says it all; it ends with the ids that its support asks for.
  if (const std::string said = body->text_of("error_description"); !said.empty()) error.detail = detail_of(said);
  const bool named = text::starts_with(known.code, "AADSTS");
  error.rule = named ? std::string(known.code) : code.substr(0, 100);
  error.log_in_again = known.remedy == Remedy::login;
  return error;
}

}  // namespace cosell::net
