// The token endpoint and its neighbours. Grants and refusals have the words of Salesforce; sessions end after the
// time that the settings say, and nothing tells the client when.
#include "connectors/salesforce/emulator/sessions.h"

#include <algorithm>

#include "base/text.h"
#include "connectors/emulator/signed_token.h"
#include "connectors/emulator/toolkit.h"

namespace cosell::emulator::salesforce {

namespace {

using Form = std::vector<std::pair<std::string, std::string>>;

http::Response oauth_error(const char* error, const char* description, int status = 400) {
  return json_answer(status, Json{{"error", error}, {"error_description", description}});
}

std::optional<http::Response> client_refused(const LoginCall& call, const Form& form, bool secret_needed) {
  const auto client = client_of(call.request, form);
  if (client.first != call.state.options.client_id) {
    return oauth_error("invalid_client_id", "client identifier invalid");
  }
  const bool secret_given = !client.second.empty();
  if ((secret_needed || secret_given) && client.second != call.state.options.client_secret) {
    return oauth_error("invalid_client", "invalid client credentials");
  }
  return std::nullopt;
}

RowPtr user_by_name(const State& state, const std::string& username) {
  const Object* o = state.model.schema().find("User");
  const auto positions = state.model.table(*o).with_value(o->at("Username"), username);
  return positions.empty() ? nullptr : state.model.table(*o).rows()[positions.front()];
}

std::string identity_url(const LoginCall& call, const std::string& user) {
  return call.base_url + "/id/" + to_18(call.state.organization) + "/" + to_18(user);
}

http::Response granted(const LoginCall& call, const std::string& user, const std::string& refresh_token) {
  const Object* o = call.state.model.schema().find("User");
  const RowPtr row = call.state.model.table(*o).by_id(user);
  if (row == nullptr || row->cell(o->at("IsActive")) != Value{true}) {
    return oauth_error("inactive_user", "user is inactive");
  }
  std::string access_token = call.state.organization + "!AQ" + random_text(call.random, 90);
  const auto& sessions = call.state.sessions;
  const auto under_way = std::find_if(sessions.begin(), sessions.end(), [&](const auto& session) {
    return session.second.user == user && call.now < session.second.expires;
  });
  if (call.state.settings.shares_sessions && under_way != sessions.end()) access_token = under_way->first;
  call.state.sessions[access_token] = Session{user, call.now + seconds(call.state.settings.session_seconds)};
  const std::string issued_at = std::to_string(call.now.ms);
  const std::string id = identity_url(call, user);
  Json body = Json::object();
  body["access_token"] = access_token;
  if (!refresh_token.empty()) body["refresh_token"] = refresh_token;
  body["signature"] = hmac_sha256(call.state.options.client_secret, id + issued_at);
  body["scope"] = "refresh_token api id";
  body["instance_url"] = call.base_url;
  body["id"] = id;
  body["token_type"] = "Bearer";
  body["issued_at"] = issued_at;
  body["token_format"] = "opaque";
  return json_answer(200, body);
}

http::Response refresh_grant(const LoginCall& call, const Form& form) {
  if (auto refused = client_refused(call, form, false)) return *refused;
  const auto it = call.state.refresh_tokens.find(http::form_value(form, "refresh_token"));
  if (it == call.state.refresh_tokens.end()) return oauth_error("invalid_grant", "expired access/refresh token");
  const std::string user = it->second;
  if (!call.state.settings.rotate_refresh_tokens) return granted(call, user, "");
  const std::string fresh = "5Aep" + random_text(call.random, 80);
  call.state.refresh_tokens.erase(it);
  call.state.refresh_tokens[fresh] = user;
  return granted(call, user, fresh);
}

http::Response password_grant(const LoginCall& call, const Form& form) {
  if (auto refused = client_refused(call, form, true)) return *refused;
  const RowPtr user = user_by_name(call.state, http::form_value(form, "username"));
  const bool fits = user != nullptr && http::form_value(form, "password") == call.state.options.password;
  return fits ? granted(call, user->id, "") : oauth_error("invalid_grant", "authentication failure");
}

bool audience_fits(const LoginCall& call, std::string audience) {
  if (text::ends_with(audience, "/")) audience.pop_back();
  return audience == "https://login.salesforce.com" || audience == "https://test.salesforce.com" ||
         audience == call.base_url;
}

// The policy of the app decides in which words a user is turned away.
http::Response not_approved(const LoginCall& call) {
  if (call.state.settings.permitted_users == "self_authorized") {
    return oauth_error("invalid_grant", "user hasn't approved this consumer");
  }
  return oauth_error("invalid_app_access", "user is not admin approved to access this app");
}

http::Response assertion_grant(const LoginCall& call, const Form& form) {
  const auto assertion = read_assertion(http::form_value(form, "assertion"));
  if (!assertion || assertion->algorithm != "RS256") return oauth_error("invalid_grant", "invalid assertion");
  // The issuer names the app, and with it the certificate.
  if (assertion->issuer != call.state.options.client_id) {
    return oauth_error("invalid_client_id", "client identifier invalid");
  }
  const std::string& pem = call.state.settings.jwt_public_key;
  if (pem.empty() || !signature_fits(*assertion, pem)) return oauth_error("invalid_grant", "invalid assertion");
  if (!audience_fits(call, assertion->audience)) return oauth_error("invalid_grant", "audience is invalid");
  // Three minutes are documented; clocks may differ by two more.
  const std::int64_t now_s = call.now.ms / 1000;
  if (assertion->expires <= now_s) return oauth_error("invalid_grant", "expired authorization code");
  if (assertion->expires > now_s + 300) return oauth_error("invalid_grant", "assertion is valid for too long");
  const RowPtr user = user_by_name(call.state, assertion->subject);
  if (user == nullptr) return oauth_error("invalid_grant", "user hasn't approved this consumer");
  const auto& unapproved = call.state.settings.unapproved_users;
  const bool approved = std::find(unapproved.begin(), unapproved.end(), assertion->subject) == unapproved.end();
  return approved ? granted(call, user->id, "") : not_approved(call);
}

std::string bearer_of(const http::Headers& headers) {
  const std::string header = headers.get("Authorization");
  for (const char* scheme : {"bearer ", "oauth "}) {
    const std::string_view s = scheme;
    if (text::starts_with(text::lower_ascii(header), s)) return text::trim(header.substr(s.size()));
  }
  return "";
}

std::optional<std::string> session_user(State& state, const std::string& access_token, Instant now) {
  const auto it = state.sessions.find(access_token);
  if (it == state.sessions.end()) return std::nullopt;
  if (now >= it->second.expires) {
    state.sessions.erase(it);
    return std::nullopt;
  }
  return it->second.user;
}

}  // namespace

std::optional<std::string> user_of(State& state, const http::Headers& headers, Instant now) {
  return session_user(state, bearer_of(headers), now);
}

http::Response token(const LoginCall& call) {
  if (call.request.method != "POST") return oauth_error("invalid_request", "must use HTTP POST", 405);
  const Form form = http::parse_form(call.request.body);
  const std::string grant = http::form_value(form, "grant_type");
  if (grant == "refresh_token") return refresh_grant(call, form);
  if (grant == "password") return password_grant(call, form);
  if (grant == "urn:ietf:params:oauth:grant-type:jwt-bearer") return assertion_grant(call, form);
  if (grant == "client_credentials") {
    if (auto refused = client_refused(call, form, true)) return *refused;
    return granted(call, call.state.integration_user, "");
  }
  return oauth_error("unsupported_grant_type", "grant type not supported");
}

http::Response revoke(const LoginCall& call) {
  const Form form = http::parse_form(call.request.body);
  std::string given = http::form_value(form, "token");
  if (given.empty()) given = target_of(call.request.url).value("token").value_or("");
  const bool known = call.state.sessions.erase(given) + call.state.refresh_tokens.erase(given) > 0;
  return known ? empty_answer(200) : oauth_error("unsupported_token_type", "this token type is not supported");
}

http::Response identity(const LoginCall& call, const std::string& organization, const std::string& user) {
  const auto asked = target_of(call.request.url).value("oauth_token");
  const std::string given = asked ? *asked : bearer_of(call.request.headers);
  if (given.empty()) {
    http::Response r = empty_answer(403);
    r.body = "Missing_OAuth_Token";
    return r;
  }
  const auto id15 = parse_id(user);
  const Object* o = call.state.model.schema().find("User");
  const RowPtr row = id15 ? call.state.model.table(*o).by_id(*id15) : nullptr;
  if (!session_user(call.state, given, call.now) || row == nullptr ||
      parse_id(organization) != call.state.organization) {
    http::Response r = empty_answer(403);
    r.body = "Bad_OAuth_Token";
    return r;
  }
  const auto cell = [&](const char* field) {
    const auto* t = std::get_if<std::string>(&row->cell(o->at(field)));
    return t == nullptr ? Json(nullptr) : Json(*t);
  };
  const std::string rest = call.base_url + "/services/data/v{version}/";
  return json_answer(200, Json{{"id", identity_url(call, row->id)},
                               {"asserted_user", true},
                               {"user_id", to_18(row->id)},
                               {"organization_id", to_18(call.state.organization)},
                               {"username", cell("Username")},
                               {"nick_name", cell("Alias")},
                               {"display_name", cell("Name")},
                               {"email", cell("Email")},
                               {"email_verified", true},
                               {"first_name", cell("FirstName")},
                               {"last_name", cell("LastName")},
                               {"timezone", "GMT"},
                               {"active", row->cell(o->at("IsActive")) == Value{true}},
                               {"user_type", "STANDARD"},
                               {"language", "en_US"},
                               {"locale", "en_US"},
                               {"utcOffset", 0},
                               {"urls", Json{{"rest", rest},
                                             {"sobjects", rest + "sobjects/"},
                                             {"query", rest + "query/"},
                                             {"search", rest + "search/"},
                                             {"recent", rest + "recent/"},
                                             {"profile", call.base_url + "/" + to_18(row->id)}}},
                               {"last_modified_date", stamp_text(row->stamp)}});
}

}  // namespace cosell::emulator::salesforce
