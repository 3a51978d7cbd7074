// Private key and certificate of a signed login: judged before they are used, so that a message can name the file that
// is wrong; and a pair that a sandbox makes for itself. Signing is jwt.h's.
#pragma once

#include <string>

#include "base/error.h"
#include "base/time.h"
#include "net/secrets.h"

namespace cosell::net {

// What keeps a private key from signing a login, and what helps, as the rest of a sentence that begins with the key:
// "is protected by a pass phrase; …". "" for an RSA key of 2,048 bits or more in PEM form without a pass phrase.
std::string key_problem(const Secret& key_pem);
// The same for a certificate in PEM form.
std::string certificate_problem(const std::string& certificate_pem);
// Whether the certificate is that of the key; false also when one of them cannot be read.
bool belong_together(const Secret& key_pem, const std::string& certificate_pem);

// From when until when a certificate counts.
struct CertificateTerm {
  Instant starts;
  Instant ends;
};
// A certificate that cannot be read is ErrorClass::config, here and below.
Result<CertificateTerm> certificate_term(const std::string& certificate_pem);

// base64url thumbprint of a PEM certificate, as Entra's headers "x5t#S256" and "x5t" want it.
enum class Thumbprint { sha256, sha1 };
Result<std::string> certificate_thumbprint(const std::string& certificate_pem, Thumbprint kind = Thumbprint::sha256);

struct SelfSigned {
  Secret key_pem;
  std::string certificate_pem;
};
// A new RSA key of 2,048 bits and a certificate of it that it signed itself, for the common name `name`. Takes about a
// tenth of a second.
Result<SelfSigned> make_self_signed(const std::string& name, const CertificateTerm& term);

}  // namespace cosell::net
