// Logging in: the four token grants, revocation, sessions that end, and who a token stands for.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "connectors/salesforce/emulator/state.h"
#include "net/http.h"

namespace cosell::emulator::salesforce {

// A request outside /services/data, with what answering it needs.
struct LoginCall {
  State& state;
  Random& random;
  Instant now;
  const http::Request& request;
  std::string base_url;  // "http://127.0.0.1:8080", as the caller knows it
};

http::Response token(const LoginCall& call);
http::Response revoke(const LoginCall& call);
// GET /id/{organization}/{user}
http::Response identity(const LoginCall& call, const std::string& organization, const std::string& user);

// The user whom the Authorization header stands for; empty when there is no such session or it has ended.
std::optional<std::string> user_of(State& state, const http::Headers& headers, Instant now);

// The claims of a JWT bearer assertion, taken apart; nothing is checked but the form.
struct Assertion {
  std::string issuer;
  std::string subject;
  std::string audience;
  std::int64_t expires = 0;  // Unix seconds
  std::string algorithm;
  std::string signed_part;
  std::string signature;
};
std::optional<Assertion> read_assertion(std::string_view jwt);
// RS256 with a PEM certificate or public key.
bool signature_fits(const Assertion& assertion, const std::string& pem);
// HMAC-SHA256 as base64.
std::string hmac_sha256(const std::string& key, const std::string& text);

}  // namespace cosell::emulator::salesforce
