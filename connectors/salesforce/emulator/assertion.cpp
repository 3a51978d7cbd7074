// JWT bearer assertions: taking them apart and checking their RS256 signature; and the keyed hash of token answers.
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <memory>

#include "base/text.h"
#include "connectors/emulator/signed_token.h"
#include "connectors/emulator/toolkit.h"
#include "connectors/salesforce/emulator/sessions.h"

namespace cosell::emulator::salesforce {

namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

Key key_of(const std::string& pem) {
  const auto open = [&] { return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free); };
  if (Bio bio = open()) {
    if (EVP_PKEY* key = PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr)) return Key(key, &EVP_PKEY_free);
  }
  Bio bio = open();
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      bio ? PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr) : nullptr, &X509_free);
  return Key(certificate ? X509_get_pubkey(certificate.get()) : nullptr, &EVP_PKEY_free);
}

}  // namespace

std::optional<Assertion> read_assertion(std::string_view jwt) {
  auto token = read_signed_token(jwt);
  if (!token) return std::nullopt;
  const Json& header = token->header;
  const Json& claims = token->claims;
  Assertion a;
  a.algorithm = text_at(header, "alg");
  a.issuer = text_at(claims, "iss");
  a.subject = text_at(claims, "sub").empty() ? text_at(claims, "prn") : text_at(claims, "sub");
  a.audience = text_at(claims, "aud");
  const auto exp = claims.find("exp");
  if (exp != claims.end() && exp->is_number()) a.expires = exp->get<std::int64_t>();
  // Some clients write the time as a text.
  if (exp != claims.end() && exp->is_string()) {
    a.expires = static_cast<std::int64_t>(parse_number(exp->get<std::string>()).value_or(0));
  }
  a.signed_part = std::move(token->signed_part);
  a.signature = std::move(token->signature);
  return a;
}

bool signature_fits(const Assertion& assertion, const std::string& pem) {
  const Key key = key_of(pem);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  if (!key || !context) return false;
  if (EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1) return false;
  const auto* signature = reinterpret_cast<const unsigned char*>(assertion.signature.data());
  const auto* text = reinterpret_cast<const unsigned char*>(assertion.signed_part.data());
  return EVP_DigestVerify(context.get(), signature, assertion.signature.size(), text, assertion.signed_part.size()) ==
         1;
}

std::string hmac_sha256(const std::string& key, const std::string& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), digest.data(), &length);
  return text::base64_encode(std::string_view(reinterpret_cast<const char*>(digest.data()), length));
}

}  // namespace cosell::emulator::salesforce
