// Logging in: grants, refusals, sessions that end, identity, limits, versions.
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "org.h"

namespace cosell::emulator {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Key new_key() { return Key(EVP_RSA_gen(2048), &EVP_PKEY_free); }

std::string public_pem(const Key& key) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), &BIO_free);
  PEM_write_bio_PUBKEY(bio.get(), key.get());
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string signed_jwt(const Key& key, const Json& claims) {
  const std::string part = text::base64url_encode(R"({"alg":"RS256"})") + "." + text::base64url_encode(claims.dump());
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get());
  const auto* bytes = reinterpret_cast<const unsigned char*>(part.data());
  std::size_t size = 0;
  EVP_DigestSign(context.get(), nullptr, &size, bytes, part.size());
  std::string signature(size, '\0');
  EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes, part.size());
  return part + "." + text::base64url_encode(signature.substr(0, size));
}

class SalesforceSessions : public ::testing::Test {
 protected:
  Json token(const std::string& form) { return Org::json(org.form("/services/oauth2/token", form)); }
  Json assertion(const std::string& jwt) {
    return token("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=" + jwt);
  }
  Json claims() {
    return {{"iss", "cosell-sandbox-app"},
            {"sub", "integration@cosell.example"},
            {"aud", "https://login.salesforce.com"},
            {"exp", org.clock.now().ms / 1000 + 180}};
  }
  Org org;
};

TEST_F(SalesforceSessions, AnswersATokenAsClientsNeedIt) {
  const Json body =
      token("grant_type=client_credentials&client_id=cosell-sandbox-app&client_secret=cosell-sandbox-secret");
  EXPECT_EQ(org.last.status, 200);
  EXPECT_EQ(body["instance_url"], "http://127.0.0.1:8080");
  EXPECT_EQ(body["token_type"], "Bearer");
  EXPECT_FALSE(body.contains("expires_in"));
  const std::string id = body["id"];
  const std::vector<std::string> parts = text::split(id, '/');
  ASSERT_EQ(parts.size(), 6U);
  EXPECT_EQ(parts[4].substr(0, 3), "00D");
  EXPECT_EQ(parts[5].substr(0, 3), "005");
  EXPECT_EQ(body["access_token"].get<std::string>().substr(0, 16), parts[4].substr(0, 15) + "!");
  org.token = body["access_token"];
  EXPECT_EQ(org.call("GET", "/limits").status, 200);
}

TEST_F(SalesforceSessions, RefusesWrongCredentialsAsAnObject) {
  EXPECT_EQ(token("grant_type=client_credentials&client_id=x&client_secret=y")["error"], "invalid_client_id");
  EXPECT_EQ(org.last.status, 400);
  EXPECT_EQ(token("grant_type=client_credentials&client_id=cosell-sandbox-app&client_secret=y")["error"],
            "invalid_client");
  EXPECT_EQ(token("grant_type=refresh_token&client_id=cosell-sandbox-app&refresh_token=old")["error"], "invalid_grant");
  EXPECT_EQ(token("grant_type=magic")["error"], "unsupported_grant_type");
  EXPECT_EQ(token("grant_type=password&client_id=cosell-sandbox-app&client_secret=cosell-sandbox-secret&username="
                  "integration%40cosell.example&password=wrong")["error"],
            "invalid_grant");
  EXPECT_TRUE(token("grant_type=password&client_id=cosell-sandbox-app&client_secret=cosell-sandbox-secret&username="
                    "integration%40cosell.example&password=cosell-sandbox-password")
                  .contains("access_token"));
}

TEST_F(SalesforceSessions, TakesTheClientFromHttpBasic) {
  http::Request r;
  r.method = "POST";
  r.url = "/services/oauth2/token";
  r.headers.set("Authorization", "Basic " + text::base64_encode("cosell-sandbox-app:cosell-sandbox-secret"));
  r.body = "grant_type=client_credentials";
  EXPECT_EQ(org.send(r).status, 200);
}

