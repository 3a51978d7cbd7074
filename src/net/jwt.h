// Signed JSON web tokens for logins: RS256 (user-approved apps) and PS256 (Microsoft Entra certificates). Only signs;
// nobody here trusts a token that someone else made.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/json.h"
#include "net/secrets.h"

namespace cosell::net {

enum class JwtAlgorithm { rs256, ps256 };

// "header.claims.signature". `header` may carry more members (x5t#S256); alg and typ are set here.
// A key that is no RSA private key of 2,048 bits or more in PEM form is ErrorClass::config.
Result<std::string> sign_jwt(JwtAlgorithm algorithm, const json::Value& header, const json::Value& claims,
                             const Secret& private_key_pem);

// The signature over a text that is already put together, base64url.
Result<std::string> sign_text(JwtAlgorithm algorithm, std::string_view text, const Secret& private_key_pem);

}  // namespace cosell::net
