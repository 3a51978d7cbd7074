// RSA signatures of JSON web tokens through OpenSSL.
#include "net/jwt.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base/text.h"
#include "net/certificate.h"
#include "net/pem.h"

namespace cosell::net {
namespace {

bool choose_padding(EVP_PKEY_CTX* context, JwtAlgorithm algorithm) {
  if (algorithm == JwtAlgorithm::rs256) return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) > 0;
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) > 0 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) > 0;
}

}  // namespace

Result<std::string> sign_text(JwtAlgorithm algorithm, std::string_view text, const Secret& private_key_pem) {
  const std::string problem = key_problem(private_key_pem);
  if (!problem.empty()) return make_error(ErrorClass::config, "The private key " + problem + ".");
  const Key key = pem::read_key(private_key_pem);
  const Error failed = make_error(ErrorClass::config, "The login could not be signed with the private key.");
  const Digest digest(EVP_MD_CTX_new());
  EVP_PKEY_CTX* context = nullptr;  // owned by the digest
  if (!digest || EVP_DigestSignInit(digest.get(), &context, EVP_sha256(), nullptr, key.get()) != 1 ||
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

}  // namespace cosell::net
