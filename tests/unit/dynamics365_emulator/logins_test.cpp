// The token endpoint and what a bearer token is good for.
#include "base/json.h"
#include "connectors/emulator/toolkit.h"
#include "net/certificate.h"
#include "net/jwt.h"
#include "tests/unit/dynamics365_emulator/organization.h"
#include "tests/unit/net/test_keys.h"

namespace cosell::emulator {
namespace {

int code_of(const http::Response& r) { return Organization::json(r)["error_codes"][0].get<int>(); }

TEST(Dynamics365Logins, GiveATokenForTheSecret) {
  Organization org;
  const auto r = org.ask_token({});
  const Json body = Organization::json(r);
  EXPECT_EQ(r.status, 200);
  EXPECT_EQ(body["token_type"], "Bearer");
  EXPECT_EQ(body["expires_in"], 3599);
  EXPECT_FALSE(body.contains("refresh_token"));
  EXPECT_EQ(org.ask_token({{"scope", "http://127.0.0.1:8080/.default"}}).status, 200);
}

TEST(Dynamics365Logins, RefuseAWrongSecretTenantClientOrScopeInEntrasWords) {
  Organization org;
  auto r = org.ask_token({{"client_secret", "wrong"}});
  EXPECT_EQ(r.status, 401);
  EXPECT_EQ(code_of(r), 7000215);
  EXPECT_EQ(code_of(org.ask_token({{"client_secret", ""}})), 7000216);
  EXPECT_EQ(code_of(org.ask_token({}, "someone.example")), 90002);
  EXPECT_EQ(code_of(org.ask_token({{"client_id", "00000000-0000-0000-0000-000000000001"}})), 700016);
  EXPECT_EQ(code_of(org.ask_token({{"scope", "https://cosell.crm.dynamics.com/user_impersonation"}})), 1002012);
  EXPECT_EQ(code_of(org.ask_token({{"scope", "https://other.crm.dynamics.com/.default"}})), 500011);
  EXPECT_EQ(code_of(org.ask_token({{"scope", "https://a/.default https://b/.default"}})), 70011);
  EXPECT_EQ(Organization::json(org.ask_token({{"grant_type", "password"}}))["error"], "unsupported_grant_type");
}

TEST(Dynamics365Logins, EndTokensWhenTheirTimeIsOver) {
  Organization org;
  org.set("token_seconds", 60);
  org.log_in();
  EXPECT_EQ(org.call("GET", "WhoAmI").status, 200);
  org.clock.advance(seconds(60));
  const auto r = org.call("GET", "WhoAmI");
  EXPECT_EQ(r.status, 401);
  EXPECT_EQ(Organization::code(r), "0x8005f101");
  EXPECT_NE(r.headers.get("WWW-Authenticate").find("authorization_uri="), std::string::npos);
}

TEST(Dynamics365Logins, EndAllTokensOnDemandAndKnowNoOthers) {
  Organization org;
  EXPECT_EQ(org.control("expire", Json::object())["ended"], 1);
  EXPECT_EQ(org.call("GET", "WhoAmI()").status, 401);
  org.token = "made-up";
  EXPECT_EQ(org.call("GET", "WhoAmI()").status, 401);
}

TEST(Dynamics365Logins, TurnAwayADisabledUser) {
  Organization org;
  org.set("user_state", "disabled");
  EXPECT_EQ(org.call("GET", "WhoAmI").status, 403);
  EXPECT_EQ(Organization::code(org.last), "0x8004a112");
  org.set("user_state", "not_a_member");
  EXPECT_EQ(Organization::code(org.call("GET", "WhoAmI")), "0x80072560");
}

// Client assertions --------------------------------------------------------------------------------------------------

class ClientAssertion : public ::testing::Test {
 protected:
  ClientAssertion() { org_.set("client_certificate", net::testing::kCertificate); }

