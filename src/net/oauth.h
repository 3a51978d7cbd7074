// Access tokens from an OAuth 2 token endpoint: by refresh token, by client secret or certificate, or by a signed JWT.
// Tokens are cached in memory and, where a store is given, encrypted on disk; they never reach a log. How a person
// logs in the first time: device_login.h.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/jwt.h"
#include "net/retry.h"
#include "net/secrets.h"
#include "net/token_store.h"

namespace cosell::net {

class TokenSource {
 public:
  virtual ~TokenSource() = default;
  // A token that is valid for at least two minutes, as far as the server told. Errors:
  //   auth_expired  the login was refused; the message says what a person has to do
  //   transient, throttled, cancelled  the token endpoint cannot be used now
  //   bad_response  something else than the token endpoint answered
  //   config        key, certificate or token file cannot be used
  virtual Result<std::string> token() = 0;
  // The present token was refused (401): the next token() gets a new one.
  virtual void invalidate() = 0;
  // Where the token is valid, if the server named it together with the token; else "".
  virtual std::string instance_url() { return ""; }
};

// What all flows need.
struct OAuthClient {
  std::string token_endpoint;  // "https://login.microsoftonline.com/TENANT/oauth2/v2.0/token"
  std::string client_id;
  std::string scope = {};          // empty: not sent
  std::string store_name = {};     // key in the token store; empty: kept in memory only
  std::string login_command = {};  // "cosell login partner-center"; for messages
};

// A refresh token from the store (or, the first time, `first_refresh_token`). A new refresh token is stored before
// the access token that came with it is used.
struct RefreshTokenLogin {
  std::optional<Secret> client_secret = {};
  std::optional<Secret> first_refresh_token = {};
};

// The app's own login: a client secret, or a certificate.
struct ClientCredentialsLogin {
  std::optional<Secret> client_secret = {};
  std::optional<Secret> certificate_key = {};  // PEM
  std::string certificate = {};                // PEM
  // PS256 names the certificate by its SHA-256 thumbprint (x5t#S256), RS256 by its SHA-1 thumbprint (x5t): the older
  // form, for tenants that refuse the newer one.
  JwtAlgorithm algorithm = JwtAlgorithm::ps256;
};

// A JWT signed RS256 for a user who approved the app beforehand.
struct JwtBearerLogin {
  Secret private_key;    // PEM
  std::string subject;   // the user name
  std::string audience;  // the login host
  Duration lifetime = minutes(3);
  std::string audiences = {};  // which there are, for messages
};

// `store` may be null: then nothing outlives the process. Lane, store and their parts must outlive the source.
std::unique_ptr<TokenSource> make_token_source(OAuthClient client, RefreshTokenLogin login, const Lane& lane,
                                               TokenStore* store);
std::unique_ptr<TokenSource> make_token_source(OAuthClient client, ClientCredentialsLogin login, const Lane& lane,
                                               TokenStore* store);
std::unique_ptr<TokenSource> make_token_source(OAuthClient client, JwtBearerLogin login, const Lane& lane,
                                               TokenStore* store);

}  // namespace cosell::net
