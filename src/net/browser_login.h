// A login by a person in a browser: they sign in on the service's page, which sends the browser back to this machine
// with a code (OAuth 2.0 authorization code, RFC 6749 section 4.1, with PKCE, RFC 7636, and a loopback address, RFC
// 8252). For tenants that let nobody sign in with a code that is shown elsewhere. Who receives the browser is the
// caller's matter.
#pragma once

#include <string>
#include <string_view>

#include "net/person_login.h"

namespace cosell::net {

// The S256 challenge of a verifier (RFC 7636 section 4.2).
std::string pkce_challenge(std::string_view verifier);

class BrowserLogin {
 public:
  // `landing`: where the browser is sent back to, "http://localhost:45123". Login and lane must outlive it.
  // Errors: config where the token address leads to no login page.
  static Result<BrowserLogin> begin(const PersonLogin& login, const Lane& lane, const std::string& landing);

  // Where the person signs in.
  const std::string& page() const { return page_; }

  // What is wrong with the address at which the browser ended, or "" when it ends this sign-in, well or not. The part
  // behind its "?" is enough.
  std::string wrong_with(std::string_view address) const;

  // Fetches the token for an address with which nothing is wrong. Errors:
  //   auth_expired  the service or the person refused; the message says what to do
  //   config        what came does not last: "scope" in the configuration
  //   transient, throttled, unknown  the service could not be asked; the code may be used up
  //   bad_response  something else than the login service answered
  //   cancelled     the process was asked to stop
  Result<StoredToken> finish(std::string_view address) const;

 private:
  BrowserLogin(const PersonLogin& login, const Lane& lane, std::string landing);

  const PersonLogin* login_;
  const Lane* lane_;
  std::string landing_;
  std::string verifier_;
  std::string state_;
  std::string page_;
};

}  // namespace cosell::net
