// What is wrong with a key or a certificate, in words that help; and the pair that a sandbox makes.
#include "net/certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/text.h"
#include "net/jwt.h"
#include "tests/unit/net/test_keys.h"

namespace cosell::net {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Key rsa(unsigned bits) { return Key(EVP_RSA_gen(bits), &EVP_PKEY_free); }

enum class PemForm { plain, with_pass_phrase, with_pass_phrase_the_older_way, public_half };

std::string pem_of(const Key& key, PemForm form) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), &BIO_free);
  char phrase[] = "open sesame";
  auto* bytes = reinterpret_cast<unsigned char*>(phrase);
  switch (form) {
    case PemForm::plain:
      PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
      break;
    case PemForm::with_pass_phrase:
      PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), EVP_aes_256_cbc(), phrase, 11, nullptr, nullptr);
      break;
    case PemForm::with_pass_phrase_the_older_way:
      PEM_write_bio_PrivateKey_traditional(bio.get(), key.get(), EVP_aes_256_cbc(), bytes, 11, nullptr, nullptr);
      break;
    case PemForm::public_half:
      PEM_write_bio_PUBKEY(bio.get(), key.get());
      break;
  }
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string problem_of(const std::string& pem) { return key_problem(Secret(pem)); }

TEST(LoginKey, IsFineAsOpensslWritesIt) {
  EXPECT_EQ(problem_of(testing::kRfc7515Key), "");
  EXPECT_EQ(problem_of(pem_of(rsa(2048), PemForm::plain)), "");
}

TEST(LoginKey, ThatCannotSignIsExplainedWithWhatHelps) {
  const Key key = rsa(2048);
  const std::string whole = pem_of(key, PemForm::plain);
  const Key curve(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  EXPECT_THAT(problem_of(pem_of(key, PemForm::with_pass_phrase)), StartsWith("is protected by a pass phrase"));
  EXPECT_THAT(problem_of(pem_of(key, PemForm::with_pass_phrase_the_older_way)),
              HasSubstr("openssl pkey -in KEY -out NEW"));
  EXPECT_THAT(problem_of(testing::kCertificate), StartsWith("is a certificate"));
  EXPECT_THAT(problem_of(pem_of(key, PemForm::public_half)), StartsWith("is a public key"));
  EXPECT_THAT(problem_of("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz\n-----END OPENSSH PRIVATE KEY-----\n"),
              StartsWith("is an SSH key"));
  EXPECT_THAT(problem_of(std::string("\x30\x82\x0a\x41\x02\x01\x03", 7)), HasSubstr("openssl pkcs12 -in FILE.pfx"));
  EXPECT_THAT(problem_of(whole.substr(0, whole.size() / 2)), StartsWith("cannot be read"));
  EXPECT_THAT(problem_of(pem_of(rsa(1024), PemForm::plain)), HasSubstr("at least 2,048 bits"));
  EXPECT_THAT(problem_of(pem_of(curve, PemForm::plain)), HasSubstr("RSA"));
}

TEST(LoginCertificate, ThatCannotBeReadIsExplainedWithWhatHelps) {
  EXPECT_EQ(certificate_problem(testing::kCertificate), "");
  EXPECT_THAT(certificate_problem(testing::kRfc7515Key), StartsWith("is a private key"));
  EXPECT_THAT(certificate_problem(testing::kCertificate.substr(0, 200)), StartsWith("cannot be read"));
  EXPECT_THAT(certificate_problem("\x30\x82\x03"), HasSubstr("openssl x509 -inform der"));
}

TEST(LoginCertificate, BelongsToOneKeyOnly) {
  EXPECT_TRUE(belong_together(Secret(testing::kRfc7515Key), testing::kCertificate));
  EXPECT_FALSE(belong_together(Secret(pem_of(rsa(2048), PemForm::plain)), testing::kCertificate));
  EXPECT_FALSE(belong_together(Secret("nonsense"), testing::kCertificate));
  EXPECT_FALSE(belong_together(Secret(testing::kRfc7515Key), "nonsense"));
}

TEST(LoginCertificate, HasTheThumbprintThatOpensslPrints) {
  EXPECT_EQ(*certificate_thumbprint(testing::kCertificate), "-PQ6ant07S53Og_SlvDBYqW-x-xqoyoUMfAOmLb3RA4");
  // openssl x509 -fingerprint -sha1: 02:FC:B5:57:E0:88:BF:90:5B:AB:33:C0:75:86:EF:6F:BF:E3:9E:CE
  EXPECT_EQ(text::base64_decode(*certificate_thumbprint(testing::kCertificate, Thumbprint::sha1)),
            "\x02\xFC\xB5\x57\xE0\x88\xBF\x90\x5B\xAB\x33\xC0\x75\x86\xEF\x6F\xBF\xE3\x9E\xCE");
  EXPECT_EQ(certificate_thumbprint("nonsense").error().kind, ErrorClass::config);
}

TEST(LoginCertificate, CountsFromAndUntilWhenOpensslSays) {
  const auto term = certificate_term(testing::kCertificate);
  ASSERT_TRUE(term);
  EXPECT_EQ(to_string_seconds(term->starts), "2026-11-21T04:20:35Z");
  EXPECT_EQ(to_string_seconds(term->ends), "2126-10-28T04:20:35Z");
  EXPECT_EQ(certificate_term("nonsense").error().kind, ErrorClass::config);
}

TEST(SelfSignedPair, SignsLoginsForTheTermThatWasAskedFor) {
  const CertificateTerm asked{*parse_instant("2026-11-21T03:00:00Z"), *parse_instant("2028-11-20T03:00:00Z")};
  const auto pair = make_self_signed("cosell bridge", asked);
  ASSERT_TRUE(pair) << pair.error().message;
  EXPECT_EQ(key_problem(pair->key_pem), "");
  EXPECT_TRUE(belong_together(pair->key_pem, pair->certificate_pem));
  const auto term = certificate_term(pair->certificate_pem);
  ASSERT_TRUE(term);
  EXPECT_EQ(term->starts, asked.starts);
  EXPECT_EQ(term->ends, asked.ends);
  EXPECT_TRUE(sign_text(JwtAlgorithm::ps256, "text", pair->key_pem));
  EXPECT_NE(make_self_signed("cosell bridge", asked)->certificate_pem, pair->certificate_pem);
}

}  // namespace
}  // namespace cosell::net
