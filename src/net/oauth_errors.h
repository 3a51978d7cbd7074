// What a token endpoint's refusal means, in words that tell a person what to do. Knows the OAuth error codes, the
// AADSTS codes of Microsoft Entra that admins meet, and other services' descriptions. For every login, the first one by
// a person included.
#pragma once

#include <string>

#include "base/error.h"
#include "base/time.h"
#include "net/http.h"

namespace cosell::net {

struct LoginContext {
  enum class How {
    app,          // by the app itself: secret, certificate, signed JWT
    saved_login,  // a person logged in once (refresh token)
    signing_in    // a person is logging in (device_login.h, browser_login.h)
  };

  std::string side;           // "Partner Center"
  std::string host;           // of the token endpoint
  std::string login_command;  // "cosell login partner-center", or ""
  How how = How::app;
  Instant now;                     // our clock, compared with the server's
  std::string wanted = "a token";  // what the answer should have been
  std::string audiences = {};      // of signed logins, in words: "https://login.example.com"; "" when not known
};

// For any answer that is not what was wanted. Errors: auth_expired (refused; the message says what helps), transient
// (the service is busy), bad_response (something else answered).
Error login_error(const http::Response& response, const LoginContext& context);

}  // namespace cosell::net