TEST_F(SalesforceSessions, EndsSessionsAfterTheTimeThatIsSet) {
  ASSERT_EQ(org.core->set("session_seconds", 60), "");
  org.log_in();
  org.clock.advance(seconds(59));
  EXPECT_EQ(org.call("GET", "/limits").status, 200);
  org.clock.advance(seconds(1));
  const Json errors = org.get("/limits");
  EXPECT_EQ(org.last.status, 401);
  ASSERT_TRUE(errors.is_array());
  EXPECT_EQ(errors[0]["errorCode"], "INVALID_SESSION_ID");
  org.log_in();
  EXPECT_EQ(org.call("GET", "/limits").status, 200);
  org.control("expire", Json::object());
  EXPECT_EQ(org.call("GET", "/limits").status, 401);
}

TEST_F(SalesforceSessions, RotatesRefreshTokensWhenToldTo) {
  org.core->set("rotate_refresh_tokens", true);
  const std::string form = "grant_type=refresh_token&client_id=cosell-sandbox-app&refresh_token=";
  const Json first = token(form + "cosell-sandbox-refresh-token");
  ASSERT_TRUE(first.contains("refresh_token"));
  EXPECT_EQ(token(form + "cosell-sandbox-refresh-token")["error"], "invalid_grant");
  EXPECT_TRUE(token(form + first["refresh_token"].get<std::string>()).contains("access_token"));
}

TEST_F(SalesforceSessions, VerifiesSignedAssertions) {
  const Key key = new_key();
  ASSERT_EQ(org.core->set("jwt_public_key", public_pem(key)), "");
  EXPECT_TRUE(assertion(signed_jwt(key, claims())).contains("access_token"));
  EXPECT_EQ(assertion(signed_jwt(new_key(), claims()))["error_description"], "invalid assertion");
  Json wrong = claims();
  wrong["aud"] = "https://elsewhere.example";
  EXPECT_EQ(assertion(signed_jwt(key, wrong))["error_description"], "audience is invalid");
  wrong = claims();
  wrong["exp"] = org.clock.now().ms / 1000;
  EXPECT_EQ(assertion(signed_jwt(key, wrong))["error"], "invalid_grant");
  wrong["exp"] = org.clock.now().ms / 1000 + 3600;
  EXPECT_EQ(assertion(signed_jwt(key, wrong))["error"], "invalid_grant");
  wrong = claims();
  wrong["sub"] = "nobody@cosell.example";
  EXPECT_EQ(assertion(signed_jwt(key, wrong))["error_description"], "user hasn't approved this consumer");
  wrong = claims();
  wrong["aud"] = "http://127.0.0.1:8080";
  EXPECT_TRUE(assertion(signed_jwt(key, wrong)).contains("access_token"));
}

TEST_F(SalesforceSessions, TakeNoSignedAssertionWithoutARegisteredKey) {
  EXPECT_EQ(assertion(signed_jwt(new_key(), claims()))["error_description"], "invalid assertion");
}

TEST_F(SalesforceSessions, NameAnUnknownAppBeforeItsSignatureIsLookedAt) {
  Json wrong = claims();
  wrong["iss"] = "another-app";
  EXPECT_EQ(assertion(signed_jwt(new_key(), wrong))["error"], "invalid_client_id");
}

TEST_F(SalesforceSessions, TurnAwayUsersForWhomTheAppIsNotApproved) {
  const Key key = new_key();
  ASSERT_EQ(org.core->set("jwt_public_key", public_pem(key)), "");
  ASSERT_EQ(org.core->set("unapproved_users", Json::array({"integration@cosell.example"})), "");
  Json refused = assertion(signed_jwt(key, claims()));
  EXPECT_EQ(refused["error"], "invalid_app_access");
  EXPECT_EQ(refused["error_description"], "user is not admin approved to access this app");
  ASSERT_EQ(org.core->set("permitted_users", "self_authorized"), "");
  refused = assertion(signed_jwt(key, claims()));
  EXPECT_EQ(refused["error"], "invalid_grant");
  EXPECT_EQ(refused["error_description"], "user hasn't approved this consumer");
  ASSERT_EQ(org.core->set("unapproved_users", Json::array({"somebody.else@cosell.example"})), "");
  EXPECT_TRUE(assertion(signed_jwt(key, claims())).contains("access_token"));
  EXPECT_NE(org.core->set("permitted_users", "everybody"), "");
}

