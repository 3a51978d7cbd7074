// Client assertions: taking them apart, and checking signature and thumbprint against the registered certificate.
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <array>
#include <ctime>
#include <memory>

#include "base/text.h"
#include "connectors/dynamics365/emulator/logins.h"
#include "connectors/emulator/signed_token.h"
#include "connectors/emulator/toolkit.h"

namespace cosell::emulator::dynamics365 {

namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Digest = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

Certificate read_certificate(const std::string& pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                      &BIO_free);
  return Certificate(bio ? PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr) : nullptr, &X509_free);
}

std::int64_t number_at(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_number() ? it->get<std::int64_t>() : 0;
}

}  // namespace

std::optional<Assertion> read_assertion(std::string_view jwt) {
  auto token = read_signed_token(jwt);
  if (!token) return std::nullopt;
  const Json& header = token->header;
  const Json& claims = token->claims;
  Assertion a;
  a.algorithm = text_at(header, "alg");
  a.thumbprint = text_at(header, "x5t#S256");
  a.sha1 = a.thumbprint.empty();
  if (a.sha1) a.thumbprint = text_at(header, "x5t");
  a.issuer = text_at(claims, "iss");
  a.subject = text_at(claims, "sub");
  a.audience = text_at(claims, "aud");
  a.id = text_at(claims, "jti");
  a.not_before = number_at(claims, "nbf");
  a.expires = number_at(claims, "exp");
  a.signed_part = std::move(token->signed_part);
  a.signature = std::move(token->signature);
  return a;
}

bool signature_fits(const Assertion& assertion, const std::string& certificate_pem) {
  const Certificate certificate = read_certificate(certificate_pem);
  const Key key(certificate ? X509_get_pubkey(certificate.get()) : nullptr, &EVP_PKEY_free);
  const Digest digest(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  EVP_PKEY_CTX* context = nullptr;  // owned by the digest
  if (!key || !digest || EVP_DigestVerifyInit(digest.get(), &context, EVP_sha256(), nullptr, key.get()) != 1)
    return false;
  if (assertion.algorithm == "PS256") {
    const bool padded = EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) > 0 &&
                        EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) > 0;
    if (!padded) return false;
  }
  const auto* signature = reinterpret_cast<const unsigned char*>(assertion.signature.data());
  const auto* text = reinterpret_cast<const unsigned char*>(assertion.signed_part.data());
  return EVP_DigestVerify(digest.get(), signature, assertion.signature.size(), text, assertion.signed_part.size()) == 1;
}

bool thumbprint_fits(const Assertion& assertion, const std::string& certificate_pem) {
  const Certificate certificate = read_certificate(certificate_pem);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  const EVP_MD* method = assertion.sha1 ? EVP_sha1() : EVP_sha256();
  if (!certificate || X509_digest(certificate.get(), method, digest.data(), &size) != 1) return false;
  return text::base64_decode(assertion.thumbprint) == std::string(reinterpret_cast<const char*>(digest.data()), size);
}

bool ended(const std::string& certificate_pem, Instant now) {
  const Certificate certificate = read_certificate(certificate_pem);
  std::time_t now_s = now.ms / 1000;
  return !certificate || X509_cmp_time(X509_get0_notAfter(certificate.get()), &now_s) < 0;
}

}  // namespace cosell::emulator::dynamics365