  http::Response present(const std::string& jwt) {
    return org_.ask_token({{"client_secret", ""},
                           {"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
                           {"client_assertion", jwt}});
  }

  struct Claims {
    std::string audience = "https://login.microsoftonline.com/" + Dynamics365Options().tenant + "/oauth2/v2.0/token";
    std::string subject = Dynamics365Options().client_id;
    std::int64_t starts_in_s = 0;
    std::int64_t ends_in_s = 600;
    std::string thumbprint = *net::certificate_thumbprint(net::testing::kCertificate);
    std::string thumbprint_header = "x5t#S256";
    net::JwtAlgorithm algorithm = net::JwtAlgorithm::ps256;
  };

  // RS256 with the SHA-1 thumbprint, as most older clients sign.
  static Claims older_form() {
    Claims c;
    c.thumbprint = *net::certificate_thumbprint(net::testing::kCertificate, net::Thumbprint::sha1);
    c.thumbprint_header = "x5t";
    c.algorithm = net::JwtAlgorithm::rs256;
    return c;
  }

  std::string sign(const Claims& c, const std::string& key = net::testing::kRfc7515Key) {
    const std::int64_t now = org_.clock.now().ms / 1000;
    json::Value header = json::Value::object();
    header.set(c.thumbprint_header, json::Value::string(c.thumbprint));
    json::Value claims = json::Value::object();
    claims.set("aud", json::Value::string(c.audience));
    claims.set("iss", json::Value::string(Dynamics365Options().client_id));
    claims.set("sub", json::Value::string(c.subject));
    claims.set("jti", json::Value::string("7f0f6ae0-33a1-4f4f-8b6b-1c8d0f3f0001"));
    claims.set("nbf", json::Value::integer(now + c.starts_in_s));
    claims.set("exp", json::Value::integer(now + c.ends_in_s));
    return *net::sign_jwt(c.algorithm, header, claims, net::Secret(key));
  }

  Organization org_;
};

TEST_F(ClientAssertion, LogsInWithEitherAlgorithm) {
  EXPECT_EQ(present(sign({})).status, 200) << org_.last.body;
  Claims rs256;
  rs256.algorithm = net::JwtAlgorithm::rs256;
  EXPECT_EQ(present(sign(rs256)).status, 200) << org_.last.body;
}

TEST_F(ClientAssertion, IsRefusedInAnAlgorithmThatTheTenantDoesNotTake) {
  org_.set("assertion_algorithm", "RS256");
  EXPECT_EQ(present(sign({})).status, 401);
  EXPECT_EQ(code_of(org_.last), 5002730);
  EXPECT_EQ(present(sign(older_form())).status, 200) << org_.last.body;
  org_.set("assertion_algorithm", "PS256");
  EXPECT_EQ(present(sign({})).status, 200) << org_.last.body;
  EXPECT_EQ(code_of(present(sign(older_form()))), 5002730);
}

TEST_F(ClientAssertion, MayNameItsCertificateByTheOlderThumbprint) {
  EXPECT_EQ(present(sign(older_form())).status, 200) << org_.last.body;
  // Nothing that is published forbids it, so the emulator takes it too; the bridge never sends it.
  Claims mixed = older_form();
  mixed.algorithm = net::JwtAlgorithm::ps256;
  EXPECT_EQ(present(sign(mixed)).status, 200) << org_.last.body;
}

TEST_F(ClientAssertion, IsRefusedWithAWrongOlderThumbprint) {
  Claims other = older_form();
  other.thumbprint[3] = other.thumbprint[3] == 'A' ? 'B' : 'A';
  EXPECT_EQ(present(sign(other)).status, 401);
  EXPECT_EQ(code_of(org_.last), 700027);
  EXPECT_NE(org_.last.body.find("The key was not found"), std::string::npos) << org_.last.body;
  // Each thumbprint counts under its own name only.
  Claims swapped = older_form();
  swapped.thumbprint = Claims().thumbprint;
  EXPECT_EQ(code_of(present(sign(swapped))), 700027);
  Claims swapped_back;
  swapped_back.thumbprint = older_form().thumbprint;
  EXPECT_EQ(code_of(present(sign(swapped_back))), 700027);
}

TEST_F(ClientAssertion, IsRefusedWhenItsSignatureOrCertificateDoesNotFit) {
  const auto stranger = net::make_self_signed("stranger", {org_.clock.now(), org_.clock.now() + days(1)});
  ASSERT_TRUE(stranger);
  for (const Claims& form : {Claims(), older_form()}) {
    EXPECT_EQ(present(sign(form, stranger->key_pem.reveal())).status, 401);
    EXPECT_EQ(code_of(org_.last), 700027);
    EXPECT_NE(org_.last.body.find("verify the signature failed"), std::string::npos) << org_.last.body;
  }
  Claims other;
  other.thumbprint = "b3RoZXI";
  EXPECT_EQ(code_of(present(sign(other))), 700027);
}

TEST_F(ClientAssertion, IsRefusedWhenNoCertificateIsRegistered) {
  org_.set("client_certificate", "");
  EXPECT_EQ(code_of(present(sign({}))), 700027);
  EXPECT_EQ(code_of(present(sign(older_form()))), 700027);
}

TEST_F(ClientAssertion, IsRefusedWhenTheCertificateHasEnded) {
  const Instant now = org_.clock.now();
  const auto pair = net::make_self_signed("bridge", {now - days(2), now + days(1)});
  ASSERT_TRUE(pair);
  org_.set("client_certificate", pair->certificate_pem);
  Claims claims;
  claims.thumbprint = *net::certificate_thumbprint(pair->certificate_pem);
  EXPECT_EQ(present(sign(claims, pair->key_pem.reveal())).status, 200) << org_.last.body;
  org_.clock.advance(days(2));
  EXPECT_EQ(code_of(present(sign(claims, pair->key_pem.reveal()))), 700027);
  EXPECT_NE(org_.last.body.find("The key used is expired"), std::string::npos) << org_.last.body;
}

TEST_F(ClientAssertion, IsAnsweredWithTheTimeOfTheService) {
  present(sign({}));
  EXPECT_EQ(org_.last.headers.get("Date"), http_date(org_.clock.now()));
}

TEST_F(ClientAssertion, IsRefusedOutsideItsTimeAudienceOrClient) {
  Claims late;
  late.starts_in_s = -2000;
  late.ends_in_s = -1000;
  EXPECT_EQ(code_of(present(sign(late))), 700024);
  Claims early;
  early.starts_in_s = 1000;
  early.ends_in_s = 2000;
  EXPECT_EQ(code_of(present(sign(early))), 700024);
  Claims elsewhere;
  elsewhere.audience = "https://login.microsoftonline.com/other/oauth2/v2.0/token";
  EXPECT_EQ(code_of(present(sign(elsewhere))), 700023);
  Claims stranger;
  stranger.subject = "someone";
  EXPECT_EQ(code_of(present(sign(stranger))), 700021);
}

}  // namespace
}  // namespace cosell::emulator
