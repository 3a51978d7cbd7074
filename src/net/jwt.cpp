// RSA signatures of JSON web tokens through OpenSSL.
#include "net/jwt.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <array>
#include <memory>

#include "base/text.h"
#include "net/openssl_handles.h"

namespace cosell::net {
namespace {

using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Digest = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;

constexpr int kMinKeyBits = 2048;

Bio reader(const std::string& text) { return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

// A key file with a pass phrase must not stop the program to ask for it.
int no_pass_phrase(char*, int, int, void*) { return 0; }

Result<Key> private_key(const Secret& pem) {
  const Bio bio = reader(pem.reveal());
  Key key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_pass_phrase, nullptr) : nullptr);
  if (!key) {
    return make_error(ErrorClass::config,
                      "The private key cannot be read. It must be an RSA key in PEM form without a pass phrase "
                      "(-----BEGIN PRIVATE KEY-----).");
  }
  if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA || EVP_PKEY_get_bits(key.get()) < kMinKeyBits) {
    return make_error(ErrorClass::config, "The private key must be an RSA key of at least 2,048 bits.");
  }
  return key;
}

bool choose_padding(EVP_PKEY_CTX* context, JwtAlgorithm algorithm) {
  if (algorithm == JwtAlgorithm::rs256) return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) > 0;
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) > 0 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) > 0;
}

}  // namespace

Result<std::string> sign_text(JwtAlgorithm algorithm, std::string_view text, const Secret& private_key_pem) {
  const Result<Key> key = private_key(private_key_pem);
  if (!key) return key.error();
  const Error failed = make_error(ErrorClass::config, "The login could not be signed with the private key.");
  const Digest digest(EVP_MD_CTX_new());
  EVP_PKEY_CTX* context = nullptr;  // owned by the digest
  if (!digest || EVP_DigestSignInit(digest.get(), &context, EVP_sha256(), nullptr, key->get()) != 1 ||
      !choose_padding(context, algorithm)) {
    return failed;
  }
  const auto* data = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t size = 0;
  if (EVP_DigestSign(digest.get(), nullptr, &size, data, text.size()) != 1) return failed;
  std::string signature(size, '\0');
  auto* out = reinterpret_cast<unsigned char*>(signature.data());
  if (EVP_DigestSign(digest.get(), out, &size, data, text.size()) != 1) return failed;
  signature.resize(size);
  return text::base64url_encode(signature);
}

Result<std::string> sign_jwt(JwtAlgorithm algorithm, const json::Value& header, const json::Value& claims,
                             const Secret& private_key_pem) {
  json::Value full = header.is_object() ? header : json::Value::object();
  full.set("alg", json::Value::string(algorithm == JwtAlgorithm::rs256 ? "RS256" : "PS256"));
  full.set("typ", json::Value::string("JWT"));
  const std::string text =
      text::base64url_encode(json::write(full)) + "." + text::base64url_encode(json::write(claims));
  Result<std::string> signature = sign_text(algorithm, text, private_key_pem);
  if (!signature) return signature;
  return text + "." + *signature;
}

namespace {

Result<Certificate> certificate_in(const std::string& pem) {
  const Bio bio = reader(pem);
  Certificate certificate(bio ? PEM_read_bio_X509(bio.get(), nullptr, no_pass_phrase, nullptr) : nullptr);
  if (certificate) return certificate;
  return make_error(ErrorClass::config,
                    "The certificate cannot be read. It must be in PEM form (-----BEGIN CERTIFICATE-----).");
}

}  // namespace

Result<std::string> certificate_thumbprint(const std::string& certificate_pem, Thumbprint kind) {
  const Result<Certificate> certificate = certificate_in(certificate_pem);
  if (!certificate) return certificate.error();
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  const EVP_MD* const algorithm = kind == Thumbprint::sha256 ? EVP_sha256() : EVP_sha1();
  if (X509_digest(certificate->get(), algorithm, digest.data(), &size) != 1) {
    return make_error(ErrorClass::config, "The thumbprint of the certificate cannot be worked out.");
  }
  return text::base64url_encode({reinterpret_cast<const char*>(digest.data()), size});
}

Result<Instant> certificate_end(const std::string& certificate_pem) {
  const Result<Certificate> certificate = certificate_in(certificate_pem);
  if (!certificate) return certificate.error();
  // Seconds between the first moment of 1970 and the end.
  ASN1_TIME* const epoch = ASN1_TIME_set(nullptr, 0);
  int day = 0;
  int second = 0;
  const bool read =
      epoch != nullptr && ASN1_TIME_diff(&day, &second, epoch, X509_get0_notAfter(certificate->get())) == 1;
  ASN1_TIME_free(epoch);
  if (!read) return make_error(ErrorClass::config, "The end of the certificate cannot be read.");
  return Instant{(std::int64_t{day} * 86'400 + second) * 1000};
}

}  // namespace cosell::net
