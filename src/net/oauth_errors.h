// What a token endpoint's refusal means, in words that tell a person what to do. Knows the OAuth error codes, the
// AADSTS codes of Microsoft Entra that admins meet, and other services' descriptions.
#pragma once

#include <string>

#include "base/error.h"
#include "base/time.h"
#include "net/http.h"

namespace cosell::net {

struct LoginContext {
  std::string side;            // "Partner Center"
  std::string host;            // of the token endpoint
  std::string login_command;   // "cosell login partner-center", or ""
  bool by_person = false;      // a person logged in once (refresh token)
  Instant now;                 // our clock, compared with the server's
  std::string audiences = {};  // of signed logins, in words: "https://login.example.com"; "" when not known
};

// For any answer that is not a usable token.
Error login_error(const http::Response& response, const LoginContext& context);

}  // namespace cosell::net