TEST_F(SalesforceSessions, RevokesTokens) {
  EXPECT_EQ(org.form("/services/oauth2/revoke", "token=" + text::percent_encode(org.token)).status, 200);
  EXPECT_EQ(org.call("GET", "/limits").status, 401);
}

TEST_F(SalesforceSessions, TellsWhoIsLoggedIn) {
  const std::string id =
      token("grant_type=refresh_token&client_id=cosell-sandbox-app&refresh_token=cosell-sandbox-refresh-token")["id"];
  http::Request r;
  r.method = "GET";
  r.url = id.substr(std::string("http://127.0.0.1:8080").size()) +
          "?format=json&oauth_token=" + text::percent_encode(org.token);
  const Json body = Org::json(org.send(r));
  EXPECT_EQ(body["username"], "integration@cosell.example");
  EXPECT_EQ(body["user_id"].get<std::string>().size(), 18U);
  r.url = r.url.substr(0, r.url.find('?'));
  EXPECT_EQ(org.send(r).status, 403);
}

TEST_F(SalesforceSessions, ListsVersionsToEveryone) {
  http::Request r;
  r.method = "GET";
  r.url = "/services/data/";
  const Json list = Org::json(org.send(r));
  ASSERT_EQ(list.size(), 23U);
  EXPECT_EQ(list[0]["version"], "46.0");
  EXPECT_EQ(list[0]["label"], "Summer '19");
  EXPECT_EQ(list[14]["label"], "Spring '24");
  EXPECT_EQ(list[22]["url"], "/services/data/v68.0");
  EXPECT_FALSE(org.last.headers.find("Sforce-Limit-Info"));
  r.headers.set("Authorization", "Bearer " + org.token);
  for (const char* version : {"v45.0", "v69.0", "v64", "64.0"}) {
    r.url = std::string("/services/data/") + version + "/limits";
    EXPECT_EQ(org.send(r).status, 404) << version;
  }
  r.url = "/services/data/v46.0/query?q=SELECT+Id+FROM+User";
  EXPECT_EQ(Org::json(org.send(r))["records"][0]["attributes"]["url"].get<std::string>().substr(0, 20),
            "/services/data/v46.0");
}

TEST_F(SalesforceSessions, StopsAtTheDailyLimitUntilADayHasPassed) {
  org.core->set("daily_api_limit", 2);
  org.core->set("session_seconds", 1'000'000);
  org.log_in();
  EXPECT_EQ(org.get("/limits")["DailyApiRequests"]["Remaining"], 1);
  org.get("/limits");
  const Json errors = org.get("/limits");
  EXPECT_EQ(org.last.status, 403);
  EXPECT_EQ(Org::code(errors), "REQUEST_LIMIT_EXCEEDED");
  EXPECT_FALSE(org.last.headers.find("Retry-After"));
  EXPECT_EQ(org.last.headers.get("Sforce-Limit-Info"), "api-usage=2/2");
  org.clock.advance(hours(24));
  EXPECT_EQ(org.call("GET", "/limits").status, 200);
}

TEST_F(SalesforceSessions, TellsItsOwnTimeWithEveryAnswer) {
  org.get("/limits");
  EXPECT_EQ(org.last.headers.get("Date"), "Mon, 01 Jun 2026 10:00:00 GMT");
}

TEST_F(SalesforceSessions, RefusesWhatNoResourceTakes) {
  EXPECT_EQ(org.call("PUT", "/sobjects/Opportunity").status, 405);
  EXPECT_EQ(org.call("GET", "/nothing").status, 404);
  EXPECT_EQ(org.call("GET", "/query?q=" + std::string(17'000, 'a')).status, 414);
  http::Request r;
  r.method = "POST";
  r.url = "/services/data/v64.0/sobjects/Opportunity";
  r.headers.set("Authorization", "Bearer " + org.token);
  r.headers.set("Content-Type", "application/json");
  r.body = "{\"Name\":";
  EXPECT_EQ(Org::code(Org::json(org.send(r))), "JSON_PARSER_ERROR");
  r.headers.set("Content-Type", "text/plain");
  EXPECT_EQ(org.send(r).status, 415);
}

}  // namespace
}  // namespace cosell::emulator
