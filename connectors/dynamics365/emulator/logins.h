// The token endpoint in front of the organisation, with Entra's error shapes, and who a bearer token stands for.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "connectors/dynamics365/emulator/state.h"
#include "net/http.h"

namespace cosell::emulator::dynamics365 {

struct LoginCall {
  State& state;
  Random& random;
  Instant now;
  const http::Request& request;
  std::string base_url;  // "http://127.0.0.1:8080", as the caller knows it
  std::string tenant;    // as the path names it
};

// POST /{tenant}/oauth2/v2.0/token
http::Response token(const LoginCall& call);

enum class Bearer { fine, missing, unknown, expired };
struct Caller {
  Bearer bearer = Bearer::missing;
  Guid user;
};
Caller caller_of(State& state, const http::Headers& headers, Instant now);

// A client assertion, taken apart; nothing is checked but the form.
struct Assertion {
  std::string algorithm;
  std::string thumbprint;  // x5t#S256, or x5t when `sha1` is set
  bool sha1 = false;
  std::string issuer;
  std::string subject;
  std::string audience;
  std::string id;               // jti
  std::int64_t not_before = 0;  // Unix seconds
  std::int64_t expires = 0;
  std::string signed_part;
  std::string signature;
};
std::optional<Assertion> read_assertion(std::string_view jwt);
// PS256 or RS256 with the key of a PEM certificate.
bool signature_fits(const Assertion& assertion, const std::string& certificate_pem);
bool thumbprint_fits(const Assertion& assertion, const std::string& certificate_pem);
bool ended(const std::string& certificate_pem, Instant now);

}  // namespace cosell::emulator::dynamics365
