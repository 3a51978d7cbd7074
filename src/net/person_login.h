// What every login by a person has in common, whichever way they sign in.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/oauth.h"
#include "net/oauth_errors.h"

namespace cosell::net {

struct PersonLogin {
  OAuthClient client;
  std::optional<Secret> client_secret = {};
};

using LoginForm = std::vector<std::pair<std::string, std::string>>;

// One POST to the login service. `policy` says how often it is sent.
Result<http::Response> post_login(const Lane& lane, const std::string& url, const LoginForm& form,
                                  const RetryPolicy& policy, Safety safety);
// Sent once: what leads to the token works once.
inline constexpr RetryPolicy login_sent_once = {{.attempts = 1, .total = minutes(1)}, {}};

// The address beside the token's: "…/oauth2/v2.0/" and `last`. Errors: config where "token_url" leads to none.
Result<std::string> beside_token_endpoint(const PersonLogin& login, const std::string& last);

LoginContext context_of(const PersonLogin& login, const Lane& lane, const std::string& wanted);

// What the service gave. Errors: as login_error; config where it brought nothing that lasts.
Result<StoredToken> lasting_token(const PersonLogin& login, const Lane& lane, const http::Response& response);

}  // namespace cosell::net
