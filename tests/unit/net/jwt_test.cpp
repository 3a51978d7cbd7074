// Signatures against the published vector of RFC 7515, and by verifying them.
#include "net/jwt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/text.h"
#include "tests/unit/net/test_keys.h"

namespace cosell::net {
namespace {

using ::testing::HasSubstr;

std::string pem_of(EVP_PKEY* key) {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string out(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  EVP_PKEY_free(key);
  return out;
}

bool verifies_ps256(const std::string& text, const std::string& signature) {
  BIO* bio = BIO_new_mem_buf(testing::kCertificate.data(), -1);
  X509* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  EVP_PKEY* key = X509_get_pubkey(certificate);
  EVP_MD_CTX* digest = EVP_MD_CTX_new();
  EVP_PKEY_CTX* context = nullptr;
  EVP_DigestVerifyInit(digest, &context, EVP_sha256(), nullptr, key);
  EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING);
  EVP_PKEY_CTX_set_rsa_pss_saltlen(context, 32);
  const bool good = EVP_DigestVerify(digest, reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                                     reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
  EVP_MD_CTX_free(digest);
  EVP_PKEY_free(key);
  X509_free(certificate);
  BIO_free(bio);
  return good;
}

TEST(Rs256, GivesTheSignatureOfRfc7515) {
  const std::string input =
      "eyJhbGciOiJSUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
  const auto signature = sign_text(JwtAlgorithm::rs256, input, Secret(testing::kRfc7515Key));
  ASSERT_TRUE(signature) << signature.error().message;
  EXPECT_EQ(
      *signature,
      "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t"
      "1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12j"
      "zDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQ"
      "Ge77Rw");
}

TEST(Ps256, GivesASignatureThatTheCertificateVerifies) {
  json::Value header = json::Value::object();
  header.set("x5t#S256", json::Value::string("abc"));
  json::Value claims = json::Value::object();
  claims.set("iss", json::Value::string("app"));
  const auto token = sign_jwt(JwtAlgorithm::ps256, header, claims, Secret(testing::kRfc7515Key));
  ASSERT_TRUE(token);
  const auto parts = text::split(*token, '.');
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_EQ(text::base64_decode(parts[0]), R"({"x5t#S256":"abc","alg":"PS256","typ":"JWT"})");
  EXPECT_EQ(text::base64_decode(parts[1]), R"({"iss":"app"})");
  const std::string signature = text::base64_decode(parts[2]);
  EXPECT_TRUE(verifies_ps256(parts[0] + "." + parts[1], signature));
  EXPECT_FALSE(verifies_ps256(parts[0] + "." + parts[1] + "x", signature));
}

TEST(Jwt, RefusesKeysThatCannotSignALogin) {
  const json::Value none = json::Value::object();
  for (const std::string& key :
       {std::string("not a key"), testing::kCertificate, pem_of(EVP_RSA_gen(1024)), pem_of(EVP_EC_gen("P-256"))}) {
    const auto token = sign_jwt(JwtAlgorithm::rs256, none, none, Secret(key));
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().kind, ErrorClass::config);
    EXPECT_THAT(token.error().message, HasSubstr("private key"));
  }
}

}  // namespace
}  // namespace cosell::net
